"""The result of an evaluation as a table for people: on the terminal, and as a markdown file."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from ..command.shown import cell


def show(result: dict[str, Any]) -> None:
    """Print the result of an evaluation."""
    table = Table("class", *result["metrics"])
    for name, *values in rows(result):
        table.add_row(cell(name), *values, style="bold" if name == "mAP" else None)
    console = Console()
    console.print(table)
    console.print(times(result), highlight=False, soft_wrap=True)


def markdown(result: dict[str, Any], title: str) -> str:
    """Return the result of an evaluation as a markdown document."""
    names = list(result["metrics"])
    lines = [
        f"# {title}",
        "",
        times(result),
        "",
        f"| class | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
        *(f"| {' | '.join(row)} |" for row in rows(result)),
    ]
    return "\n".join(lines) + "\n"


def rows(result: dict[str, Any]) -> Iterator[list[str]]:
    """Yield one row per class, then the means, then COCO's other figures; all values in percent."""
    metrics = list(result["metrics"].values())
    for name in next((scores["AP"] for scores in metrics if "AP" in scores), {}):
        yield [name, *(_percent(scores.get("AP", {}).get(name)) for scores in metrics)]
    for name in dict.fromkeys(name for scores in metrics for name in scores if name != "AP"):
        yield [name, *(_percent(scores.get(name)) for scores in metrics)]


def times(result: dict[str, Any]) -> str:
    """Return how many images there were and the milliseconds an image took, as one line."""
    stages = ", ".join(f"{stage} {milliseconds:.0f}" for stage, milliseconds in result["milliseconds"].items())
    count = result["learned_images"]
    learned = f", {count:,} of which the model has learned from" if count else ""
    return f"{result['images']:,} images{learned}" + (f"; milliseconds per image: {stages}" if stages else "")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
