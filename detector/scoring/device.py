"""From the vectors of windows to detections on a device: scores, regression and suppression, one copy to the host.

The host does not know how many windows are likely, so everything has a fixed size: the best CANDIDATES pairs of window
and class of an image. An image that has more, or whose boxes overlap in longer chains than `suppress_together` follows,
is judged by `pick` on the host; the device tells so along with what it found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..backbone.on_device import moved
from ..timing import DeviceStopwatch, Stopwatch
from ..types import Floats, Indices
from .boxes import LARGEST_LOG_RATIO
from .detection import WindowScorer
from .matrix_suppression import PASSES, suppress_together
from .picking import PER_CLASS, pick

CANDIDATES = 1024  # five images of VOC2007 had 36 to 736


class DeviceScorer:
    """A scorer whose weights are on a device.

    Args:
        scorer: What training found out about windows.
        device: cpu, cuda or cuda:N.

    Attributes:
        columns: (D, P), what vectors are multiplied with: the weights of the classes, and of their offsets if they
            move anything. Offsets of all windows and classes cost less than to wait for which are wanted.
    """

    def __init__(self, scorer: WindowScorer, device: str) -> None:
        self.scorer, self.device = scorer, torch.device(device)
        self._moving = bool(scorer.offset_weights.any())
        offsets = [scorer.offset_weights.reshape(-1, scorer.weights.shape[1])] if self._moving else []
        self.columns = moved(np.concatenate([scorer.weights, *offsets]), self.device).T
        self._biases, self._offset_biases = (
            moved(biases, self.device) for biases in (scorer.biases, scorer.offset_biases)
        )

    def detect(
        self,
        products: torch.Tensor,
        windows: Sequence[Floats],
        image_size: tuple[int, ...],
        *,
        confidence: float,
        iou: float,
        clock: Stopwatch | DeviceStopwatch,
        candidates: int = CANDIDATES,
    ) -> list[dict[str, Any]]:
        """Return the detections in images of one size, best first; see `WindowScorer.detect`.

        Args:
            products: (B, N, P), of the vectors of all windows with `columns`.
            windows: float32 (N, 4) of each image; the products of an image with fewer go on with anything.
            image_size: Height and width of the images.
            confidence: Least score of a detection.
            iou: Of two detections of a class that overlap by more, the better stays.
            clock: Counts the time of the stages.
            candidates: How many pairs of window and class of an image the device looks at.
        """
        with clock("scores"):
            margins, offsets = self._margins(products), self._offsets(products)
        with clock("suppression"):
            there = self._padded(windows, products.shape[1])
            found = self._found(margins, offsets, there, image_size, confidence, iou, candidates)
        with clock("copy"):
            arrays = found.cpu().numpy()
        detections = []
        for number, (array, own) in enumerate(zip(arrays, windows, strict=True)):
            if len(array) and not array[0, 8]:
                judged = _Judged(*(part[number, : len(own)].cpu().numpy() for part in (margins, offsets)))
                detections.append(
                    pick(
                        own,
                        judged,
                        image_size,
                        floor=self.scorer.floor,
                        scores=self.scorer.calibration.scores,
                        confidence=confidence,
                        iou=iou,
                        clock=Stopwatch(),
                    )
                )
            else:
                detections.append(_detections(array[array[:, 7] > 0]))
        return detections

    def _padded(self, windows: Sequence[Floats], count: int) -> torch.Tensor:
        """Return the windows of all images, NaN beyond the last of one: (B, N, 4)."""
        padded = np.full((len(windows), count, 4), np.nan, np.float32)
        for own, some in zip(padded, windows, strict=True):
            own[: len(some)] = some
        return moved(padded, self.device)

    def _margins(self, products: torch.Tensor) -> torch.Tensor:
        """Return the margins of all windows for every class: (B, N, K)."""
        scorer = self.scorer
        margins = products[..., : len(scorer.weights)] + self._biases
        if not scorer.softmax:
            return margins
        shared = margins.shape[2] - scorer.further
        odds = _log_odds(margins[..., :shared])[..., scorer.background :]
        return torch.cat([odds, margins[..., shared:]], dim=2) if scorer.further else odds

    def _offsets(self, products: torch.Tensor) -> torch.Tensor:
        """Return the offsets of all windows for every class: (B, N, K, 4)."""
        shape = (*products.shape[:2], *self._offset_biases.shape)
        if not self._moving:
            return self._offset_biases.expand(shape)
        return products[..., len(self.scorer.weights) :].reshape(shape) + self._offset_biases

    def _found(
        self,
        margins: torch.Tensor,
        offsets: torch.Tensor,
        windows: torch.Tensor,
        image_size: tuple[int, ...],
        confidence: float,
        iou: float,
        candidates: int,
    ) -> torch.Tensor:
        """Return the best pairs of every image: (B, M, 9).

        They are box, label, score, margin, whether it is a detection, and whether the image is judged to the end.
        """
        there = windows[..., 0].isfinite()
        scores = margins.masked_fill(~there[..., None], -torch.inf).transpose(1, 2).flatten(1)  # (B, K * N)
        best, order = scores.sort(dim=1, descending=True, stable=True)  # of equal ones the first class, then window
        best, order = best[:, :candidates], order[:, :candidates]
        labels, rows = order // max(1, margins.shape[1]), order % max(1, margins.shape[1])
        likely = best > self.scorer.floor
        images = torch.arange(len(order), device=self.device)[:, None]
        proposed = windows[images, rows]
        first, judged = suppress_together(proposed, labels, likely, iou, limit=PER_CLASS)
        moved_boxes = _moved_boxes(proposed, offsets[images, rows, labels])
        boxes = _clipped(moved_boxes, *image_size[:2])
        right = self._calibrated(best)
        wanted = first & (right >= confidence) & (boxes[..., 2:] > boxes[..., :2]).all(dim=2)
        second, settled = suppress_together(boxes, labels, wanted, iou, limit=PER_CLASS, passes=PASSES // 2)
        few = (scores > self.scorer.floor).sum(dim=1) <= candidates
        finite = (moved_boxes.isfinite().all(dim=2) | ~first).all(dim=1)
        judged = (judged & settled & few & finite)[:, None].expand_as(best)
        rest = (labels, right, best, second, judged)
        return torch.cat([boxes, *(part[..., None].float() for part in rest)], dim=2)

    def _calibrated(self, margins: torch.Tensor) -> torch.Tensor:
        calibration = self.scorer.calibration
        return 1 / (1 + torch.exp(-(margins * calibration.slope + calibration.offset).clamp(-80, 80)))


@dataclass(frozen=True)
class _Judged:
    """What is thought of an image's windows, as `pick` wants it: float32 (N, K) and (N, K, 4)."""

    margins: Floats
    all_offsets: Floats

    def offsets(self, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets of windows, given by number, for one class each: float32 (M, 4)."""
        return np.asarray(self.all_offsets[rows, labels], np.float32)

    def reported(self, rows: Indices, labels: Indices) -> Floats:
        """Return the margins of windows, given by number, for one class each: float32 (M,)."""
        return np.asarray(self.margins[rows, labels], np.float32)


def _detections(rows: Floats) -> dict[str, Any]:
    """Return detections from rows of box, label, score and margin."""
    boxes, scores, margins = (np.ascontiguousarray(rows[:, part]) for part in (slice(4), 5, 6))
    return {"boxes": boxes, "labels": rows[:, 4].astype(np.int64), "scores": scores, "margins": margins}


def _moved_boxes(windows: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """Return windows (..., 4) moved by their offsets: as `decode` does on the host."""
    corners, offsets = windows.double(), offsets.double()
    sizes = corners[..., 2:] - corners[..., :2]
    centres = corners[..., :2] + sizes / 2 + offsets[..., :2] * sizes
    halves = sizes * offsets[..., 2:].clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO).exp() / 2
    return torch.cat([centres - halves, centres + halves], dim=-1).float()


def _clipped(boxes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return boxes (..., 4) cut at the border of the image."""
    x, y = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return torch.stack([x, y], dim=-1).flatten(-2)


def _log_odds(scores: torch.Tensor) -> torch.Tensor:
    """Return log(p / (1 - p)) of every class, background too: as `detection._log_odds` does on the host."""
    powers = torch.exp(scores.double() - scores.amax(dim=-1, keepdim=True))
    others = 1 - torch.eye(powers.shape[-1], dtype=powers.dtype, device=powers.device)
    return (powers.clamp(min=1e-300).log() - (powers @ others).clamp(min=1e-300).log()).float()
