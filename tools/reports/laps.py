"""What a race of detectors measures: laps, the work in them, and how fast the machine could do it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Windows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Work:
    """What a stage must do for an image: operations on numbers of a precision, and bytes read and written."""

    operations: float = 0.0
    bytes: float = 0.0
    precision: str = "float32"


@dataclass(frozen=True)
class Rates:
    """What the machine does in a second: operations of a matrix product, by precision, and bytes read and written."""

    operations: dict[str, float]
    bytes: float

    def milliseconds(self, work: Work) -> float:
        """Return the least time that a work takes; arithmetic and memory may overlap."""
        return 1000 * max(work.operations / self.operations[work.precision], work.bytes / self.bytes)


@dataclass(frozen=True)
class Lap:
    """One image seen by one detector.

    Attributes:
        milliseconds: By stage; "other" is what no stage counts, such as the projection of windows.
        objects: Boxes, labels and scores; None if they mean nothing.
        work: By stage, of those whose work can be counted.
        peak: Bytes of memory of this process, or of the GPU, at their most meanwhile; None if the system does not tell.
        growth: By how many bytes that is more than before.
    """

    milliseconds: dict[str, float]
    objects: dict[str, npt.NDArray[Any]] | None
    work: dict[str, Work]
    peak: int | None = None
    growth: int | None = None


class Contender(Protocol):
    """A detector in the race.

    Attributes:
        name: Its column or row.
        note: What one must know of it to judge its times.
        proposes: Whether it has windows of its own, and no use for those given.
        images: How many it sees, the first; None for all.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def note(self) -> str: ...  # noqa: D102

    @property
    def proposes(self) -> bool: ...  # noqa: D102

    @property
    def images(self) -> int | None: ...  # noqa: D102

    def run(self, image: Image, windows: Windows) -> Lap:
        """Detect objects."""


@dataclass
class Race:
    """What was measured.

    Attributes:
        contenders: In the order of their start.
        numbers: Of the images in the data set, in the order in which they were seen.
        windows: How many each image had.
        shared: Milliseconds of decoding and of proposals, for every image: all contenders have them in common.
        laps: For every contender one for every image that it saw.
        rates: Of this machine.
    """

    contenders: Sequence[Contender]
    numbers: list[int]
    rates: Rates
    windows: list[int] = field(default_factory=list)
    shared: list[dict[str, float]] = field(default_factory=list)
    laps: dict[str, list[Lap]] = field(default_factory=dict)
