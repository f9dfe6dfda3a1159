"""Tests of what happens to two runs on one output or cache."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sppnet.tools.cli import cli
from sppnet.tools.command.running import locks
from sppnet.tools.command.running.holding import Cache, hold
from sppnet.tools.command.running.locks import FileLock
from sppnet.tools.command.shapes import write_shapes

FIRST = {"process": 123, "command": "sppnet train", "since": "2026-11-28 12:03"}


def run(block: Callable[[], None]) -> Result:
    """Run a block as a verb does."""
    return CliRunner().invoke(click.Command("verb", callback=block), standalone_mode=False)


def beside(tmp_path: Path, name: str) -> Path:
    return tmp_path.resolve() / f".{name}.lock"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[FileLock]:
    """Another run that writes the folder `model`."""
    lock = FileLock(beside(tmp_path, "model"))
    lock.hold(FIRST)
    yield lock
    lock.release()


def test_an_output_is_held_until_the_command_ends(tmp_path: Path) -> None:
    def block() -> None:
        hold(tmp_path / "model")
        assert beside(tmp_path, "model").exists()

    assert run(block).exception is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("other")
def test_a_second_run_is_told_who_writes(tmp_path: Path) -> None:
    result = run(lambda: hold(tmp_path / "model", option="--fix"))

    assert str(result.exception) == (
        f"{tmp_path / 'model'} is being written by process 123 (sppnet train, since 2026-11-28 12:03): "
        "wait for it, or give another --fix"
    )


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("name", ["link", "here/model", "link/../model"])
def test_a_link_to_the_folder_is_the_same_output(tmp_path: Path, name: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "model")
    (tmp_path / "here").symlink_to(tmp_path)

    result = run(lambda: hold(tmp_path / name))

    assert "is being written by process 123" in str(result.exception)


def test_a_run_on_another_machine_is_told_with_it(tmp_path: Path) -> None:
    lock = FileLock(beside(tmp_path, "model"))
    lock.hold(FIRST | {"machine": "elsewhere"})

    result = run(lambda: hold(tmp_path / "model"))

    lock.release()
    assert "by process 123 on elsewhere (sppnet train" in str(result.exception)


def test_where_nothing_can_be_written_the_writers_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = run(lambda: hold(tmp_path / "file" / "model"))

    assert (result.exception, result.output) == (None, "")


def test_a_file_system_without_locks_is_said_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int, **_options: bool) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "_lock", fail)

    result = run(lambda: hold(tmp_path / "model"))

    assert result.exception is None
    assert "cannot be locked (No locks available): another run on the same files would not be noticed" in result.output


def test_a_cache_is_removed_by_the_one_who_uses_it_alone(tmp_path: Path) -> None:
    (tmp_path / "model.cache").mkdir()
    (tmp_path / "model.cache" / "1.array").touch()

    run(lambda: Cache(tmp_path / "model.cache").remove())

    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_another_run_uses_stays(tmp_path: Path) -> None:
    (tmp_path / "model.cache").mkdir()
    lock = FileLock(beside(tmp_path, "model.cache"))
    lock.share()

    result = run(lambda: Cache(tmp_path / "model.cache").remove())

    lock.release()
    assert "model.cache stays: another run uses it" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["model.cache"]


@pytest.mark.parametrize(
    "arguments",
    [
        "train --data {0}/shapes -o {0}/model",
        "pretrain --data {0}/shapes --labels image -o {0}/model",
        "pretrain --data {0}/shapes/JPEGImages --teacher imagenet -o {0}/model.safetensors",
        "add-class voc07-small --data {0}/shapes -o {0}/model",
        "remove-class voc07-small cat -o {0}/model",
        "rename-class voc07-small cat felis -o {0}/model",
        "export -m voc07-small -o {0}/model --half",
        "export -m voc07-small -o {0}/model --format onnx",
        "proposals {0}/shapes -o {0}/found.npz",
        "data convert {0}/shapes --to coco -o {0}/model",
        "data split {0}/shapes -o {0}/model",
        "data check {0}/shapes --no-proposals --fix {0}/model",
        "detect {0}/shapes/JPEGImages -o {0}/results",
        "demo -o {0}/results",
    ],
)
def test_no_verb_writes_what_another_run_is_writing(tmp_path: Path, arguments: str) -> None:
    write_shapes(tmp_path / "shapes", train=2, val=1)
    name = arguments.rpartition("/")[2].split()[0]
    lock = FileLock(tmp_path.resolve() / "results" / ".sppnet.lock" if name == "results" else beside(tmp_path, name))
    lock.hold(FIRST)

    result = CliRunner().invoke(cli, arguments.format(tmp_path).split())

    held = {path.name for path in tmp_path.iterdir()}
    lock.release()
    assert result.exit_code == 2
    assert f"{name} is being written by process 123 (sppnet train, since 2026-11-28 12:03)" in result.stderr
    assert held == {"shapes", "results" if name == "results" else f".{name}.lock"}
