"""Courses of trainings, of classifiers and of detectors; scores of classifiers against the size of the test images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .canvas import GRID_GREY, WIDTH, colours, finish, new_figure, png

MOST_NAMES = 6  # that a legend has room for


def learning_curves(history: Mapping[str, Any], score: str) -> bytes:
    """Return the PNG of a training: losses, marked by the size of the epoch, and held-out scores for each size.

    Args:
        history: What `Classifier.metrics_` holds of the training.
        score: What the scores are called.
    """
    figure = new_figure(2 * WIDTH)
    losses, scores = figure.subplots(1, 2)
    epochs, sizes = np.arange(1, len(history["losses"]) + 1), np.array(history["sizes"])
    known = sorted({*history["sizes"], *map(int, history["scores"])})
    shades = dict(zip(known, colours(len(known)), strict=True))
    losses.plot(epochs, history["losses"], color=GRID_GREY)
    for size in sorted(set(history["sizes"])):
        here = sizes == size
        losses.plot(epochs[here], np.array(history["losses"])[here], ".", color=shades[size], label=str(size))
    for name, values in history["scores"].items():
        scores.plot(epochs[: len(values)], values, ".-", color=shades[int(name)], label=name)
    losses.set(xlabel="epoch", ylabel="loss")
    scores.set(xlabel="epoch", ylabel=f"{score} of held-out images", ylim=(0, 1))
    finish(losses, "pixels" if len(set(history["sizes"])) <= MOST_NAMES else None)
    finish(scores, "pixels")
    for axes in (losses, scores):
        axes.xaxis.get_major_locator().set_params(integer=True)
    return png(figure)


def loss_curves(history: Mapping[str, Any]) -> bytes:
    """Return the PNG of a detector's fine-tuning: losses of every epoch, and which epoch's weights were taken.

    Args:
        history: {"losses", "held_out_losses", "epoch"}, as the metrics of a model have it.
    """
    figure = new_figure()
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss")
    epochs = np.arange(1, len(history["losses"]) + 1)
    for colour, (name, losses) in zip(
        colours(2), {"learned from": "losses", "held out": "held_out_losses"}.items(), strict=True
    ):
        axes.plot(epochs, history[losses], ".-", color=colour, label=name)
    axes.axvline(history["epoch"], color="black", linestyle=":", label="weights taken")
    axes.set_xticks(epochs)
    finish(axes, "images")
    return png(figure)


def scores_by_size(sizes: Sequence[int], curves: Mapping[str, Sequence[float | None]], score: str) -> bytes:
    """Return the PNG of scores against the size of the test images, one curve for each classifier.

    Args:
        sizes: Short sides in pixels, ascending.
        curves: For each classifier its name and its score at every size, None where there is none.
        score: What the scores are called.
    """
    figure = new_figure()
    axes = figure.add_subplot(xlabel="short side of the test images in pixels", ylabel=score)
    for (name, values), colour in zip(curves.items(), colours(len(curves)), strict=True):
        axes.plot(sizes, [np.nan if value is None else value for value in values], "o-", color=colour, label=name)
    finish(axes, "trained at" if len(curves) > 1 else None)
    return png(figure)
