"""Tests of the folders of models: one takes the place of another, and none is lost on the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sppnet.detector import Classifier, ModelError
from sppnet.detector.files.model_folder import check_writable, model_folder, write_model

FILES = {"config.json": b"{}", "model.safetensors": b"weights"}


def test_a_model_takes_the_place_of_another(tmp_path: Path) -> None:
    write_model(tmp_path / "model", {**FILES, "conv.json": b"{}"})

    write_model(tmp_path / "model", FILES)

    assert {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()} == FILES
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("find", [model_folder, check_writable])
def test_a_model_whose_replacement_was_broken_off_is_there_again(
    tmp_path: Path, find: Callable[[Path], object]
) -> None:
    write_model(tmp_path / "model", FILES)
    (tmp_path / "model").rename(tmp_path / ".model.old")

    find(tmp_path / "model")

    assert (tmp_path / "model" / "config.json").read_bytes() == b"{}"


def test_a_classifier_whose_replacement_was_broken_off_is_there_again(tmp_path: Path) -> None:
    write_model(tmp_path / ".model.old", FILES)

    with pytest.raises(ModelError, match=r"config\.json: is not of the format"):
        Classifier.load(tmp_path / "model")

    assert (tmp_path / "model" / "config.json").read_bytes() == b"{}"


def test_a_model_that_cannot_be_put_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_paths: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / ".model.old").mkdir()
    monkeypatch.setattr(Path, "rename", refused)

    with pytest.raises(ModelError, match=r"model: its replacement was broken off, and it cannot be put back"):
        model_folder(tmp_path / "model")


def test_what_a_dead_writer_left_in_a_model_is_no_hindrance(tmp_path: Path) -> None:
    write_model(tmp_path / "model", FILES)
    (tmp_path / "model" / ".log.jsonl.partial").write_bytes(b"")

    write_model(tmp_path / "model", FILES)

    assert len(list((tmp_path / "model").iterdir())) == 2


def test_a_hidden_file_of_somebody_is_a_hindrance(tmp_path: Path) -> None:
    write_model(tmp_path / "model", FILES)
    (tmp_path / "model" / ".notes.old").write_bytes(b"")

    with pytest.raises(ModelError, match=r"holds '\.notes\.old'"):
        check_writable(tmp_path / "model")
