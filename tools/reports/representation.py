"""The quality of layers as a table for people, and as figures against the image scale."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sppnet.data import write_whole

from .plots import quality_by_scale


def show(result: dict[str, Any]) -> None:
    """Print a row for each layer, a column for each framing and scale, and which is best in cross-validation.

    Each cell has two lines: the figure in cross-validation, and the one on the images to test with.
    """
    results, best = result["results"], result["best"]
    columns = list(dict.fromkeys(_column(cell) for cell in results))
    table = Table("layer", *columns, box=SIMPLE_HEAD, pad_edge=False, title=_title(result))
    for layer in dict.fromkeys(cell["layer"] for cell in results):
        table.add_row(layer, *(_figures(cell, cell is best) for cell in results if cell["layer"] == layer))
    for column in table.columns[1:]:
        column.justify, column.overflow = "right", "fold"
    console = Console()
    console.print(table)
    console.print(_summary(result), highlight=False, soft_wrap=True)


def write_plots(folder: Path, result: dict[str, Any]) -> None:
    """Write scales-<framing>.png into a folder for each framing: the quality of each layer at every single scale."""
    single = [cell for cell in result["results"] if len(cell["scales"]) == 1]
    for framing in dict.fromkeys(cell["framing"] for cell in single):
        cells = sorted((cell for cell in single if cell["framing"] == framing), key=lambda cell: cell["scales"][0])
        curves = {}
        for layer in dict.fromkeys(cell["layer"] for cell in result["results"]):
            figures = [(cell["test"], cell["validation"]) for cell in cells if cell["layer"] == layer]
            tested, held_out = 100 * np.array(figures).T
            curves[layer] = (tested, held_out)
        scales = sorted({cell["scales"][0] for cell in cells})
        write_whole(folder / f"scales-{framing}.png", quality_by_scale(scales, curves, result["measure"]))


def _title(result: dict[str, Any]) -> str:
    train, test = (f"{result['images'][part]:,}" for part in ("train", "test"))
    splits = f", {result['splits']} splits" if result["splits"] > 1 else ""
    return f"{result['measure']} in cross-validation on {train} images, then on {test} others{splits}"


def _summary(result: dict[str, Any]) -> str:
    best, measure = result["best"], result["measure"]
    deviation = "" if best["deviation"] is None else f" (deviation {100 * best['deviation']:.1f})"
    return (
        f"best in cross-validation: {best['layer']}, {_column(best)}: {measure} {100 * best['validation']:.1f}, "
        f"{100 * best['test']:.1f}{deviation} on other images; C {', '.join(f'{cost:g}' for cost in best['C'])}"
    )


def _column(cell: dict[str, Any]) -> str:
    return f"{cell['framing']} {'+'.join(map(str, cell['scales']))}"


def _figures(cell: dict[str, Any], best: bool) -> str:
    figures = f"{100 * cell['validation']:.1f}\n{100 * cell['test']:.1f}"
    return f"[bold]{figures}[/bold]" if best else figures
