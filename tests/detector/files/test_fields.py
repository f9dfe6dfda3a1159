"""Tests of the rules of fields: what passes, and how what does not is named."""

import math

import pytest

from sppnet.detector import ModelError
from sppnet.detector.files.fields import (
    FIGURE,
    FLAG,
    MOST_SIGNS,
    Fields,
    Rule,
    check_fields,
    named,
    number,
    optional,
    several,
    text,
    whole,
)

SETTINGS: Fields = {"sides": {"least": whole(1, 9)}, "views": [{"power": number(0, 2)}]}


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (whole(1, 9), [1, 9], [0, 10, 1.0, "1", True, None, [1]]),
        (number(0, 2), [0, 2, 0.5], [-1, 3, math.nan, math.inf, -math.inf, "1", False, None, [1]]),
        (text(), ["a", "a" * MOST_SIGNS], ["", "a" * (MOST_SIGNS + 1), 1, None]),
        (text("rgb", "bgr"), ["bgr"], ["gbr", ["rgb"]]),
        (optional(whole(1, 9)), [None, 3], ["3"]),
        (several(FLAG, 1, 2), [[True], [True, False]], [[], [True] * 3, [1], "true", None]),
        (named(FIGURE), [{}, {"a": 1, "b": math.nan}], [{"a": "1"}, {"a": True}, [1]]),
    ],
)
def test_a_rule_holds_for_what_it_is_of(rule: Rule, good: list[object], bad: list[object]) -> None:
    assert list(map(rule.holds, good)) == [True] * len(good)
    assert list(map(rule.holds, bad)) == [False] * len(bad)


def test_what_keeps_the_rules_passes_and_so_does_what_has_none() -> None:
    check_fields({"sides": {"least": 3, "most": "?"}, "views": [{"power": 2}], "more": 1}, SETTINGS, "c.json: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], r"c\.json must be an object, not \[1\]"),
        ({"sides": 3}, r"c\.json: sides must be an object, not 3"),
        ({"sides": {"least": "3"}}, r"c\.json: sides\.least must be a whole number from 1 to 9, not '3'"),
        ({"views": {}}, r"c\.json: views must be a list of objects, not {}"),
        ({"views": [{"power": 1}, {"power": -1}]}, r"views, number 2: power must be a number from 0 to 2, not -1"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named_with_the_value(content: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_fields(content, SETTINGS, "c.json: ")
