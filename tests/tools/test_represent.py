"""Tests of `sppnet represent` with a backbone of two layers, on drawn images."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.detector.backbone.backbone import Backbone
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.conftest import COLOURS

Asked = list[tuple[Any, ...]]
ONE = ("--framing", "full", "--layers", "spp", "--scales", "32")


@pytest.fixture(scope="module", autouse=True)
def loaded(tiny_backbone: Backbone) -> Iterator[Asked]:
    """What backbones were asked for; all are the tiny one."""
    asked: Asked = []

    def load(*names: str, **options: Any) -> Backbone:
        asked.append((*names, options["preprocessing"], options["precision"]))
        return tiny_backbone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sppnet.detector.load_backbone", load)
        yield asked


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=20, val=8, seed=2)
    return tmp_path / "shapes"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """What a run with the usual layers and framings at two scales prints."""
    folder = tmp_path_factory.mktemp("represent")
    write_shapes(folder / "shapes", train=20, val=8, seed=2)
    return represent(folder / "shapes", "--json")


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Ten red and ten blue pictures, each of another size and with a border of noise."""
    random = np.random.default_rng(0)
    for number in range(20):
        name, colour = (("red", COLOURS[0]), ("blue", COLOURS[1]))[number % 2]
        pixels = random.integers(0, 256, (30 + number, 40, 3)).astype(np.uint8)
        pixels[5:-5, 5:-5] = colour
        (tmp_path / "folders" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "folders" / name / f"{number}.png")
    return tmp_path / "folders"


def represent(data: Path, *options: str | Path) -> Result:
    arguments = ["represent", "--data", data, "--cache", data.parent / "vectors", "--scales", "32,48", *options]
    return CliRunner().invoke(cli, list(map(str, arguments)))


def printed(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_every_layer_is_measured_in_every_framing_at_every_scale(everything: Result) -> None:
    found = printed(everything)

    measured = [(cell["layer"], cell["framing"], *cell["scales"]) for cell in found["results"]]
    layers = ("conv1", "pool", "spp", "mean", "spp+mean")
    assert measured == [
        (layer, framing, scale) for layer in layers for framing in ("full", "crop", "warp") for scale in (32, 48)
    ]
    assert (found["measure"], found["images"], found["splits"]) == ("mAP", {"train": 20, "test": 8}, 1)
    assert all(0 < cell["validation"] < 1 and 0 < cell["test"] <= 1 for cell in found["results"])


def test_the_best_is_chosen_in_cross_validation(everything: Result) -> None:
    found = printed(everything)

    assert found["best"]["validation"] == max(cell["validation"] for cell in found["results"])


def test_progress_and_disk_are_said(everything: Result) -> None:
    said = everything.stderr

    assert "20 images, the split train" in said and "8 images, the split val" in said
    assert re.search(r"[0-9.]+ GB of vectors in .*/vectors", said)
    assert "vectors 28/28" in said and "SVMs 30/30" in said


def test_mirrored_vectors_are_others(shapes: Path) -> None:
    [plain] = printed(represent(shapes, *ONE, "--json"))["results"]
    [mirrored] = printed(represent(shapes, *ONE, "--json", "--mirrored"))["results"]

    assert plain["validation"] != mirrored["validation"]


def test_cross_validation_does_not_see_the_images_to_test_with(shapes: Path) -> None:
    options = ("--framing", "full", "--layers", "spp", "--json")
    before = printed(represent(shapes, *options))["results"]
    Image.effect_noise((320, 240), 90).convert("RGB").save(shapes / "JPEGImages" / "000025.jpg")

    after = printed(represent(shapes, *options))["results"]

    assert [(cell["validation"], cell["C"]) for cell in before] == [(cell["validation"], cell["C"]) for cell in after]
    assert [cell["test"] for cell in before] != [cell["test"] for cell in after]


def test_layers_framings_and_scales_can_be_chosen_and_taken_together(shapes: Path) -> None:
    found = printed(
        represent(shapes, "--framing", "warp", "--scales", "32+48", "--layers", "conv1+mean", "--limit", "9", "--json")
    )

    [cell] = found["results"]
    assert (cell["layer"], cell["framing"], cell["scales"]) == ("conv1+mean", "warp", [32, 48])
    assert found["images"] == {"train": 9, "test": 8}


def test_class_folders_are_measured_by_accuracy_over_random_splits(folders: Path) -> None:
    sizes = ("--train-per-class", "6", "--test-per-class", "3", "--splits", "2")

    found = printed(represent(folders, "--labels", "folders", *sizes, *ONE, "--json"))

    assert (found["measure"], found["images"], found["splits"]) == ("accuracy", {"train": 12, "test": 6}, 2)
    assert (len(found["best"]["C"]), found["best"]["test"], found["best"]["deviation"]) == (2, 1, 0)


def test_the_table_has_a_row_for_each_layer(shapes: Path) -> None:
    result = represent(shapes, *ONE, "--layers", "spp,mean")

    assert "full 32" in result.stdout and "spp" in result.stdout and "mean" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("best in cross-validation: ")


def test_a_second_run_takes_up_the_vectors(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = printed(represent(shapes, *ONE, "--json"))
    monkeypatch.setattr(
        "sppnet.detector.classification.vector_cache.ArrayCache.save", lambda *_: pytest.fail("computed again")
    )

    assert printed(represent(shapes, *ONE, "--json")) == first


def test_figures_are_written_on_request(shapes: Path) -> None:
    represent(shapes, *ONE, "--plots", shapes.parent / "plots")

    assert [path.name for path in (shapes.parent / "plots").iterdir()] == ["scales-full.png"]


def test_the_backbone_is_the_one_asked_for(shapes: Path, loaded: Asked) -> None:
    backbone = ("--backbone", "zf5", "--weights", "random", "--preprocessing", "release", "--precision", "bfloat16")

    represent(shapes, *ONE, *backbone)

    assert loaded[-1] == ("zf5", "random", "release", "bfloat16")


def test_a_layer_that_is_not_there_ends_with_3(shapes: Path) -> None:
    result = represent(shapes, "--layers", "spp+fc7")

    assert result.exit_code == 3
    assert "there is no layer 'fc7'" in result.stderr


def test_a_broken_image_ends_with_3(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")

    result = represent(shapes)

    assert result.exit_code == 3
    assert "000002.jpg" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--scales", "224,"),
        ("--scales", "0"),
        ("--scales", "224+"),
        ("--framing", "full,half"),
        ("--test-split", "train"),
        ("--labels", "folders", "--limit", "3"),
    ],
)
def test_options_that_make_no_sense_are_refused(shapes: Path, options: tuple[str, ...]) -> None:
    assert represent(shapes, *options).exit_code == 2
