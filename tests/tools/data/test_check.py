"""`sppnet data check`: exit codes, what is printed, and the corrected copy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sppnet.data import open_data
from sppnet.tools.cli import cli
from tests.data.checking.drawn import added, write_all


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["data", "check", *map(str, arguments), "--no-proposals"])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_all(folder)
    return folder / "csv"


@pytest.fixture
def broken(sound: Path) -> Iterator[Path]:
    file = sound / "train.csv"
    text = file.read_text()
    added("train.csv", "".join(f"images/train/c.png,1,{y},99,{y + 3},dog,0,0\n" for y in range(8)))(sound)
    added("train.csv", "images/train/c.png,60,2,70,9,dgo,0,0\n")(sound)
    added("train.csv", "images/train/c.png,1,2,30,9,dgo,0,0\n")(sound)
    yield sound
    file.write_text(text)


def test_a_sound_data_set_exits_with_0(sound: Path) -> None:
    result = check(sound)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{sound}: csv, train 3 images, val 2 images; 6 usable objects of 2 classes\n")


def test_mistakes_are_grouped_and_counted_and_exit_with_3(broken: Path) -> None:
    result = check(broken)

    assert result.exit_code == 3
    assert "error: boxes outside their image: 9 (9 objects, 1 images)\n" in result.stdout
    assert "train.csv: line 6: (dog): must lie inside the image of 40 x 30, got x 1 to 99" in result.stdout
    assert "line 12" not in result.stdout and "and 4 more; --all shows them" in result.stdout
    assert "what matters most:\n  1. boxes outside their image (9 objects, 1 images)\n" in result.stdout


def test_every_finding_can_be_shown(broken: Path) -> None:
    assert "line 13: (dog): must lie inside" in check(broken, "--all").stdout


def test_of_very_many_findings_some_are_shown_and_all_are_counted_and_mended(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.tools.data.check.MOST", 6)

    result = check(broken, "--fix", tmp_path / "new", "--all")

    assert result.stdout.count("-> clipped to x 1 to 40") == 6 and "and 3 more\n" in result.stdout
    assert ": 5 images, 9 changes, of these 1 left out" in result.stderr
    assert len(open_data(tmp_path / "new", "train").target(2)["boxes"]) == 10


def test_json_is_one_object(broken: Path) -> None:
    result = json.loads(check(broken, "--json").stdout)

    outside = next(kind for kind in result["kinds"] if kind["kind"] == "outside")
    assert (result["format"], result["errors"], outside["findings"], len(outside["examples"])) == ("csv", 9, 9, 5)
    assert outside["examples"][0]["mended"] == "clipped to x 1 to 40, y 0 to 3"


def test_a_corrected_copy_is_written_and_every_change_said(broken: Path, tmp_path: Path) -> None:
    before = (broken / "train.csv").read_bytes()

    result = check(broken, "--fix", tmp_path / "new", "--rename", "dgo=dog")

    assert result.exit_code == 5
    assert result.stdout.count("-> clipped to x 1 to 40") == 8 and "x 60 to 70, y 2 to 9 -> left out" in result.stdout
    assert f"{tmp_path / 'new'}: 5 images, " in result.stderr
    assert (broken / "train.csv").read_bytes() == before
    copy = open_data(tmp_path / "new", "train")
    assert len(copy.target(2)["boxes"]) == 10 and "dgo" not in copy.classes


def test_a_copy_that_lacks_nothing_exits_with_0(sound: Path, tmp_path: Path) -> None:
    result = check(sound, "--fix", tmp_path / "new", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["fixed"]["left_out"] == 0


def test_wrong_usage_exits_with_2(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    assert check(sound, "--rename", "dog=fox").exit_code == 2
    assert check(sound, "--fix", tmp_path / "new", "--rename", "dog").exit_code == 2
    assert check(sound, "--fix", tmp_path).exit_code == 2


def test_a_folder_without_data_exits_with_3(tmp_path: Path) -> None:
    result = check(tmp_path)

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"error: {tmp_path}: no data set")
