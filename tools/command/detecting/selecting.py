"""The options of `sppnet detect` that say which objects are wanted."""

from collections.abc import Sequence
from typing import Any

import click

from ..console import USAGE, CommandError

NEVER = 2.0  # no score reaches it


class LeastScores(click.ParamType):  # type: ignore[type-arg]  # which click has since 8.4
    """A least score for all classes, or those of single classes, too: `.5`, `cat=.4,dog=.6` or `cat=.4,.5`."""

    name = "score"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what help shows."""
        return "SCORE|CLASS=SCORE,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Return the scores by class, that of all others under no name; or fail as a wrong use of the command."""
        if isinstance(value, dict):
            return value
        scores = {}
        for part in str(value).split(","):
            name, _, text = part.rpartition("=")
            if (name := name.strip()) in scores:
                self.fail(f"{value!r} has two scores for {name or 'all classes'}", param, ctx)
            try:
                scores[name] = float(text)
            except ValueError:
                self.fail(f"{text!r} is not a number", param, ctx)
            if not 0 <= scores[name] <= 1:  # nor NaN
                self.fail(f"{text} is not in the range 0 to 1", param, ctx)
        return scores


def class_names(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str] | None:
    """Return the names that an option lists with commas between."""
    return None if text is None else [name.strip() for name in text.split(",")]


def least_scores(
    conf: dict[str, float], wanted: Sequence[str] | None, classes: Sequence[str], usual: float
) -> list[float]:
    """Return the least score of every class; no score reaches that of a class that is not wanted.

    Args:
        conf: Scores by class, that of all others under no name.
        wanted: Names of classes; None for all.
        classes: Those that the model knows.
        usual: The least score of those that have none.

    Raises:
        CommandError: If a class is named that the model does not know.
    """
    for name in (*filter(None, conf), *(wanted or ())):
        if name not in classes:
            raise CommandError(f"the model does not know the class {name!r}; it knows {', '.join(classes)}", USAGE)
    return [conf.get(name, conf.get("", usual)) if wanted is None or name in wanted else NEVER for name in classes]
