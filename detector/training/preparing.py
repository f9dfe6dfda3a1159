"""What a training keeps of its images, computed for all of them or, elsewhere, for one at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sppnet.proposals import SelectiveSearch

from ..types import Image, Progress, Target
from .images import TrainingImages


@dataclass(frozen=True)
class Preparer:
    """Computes windows and maps of images, as the files of a cache that `SPPNet.fit` takes them from.

    Attributes:
        images: Makes training images of a folder, without any yet.
        search: Proposes the windows.
        flips: Whether maps of the mirrored images are wanted, too.
        all_scales: Whether maps are wanted of scales, too, that no window selects.
    """

    images: Callable[[Path], TrainingImages]
    search: SelectiveSearch
    flips: bool = False
    all_scales: bool = False

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
            flips=self.flips,
            all_scales=self.all_scales,
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
        images = self.images(folder)
        return images.has(image, target, self.search, flips=self.flips, all_scales=self.all_scales)
