"""Tests of the models and splits that are offered."""

from pathlib import Path

import click
import pytest

from sppnet.tools.cli import cli
from sppnet.tools.command.options.completing import (
    complete_file,
    complete_model,
    complete_split,
    complete_weights,
)
from sppnet.tools.command.shapes import write_shapes

CONTEXT, OPTION = click.Context(cli), click.Option(["--any"])


def models(begun: str) -> list[tuple[str, str]]:
    return [(item.value, item.type) for item in complete_model(CONTEXT, OPTION, begun)]


def splits(begun: str, *arguments: str, **parameters: object) -> list[str]:
    context = click.Context(cli)
    context.params, context.args = dict(parameters), list(arguments)
    return [item.value for item in complete_split(context, OPTION, begun)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a model, a folder that is none, and a data set."""
    monkeypatch.chdir(tmp_path)
    for name in ("birds", "runs/second"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").touch()
    (tmp_path / "bin").mkdir()
    write_shapes(tmp_path / "data", train=2, val=1)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_models_in_the_box_and_in_folders_are_offered() -> None:
    assert models("voc07-") == [("voc07-small", "plain")]
    assert models("b") == [("birds", "plain")]
    assert models("runs/") == [("runs/second", "plain")]


@pytest.mark.usefixtures("here")
def test_where_no_model_fits_any_folder_is_offered() -> None:
    assert models("ru") == [("ru", "dir")]


def test_models_below_a_folder_anywhere_are_offered(here: Path) -> None:
    assert models(f"{here}/b") == [(f"{here}/birds", "plain")]


def test_splits_of_the_data_set_before_are_offered(here: Path) -> None:
    assert splits("", root=here / "data") == ["train", "val"]
    assert splits("t", source=here / "data") == ["train"]
    assert splits("v", str(here / "data")) == ["val"]  # an argument that click has not read yet


@pytest.mark.parametrize("root", [None, "nowhere", "bin"])
def test_without_a_data_set_no_split_is_offered(here: Path, root: str | None) -> None:
    assert splits("", root=root and here / root) == []


def test_files_are_left_to_the_shell() -> None:
    [item] = complete_file(CONTEXT, OPTION, "photos/o")

    assert (item.value, item.type) == ("photos/o", "file")


@pytest.mark.parametrize(("begun", "offered"), [("", ["imagenet", "random"]), ("r", ["random"]), ("x", ["x"])])
def test_weights_are_words_or_files(begun: str, offered: list[str]) -> None:
    assert [item.value for item in complete_weights(CONTEXT, OPTION, begun)] == offered
