"""`sppnet data convert`: what is converted, what is said, and that the same model is learned from every format."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from sppnet.data import DATA_WRITERS, READERS, open_data
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.data.convert import usual_splits
from tests.data.formats.drawn import held


def sppnet(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes") / "voc"
    write_shapes(folder, train=12, val=3)
    return folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread: for images this small, several take longer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def difficult(shapes: Path, tmp_path: Path) -> Path:
    """Return the shapes with some that are marked difficult."""
    for file in Path(shutil.copytree(shapes, tmp_path / "difficult")).glob("Annotations/*5.xml"):
        file.write_text(file.read_text().replace("<difficult>0", "<difficult>1"))
    return tmp_path / "difficult"


@pytest.fixture(scope="module")
def formats(shapes: Path) -> Path:
    """Return a folder that holds the shapes in every format."""
    for name in DATA_WRITERS.keys() - {"voc"}:
        sppnet("data", "convert", shapes, "-o", shapes.parent / name, "--to", name)
    return shapes.parent


def test_the_result_and_what_is_lost_are_said(difficult: Path, tmp_path: Path) -> None:
    result = sppnet("data", "convert", difficult, "-o", tmp_path / "new", "--to", "yolo", "--json")

    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert (printed["format"], printed["images"]) == ("yolo", {"train": 12, "val": 3})
    assert printed["losses"][0] in result.stderr


def test_what_is_not_converted_is_said(shapes: Path, tmp_path: Path) -> None:
    result = sppnet("data", "convert", shapes, "-o", tmp_path / "new", "--to", "coco", "--split", "val")

    assert f"{shapes}: of its splits val are converted, not train" in result.stderr
    assert result.stdout == f"{tmp_path / 'new'}: coco, val 3 images, in 0 s\n"


def test_everything_comes_back_after_a_way_through_the_formats(difficult: Path, tmp_path: Path) -> None:
    last = difficult
    for name in ("coco", "labelme", "csv", "voc"):
        assert sppnet("data", "convert", last, "-o", tmp_path / name, "--to", name).exit_code == 0
        last = tmp_path / name

    for split in ("train", "val"):
        assert held(open_data(last, split)) == held(open_data(difficult, split))


def test_splits_can_be_chosen(shapes: Path, tmp_path: Path) -> None:
    sppnet("data", "convert", shapes, "-o", tmp_path / "new", "--to", "csv", "--split", "val", "--images", "link")

    assert [file.name for file in tmp_path.glob("new/*.csv")] == ["val.csv"]
    assert len(list(tmp_path.glob("new/images/val/*.jpg"))) == 3


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        (["test", "train", "trainval", "val"], ["train", "val", "test"]),
        (["train2017", "val2017"], ["train2017", "val2017"]),
        (["train", "valid"], ["train", "valid"]),
        (["default"], [""]),
        (["dog_train", "dog_val"], [""]),
        ([], [""]),
    ],
)
def test_splits_that_share_images_are_not_taken_unasked(known: list[str], taken: list[str]) -> None:
    assert usual_splits(known) == taken


def test_a_broken_data_set_ends_it_or_is_left_out(shapes: Path, tmp_path: Path) -> None:
    shutil.copytree(shapes, tmp_path / "voc")
    (tmp_path / "voc" / "Annotations" / "000001.xml").write_text("junk")
    arguments = ("data", "convert", tmp_path / "voc", "-o", tmp_path / "new", "--to", "csv")

    assert sppnet(*arguments).exit_code == 3
    assert not (tmp_path / "new").exists()
    assert sppnet(*arguments, "--lenient").exit_code == 5
    assert len(open_data(tmp_path / "new", "train")) == 11


def test_nothing_is_written_over(shapes: Path) -> None:
    result = sppnet("data", "convert", shapes, "-o", shapes, "--to", "csv")

    assert result.exit_code == 3
    assert "error: " in result.stderr and "must be a new or empty folder: nothing is written over" in result.stderr


@pytest.mark.usefixtures("one_thread")
def test_the_same_model_is_learned_from_every_format(
    formats: Path, tmp_path: Path, pooled_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.tools.train.slowness", lambda: 1.0)
    options = ["--backbone", pooled_name, "--weights", "random", "--scales", "96", "--max-windows", "40", "--C", "0.1"]
    options += ["--no-regression", "--workers", "0", "--engine", "torch", "--device", "cpu"]
    learned = set()
    for name in READERS:
        result = sppnet("train", "--data", formats / name, "-o", tmp_path / name, *options)
        assert result.exit_code == 0, result.stderr
        learned.add((tmp_path / name / "model.safetensors").read_bytes())

    assert len(learned) == 1
