"""Tests of `sppnet doctor`."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from sppnet.proposals import MODES
from sppnet.tools.cli import cli
from sppnet.tools.diagnosis.finding import Finding

NOTE = Finding("extra two", "note", "without it", "less", "pip install 'it>=1'")
BROKEN = Finding("builds", "broken", "two\x1b[31m", "trouble", "pip uninstall one")


def checked() -> Iterator[Finding]:
    yield Finding("home", "fine", "/home/me")
    yield BROKEN
    yield NOTE


@pytest.fixture(autouse=True)
def some_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.tools.diagnosis.table.CHECKS", {"some": checked})


def test_versions_the_time_of_a_search_and_all_checks_are_told() -> None:
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    report = json.loads(result.stdout)

    assert {"torch", "numba", "sppnet"} <= report["packages"].keys()
    assert list(report["milliseconds"]) == ["fast"] and report["milliseconds"]["fast"] > 0
    assert report["cores"] > 0 and report["compiled"]
    assert report["checks"][1] == BROKEN._asdict()
    assert result.exit_code == 0


def test_warm_compiles_every_mode_and_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[tuple[list[str], dict[str, bool]]] = []
    monkeypatch.setattr(
        "sppnet.tools.doctor.warm_up", lambda *searches, **options: warmed.append(([s.mode for s in searches], options))
    )

    report = json.loads(CliRunner().invoke(cli, ["doctor", "--warm", "--json"]).stdout)

    assert warmed == [(list(MODES), {"training": True})]
    assert list(report["milliseconds"]) == list(MODES)


def test_without_json_there_is_a_table_and_below_it_what_is_to_be_mended() -> None:
    told = CliRunner().invoke(cli, ["doctor"]).stdout
    table, _, below = told.partition("\n\n")

    assert "selective search, fast" in table and "/home/me" in table
    assert below == (
        "note: extra two: without it\n  cost: less\n  command: pip install 'it>=1'\n\n"
        "broken: builds: two\\x1b[31m\n  cost: trouble\n  command: pip uninstall one\n"
    )


def test_a_library_that_is_missing_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(mode: str) -> float:
        raise ModuleNotFoundError("No module named 'cv2'")

    monkeypatch.setattr("sppnet.tools.diagnosis.times.search_milliseconds", missing)

    assert json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)["milliseconds"] == {}
