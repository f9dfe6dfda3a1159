"""Damaged files of every reader, a few of them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sppnet.tools.benchmarks.faults.mutations import command, outcomes


def test_readers_survive_a_few_damaged_files() -> None:
    rows = list(outcomes(5, False, count=500, only="coco"))

    assert {row.fault for row in rows} >= {"damaged coco", "damaged detections coco.json"}
    assert [(row.fault, row.note) for row in rows if row.survived < row.tried] == []


def test_one_damage_is_done_again_and_its_file_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(command, ["--only", "csv", "--number", "3"])

    assert result.exit_code == 0 and "boxes.csv, as damaged-3-boxes.csv" in result.stdout
