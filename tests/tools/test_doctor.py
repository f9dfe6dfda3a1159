"""Tests of `sppnet doctor`."""

import json

import pytest
from click.testing import CliRunner

from sppnet.proposals import MODES
from sppnet.tools.cli import cli


def test_versions_and_the_time_of_a_search_are_told() -> None:
    report = json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)

    assert {"torch", "numba", "sppnet"} <= report["packages"].keys()
    assert list(report["milliseconds"]) == ["fast"] and report["milliseconds"]["fast"] > 0
    assert report["cores"] > 0 and report["compiled"]


def test_warm_compiles_every_mode_and_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[tuple[list[str], dict[str, bool]]] = []
    monkeypatch.setattr(
        "sppnet.tools.doctor.warm_up", lambda *searches, **options: warmed.append(([s.mode for s in searches], options))
    )

    report = json.loads(CliRunner().invoke(cli, ["doctor", "--warm", "--json"]).stdout)

    assert warmed[0] == (list(MODES), {"training": True})
    assert list(report["milliseconds"]) == list(MODES)


def test_without_json_there_is_a_table() -> None:
    assert "selective search, fast" in CliRunner().invoke(cli, ["doctor"]).stdout
