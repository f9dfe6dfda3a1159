"""What a shell offers while values are typed: models, weights, files and the splits of data sets."""

from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from sppnet import detector

MODEL_FILE = "config.json"  # what a model's folder is known by


def complete_model(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem[str]]":
    """Return the models in the box, and folders of models, that what was typed begins; any folder if none."""
    models = sorted({*_bundled(), *_folders(begun)})
    fitting = [CompletionItem(name) for name in models if name.startswith(begun)]
    return fitting or [CompletionItem(begun, type="dir")]


def complete_split(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem[str]]":
    """Return the splits of the data set that was named before; none if there is none that can be read."""
    # An option without its value, which is what is being typed, leaves the arguments before it unread.
    root = next(filter(None, (*map(context.params.get, ("root", "source")), *context.args)), None)
    if root is None:
        return []
    from sppnet.data import DataError, splits

    try:
        known = splits(root, format=context.params.get("data_format"))
    except (DataError, OSError):
        return []
    return [CompletionItem(name) for name in known if name.startswith(begun)]


def complete_file(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem[str]]":
    """Return any file that what was typed begins."""
    return [CompletionItem(begun, type="file")]


def complete_weights(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem[str]]":
    """Return the words that weights may be, or any file that what was typed begins."""
    fitting = [CompletionItem(word) for word in ("imagenet", "random") if word.startswith(begun)]
    return fitting or complete_file(context, parameter, begun)


def _bundled() -> Iterator[str]:
    yield from (file.parent.name for file in Path(detector.__path__[0], "models").glob(f"*/{MODEL_FILE}"))


def _folders(begun: str) -> Iterator[str]:
    """Yield the folders of models beside what was typed, as they would be typed."""
    typed = begun[: begun.rfind("/") + 1]
    yield from (f"{typed}{file.parent.name}" for file in Path(typed).glob(f"*/{MODEL_FILE}"))
