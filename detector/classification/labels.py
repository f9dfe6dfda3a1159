"""Labels of whole images, one of the classes or for each class whether it is there: their loss and the accuracy."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from ..errors import InputError
from ..types import Image

Labels = npt.NDArray[np.integer]
Marks = npt.NDArray[np.int8]
Quality = Callable[[npt.NDArray[np.float32], Marks], float]  # of scores (N, K) under marks (N, K); the best is highest


class Examples(Protocol):
    """Images with labels, by number; where there is also a method `label(number)` it saves reading the images."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> tuple[Image, Any]: ...


def read_labels(examples: Examples, classes: int, multi_label: bool) -> Labels:
    """Return the labels of all images, checked: int64 (N,), or int8 (N, K) of -1, 0 and +1 where there may be several.

    Args:
        examples: Images and labels; the images are read only where there is no `label(number)`.
        classes: K, the number of classes.
        multi_label: Whether an image can show several classes.

    Raises:
        InputError: If a label is neither a number from 0 to below K nor, of several, a row of K marks.
    """
    read = getattr(examples, "label", None) or (lambda number: examples[number][1])
    labels = np.zeros((len(examples), classes), np.int8) if multi_label else np.zeros(len(examples), np.int64)
    for number in range(len(examples)):
        label = np.asarray(read(number))
        right = label.dtype.kind in "iu" and label.shape == labels.shape[1:]
        if multi_label and not (right and np.isin(label, (-1, 0, 1)).all()):
            raise InputError(f"image {number}: the labels must be -1, 0 or 1 for {classes} classes, not {label}")
        if not multi_label and not (right and 0 <= label < classes):
            raise InputError(f"image {number}: the label must be a whole number from 0 to {classes - 1}, not {label}")
        labels[number] = label
    return labels


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean softmax cross entropy, or the mean sigmoid cross entropy where there may be several labels.

    Args:
        scores: (B, K), before the softmax or sigmoid.
        labels: int64 (B,), or int8 (B, K) of which zeros do not count.
    """
    if labels.dim() == 1:
        return cross_entropy(scores, labels)
    losses = binary_cross_entropy_with_logits(scores, (labels > 0).to(scores.dtype), reduction="none")
    counted = labels != 0
    return (losses * counted).sum() / counted.sum().clamp(min=1)


def marks(labels: Labels, classes: int) -> Marks:
    """Return labels as marks of every class: int8 (N, K), +1 for a class that is there, -1 for one that is not."""
    return np.asarray(labels if labels.ndim == 2 else np.where(labels[:, None] == np.arange(classes), 1, -1), np.int8)


def accuracy(scores: npt.NDArray[np.float32], marks: Marks) -> float:
    """Return the share of images whose best score, the first of equal ones, is that of a class they show.

    Args:
        scores: float32 (N, K), of one image or more.
        marks: int8 (N, K), +1 for the classes that an image shows.
    """
    return float((marks[np.arange(len(marks)), scores.argmax(axis=1)] > 0).mean())


def quality_name(quality: Quality) -> str:
    """Return what a measure is called: the name of the function in words."""
    return str(getattr(quality, "__name__", "quality")).replace("_", " ")
