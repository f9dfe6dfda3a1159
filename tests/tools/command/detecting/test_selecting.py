"""Tests of the options that say which objects are wanted."""

import click
import pytest

from sppnet.tools.command.console import CommandError
from sppnet.tools.command.detecting.selecting import LeastScores, least_scores

CLASSES = ("cat", "dog", "a=b")


def parsed(text: str) -> dict[str, float]:
    return LeastScores().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("0.3", [0.3, 0.3, 0.3]),
        ("cat=.4,dog=.6,.5", [0.4, 0.6, 0.5]),
        (".2, cat=1", [1, 0.2, 0.2]),
        ("a=b=0", [0.5, 0.5, 0]),
    ],
)
def test_classes_have_their_own_least_scores(text: str, scores: list[float]) -> None:
    assert least_scores(parsed(text), None, CLASSES, 0.5) == scores


@pytest.mark.parametrize("text", ["", "x", "cat=", "1.1", "-0.1", "nan", "inf", "cat=.4,cat=.5", ".4,.5"])
def test_what_is_no_least_score_is_a_wrong_use(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parsed(text)


def test_no_score_reaches_that_of_a_class_that_is_not_wanted() -> None:
    assert least_scores(parsed(".3"), ["dog"], CLASSES, 0.5) == [2, 0.3, 2]


@pytest.mark.parametrize(("text", "wanted"), [("cow=.3", None), (".3", ["cow"])])
def test_an_unknown_class_is_named_with_those_there_are(text: str, wanted: list[str] | None) -> None:
    with pytest.raises(CommandError, match=r"'cow'; it knows cat, dog, a=b"):
        least_scores(parsed(text), wanted, CLASSES, 0.5)
