"""Tests of shards: which images, which files, which words."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sppnet.tools.command.spreading.shards import Shard, shard_option, shards_of


@click.command()
@shard_option
def show(shard: Shard | None) -> None:
    click.echo(repr(shard))


def test_every_image_is_of_one_shard() -> None:
    shards = [Shard(number, 3) for number in (1, 2, 3)]

    assert [[place for place in range(8) if shard.has(place)] for shard in shards] == [[0, 3, 6], [1, 4, 7], [2, 5]]
    assert [shard.size(8) for shard in shards] == [3, 3, 2]


def test_a_shard_is_written_into_the_folder_or_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "runs.2024").mkdir()

    assert Shard(2, 8).file(Path("a/found.npz")) == Path("a/found.npz.shard-2-of-8.jsonl")
    assert Shard(2, 8).file(tmp_path / "runs.2024") == tmp_path / "runs.2024" / "shard-2-of-8.jsonl"


@pytest.mark.parametrize("output", ["photos", "found", "found.npz"])
def test_the_shards_of_an_output_are_found_again_in_order(tmp_path: Path, output: str) -> None:
    (tmp_path / "photos").mkdir()
    shards = [Shard(number, 12) for number in (1, 2, 10)]
    files = [shard.file(tmp_path / output) for shard in shards]
    for file in (*files, tmp_path / "other.npz.shard-1-of-2.jsonl"):
        file.touch()

    assert shards_of(tmp_path / output) == dict(zip(shards, files, strict=True))


def test_there_are_no_shards_where_there_is_no_folder() -> None:
    assert shards_of(Path("nowhere/found")) == {}


@pytest.mark.parametrize("text", ["0/8", "9/8", "1", "a/b", "1/8/2", "-1/8"])
def test_other_words_are_no_shard(text: str) -> None:
    result = CliRunner().invoke(show, ["--shard", text])

    assert result.exit_code == 2
    assert "is no shard: give 1/8 to 8/8" in result.stderr


def test_a_shard_is_a_number_and_how_many_there_are() -> None:
    assert CliRunner().invoke(show, ["--shard", "2/8"]).stdout == "Shard(number=2, total=8)\n"
