"""Options whose values are names that a library knows."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..libraries import set_up


class ChoiceOf(click.ParamType):  # type: ignore[type-arg]  # which click has since 8.4
    """One of some names, or several with commas between, which are asked for when the option is used.

    Not when the command is defined: the library that knows them may take seconds to import, and `--help` is to be
    quick. So help shows no names, but a wrong one, such as `?`, is answered with those there are.

    Args:
        names: Returns the names that may be chosen.
        several: Whether several names may be chosen: the value is a list then, with every name once.
    """

    name = "name"

    def __init__(self, names: Callable[[], Iterable[str]], *, several: bool = False) -> None:
        self._names, self._several = names, several

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what help shows."""
        return "NAME,...|?" if self._several else "NAME|?"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name, or the list of names; or fail as a wrong use of the command."""
        if param is not None and value == param.default and not self._several:
            return value  # without an import that the command might not need
        set_up()  # before the import of torch
        known = list(self._names())
        chosen = [name.strip() for name in value.split(",")] if self._several else [value]
        for name in chosen:
            if name not in known:
                self.fail(f"{name!r} is not one of {', '.join(map(repr, known))}", param, ctx)
        return list(dict.fromkeys(chosen)) if self._several else value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Return the names that what was typed begins, of several the last."""
        set_up()
        before, comma, begun = incomplete.rpartition(",") if self._several else ("", "", incomplete)
        left = (name for name in self._names() if name not in before.split(","))
        return [CompletionItem(f"{before}{comma}{name}") for name in left if name.startswith(begun)]
