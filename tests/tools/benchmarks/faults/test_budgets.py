"""The budget of a reader."""

from sppnet.tools.benchmarks.faults import budgets

NAME = "JPEG: 3,000 scans"


def test_a_bad_input_stays_inside_its_budget() -> None:
    [row] = budgets.outcomes(0, False, names=[NAME])

    assert row.survived == 1 and "a JPEG of 3,006 scans" in row.note
