"""Tests of `sppnet train`: its plan, its refusals, what it keeps and what it removes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sppnet.data import VOC
from sppnet.proposals import write_windows
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.stand_in import StandIn


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)
    monkeypatch.setattr("sppnet.tools.train.slowness", lambda: 2.0)


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=3, val=1, seed=2)
    return tmp_path / "shapes"


def train(shapes: Path, *options: str | Path) -> Result:
    arguments = ["train", "--data", shapes, "-o", shapes.parent / "model", *options]
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_the_plan_names_images_objects_time_and_disk(shapes: Path) -> None:
    lines = train(shapes).stderr.splitlines()

    assert lines[0].endswith("shapes: 3 images, the split train")
    assert lines[1].endswith("shapes: 1 images, the split val")
    assert lines[2].startswith("3 images to learn from; 1 of the split val to score the model on")
    counts = r"disc \d+, ring \d+, square \d+, triangle \d+"
    assert re.match(rf"\d+ objects of 4 classes in 3 images, format voc: {counts}$", lines[3])
    assert lines[4].startswith("thin, with fewer than 10 objects to learn from: ")
    assert lines[5].startswith("about 3 min; 0.0 GB in ") and "memory up to about 2.0 GB" in lines[5]


def test_a_dry_run_says_the_plan_and_writes_nothing(shapes: Path) -> None:
    result = train(shapes, "--dry-run", "--json")

    plan = json.loads(result.stdout)
    assert (plan["format"], plan["images"], plan["scored_images"], plan["seconds"]) == ("voc", 3, 1, 180)
    assert list(plan["objects"]) == ["disc", "ring", "square", "triangle"]
    assert plan["thin"] == [name for name, count in plan["objects"].items() if 0 < count < 10] != []
    assert [path.name for path in shapes.parent.iterdir()] == ["shapes"]


def test_without_a_validation_split_images_are_held_out_and_scored(shapes: Path) -> None:
    write_shapes(shapes, train=10, val=1)
    (shapes / "ImageSets" / "Main" / "val.txt").unlink()

    result = train(shapes, "--split", "train", "--json")

    metrics = json.loads(result.stdout)["metrics"]
    assert (metrics["images"], metrics["score"]["images"], metrics["score"]["on"]) == (8, 2, "those held out")
    assert "8 images to learn from; 2 of those held out to score the model on" in result.stderr


def test_a_cluster_is_asked_for_what_a_training_keeps(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str, str]] = []

    def prepared(items: Any, model: StandIn, folder: Path, address: str) -> Any:
        asked.append((len(items), folder.name, address))
        return items

    monkeypatch.setattr("sppnet.tools.train.Prepared", prepared)

    assert train(shapes, "--ray", "head:6379").exit_code == 0
    assert asked == [(3, "model.cache", "head:6379")]


@pytest.mark.parametrize(("options", "wanted"), [([], {}), (["--keep-examples", "2"], {"keep_examples": 2})])
def test_examples_are_kept_on_request(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], wanted: dict[str, int]
) -> None:
    noted: list[dict[str, int]] = []
    fit = StandIn.fit

    def noting(self: StandIn, items: Any, *, cache: Path, workers: int, progress: Any, **further: int) -> StandIn:
        noted.append({name: value for name, value in further.items() if name != "note"})
        return fit(self, items, cache=cache, workers=workers, progress=progress)

    monkeypatch.setattr(StandIn, "fit", noting)

    assert train(shapes, "--val-split", "0", *options).exit_code == 0
    assert noted == [wanted]


def test_all_images_are_learned_on_request_and_none_is_scored(shapes: Path) -> None:
    result = train(shapes, "--val-split", "0", "--json")

    metrics = json.loads(result.stdout)["metrics"]
    assert metrics["images"] == 3 and "score" not in metrics
    assert "3 images to learn from, none to score on" in result.stderr


def test_the_score_is_said_and_the_last_line_is_the_next_command(shapes: Path) -> None:
    lines = train(shapes).stdout.splitlines()

    assert lines[1].startswith("mAP ") and "1 images of the split val, which it has not learned from" in lines[1]
    photo, model = shapes / "JPEGImages" / "000004.jpg", shapes.parent / "model"
    assert lines[-1] == f"sppnet detect {photo} -m {model}"


def test_an_interrupted_score_leaves_the_model(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StandIn, "predict", interrupted)

    result = train(shapes)

    assert result.exit_code == 130 and "while it was scored; the model is in" in result.stderr
    assert (shapes.parent / "model").is_dir()


def test_a_broken_image_of_the_validation_split_costs_no_training(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000004.jpg").write_bytes(b"")

    result = train(shapes)

    assert result.exit_code == 5
    assert (shapes.parent / "model").is_dir() and "000004.jpg" in result.stderr


def test_the_model_remembers_its_images_and_json_does_not_show_them(shapes: Path) -> None:
    saved: list[dict[str, object]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StandIn, "save", lambda self, folder: saved.append(dict(self.metrics_)))
        printed = json.loads(train(shapes, "--json").stdout)

    assert "learned_contents" in saved[0] and "learned_contents" not in printed["metrics"]
    assert "score" not in saved[0] and "score" in saved[1]  # saved before the score, which may be interrupted


def test_a_log_is_kept_with_the_model(shapes: Path) -> None:
    train(shapes)

    lines = [json.loads(line) for line in (shapes.parent / "model" / "log.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["everything", "score"]


def test_without_anything_to_resume_that_is_an_error(shapes: Path) -> None:
    result = train(shapes, "--resume")

    assert result.exit_code == 2 and "model.cache: nothing to resume" in result.stderr


def interrupt(shapes: Path, monkeypatch: pytest.MonkeyPatch, *options: str | Path) -> None:
    """Begin a training that is killed when it has noted its first round of the SVMs."""

    def killed(self: StandIn, train: object, *, note: Callable[[dict[str, Any]], None], **_options: Any) -> None:
        note({"stage": "SVMs", "round": 1, "vectors": 9, "objective": 0.5})
        raise SystemExit(137)

    with monkeypatch.context() as patch:
        patch.setattr(StandIn, "fit", killed)
        assert train(shapes, *options).exit_code == 137


def test_a_killed_training_leaves_its_log_and_a_resumed_one_takes_it_into_the_model(
    shapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(shapes, monkeypatch)
    left = (shapes.parent / "model.cache" / "log.jsonl").read_text()

    train(shapes, "--resume", "--keep-cache")

    assert '"round": 1' in left
    assert left in (shapes.parent / "model" / "log.jsonl").read_text()
    assert list((shapes.parent / "model.cache").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--C", "0.1"], "had --C 0.01, not --C 0.1: give what it had"),
        ([], "had --C 0.01, not no --C"),
        (["--C", "0.01", "--context"], "had no --context, not --context"),
        (["--C", "0.01", "--scales", "480,600"], "had --scales 600, not --scales 480,600"),
        (["--C", "0.01", "--limit", "2"], "had no --limit, not --limit 2"),
    ],
)
def test_what_is_resumed_must_be_asked_for_the_same(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    interrupt(shapes, monkeypatch, "--C", "0.01")

    result = train(shapes, "--resume", *options)

    assert result.exit_code == 2 and told in result.stderr
    assert train(shapes, *options).exit_code == 0  # another training


def test_what_is_resumed_must_have_the_same_objects(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(shapes, monkeypatch)
    file = shapes / "Annotations" / "000001.xml"
    file.write_text(re.sub("<difficult>0", "<difficult>1", file.read_text()))

    result = train(shapes, "--resume")

    assert result.exit_code == 2 and f"had other images or objects in {shapes}" in result.stderr


def test_threads_and_the_place_of_the_data_may_differ(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(shapes, monkeypatch, "--workers", "0")
    moved = shapes.rename(shapes.with_name("moved"))

    assert train(moved, "--resume", "--workers", "1", "--json").exit_code == 0


def test_a_resumed_training_does_what_minutes_have_decided(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tuned(StandIn):
        fine_tuning: Any = SimpleNamespace(epochs=5)
        made: "list[Any]" = []  # noqa: RUF012

        def __init__(self, classes: Any, **settings: Any) -> None:
            super().__init__(classes)
            self.made.append(settings["fine_tuning"].epochs)

    monkeypatch.setattr("sppnet.detector.SPPNet", Tuned)
    monkeypatch.setattr("sppnet.tools.train.fitting", lambda make, *_: make("hours", epochs=5))
    interrupt(shapes, monkeypatch, "--minutes", "30")
    monkeypatch.setattr("sppnet.tools.train.fitting", lambda make, *_: make("hours", epochs=9))

    assert train(shapes, "--minutes", "30", "--resume").exit_code == 0
    assert set(Tuned.made) == {5}


def test_a_damaged_note_of_the_options_is_told_and_no_error(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(shapes, monkeypatch)
    (shapes.parent / "model.cache" / "maps").mkdir()
    (shapes.parent / "model.cache" / "maps" / "1.array").write_bytes(b"")
    (shapes.parent / "model.cache" / "training.json").write_text('{"options": {')

    result = train(shapes, "--resume", "--C", "1")

    assert result.exit_code == 0 and "training.json: cannot be read" in result.stderr


def test_a_dry_run_opens_the_weights(shapes: Path) -> None:
    (shapes.parent / "w.safetensors").write_bytes(b"no weights")

    result = train(shapes, "--dry-run", "--weights", shapes.parent / "w.safetensors")

    assert result.exit_code == 4 and "w.safetensors" in result.stderr.splitlines()[-1]


def test_it_says_from_where_it_goes_on(shapes: Path) -> None:
    for name in ("windows/ab/1.windows", "windows/ab/2.windows", "maps/1.array", "finetuning-1.pt"):
        (shapes.parent / "model.cache" / name).parent.mkdir(parents=True, exist_ok=True)
        (shapes.parent / "model.cache" / name).write_bytes(b"")

    result = train(shapes, "--resume")

    assert result.exit_code == 0
    assert "model.cache: windows of 2 images, 1 maps, 1 states of learning layers" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--minutes", "5", "--C", "0.1"],
        ["--minutes", "5", "--context"],
        ["--minutes", "1", "--method", "rcnn"],
        ["--minutes", "5", "--ray", "auto"],
    ],
)
def test_what_is_to_be_chosen_is_not_given(shapes: Path, options: list[str]) -> None:
    assert train(shapes, "--choose", *options).exit_code == 2


def test_a_plan_that_nobody_chose_names_the_better_one(shapes: Path) -> None:
    undecided, chosen = train(shapes), train(shapes, "--preset", "minutes")

    assert "better: --preset hours, about 3 min" in undecided.stderr and "better" not in chosen.stderr


@pytest.mark.parametrize("option", [("--preset", "hours"), ("--fine-tune", "conv"), ("--epochs", "3")])
def test_minutes_choose_by_themselves(shapes: Path, option: tuple[str, str]) -> None:
    result = train(shapes, "--minutes", "5", *option)

    assert result.exit_code == 2 and "--minutes chooses the preset and the epochs" in result.stderr


def test_without_a_train_split_all_images_are_used_and_that_is_said(shapes: Path) -> None:
    (shapes / "ImageSets" / "Main" / "train.txt").unlink()

    assert "4 images, all that are annotated" in train(shapes).stderr


def test_only_the_first_images_are_learned_on_request(shapes: Path) -> None:
    result = json.loads(train(shapes, "--limit", "2", "--json").stdout)

    assert result["metrics"]["images"] == 2


def test_windows_can_come_from_a_file(shapes: Path) -> None:
    ids = VOC(shapes, split="train").ids
    write_windows(shapes.parent / "windows.npz", ((id_, np.array([[n, 0, 9, 9]])) for n, id_ in enumerate(ids)))

    result = json.loads(train(shapes, "--windows", shapes.parent / "windows.npz", "--json").stdout)

    assert result["metrics"]["windows"] == [[[0, 0, 9, 9]], [[1, 0, 9, 9]], [[2, 0, 9, 9]]]


def test_windows_that_a_file_lacks_end_the_training(shapes: Path) -> None:
    write_windows(shapes.parent / "windows.npz", [])

    result = train(shapes, "--windows", shapes.parent / "windows.npz")

    assert result.exit_code == 3
    assert "windows.npz: must have windows of image '000001'" in result.stderr


def test_the_model_is_saved_and_the_cache_removed(shapes: Path) -> None:
    result = train(shapes)

    assert result.exit_code == 0
    assert result.stdout.startswith("learned from 3 objects in")
    assert f"the model is in {shapes.parent / 'model'}" in result.stdout
    assert sorted(path.name for path in shapes.parent.iterdir()) == ["model", "shapes"]


def test_a_cache_is_kept_on_request(shapes: Path) -> None:
    train(shapes, "--keep-cache")

    assert (shapes.parent / "model.cache").is_dir()


def test_a_cache_of_ones_own_is_kept(shapes: Path, tmp_path: Path) -> None:
    train(shapes, "--cache", tmp_path / "mine")

    assert (tmp_path / "mine").is_dir()


def test_trainings_that_share_a_cache_keep_their_notes_apart(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupt(shapes, monkeypatch, "--cache", tmp_path / "mine")

    CliRunner().invoke(
        cli, ["train", "--data", str(shapes), "-o", str(tmp_path / "other"), "--cache", str(tmp_path / "mine")]
    )

    [notes] = (tmp_path / "mine").iterdir()
    assert sorted(file.name for file in notes.iterdir()) == ["log.jsonl", "training.json"]
    assert train(shapes, "--cache", tmp_path / "mine", "--resume").exit_code == 0
    assert list((tmp_path / "mine").iterdir()) == []


def test_json_prints_one_object(shapes: Path) -> None:
    printed = json.loads(train(shapes, "--json").stdout)

    assert printed["metrics"]["images"] == 3
    assert printed["seconds"].keys() == {"everything"}


def test_an_interruption_keeps_the_cache_and_says_how_to_go_on(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: StandIn, train: object, *, cache: Path, **_options: object) -> None:
        cache.mkdir(exist_ok=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(StandIn, "fit", interrupted)

    result = train(shapes)

    assert result.exit_code == 130
    assert "the same command takes up the windows and maps" in result.stderr
    assert (shapes.parent / "model.cache").is_dir()


def test_a_folder_with_other_things_is_refused_and_left_alone(shapes: Path) -> None:
    result = CliRunner().invoke(cli, ["train", "--data", str(shapes), "-o", str(shapes)])

    assert result.exit_code == 4
    assert "which is no part of a model" in result.stderr


def test_an_older_model_is_replaced(shapes: Path) -> None:
    train(shapes)

    assert train(shapes).exit_code == 0


def test_too_small_a_disk_is_refused_before_the_work(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandIn, "needs", {"disk_bytes": 1e18, "memory_bytes": 1.0, "seconds": 1.0})

    result = train(shapes)

    assert result.exit_code == 1
    assert "too little room" in result.stderr


def test_a_broken_image_ends_a_strict_training_with_3(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")

    result = train(shapes)

    assert result.exit_code == 3
    assert "000002.jpg" in result.stderr


def test_a_broken_image_is_left_out_of_a_lenient_training(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")

    result = train(shapes, "--lenient", "--json")

    assert result.exit_code == 5
    assert json.loads(result.stdout)["metrics"]["images"] == 2


@pytest.mark.parametrize("scales", ["", "600,", "0", "six", "-5"])
def test_scales_must_be_positive_whole_numbers(shapes: Path, scales: str) -> None:
    assert train(shapes, "--scales", scales).exit_code == 2
