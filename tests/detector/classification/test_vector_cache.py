"""Vectors on disk: computed once, in order, and again where a file is missing or an image has changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector import InputError
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.classification.representation import ImageFeatures
from sppnet.detector.classification.vector_cache import VectorCache
from sppnet.detector.errors import CacheWarning
from tests.conftest import Report, no_progress

Images = list[npt.NDArray[np.uint8]]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.classification.vector_cache.BLOCK", 2)


@pytest.fixture
def features(tiny_backbone: Backbone) -> list[ImageFeatures]:
    return [ImageFeatures(tiny_backbone, ("spp", "mean"), scale=scale) for scale in (32, 48)]


@pytest.fixture
def images() -> Images:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (30, width, 3)).astype(np.uint8) for width in (30, 40, 50, 60, 70)]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The widths of the images whose vectors are computed."""
    widths: list[int] = []
    vectors = ImageFeatures.vectors

    def note(self: ImageFeatures, image: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.float32]]:
        widths.append(image.shape[1])
        return vectors(self, image)

    monkeypatch.setattr(ImageFeatures, "vectors", note)
    return widths


def test_vectors_come_back_in_the_order_of_the_images(
    tmp_path: Path, features: list[ImageFeatures], images: Images
) -> None:
    cache = VectorCache(tmp_path)

    blocks = cache.fill(images, features, progress=no_progress, total=5)

    loaded = cache.load(features[1], "spp", blocks)
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, [features[1].vectors(image)["spp"] for image in images], atol=1e-4)


def test_a_second_run_computes_nothing(
    tmp_path: Path, features: list[ImageFeatures], images: Images, computed: list[int]
) -> None:
    blocks = [VectorCache(tmp_path).fill(iter(images), features, progress=no_progress, total=5) for _ in range(2)]

    assert blocks[0] == blocks[1]
    assert len(computed) == 10


def test_an_image_that_has_changed_costs_its_block(
    tmp_path: Path, features: list[ImageFeatures], images: Images, computed: list[int]
) -> None:
    VectorCache(tmp_path).fill(images, features[:1], progress=no_progress, total=5)
    images[2] = images[2] // 2

    VectorCache(tmp_path).fill(images, features[:1], progress=no_progress, total=5)

    assert computed[5:] == [50, 60]


def test_a_damaged_file_is_computed_again(
    tmp_path: Path, features: list[ImageFeatures], images: Images, computed: list[int]
) -> None:
    VectorCache(tmp_path).fill(images[:2], features[:1], progress=no_progress, total=2)
    next(tmp_path.iterdir()).write_bytes(b"noise")

    with pytest.warns(CacheWarning, match="damaged"):
        VectorCache(tmp_path).fill(images[:2], features[:1], progress=no_progress, total=2)

    assert computed == [30, 40, 30, 40]


def test_files_removed_in_the_meantime_are_one_clear_error(
    tmp_path: Path, features: list[ImageFeatures], images: Images
) -> None:
    cache = VectorCache(tmp_path)
    blocks = cache.fill(images, features, progress=no_progress, total=5)
    next(tmp_path.iterdir()).unlink()

    with pytest.raises(InputError, match="damaged or removed while they were in use"):
        [cache.load(one, layer, blocks) for one in features for layer in one.layers]


def test_progress_counts_images(
    tmp_path: Path,
    features: list[ImageFeatures],
    images: Images,
    reports: tuple[list[Report], Callable[[str, int, int], None]],
) -> None:
    VectorCache(tmp_path).fill(images, features, progress=reports[1], total=5)

    assert reports[0] == [("vectors", 2, 5), ("vectors", 4, 5), ("vectors", 5, 5)]
