"""Tests of what training keeps of its images."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.conv_layers import cells_of
from sppnet.detector.errors import CacheWarning, InputError
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.settings import Pooling, View
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.scaling import Scaling
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import no_progress, square_image, with_windows


def one_image(folder: Path, features: WindowFeatures, **target: Any) -> TrainingImages:
    image, given = square_image(1)
    images = TrainingImages(("red", "blue"), features, folder, use_difficult=target.pop("use_difficult", False))
    prepared = [(image, {**given, **target})]
    return images.prepare(prepared, SelectiveSearch(limit=50), workers=0, progress=no_progress, total=1)


def test_objects_come_last_among_the_windows(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = one_image(tmp_path, tiny_features)

    np.testing.assert_array_equal(images.windows(0)[-2:], square_image(1)[1]["boxes"])
    assert images.proposals(0) == len(images.windows(0)) - 2


def test_an_object_is_positive_for_its_class_and_negative_for_others(
    tmp_path: Path, tiny_features: WindowFeatures
) -> None:
    np.testing.assert_array_equal(one_image(tmp_path, tiny_features).labels(0)[-2:], [[1, -1], [-1, 1]])


def test_windows_near_an_object_are_not_used_by_its_class(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = one_image(tmp_path, tiny_features)
    overlaps, _, nearest = images.nearest_objects(0)
    near = (overlaps >= 0.3) & (np.arange(len(overlaps)) < images.proposals(0))

    labels = images.labels(0)

    assert near.any() and (labels[near, nearest[near]] == 0).all()
    assert (labels[overlaps < 0.3] == -1).all()


def test_windows_on_a_difficult_object_are_nobodys_example(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    plain = one_image(tmp_path, tiny_features)
    difficult = one_image(tmp_path, tiny_features, difficult=np.array([False, True]))

    np.testing.assert_array_equal(difficult.labels(0), plain.labels(0)[:-1])
    assert difficult.objects().tolist() == [1, 0]


def test_difficult_objects_are_learned_on_request(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = one_image(tmp_path, tiny_features, difficult=np.array([True, True]), use_difficult=True)

    assert images.objects().tolist() == [1, 1]


def test_an_image_without_objects_has_only_negatives(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    none = {"boxes": np.zeros((0, 4), np.float32), "labels": np.zeros(0, np.int64), "difficult": np.zeros(0, bool)}
    images = one_image(tmp_path, tiny_features, **none)

    assert (images.labels(0) == -1).all() and images.objects().tolist() == [0, 0]
    assert (images.nearest_objects(0)[0] == 0).all()


def test_vectors_are_those_of_the_image_up_to_half_precision(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = one_image(tmp_path, tiny_features)
    image = square_image(1)[0]

    vectors = images.vectors(0, np.array([3, 0])).all()

    windows = images.windows(0)[[3, 0]]
    direct = tiny_features.vectors(image, windows).all()
    np.testing.assert_allclose(vectors, direct, rtol=1e-3, atol=1e-4)


def test_a_second_run_takes_maps_from_the_folder(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    one_image(tmp_path, tiny_features)
    [file] = (tmp_path / "maps").iterdir()
    written = file.stat().st_mtime_ns

    one_image(tmp_path, tiny_features)

    assert file.stat().st_mtime_ns == written


def test_maps_of_other_settings_are_not_taken(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    plain = one_image(tmp_path, tiny_features).vectors(0).all()

    rooted = one_image(tmp_path, replace(tiny_features, pooling=Pooling(scales=(96,), power=0.5))).vectors(0).all()

    np.testing.assert_allclose(rooted, np.sqrt(plain), rtol=1e-2, atol=1e-2)


def test_a_damaged_map_is_computed_again(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    first = one_image(tmp_path, tiny_features).vectors(0).all()
    [file] = (tmp_path / "maps").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"!")

    with pytest.warns(CacheWarning, match="damaged"):
        second = one_image(tmp_path, tiny_features).vectors(0).all()

    np.testing.assert_array_equal(first, second)


def test_scaled_vectors_have_the_norm_wanted(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=False, standardise=False, seed=0)

    norms = np.concatenate([np.linalg.norm(scaling.apply(prepared.vectors(n).all()), axis=1) for n in range(16)])

    assert norms.mean() == pytest.approx(20, rel=0.2) and not scaling.mean.any()


def test_centred_vectors_have_a_mean_of_zero(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)

    scaled = np.concatenate([scaling.apply(prepared.vectors(n).all()) for n in range(16)])

    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)


def test_folded_weights_do_to_raw_vectors_what_weights_do_to_scaled_ones() -> None:
    random = np.random.default_rng(0)
    scaling = Scaling(random.random(5).astype(np.float32), random.random(5).astype(np.float32))
    vectors, weights = random.random((7, 5)).astype(np.float32), random.random((2, 5)).astype(np.float32)
    biases = random.random(2).astype(np.float32)

    folded, shifted = scaling.fold(weights, biases)

    np.testing.assert_allclose(vectors @ folded.T + shifted, scaling.apply(vectors) @ weights.T + biases, rtol=1e-4)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"labels": np.array([0, 2])}, "image 0: the label 2 is not one of 2 classes"),
        ({"boxes": np.array([[5, 5, 1, 9], [0, 0, 5, 5]])}, "image 0: a box needs finite x1 < x2"),
        ({"boxes": np.array([[0, 0, np.nan, 9], [0, 0, 5, 5]])}, "image 0: a box needs finite x1 < x2"),
        ({"labels": np.array([0])}, "image 0: 2 boxes, 1 labels and 2 difficult flags"),
    ],
)
def test_a_bad_target_is_named(
    tmp_path: Path, tiny_features: WindowFeatures, target: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        one_image(tmp_path, tiny_features, **target)


def prepared_with(folder: Path, features: WindowFeatures, windows: list[Any]) -> TrainingImages:
    images = TrainingImages(("red", "blue"), features, folder)
    pairs = with_windows([square_image(number) for number in range(2)], windows)
    return images.prepare(pairs, SelectiveSearch(), workers=0, progress=no_progress, total=2)


def test_given_windows_take_the_place_of_proposals(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    none, two = np.zeros((0, 4), np.float32), np.array([[0, 0, 9, 9], [5, 5, 40, 50]], np.float32)

    images = prepared_with(tmp_path, tiny_features, [none, two])

    assert [images.proposals(number) for number in range(2)] == [0, 2]
    np.testing.assert_array_equal(images.windows(1)[:2], two)
    assert not (tmp_path / "windows").exists()


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ([np.zeros((1, 4)), np.zeros((1, 5))], r"image 1: .* not \(1, 5\)"),
        ([np.full((1, 4), np.nan), np.zeros((1, 4))], "image 0: windows must be finite"),
    ],
)
def test_windows_that_do_not_fit_the_images_are_refused(
    tmp_path: Path, tiny_features: WindowFeatures, windows: list[Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        prepared_with(tmp_path, tiny_features, windows)


@pytest.mark.parametrize(
    ("given", "message"),
    [((0,), "image 1: has no windows, and image 0 has some"), ((1,), "image 1: has windows, and image 0 has none")],
)
def test_windows_of_some_images_only_are_refused(
    tmp_path: Path, tiny_features: WindowFeatures, given: tuple[int, ...], message: str
) -> None:
    pairs = [square_image(number) for number in range(2)]
    some = [
        with_windows([pair], [np.zeros((1, 4))])[0] if number in given else pair for number, pair in enumerate(pairs)
    ]
    images = TrainingImages(("red", "blue"), tiny_features, tmp_path)

    with pytest.raises(InputError, match=message):
        images.prepare(some, SelectiveSearch(limit=5), workers=0, progress=no_progress, total=2)


def small(folder: Path, features: WindowFeatures, **options: Any) -> TrainingImages:
    """Return an image with one window, which selects the larger of two scales."""
    window = np.array([[10, 10, 30, 30]], np.float32)
    target: Target = {"boxes": np.zeros((0, 4)), "labels": np.zeros(0, np.int64), "windows": window}
    images = TrainingImages(("red", "blue"), replace(features, pooling=Pooling(scales=(96, 384))), folder)
    return images.prepare(
        [(square_image(1)[0], target)], SelectiveSearch(), workers=0, progress=no_progress, total=1, **options
    )


def kept(folder: Path) -> list[str]:
    return sorted(file.name.split("-", 1)[1] for file in (folder / "maps").iterdir())


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["384-conv2.array"]),
        ({"all_scales": True}, ["384-conv2.array", "96-conv2.array"]),
        ({"flips": True}, ["384-conv2.array", "flipped-384-conv2.array"]),
    ],
)
def test_maps_are_kept_of_the_scales_wanted(
    tmp_path: Path, tiny_features: WindowFeatures, options: dict[str, bool], names: list[str]
) -> None:
    small(tmp_path, tiny_features, **options)

    assert kept(tmp_path) == names


def test_a_flipped_map_is_that_of_the_mirrored_image(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = small(tmp_path, tiny_features, flips=True, all_scales=True)
    mirrored = np.ascontiguousarray(square_image(1)[0][:, ::-1])

    [map] = images.maps(0, (96,), flipped=True).values()

    np.testing.assert_allclose(map, tiny_features.backbone.map(mirrored, 96), rtol=1e-3, atol=1e-3)


def test_a_lost_map_is_one_clear_error(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    images = small(tmp_path, tiny_features)

    with pytest.raises(InputError, match="lost a map while it was in use: run the training again"):
        images.maps(0, (96,))


def test_further_layers_are_applied_to_the_maps(tmp_path: Path, pooled_backbone: Backbone) -> None:
    stem, tail = pooled_backbone.split()
    features = WindowFeatures(stem, Pooling(scales=(96,)).with_views(View((1, 2, 3), map="conv1")))
    images = one_image(tmp_path, features)

    further = images.through(replace(features, backbone=pooled_backbone), tail, no_progress)

    direct = pooled_backbone.maps_of(square_image(1)[0], 96, ("conv1", "conv2"))
    maps = further.maps(0, (96,))
    np.testing.assert_allclose(maps["96-conv2"], cells_of(direct["conv2"]), rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(maps["96-conv1"], cells_of(direct["conv1"]), rtol=1e-3, atol=1e-3)
    assert further.vectors(0).all().shape[1] == further.features.dimensions
    assert list(images.maps(0, (96,))) == ["96-conv1", "96-pool1"] and images.features is features


def test_images_are_told_apart_by_windows_and_maps(tmp_path: Path, tiny_features: WindowFeatures) -> None:
    plain, again = one_image(tmp_path, tiny_features).key(), one_image(tmp_path, tiny_features).key()

    assert plain == again != one_image(tmp_path, replace(tiny_features, pooling=Pooling(scales=(96,), power=0.5))).key()
    assert plain != one_image(tmp_path, tiny_features, difficult=np.array([True, False])).key()
