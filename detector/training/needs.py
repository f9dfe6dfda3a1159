"""What a training needs, estimated before it begins: bytes on disk and in memory, seconds."""

from .. import backbone as conv  # whose modules come when they are first used: torch takes seconds
from ..backbone.networks.table import network_of
from ..pooling.pyramid import bins
from ..pooling.settings import Pooling
from .settings import FineTuning, Training

# Measured on two cores: an image's windows, mining and regression; its conv layers; and a step of fine-tuning.
SECONDS_PER_IMAGE, SECONDS_PER_CELL, SECONDS_PER_STEP = 0.2, 6e-5, 0.08
# Likewise: bytes of the process at least, and more where conv layers learn; vectors of an image that SVMs learn from.
LEAST_BYTES, TUNING_BYTES, VECTORS_PER_IMAGE = 1.2e9, 3e9, 36


def needs(
    images: int, *, backbone: str, pooling: Pooling, training: Training, tuning: FineTuning | None, svms: bool
) -> dict[str, float]:
    """Return what the training of a detector on so many images of about the aspect 4:3 needs.

    Args:
        images: How many there are.
        backbone: Name of the conv layers.
        pooling: How windows become vectors.
        training: How SVMs and box regression are trained.
        tuning: How layers learn before them, if they do.
        svms: Whether SVMs are trained, and not a softmax alone.

    Returns:
        {"disk_bytes", "memory_bytes", "seconds"}, the seconds those of two cores that start from nothing.
    """
    maps = conv.declared_maps(backbone)
    *_, last = maps.values()
    pooled = [maps[name] for name in {view.map or last.name for view in pooling.views}]
    pixels = sum(scale**2 * 4 / 3 for scale in pooling.scales)
    seconds = SECONDS_PER_IMAGE + pixels / last.stride**2 * SECONDS_PER_CELL
    disk = 32_000 + sum(map.bytes_of(pixels) for map in pooled)
    if tuning:  # the maps of the frozen layers, perhaps mirrored ones too, beside those of the trained layers
        stem = maps[tuning.stem or network_of(backbone).stem] if tuning.unfreeze else last
        seen = sum(scale**2 * 4 / 3 for scale in {*tuning.scales, *pooling.scales})
        disk += (1 + tuning.flips) * stem.bytes_of(seen)
        seconds += tuning.epochs * SECONDS_PER_STEP
    vector = 4 * sum(maps[view.map or last.name].channels * bins(view.levels) for view in pooling.views)
    learned = min(images * VECTORS_PER_IMAGE * vector, training.mining.memory) if svms else 0
    moved = 2 * min(images * VECTORS_PER_IMAGE, training.regression_examples) * vector
    memory = LEAST_BYTES + learned + moved + (TUNING_BYTES if tuning and tuning.unfreeze else 0)
    return {"disk_bytes": images * disk, "memory_bytes": memory, "seconds": images * seconds}
