"""Runs with other numbers of threads and workers are compared as they should be."""

import json

from sppnet.tools.benchmarks.faults.threads import near, outcomes


def lines(*scores: float, label: str = "disc") -> str:
    return json.dumps({"image": "a.jpg", "detections": [{"label": label, "score": score} for score in scores]}) + "\n"


def test_scores_may_differ_by_the_tolerance_and_no_more() -> None:
    assert near(lines(0.9, 0.5), lines(0.9004, 0.5))
    assert not near(lines(0.9, 0.5), lines(0.9, 0.502))


def test_a_detection_more_or_another_label_is_not_near() -> None:
    assert not near(lines(0.9), lines(0.9, 0.1))
    assert not near(lines(0.9), lines(0.9, label="ring"))


def test_a_quick_run_compares_two_processes() -> None:
    [outcome] = outcomes(0, True, ["proposals"])

    assert (outcome.fault, outcome.tried, outcome.survived) == ("threads and workers: proposals", 2, 2)
