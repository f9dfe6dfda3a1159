"""The table of faults."""

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from sppnet.tools.benchmarks.faults import table
from sppnet.tools.benchmarks.faults.outcome import Outcome
from sppnet.tools.command.console import CommandError


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Faults that are done in place of all others."""
    done = [Outcome("[a] fault", 3, 3), Outcome("another\x1b", 2, 2, "quick")]

    def outcomes(seed: int, quick: bool) -> Iterator[Outcome]:
        return iter(done)

    monkeypatch.setattr("importlib.import_module", lambda name: SimpleNamespace(outcomes=outcomes))
    monkeypatch.setattr(table, "MODULES", ("some",))
    return done


def test_every_fault_has_a_row(faults: list[Outcome]) -> None:
    result = CliRunner().invoke(table.command, ["--seed", "1"])

    assert result.exit_code == 0
    assert "[a] fault" in result.stdout and "another\\x1b" in result.stdout and "quick" in result.stdout


def test_rows_as_json(faults: list[Outcome]) -> None:
    result = CliRunner().invoke(table.command, ["--json"])

    first, _ = json.loads(result.stdout)
    assert (first["kind"], first["fault"], first["tried"], first["survived"]) == ("some", "[a] fault", 3, 3)


def test_a_fault_that_is_not_survived_is_said_and_ends_with_1(faults: list[Outcome]) -> None:
    faults.append(Outcome("a third", 5, 4, "number 3"))

    result = CliRunner().invoke(table.command, [])

    assert isinstance(result.exception, CommandError) and result.exception.code == 1
    assert "some: a third: number 3" in result.stderr


def test_a_kind_that_there_is_not(faults: list[Outcome]) -> None:
    result = CliRunner().invoke(table.command, ["--only", "none"])

    assert isinstance(result.exception, CommandError) and result.exception.code == 2


def test_all_kinds_are_there() -> None:
    from importlib import import_module

    assert all(hasattr(import_module(f"{table.__package__}.{name}"), "outcomes") for name in table.MODULES)
