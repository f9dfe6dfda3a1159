"""`sppnet data split`: a data set in, the same with train and val out."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sppnet.data import READERS, open_data, splits
from sppnet.tools.cli import cli
from tests.data.formats.drawn import held, picture, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of ten images, two of which are copies of others."""
    for number in range(10):
        picture(tmp_path / "mine" / f"{number}.png", shade=number % 8)
    lines = "".join(f"{number}.png,1,2,3,4,fox\n" for number in range(10))
    write(tmp_path / "mine" / "annotations.csv", lines)
    return tmp_path / "mine"


def split(root: Path, *options: str | Path) -> Result:
    arguments = ["data", "split", root, "-o", root.parent / "new", *options]
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_all_images_are_in_one_of_two_parts(root: Path) -> None:
    result = split(root, "--val", ".3", "--json")

    new = root.parent / "new"
    train, val = (open_data(new, name) for name in ("train", "val"))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["images"] == {"train": len(train), "val": len(val)}
    assert splits(new) == ["train", "val"]
    assert held(train) | held(val) == held(open_data(root))
    assert {int(id_) % 8 for id_ in train.ids} & {int(id_) % 8 for id_ in val.ids} == set()


def test_the_format_stays_unless_another_is_chosen(root: Path) -> None:
    split(root)
    assert READERS["csv"].recognises(root.parent / "new")

    shutil.rmtree(root.parent / "new")
    split(root, "--to", "coco")
    assert READERS["coco"].recognises(root.parent / "new")


def test_the_same_seed_gives_the_same_parts(root: Path) -> None:
    found = []
    for seed in ("1", "1", "2"):
        split(root, "--seed", seed, "--images", "none")
        found.append((root.parent / "new" / "val.csv").read_text())
        shutil.rmtree(root.parent / "new")

    assert found[0] == found[1] != found[2]


def test_of_a_data_set_with_splits_train_is_divided_and_that_is_said(root: Path) -> None:
    shutil.copy(root / "annotations.csv", root / "test.csv")
    (root / "annotations.csv").rename(root / "train.csv")

    assert "10 images, the split train" in split(root).stderr


@pytest.mark.parametrize("share", ["0", "1", "-1", "nan"])
def test_a_share_that_is_none_is_wrong_usage(root: Path, share: str) -> None:
    assert split(root, "--val", share).exit_code == 2
