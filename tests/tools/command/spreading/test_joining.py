"""Tests of the shards of a run as one: their order, and every way in which they are no run."""

from pathlib import Path
from typing import Any

import pytest

from sppnet.tools.command.console import CommandError
from sppnet.tools.command.spreading.joining import Shards
from sppnet.tools.command.spreading.records import Records
from sppnet.tools.command.spreading.shards import Shard

IMAGES = [f"{number}.jpg" for number in range(8)]


def nothing(stage: str, done: int, total: int | None) -> None:
    pass


def write(
    output: Path, number: int, total: int = 3, *, images: list[str] = IMAGES, finish: bool = True, **head: Any
) -> Path:
    """Write a shard in which the fifth image was left out."""
    shard = Records(output, Shard(number, total), {"verb": "detect", **head}, resume=False)
    for image in shard.remaining(images):
        shard.add(image, {"found": image}, skipped=image == "4.jpg")
    if finish:
        shard.finish()
    return shard.file


@pytest.mark.parametrize("total", [1, 3, 8, 11])
def test_images_come_in_the_order_of_one_run(tmp_path: Path, total: int) -> None:
    for number in range(1, total + 1):
        write(tmp_path, number, total)

    shards = Shards(tmp_path)
    shards.check(nothing)

    assert [entry["found"] for entry in shards.entries(nothing)] == [name for name in IMAGES if name != "4.jpg"]
    assert (shards.images, shards.skipped, shards.count) == (8, 1, total)


def test_no_shards_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there are no shards"):
        Shards(tmp_path)


def test_missing_shards_are_named(tmp_path: Path) -> None:
    write(tmp_path, 2)

    with pytest.raises(CommandError, match="2 of 3 shards are missing: 1/3, 3/3"):
        Shards(tmp_path)


def test_shards_of_two_runs_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    write(tmp_path, 1, 3)

    with pytest.raises(CommandError, match="shards of several runs, such as 1/2 and 1/3"):
        Shards(tmp_path)


@pytest.mark.parametrize(("one", "other"), [({"models": ["a"]}, {"models": ["b"]}), ({"iou": 0.3}, {"iou": 0.5})])
def test_shards_of_other_models_or_settings_are_refused(tmp_path: Path, one: Any, other: Any) -> None:
    write(tmp_path, 1, 2, **one)
    write(tmp_path, 2, 2, **other)

    with pytest.raises(CommandError, match=r"shard-2-of-2\.jsonl: is not of the run of .*: (models|iou)"):
        Shards(tmp_path)


def test_a_shard_that_is_not_finished_is_named(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write(tmp_path, number, finish=number != 2)

    with pytest.raises(CommandError, match=r"shard-2-of-3\.jsonl: is not finished"):
        Shards(tmp_path).check(nothing)


@pytest.mark.parametrize("images", [[*IMAGES, "8.jpg"], IMAGES[:-1], IMAGES[:3], [*IMAGES[:-2], "x.jpg", "7.jpg"]])
def test_shards_that_saw_other_images_are_refused(tmp_path: Path, images: list[str]) -> None:
    for number in (1, 2, 3):
        write(tmp_path, number, images=images if number == 3 else IMAGES)

    with pytest.raises(CommandError, match="saw other images"):
        Shards(tmp_path).check(nothing)


def test_an_image_that_is_there_twice_is_found(tmp_path: Path) -> None:
    files = [write(tmp_path, number) for number in (1, 2, 3)]
    lines = files[0].read_text().splitlines(keepends=True)
    files[0].write_text("".join([*lines[:2], lines[1], *lines[2:]]))

    with pytest.raises(CommandError, match="saw other images"):
        Shards(tmp_path).check(nothing)
