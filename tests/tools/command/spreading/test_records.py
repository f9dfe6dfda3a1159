"""Tests of the results of a shard: which images are left, what a killed run leaves, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from sppnet.data import DataError
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.spreading.records import Records
from sppnet.tools.command.spreading.shards import Shard

IMAGES = ["a", "b", "c", "d", "e", "f", "g"]
HEAD: dict[str, Any] = {"verb": "detect", "settings": {"iou": 0.3}}


def records(folder: Path, *, head: dict[str, Any] = HEAD, resume: bool = True) -> Records:
    return Records(folder / "found", Shard(1, 2), head, resume=resume)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "found.shard-1-of-2.jsonl").read_text().splitlines()]


def do(shard: Records, images: list[str] = IMAGES, end: int = 4) -> None:
    for image, _ in zip(shard.remaining(images), range(end), strict=False):
        shard.add(image, {"found": image.upper()})


def test_the_images_of_the_shard_are_written_between_head_and_foot(tmp_path: Path) -> None:
    shard = records(tmp_path)
    do(shard)
    shard.finish()

    head, *images, foot = lines(tmp_path)
    assert (head["verb"], head["shard"]) == ("detect", [1, 2])
    assert images == [{"image": image, "found": image.upper()} for image in "aceg"]
    assert foot["images"] == 7


def test_a_killed_run_goes_on_behind_its_last_whole_line(tmp_path: Path) -> None:
    do(records(tmp_path), end=2)
    with (tmp_path / "found.shard-1-of-2.jsonl").open("a") as file:
        file.write('{"image": "e", "fou')

    shard = records(tmp_path)
    do(shard)
    shard.finish()

    whole = tmp_path / "whole"
    do(other := records(whole))
    other.finish()
    assert lines(tmp_path) == lines(whole)


def test_a_finished_shard_has_nothing_left_and_stays_as_it_is(tmp_path: Path) -> None:
    do(shard := records(tmp_path))
    shard.finish()
    before = lines(tmp_path)

    again = records(tmp_path)
    assert (again.done, again.left(7), list(again.remaining(IMAGES))) == (4, 0, [])
    again.finish()
    assert lines(tmp_path) == before


def test_images_that_nothing_was_told_of_have_been_left_out(tmp_path: Path) -> None:
    shard = records(tmp_path)
    for image in shard.remaining(IMAGES):
        if image == "e":
            shard.add(image, {})
    shard.finish()

    assert [(line["image"], line.get("skipped")) for line in lines(tmp_path)[1:-1]] == [
        ("a", True),
        ("c", True),
        ("e", None),
        ("g", True),
    ]
    assert shard.skipped == 3


def test_without_resumption_a_shard_begins_anew(tmp_path: Path) -> None:
    do(records(tmp_path))

    assert records(tmp_path, resume=False).done == 0


def test_other_settings_are_refused(tmp_path: Path) -> None:
    records(tmp_path)

    with pytest.raises(CommandError, match=r"shard-1-of-2\.jsonl: is of a run of other settings: iou 0\.3 and 0\.5"):
        records(tmp_path, head={"verb": "detect", "settings": {"iou": 0.5}})


@pytest.mark.parametrize(
    ("images", "message"), [(["x", *IMAGES], "not those that come first"), (["a"], "2 images are done, and only 1")]
)
def test_other_images_are_refused(tmp_path: Path, images: list[str], message: str) -> None:
    do(records(tmp_path), end=2)

    with pytest.raises(CommandError, match=message):
        list(records(tmp_path).remaining(images))


@pytest.mark.parametrize(
    ("line", "message"), [("{", "no readable JSON"), ("[]", "must be an object"), ("{}", "'image'")]
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    do(records(tmp_path), end=2)
    file = tmp_path / "found.shard-1-of-2.jsonl"
    file.write_text(file.read_text().replace('{"image": "c", "found": "C"}', line))

    with pytest.raises(DataError, match=f"line 3: .*{message}"):
        records(tmp_path)
