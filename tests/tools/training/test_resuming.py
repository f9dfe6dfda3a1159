"""A resumed training is asked for the same: what differs is named, with both values."""

from pathlib import Path

import click
import numpy as np
import pytest

from sppnet.data import content_hashes, open_data
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.resuming import Run

BEFORE = Run({"--data": "/a", "--scales": [480, 600], "--context": True, "--C": None}, "1", {"preset": "minutes"})


def asked(tmp_path: Path, **changes: object) -> Run:
    """Return the same with other options, after the first was written."""
    BEFORE.write(tmp_path)
    options = {f"--{name}": value for name, value in changes.items() if name != "contents"}
    return Run({**BEFORE.options, **options}, str(changes.get("contents", "1")))


def test_the_same_training_is_taken_with_what_it_has_chosen(tmp_path: Path) -> None:
    assert asked(tmp_path).earlier(tmp_path, wanted=True) == BEFORE


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert BEFORE.earlier(tmp_path, wanted=True) is None


def test_every_option_that_differs_is_named_with_both_values(tmp_path: Path) -> None:
    told = r"had --scales 480,600, not --scales 600; --context, not no --context; no --C, not --C 0.1: give"

    with pytest.raises(CommandError, match=told) as caught:
        asked(tmp_path, scales=[600], context=False, C=0.1).earlier(tmp_path, wanted=True)
    assert caught.value.code == 2


def test_another_training_is_none_to_go_on_from_where_nobody_asks(tmp_path: Path) -> None:
    assert asked(tmp_path, C=0.1).earlier(tmp_path, wanted=False) is None


def test_the_same_images_may_lie_elsewhere_and_others_may_not(tmp_path: Path) -> None:
    assert asked(tmp_path, data="/b").earlier(tmp_path, wanted=True) == BEFORE
    with pytest.raises(CommandError, match="had --data /a, not --data /b"):
        asked(tmp_path, data="/b", contents="2").earlier(tmp_path, wanted=True)
    with pytest.raises(CommandError, match="other images or objects in /a than there are now"):
        asked(tmp_path, contents="2").earlier(tmp_path, wanted=True)


def test_files_are_known_by_what_they_hold(tmp_path: Path) -> None:
    write_shapes(tmp_path / "shapes", train=2, val=1)
    data, weights = open_data(tmp_path / "shapes", "train"), tmp_path / "w.safetensors"
    option = click.Option(["--weights"])
    free = [click.Option(["--threads"]), click.Option(["--ray"])]
    context = click.Context(click.Command("train", params=[option, *free]))
    context.params = {"weights": str(weights), "threads": 3, "ray": "auto"}

    weights.write_bytes(b"1")
    first = Run.of(context, data, content_hashes(data))
    weights.write_bytes(b"2")
    second = Run.of(context, data, content_hashes(data))

    assert first.options.keys() == {"--weights"} and first.options["--weights"].startswith(f"{weights} (")
    assert first.options != second.options and first.data == second.data
    assert first.data != Run.of(context, data, np.zeros(2, np.uint64)).data
