"""What the fields of a JSON file may hold: types, finite numbers, lengths; each that does not is named.

What goes together with what, the settings themselves check when they are made.
"""

import reprlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import ModelError

MOST_SIGNS = 1000  # of a name


class Rule(NamedTuple):
    """What a field must be, in words, and whether a value is."""

    words: str
    holds: Callable[[Any], bool]


# Name -> the rule of its value, the fields of an object, or those of each object in a list.
Fields = Mapping[str, "Rule | Fields | list[Fields]"]

FIGURE = Rule("a number", lambda value: type(value) is float or (type(value) is int and abs(value) < 2**63))
FLAG = Rule("true or false", lambda value: isinstance(value, bool))


def whole(low: int, high: int) -> Rule:
    """Return the rule of whole numbers in a range."""
    return Rule(f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high)


def number(low: float, high: float) -> Rule:
    """Return the rule of finite numbers in a range."""
    return Rule(
        f"a number from {low:g} to {high:g}",
        lambda value: type(value) in (int, float) and low <= value <= high,  # NaN is not
    )


def text(*choices: str) -> Rule:
    """Return the rule of words among the choices, or of any if there are none."""
    if choices:
        return Rule(f"one of {', '.join(choices)}", lambda value: isinstance(value, str) and value in choices)
    return Rule(
        f"text of 1 to {MOST_SIGNS} characters", lambda value: isinstance(value, str) and 0 < len(value) <= MOST_SIGNS
    )


def optional(rule: Rule) -> Rule:
    """Return the rule that also lets null pass."""
    return Rule(f"{rule.words}, or null", lambda value: value is None or rule.holds(value))


def several(rule: Rule, least: int, most: int) -> Rule:
    """Return the rule of lists of so many values."""
    return Rule(
        f"a list of {least} to {most}, each {rule.words}",
        lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(rule.holds, value)),
    )


def named(rule: Rule) -> Rule:
    """Return the rule of objects whose values all are such."""
    return Rule(
        f"an object of values, each {rule.words}",
        lambda value: isinstance(value, dict) and all(map(rule.holds, value.values())),
    )


def check_fields(content: object, fields: Fields, place: str) -> None:
    """Raise ModelError for the first field that is there and breaks its rule.

    Args:
        content: What should be an object.
        fields: The rules; fields without one are left alone.
        place: What comes before the names of fields in messages: the file and a colon, and the objects around.
    """
    if not isinstance(content, dict):
        raise ModelError(f"{place.rstrip('.: ')} must be an object, not {reprlib.repr(content)}")
    for name, rule in fields.items():
        if name not in content:
            continue
        value = content[name]
        if isinstance(rule, list):
            if not isinstance(value, list):
                raise ModelError(f"{place}{name} must be a list of objects, not {reprlib.repr(value)}")
            for count, one in enumerate(value, 1):
                check_fields(one, rule[0], f"{place}{name}, number {count}: ")
        elif not isinstance(rule, Rule):
            check_fields(value, rule, f"{place}{name}.")
        elif not rule.holds(value):
            raise ModelError(f"{place}{name} must be {rule.words}, not {reprlib.repr(value)}")
