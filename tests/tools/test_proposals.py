"""Tests of `sppnet proposals`: windows into a file, windows from a file or a search measured, and refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sppnet.data import VOC
from sppnet.proposals import SelectiveSearch, WindowStore, read_windows, write_windows
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.tools.test_cli import heavy_imports


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=2, val=3, seed=2)
    return tmp_path / "shapes"


@pytest.fixture
def perfect(shapes: Path) -> Path:
    """The objects of the split val as windows."""
    voc = VOC(shapes, split="val")
    file = shapes.parent / "perfect.json"
    write_windows(file, ((id_, voc.target(number)["boxes"]) for number, id_ in enumerate(voc.ids)))
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["proposals", *map(str, arguments)])


def find(shapes: Path, *options: str | Path, output: str = "found.npz") -> Result:
    return run(shapes, "-o", shapes.parent / output, "--workers", "0", *options)


def recall(shapes: Path, *options: str | Path) -> Result:
    return run("recall", shapes, *options)


def edit(file: Path, **windows: Any) -> None:
    """Change the windows of some images in a file, or take them out."""
    content = json.loads(file.read_text()) | windows
    file.write_text(json.dumps({name: boxes for name, boxes in content.items() if boxes is not None}))


@pytest.mark.parametrize("output", ["found.npz", "found.json", "new/folder/found.npz"])
def test_the_windows_of_all_images_are_written(shapes: Path, output: str) -> None:
    result = find(shapes, "--number", "50", output=output)

    found = read_windows(shapes.parent / output)
    voc = VOC(shapes)
    assert result.exit_code == 0
    assert list(found) == voc.ids
    np.testing.assert_array_equal(found[voc.ids[1]], SelectiveSearch(limit=50)(voc.image(1)))
    assert [path.name for path in (shapes.parent / output).parent.iterdir() if "found" in path.name] == [
        Path(output).name
    ]


def test_the_verb_find_may_be_named(shapes: Path) -> None:
    run("find", "-o", shapes.parent / "named.npz", "--workers", "0", shapes)
    find(shapes)

    assert (shapes.parent / "named.npz").read_bytes() == (shapes.parent / "found.npz").read_bytes()


def test_split_mode_and_seed_are_heeded(shapes: Path) -> None:
    find(shapes, "--split", "train", "--mode", "turbo", "--seed", "3", "--number", "9")

    found, voc = read_windows(shapes.parent / "found.npz"), VOC(shapes, split="train")
    assert list(found) == voc.ids
    np.testing.assert_array_equal(found[voc.ids[0]], SelectiveSearch(mode="turbo", seed=3, limit=9)(voc.image(0)))


def test_images_windows_and_speed_are_printed(shapes: Path) -> None:
    result = find(shapes, "--number", "4")

    assert result.stdout.startswith("5 images, 20 windows in ")
    assert "images/s" in result.stdout
    assert "images 5/5" in result.stderr


def test_json_prints_one_object(shapes: Path) -> None:
    printed = json.loads(find(shapes, "--number", "4", "--json").stdout)

    assert (printed["images"], printed["windows"]) == (5, 20)
    assert printed["images_per_second"] == pytest.approx(5 / printed["seconds"])


def test_a_broken_image_ends_a_strict_run_with_3_and_leaves_no_file(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000003.jpg").write_bytes(b"")

    result = find(shapes)

    assert result.exit_code == 3
    assert "000003.jpg" in result.stderr
    assert not (shapes.parent / "found.npz").exists()


def test_a_broken_image_is_left_out_of_a_lenient_run(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000003.jpg").write_bytes(b"")

    result = find(shapes, "--lenient")

    assert result.exit_code == 5
    assert sorted(read_windows(shapes.parent / "found.npz")) == ["000001", "000002", "000004", "000005"]


def test_nothing_but_broken_images_is_bad_data(shapes: Path) -> None:
    for file in (shapes / "JPEGImages").iterdir():
        file.write_bytes(b"")

    result = find(shapes, "--lenient")

    assert result.exit_code == 3
    assert "none of the images could be read" in result.stderr
    assert not (shapes.parent / "found.npz").exists()


def test_an_interrupted_run_is_taken_up(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[tuple[int, ...]] = []
    search = SelectiveSearch.__call__

    def interrupted(self: SelectiveSearch, image: Any) -> Any:
        searched.append(image.shape)
        if image.shape[0] > 8 and len(searched) == 4:
            raise KeyboardInterrupt
        return search(self, image)

    monkeypatch.setattr(SelectiveSearch, "__call__", interrupted)
    first = find(shapes)
    unfinished = (shapes.parent / "found.npz").exists()
    second = find(shapes)

    assert (first.exit_code, unfinished, second.exit_code) == (130, False, 0)
    assert f"takes up the windows in {shapes.parent / 'found.npz.cache'}" in first.stderr
    assert sum(shape[0] > 8 for shape in searched) == 5 + 1  # without those of warming up
    assert len(read_windows(shapes.parent / "found.npz")) == 5


def test_windows_that_a_run_left_are_not_searched_again(shapes: Path) -> None:
    voc, search = VOC(shapes), SelectiveSearch(limit=50)
    windows = np.array([[1, 2, 3, 4]], np.float32)  # which no search would find
    WindowStore(shapes.parent / "found.npz.cache", search).save(voc.image(2), windows)

    find(shapes, "--number", "50")

    np.testing.assert_array_equal(read_windows(shapes.parent / "found.npz")[voc.ids[2]], windows)
    assert not (shapes.parent / "found.npz.cache").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["data"],
        ["data", "-o", "found.mat"],
        ["data", "-o", "found"],
        ["data", "-o", "a.npz", "--mode", "slow"],
        ["data", "-o", "a.npz", "--number", "0"],
        ["recall", "data", "--numbers", "0"],
        ["recall", "data", "--numbers", "10,,20"],
        ["recall", "data", "--limit", "0"],
        ["recall", "data", "--from", "a.npz", "--mode", "fast"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [[], ["--help"], ["find", "--help"], ["data", "--help"], ["recall", "--help"]])
def test_every_way_to_ask_for_help_gives_it(arguments: list[str]) -> None:
    result = run(*arguments)

    assert "Usage: cli proposals" in result.stdout + result.stderr


def test_the_objects_themselves_find_all_objects(shapes: Path, perfect: Path) -> None:
    result = recall(shapes, "--from", perfect, "--json")

    printed = json.loads(result.stdout)
    assert result.exit_code == 0
    assert printed["images"] == 3
    assert printed["numbers"] == [100, 500, 1000, 2000, None]
    assert printed["all"]["recall_70"] == printed["all"]["average_recall"] == [1] * 5


def test_the_numbers_are_sorted_and_distinct(shapes: Path, perfect: Path) -> None:
    printed = json.loads(recall(shapes, "--from", perfect, "--numbers", "5, 1,5", "--json").stdout)

    assert printed["numbers"] == [1, 5, None]


def test_the_split_and_the_number_of_images_are_heeded(shapes: Path) -> None:
    find(shapes)

    result = recall(shapes, "--from", shapes.parent / "found.npz", "--split", "train", "--limit", "1", "--json")

    printed = json.loads(result.stdout)
    assert printed["images"] == 1
    assert printed["all"]["objects"] == len(VOC(shapes, split="train").target(0)["labels"])


def test_a_search_is_measured_like_the_file_it_writes(shapes: Path) -> None:
    find(shapes, "--mode", "turbo", "--number", "100000")

    from_file = recall(shapes, "--from", shapes.parent / "found.npz", "--json")
    searched = recall(shapes, "--mode", "turbo", "--workers", "0", "--json")

    assert from_file.stdout == searched.stdout
    assert searched.exit_code == 0


def test_selective_search_finds_the_shapes(shapes: Path) -> None:
    printed = json.loads(recall(shapes, "--numbers", "20,2000", "--workers", "0", "--json").stdout)

    assert printed["all"]["recall_50"][-1] == 1


def test_tables_by_number_size_and_class_are_printed(shapes: Path, perfect: Path) -> None:
    printed = recall(shapes, "--from", perfect, "--numbers", "7").stdout

    assert all(name in printed for name in ("3 images", "with 7 windows", "small", "medium", "large", "disc", "ring"))


def test_two_figures_are_written(shapes: Path, perfect: Path) -> None:
    recall(shapes, "--from", perfect, "--plots", shapes.parent / "plots")

    assert sorted(file.name for file in (shapes.parent / "plots").iterdir()) == [
        "recall-overlap.png",
        "recall-windows.png",
    ]


@pytest.mark.parametrize(
    ("windows", "rule"),
    [
        (None, "must have windows of image '000004', and has none"),
        ([[0, 0, 5, 5], [0, 0, 10_000, 9]], "image '000004', box 2: must lie inside the image, 320 x 240 pixels"),
    ],
)
def test_windows_that_do_not_fit_an_image_are_one_message_and_exit_code_3(
    shapes: Path, perfect: Path, windows: Any, rule: str
) -> None:
    edit(perfect, **{"000004": windows})

    result = recall(shapes, "--from", perfect)

    assert (result.exit_code, result.stdout) == (3, "")
    assert f"error: {perfect}: {rule}" in result.stderr


def test_an_image_without_fitting_windows_is_left_out_of_a_lenient_run(shapes: Path, perfect: Path) -> None:
    edit(perfect, **{"000004": None})

    result = recall(shapes, "--from", perfect, "--lenient", "--json")

    assert (result.exit_code, json.loads(result.stdout)["images"]) == (5, 2)
    assert f"skipped: {perfect}: " in result.stderr


def test_a_file_with_windows_of_none_of_the_images_is_bad_data(shapes: Path) -> None:
    write_windows(shapes.parent / "other.npz", [])

    result = recall(shapes, "--from", shapes.parent / "other.npz", "--lenient")

    assert (result.exit_code, result.stdout) == (3, "")
    assert "there are windows of none of the images" in result.stderr


def test_a_broken_image_is_left_out_of_a_lenient_measurement(shapes: Path, perfect: Path) -> None:
    (shapes / "JPEGImages" / "000004.jpg").write_bytes(b"")

    result = recall(shapes, "--from", perfect, "--lenient", "--json")

    assert (result.exit_code, json.loads(result.stdout)["images"]) == (5, 2)


def test_windows_are_measured_without_torch(shapes: Path, perfect: Path) -> None:
    assert "torch" not in heavy_imports(["proposals", "recall", shapes, "--from", perfect])
