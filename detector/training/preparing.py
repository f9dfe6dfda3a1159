"""What a training keeps of its images, computed for all of them or, elsewhere, for one at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sppnet.proposals import SelectiveSearch

from ..pooling.features import Features
from ..types import Image, Progress, Target
from .images import TrainingImages


@dataclass(frozen=True)
class Preparer:
    """Computes windows and maps of images, as the files of a cache that `SPPNet.fit` takes them from.

    Attributes:
        features: Whose maps are computed.
        make: Makes training images of them, without any yet, that keep maps in a folder.
        search: Proposes the windows.
        flips: Whether maps of the mirrored images are wanted, too.
        all_scales: Whether maps are wanted of scales, too, that no window selects.
    """

    features: Features
    make: Callable[[Features, Path], TrainingImages]
    search: SelectiveSearch
    flips: bool = False
    all_scales: bool = False

    def images(self, folder: Path) -> TrainingImages:
        """Return training images, without any yet, that keep windows and maps in a folder."""
        return self.make(self.features, folder)

    def fill(
        self,
        images: TrainingImages,
        train: Iterable[tuple[Image, Target]],
        *,
        workers: int = 1,
        progress: Progress = lambda stage, done, total: None,
        total: int = 0,
    ) -> TrainingImages:
        """Prepare images for training; see `TrainingImages.prepare`."""
        return images.prepare(
            train,
            self.search,
            workers=workers,
            progress=progress,
            total=total,
            **self._wanted,
        )

    def files(self, image: Image, target: Target) -> dict[str, bytes]:
        """Return the files that the cache of a training has of an image: contents by path within the cache.

        Raises:
            InputError: If the target or a window breaks a rule.
        """
        with TemporaryDirectory() as name:
            folder = Path(name)
            self.fill(self.images(folder), [(image, target)])
            files = (path for path in folder.rglob("*") if path.is_file())
            return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def has(self, folder: Path, image: Image, target: Target) -> bool:
        """Return whether a cache has these files already.

        Raises:
            InputError: If the target or a window breaks a rule.
        """
        return self.images(folder).has(image, target, self.search, **self._wanted)

    @cached_property
    def _wanted(self) -> dict[str, Any]:
        return {"flips": self.flips, "all_scales": self.all_scales, "key": self.features.key()}
