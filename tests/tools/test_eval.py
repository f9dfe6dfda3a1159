"""Tests of `sppnet eval`: scores of a model and of given detections, reports and refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sppnet.data import VOC, content_hashes, open_data, write_data
from sppnet.detector import Inference
from sppnet.proposals import write_windows
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.memory import remember
from tests.stand_in import StandIn, stand_in_combination
from tests.tools.test_cli import heavy_imports


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=2, val=4, seed=2)
    return tmp_path / "shapes"


@pytest.fixture
def perfect(shapes: Path) -> Path:
    """The truth of the split val as detections."""
    voc = VOC(shapes, split="val")
    found = [
        {"image": id_, "label": voc.classes[label], "box": box, "score": 0.9}
        for number, id_ in enumerate(voc.ids)
        for label, box in zip(voc.target(number)["labels"], voc.target(number)["boxes"].tolist(), strict=True)
    ]
    file = shapes.parent / "perfect.json"
    file.write_text(json.dumps(found))
    return file


def evaluate(shapes: Path, *options: str | Path) -> Result:
    return CliRunner().invoke(cli, ["eval", "--data", str(shapes), *map(str, options)])


def reverse_a_box(shapes: Path) -> None:
    file = shapes / "Annotations" / "000003.xml"
    file.write_text(file.read_text().replace("<xmax>", "<xmax>-"))


def test_perfect_detections_score_1_by_every_metric(shapes: Path, perfect: Path) -> None:
    printed = json.loads(evaluate(shapes, "--from", perfect, "--metrics", "voc07,voc12,coco", "--json").stdout)

    assert printed["images"] == 4
    assert [scores["mAP"] for scores in printed["metrics"].values()] == pytest.approx([1, 1, 1])


def test_a_class_without_objects_is_null_and_left_out_of_the_mean(shapes: Path, perfect: Path) -> None:
    first = VOC(shapes, split="val").target(0)["labels"]

    printed = json.loads(evaluate(shapes, "--from", perfect, "--limit", "1", "--json").stdout)

    scores = printed["metrics"]["voc07"]
    assert printed["images"] == 1
    assert scores["mAP"] == pytest.approx(1)
    assert list(scores["AP"].values()).count(None) == 4 - len(set(first.tolist()))


def test_windows_can_come_from_a_file(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = VOC(shapes, split="val").ids
    write_windows(shapes.parent / "windows.npz", ((id_, np.array([[n, 0, 9, 9]])) for n, id_ in enumerate(ids)))
    (shapes.parent / "model").mkdir()
    used: list[float] = []
    predict = StandIn.predict

    def note(self: StandIn, images: list[Any], *, windows: list[Any], **_options: Any) -> list[dict[str, Any]]:
        used.extend(boxes[0, 0] for boxes in windows)
        return predict(self, images)

    monkeypatch.setattr(StandIn, "predict", note)

    result = evaluate(shapes, "-m", shapes.parent / "model", "--windows", shapes.parent / "windows.npz", "--json")

    assert json.loads(result.stdout)["images"] == 4
    assert used == [0, 1, 2, 3]


def test_a_model_looks_at_images_as_the_options_say(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Inference] = []
    predict = StandIn.predict

    def note(self: StandIn, images: list[Any], *, inference: Inference, **options: Any) -> list[dict[str, Any]]:
        asked.append(inference)
        return predict(self, images, **options)

    monkeypatch.setattr(StandIn, "predict", note)

    evaluate(shapes, "-m", tmp_path, "--limit", "1", "--scales", "480,600", "--mirror", "--voting")

    assert asked == [Inference(scales=(480, 600), mirror=True, voting=True)]


def test_given_detections_are_scored_without_torch(shapes: Path, perfect: Path) -> None:
    assert "torch" not in heavy_imports(["eval", "--data", shapes, "--from", perfect])


def test_a_model_is_scored_with_times_and_its_detections_score_the_same(shapes: Path, tmp_path: Path) -> None:
    saved = tmp_path / "found.json"

    by_model = evaluate(shapes, "-m", tmp_path, "--workers", "0", "--save-detections", saved, "--json")
    again = evaluate(shapes, "--from", saved, "--json")

    assert json.loads(by_model.stdout)["metrics"] == json.loads(again.stdout)["metrics"]
    assert json.loads(by_model.stdout)["milliseconds"].keys() == {"conv", "proposals", "wall"}
    assert len(json.loads(saved.read_text())) == 4


def test_several_models_are_scored_together(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    combined = stand_in_combination(monkeypatch)

    evaluate(shapes, "-m", tmp_path, "-m", shapes, "--report", tmp_path / "report.md")

    assert combined == [(2, "union")]
    assert f"{tmp_path} and {shapes} on " in (tmp_path / "report.md").read_text()


def test_images_worked_on_at_once_score_as_one_after_the_other(shapes: Path, tmp_path: Path) -> None:
    results = [evaluate(shapes, "-m", tmp_path, "--workers", workers, "--json") for workers in ("0", "2")]

    first, second = (json.loads(result.stdout) for result in results)
    assert first["metrics"] == second["metrics"]


def test_the_table_has_a_line_per_class_and_the_mean(shapes: Path, perfect: Path) -> None:
    printed = evaluate(shapes, "--from", perfect).stdout

    assert all(name in printed for name in ("disc", "ring", "square", "triangle", "mAP", "100.0", "4 images"))


def test_a_markdown_report_holds_the_table(shapes: Path, perfect: Path, tmp_path: Path) -> None:
    evaluate(shapes, "--from", perfect, "--report", tmp_path / "report.md")

    assert "| mAP | 100.0 |" in (tmp_path / "report.md").read_text().splitlines()


def test_a_json_report_is_what_json_prints(shapes: Path, perfect: Path, tmp_path: Path) -> None:
    result = evaluate(shapes, "--from", perfect, "--json", "--report", tmp_path / "report.json")

    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(result.stdout)


def test_an_html_report_of_a_model_has_its_windows_and_times(shapes: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    options: list[str | Path] = ["-m", tmp_path, "--workers", "0", "--metrics", "voc12,coco", "--json"]

    reported = evaluate(shapes, *options, "--report", file)

    page, plain = file.read_text(), evaluate(shapes, *options)
    assert "windows an image reach" in page and '<th scope="row">conv</th>' in page
    assert reported.exit_code == 0
    assert json.loads(reported.stdout)["metrics"] == json.loads(plain.stdout)["metrics"]


def test_an_html_report_of_given_detections_says_what_it_lacks(shapes: Path, perfect: Path, tmp_path: Path) -> None:
    result = evaluate(shapes, "--from", perfect, "--report", tmp_path / "report.html")

    page = (tmp_path / "report.html").read_text()
    assert result.exit_code == 0
    assert page.count("Unknown: the detections are from a file") == 2 and "100.0 %" in page


@pytest.mark.parametrize(
    "options",
    [
        *(["--metrics", "voc08"], ["--report", "r.doc"], ["-m", "other"], ["--windows", "w.npz"], ["--limit", "0"]),
        *(["--mirror"], ["--scales", "480,600"]),
    ],
)
def test_wrong_usage_exits_with_2(shapes: Path, perfect: Path, options: list[str]) -> None:
    assert evaluate(shapes, "--from", perfect, *options).exit_code == 2


def test_the_bundled_model_is_scored_where_none_is_named(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, device: str, engine: str) -> StandIn:
        assert folder.is_absolute() and folder.name == "voc07"
        return StandIn(("disc", "ring", "square", "triangle"))

    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)
    monkeypatch.setattr(StandIn, "load", load)

    assert evaluate(shapes).exit_code == 0


def test_images_that_the_model_learned_from_are_said_and_counted(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: Path, *, device: str, engine: str) -> StandIn:
        network: Any = StandIn(("disc", "ring", "square", "triangle"))
        remember(network, content_hashes(VOC(shapes, split="val"))[:3])
        return network  # type: ignore[no-any-return]

    monkeypatch.setattr("sppnet.detector.load_detector", load)

    result = evaluate(shapes, "-m", tmp_path, "--report", tmp_path / "report.md", "--json")

    assert json.loads(result.stdout)["learned_images"] == 3
    assert "WARNING: the model has learned from 3 of these 4 images" in result.stderr
    assert "4 images, 3 of which the model has learned from" in (tmp_path / "report.md").read_text()


def test_without_a_model_there_are_no_classes_to_name(shapes: Path) -> None:
    assert evaluate(shapes, "--classes", "disc").exit_code == 2


def test_a_reversed_box_is_one_message_and_exit_code_3(shapes: Path, perfect: Path) -> None:
    reverse_a_box(shapes)

    result = evaluate(shapes, "--from", perfect)

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (3, "", 1)
    assert "000003.xml" in result.stderr


def test_a_lenient_evaluation_goes_on_over_a_reversed_box_and_exits_with_5(shapes: Path, perfect: Path) -> None:
    reverse_a_box(shapes)

    result = evaluate(shapes, "--from", perfect, "--lenient")

    assert result.exit_code == 5
    assert "warning: " in result.stderr


def test_a_lenient_evaluation_passes_over_detections_of_a_dropped_image(shapes: Path, perfect: Path) -> None:
    (shapes / "Annotations" / "000003.xml").write_text("junk")

    result = evaluate(shapes, "--from", perfect, "--lenient", "--json")

    assert (result.exit_code, json.loads(result.stdout)["images"]) == (5, 3)


def test_given_classes_are_the_labels_and_count_the_categories(shapes: Path, perfect: Path) -> None:
    names = ["triangle", "square", "ring", "disc"]
    coco = [
        {"image_id": entry["image"], "category_id": names.index(entry["label"]) + 1, "score": 1, "bbox": entry["box"]}
        for entry in json.loads(perfect.read_text())
    ]
    for entry in coco:
        x1, y1, x2, y2 = entry["bbox"]
        entry["bbox"] = [x1, y1, x2 - x1, y2 - y1]
    perfect.write_text(json.dumps(coco))

    result = evaluate(shapes, "--from", perfect, "--classes", "triangle, square,ring,disc,star", "--json")

    scores = json.loads(result.stdout)["metrics"]["voc07"]
    assert list(scores["AP"]) == [*names, "star"]
    assert scores["mAP"] == pytest.approx(1)


@pytest.mark.parametrize("classes", ["", "disc,,ring", "disc,disc"])
def test_classes_without_a_name_or_twice_the_same_are_wrong_usage(shapes: Path, perfect: Path, classes: str) -> None:
    assert evaluate(shapes, "--from", perfect, "--classes", classes).exit_code == 2


def test_a_model_takes_no_classes(shapes: Path, tmp_path: Path) -> None:
    assert evaluate(shapes, "-m", tmp_path, "--classes", "disc").exit_code == 2


def test_what_detect_writes_and_prints_is_scored(shapes: Path, tmp_path: Path) -> None:
    image = shapes / "JPEGImages" / f"{VOC(shapes, split='val').ids[0]}.jpg"
    options = ["-m", tmp_path, "-o", tmp_path / "out", "--format", "json", "--json", image, tmp_path / "gone.jpg"]
    printed = tmp_path / "printed.json"
    printed.write_text(CliRunner().invoke(cli, ["detect", *map(str, options)]).stdout)

    results = [evaluate(shapes, "--from", file) for file in (printed, tmp_path / "out" / f"{image.stem}.json")]

    assert [result.exit_code for result in results] == [0, 0]
    assert results[0].stdout == results[1].stdout


def test_a_lenient_evaluation_leaves_out_an_unreadable_image(shapes: Path, tmp_path: Path) -> None:
    (shapes / "JPEGImages" / "000004.jpg").write_bytes(b"")

    result = evaluate(shapes, "-m", tmp_path, "--workers", "0", "--lenient", "--json")

    assert (result.exit_code, json.loads(result.stdout)["images"]) == (5, 3)


def test_results_for_pycocotools_have_the_numbers_of_the_data_set(shapes: Path) -> None:
    write_data(shapes.parent / "coco", "coco", {"val": open_data(shapes, "val")})
    file = shapes.parent / "coco" / "annotations" / "instances_val.json"
    truth = json.loads(file.read_text())
    for record in truth["images"]:
        record["id"] += 40
    for record in truth["categories"]:
        record["id"] *= 10
    for record in truth["annotations"]:
        record["image_id"] += 40
        record["category_id"] *= 10
    file.write_text(json.dumps(truth))

    result = evaluate(shapes.parent / "coco", "-m", shapes, "--save-coco", shapes.parent / "found.json", "--json")

    found = json.loads((shapes.parent / "found.json").read_text())
    assert result.exit_code == 0
    assert [(each["image_id"], each["category_id"]) for each in found] == [(41, 10), (42, 10), (43, 10), (44, 10)]
    assert found[0]["bbox"] == [10, 20, 50, 60] and found[0]["score"] == 0.75


def test_a_data_set_without_numbers_gives_no_results_for_pycocotools(shapes: Path) -> None:
    result = evaluate(shapes, "-m", shapes, "--save-coco", shapes.parent / "found.json")

    assert result.exit_code == 2 and "has no numbers of images and categories" in result.stderr
