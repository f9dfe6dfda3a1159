"""Greedy suppression as products of matrices, for all classes of all images of a batch at once on a device.

A box stays unless a better one that stays overlaps it. Starting from all, the rule is applied to all boxes together,
pass after pass: each pass settles the boxes whose longest chain of overlaps is one longer, and what is settled is what
the greedy loop keeps. No launch depends on what an earlier one found, so nothing waits.
"""

import numpy as np
import torch

PASSES = 16  # the longest chains of windows in five images of VOC2007 took 2 to 8


def suppress_together(
    boxes: torch.Tensor,
    labels: torch.Tensor,
    likely: torch.Tensor,
    iou: float,
    *,
    limit: int,
    passes: int = PASSES,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which boxes stay: of those of a class that overlap by more, the first, as `boxes.suppress` has it.

    Args:
        boxes: float32 (B, M, 4), of B images, best first.
        labels: int64 (B, M), the class of each.
        likely: bool (B, M), those that count at all.
        iou: Overlap, 0 to 1.
        limit: So many of a class stay at most.
        passes: How often the rule is applied.

    Returns:
        bool (B, M), and bool (B,): of which images the passes were enough, so that this is the greedy loop's result.
    """
    # Of box j (rows) and a better one i (columns) of the same class.
    rivals = (labels[:, :, None] == labels[:, None, :]).tril_(-1)
    overlaps = (_overlaps(boxes) > _comparable(iou)).logical_and_(rivals).float()
    kept, gone = likely.float()[:, :, None], (~likely).float()[:, :, None]
    before = kept
    for _ in range(passes):
        before, kept = kept, torch.lt(torch.baddbmm(gone, overlaps, kept), 0.5, out=torch.empty_like(kept))
    settled = (kept == before).flatten(1).all(dim=1)
    better = torch.bmm(rivals.float(), kept)
    return ((kept > 0) & (better < limit))[:, :, 0], settled


def _overlaps(boxes: torch.Tensor) -> torch.Tensor:
    """Return the intersection over union of all boxes of an image: (B, M, M), NaN where neither has an area."""
    x1, y1, x2, y2 = boxes.unbind(dim=2)
    areas = (x2 - x1).clamp_(min=0) * (y2 - y1).clamp_(min=0)
    shared = _shared(x1, x2).mul_(_shared(y1, y2))
    return shared / (areas[:, :, None] + areas[:, None, :]).sub_(shared)


def _shared(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Return the length that sides share: (B, M, M)."""
    ends = torch.minimum(last[:, :, None], last[:, None, :])
    return ends.sub_(torch.maximum(first[:, :, None], first[:, None, :])).clamp_(min=0)


def _comparable(iou: float) -> float:
    """Return the largest float32 that is not above: to be greater than it is to be greater than the float64."""
    nearest = np.float32(iou)
    return float(nearest if float(nearest) <= iou else np.nextafter(nearest, np.float32(-np.inf)))
