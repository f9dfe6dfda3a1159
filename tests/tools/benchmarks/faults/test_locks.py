"""Runs at once on one output."""

from sppnet.tools.benchmarks.faults.forked import Run
from sppnet.tools.benchmarks.faults.locks import _is_there, _refused, outcomes

SAID = (
    "error: found is being written by process 7 (sppnet detect, since 2026-11-28 12:03): "
    "wait for it, or give another -o"
)


def test_a_refusal_is_one_line_that_names_the_first() -> None:
    assert _refused(Run(2, 1.0, 1.0, SAID), "found")
    assert not _refused(Run(2, 1.0, 1.0, SAID), "other")
    assert not _refused(Run(1, 1.0, 1.0, SAID), "found")
    assert not _refused(Run(2, 1.0, 1.0, "error: found: is missing"), "found")
    assert _is_there(Run(3, 1.0, 1.0, "error: /a/coco: must be a new or empty folder: nothing is written over"), "coco")


def test_two_runs_at_once_end_well() -> None:
    rows = outcomes(0, quick=True)

    first = next(rows)
    rows.close()

    assert (first.tried, first.survived) == (2, 2)
