"""Tests of the fully connected layers: against numpy, folded, compressed, and begun from a backbone's."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.head import Head

Floats = npt.NDArray[np.float32]


def head(widths: tuple[int, ...] = (6, 4), dimensions: int = 10) -> Head:
    """Return a head of three classes whose every parameter is random."""
    random = torch.Generator().manual_seed(0)
    made = Head(dimensions, 3, widths).eval().requires_grad_(False)
    made.load_state_dict(
        {name: torch.rand(tensor.shape, generator=random) - 0.3 for name, tensor in made.state_dict().items()}
    )
    return made


def pooled(count: int, dimensions: int = 10) -> Floats:
    return np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)


def of(made: Head, name: str) -> Floats:
    return np.asarray(made.state_dict()[name].numpy())


def scaled(made: Head, vectors: Floats) -> Floats:
    return np.asarray((vectors - of(made, "mean")) * of(made, "factors"))


def through_fc6(made: Head, vectors: Floats) -> Floats:
    return np.asarray(np.maximum(scaled(made, vectors) @ of(made, "layers.0.weight").T + of(made, "layers.0.bias"), 0))


def through_fc7(made: Head, vectors: Floats) -> Floats:
    return np.asarray(
        np.maximum(through_fc6(made, vectors) @ of(made, "layers.1.weight").T + of(made, "layers.1.bias"), 0)
    )


def test_layers_have_the_widths_given() -> None:
    made = head((6, 4))

    assert [made.dimensions(layer) for layer in ("pool", "fc6", "fc7")] == [10, 6, 4]


@pytest.mark.parametrize(("widths", "last"), [((), scaled), ((6,), through_fc6), ((6, 4), through_fc7)])
def test_classes_the_background_and_offsets_are_scored_from_the_last_layer(
    widths: tuple[int, ...], last: Callable[[Head, Floats], Floats]
) -> None:
    made = head(widths)
    vectors = last(made, pooled(5))

    scores, offsets = made(torch.from_numpy(pooled(5)))

    weights, biases = of(made, "classes.weight"), of(made, "classes.bias")
    np.testing.assert_allclose(scores, vectors @ weights.T + biases, rtol=1e-4, atol=1e-5)
    weights, biases = of(made, "offsets.weight"), of(made, "offsets.bias")
    np.testing.assert_allclose(offsets, vectors @ weights.T + biases, rtol=1e-4, atol=1e-5)


def test_fc6_is_computed_from_centred_and_scaled_vectors() -> None:
    made, vectors = head(), pooled(7)

    np.testing.assert_allclose(made.vectors(vectors, "fc6"), through_fc6(made, vectors), rtol=1e-5, atol=1e-6)


def test_fc7_is_computed_from_fc6() -> None:
    made, vectors = head(), pooled(7)

    np.testing.assert_allclose(made.vectors(vectors, "fc7"), through_fc7(made, vectors), rtol=1e-5, atol=1e-6)


def test_pooled_vectors_stay_as_they_are() -> None:
    vectors = pooled(3)

    assert head().vectors(vectors, "pool") is vectors


@pytest.mark.parametrize("layer", ["pool", "fc6", "fc7"])
def test_no_vectors_give_none(layer: str) -> None:
    made = head()

    assert made.vectors(pooled(0), layer).shape == (0, made.dimensions(layer))


def test_no_vectors_have_no_scores() -> None:
    scores, offsets = head()(torch.zeros(0, 10))

    assert scores.shape == (0, 4) and offsets.shape == (0, 4)


@pytest.mark.parametrize(("widths", "layer", "there"), [((), "fc6", "pool"), ((6,), "fc7", "pool, fc6")])
def test_a_layer_that_is_not_there_is_named(widths: tuple[int, ...], layer: str, there: str) -> None:
    with pytest.raises(InputError, match=f"there is no layer '{layer}' in this model, there are {there}"):
        head(widths).vectors(pooled(1), layer)


def test_a_softmax_of_raw_vectors_takes_the_scaling_in() -> None:
    made, vectors = head(()), pooled(5)

    weights, biases = made.softmax()

    scores, _ = made(torch.from_numpy(vectors))
    np.testing.assert_allclose(vectors @ weights.T + biases, scores.numpy(), rtol=1e-4, atol=1e-5)


def test_a_softmax_after_layers_has_the_weights_of_the_classes() -> None:
    made = head()

    weights, biases = made.softmax()

    np.testing.assert_array_equal(weights, of(made, "classes.weight"))
    np.testing.assert_array_equal(biases, of(made, "classes.bias"))


@pytest.mark.parametrize("widths", [(), (6, 4)])
def test_the_regression_gives_the_offsets_that_were_learned_in_their_own_units(widths: tuple[int, ...]) -> None:
    made, vectors = head(widths), pooled(5)

    weights, biases = made.regression()

    _, offsets = made(torch.from_numpy(vectors))
    seen = made.vectors(vectors, "fc7") if widths else vectors
    expected = offsets.detach().numpy() * np.array([0.1, 0.1, 0.2, 0.2])
    np.testing.assert_allclose(seen @ weights.T + biases, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("widths", [(), (6, 4)])
def test_values_drop_out_in_training_only(widths: tuple[int, ...]) -> None:
    made, vectors = head(widths), torch.from_numpy(pooled(20))
    torch.manual_seed(0)

    calm = [made(vectors)[0] for _ in range(2)]
    lively = [made.train()(vectors)[0] for _ in range(2)]

    assert torch.equal(*calm) and not torch.equal(*lively)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (0,)}, r"widths must be .* all positive, not \(0,\)"),
        ({"widths": (5, 5, 5)}, r"widths must be those of fc6 and fc7 or fewer, .* not \(5, 5, 5\)"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, not 1.0"),
        ({"dropout": float("nan")}, "dropout must be from 0 to below 1, not nan"),
        ({"widths": (5, 5), "ranks": (2,)}, r"ranks must be 2 positive numbers, one for each layer, not \(2,\)"),
        ({"widths": (5,), "ranks": (0,)}, r"ranks must be 1 positive numbers, .* not \(0,\)"),
    ],
)
def test_a_bad_setting_is_named(options: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Head(10, 3, **options)  # type: ignore[arg-type]


def test_compressed_layers_are_the_nearest_of_their_rank() -> None:
    made, vectors = head((6,)), pooled(5)
    left, values, right = np.linalg.svd(of(made, "layers.0.weight"))
    nearest = (left[:, :2] * values[:2]) @ right[:2]

    found = made.compressed((2,)).vectors(vectors, "fc6")

    expected = np.maximum(scaled(made, vectors) @ nearest.T + of(made, "layers.0.bias"), 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ranks", [(6, 4), (4096, 4096)])
def test_the_full_rank_changes_nothing(ranks: tuple[int, int]) -> None:
    made, vectors = head(), pooled(5)

    compressed = made.compressed(ranks)

    np.testing.assert_allclose(compressed.vectors(vectors, "fc7"), made.vectors(vectors, "fc7"), rtol=1e-4, atol=1e-5)
    assert compressed.dimensions("fc7") == 4


def test_a_head_made_with_a_compressed_ones_ranks_takes_its_tensors() -> None:
    tensors = head().compressed((100, 2)).state_dict()

    made = Head(10, 3, (6, 4), ranks=(100, 2))

    made.load_state_dict(tensors)
    assert torch.equal(made.state_dict()["layers.1.0.weight"], tensors["layers.1.0.weight"])


@pytest.mark.parametrize("ranks", [(2,), (2, 0)])
def test_there_must_be_a_rank_for_each_layer(ranks: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="ranks must be 2"):
        head().compressed(ranks)


def test_a_layer_is_compressed_once() -> None:
    with pytest.raises(InputError, match="fc6 is compressed already"):
        head().compressed((2, 2)).compressed((2, 2))


def layers_of(widths: tuple[int, ...] = (6, 4), channels: int = 2) -> dict[str, torch.Tensor]:
    """Return the fully connected layers of a backbone that sees 6 x 6 bins, numbered as AlexNet's are."""
    random, tensors = torch.Generator().manual_seed(1), {}
    for number, (size, width) in zip((1, 4), zip((36 * channels, *widths), widths, strict=False), strict=False):
        tensors[f"classifier.{number}.weight"] = torch.rand((width, size), generator=random) - 0.5
        tensors[f"classifier.{number}.bias"] = torch.rand(width, generator=random) - 0.5
    return tensors


def test_a_head_begins_as_the_backbones_layers_on_the_6x6_bins() -> None:
    made, tensors, vectors = head((6, 4), 37 * 2), layers_of(), pooled(5, 37 * 2)
    bins = torch.from_numpy(vectors[:, 2:]).reshape(5, 36, 2).transpose(1, 2).flatten(1)  # as the backbone flattens
    fc6 = torch.relu(bins @ tensors["classifier.1.weight"].T + tensors["classifier.1.bias"])
    fc7 = torch.relu(fc6 @ tensors["classifier.4.weight"].T + tensors["classifier.4.bias"])

    taken = made.start_from(tensors, 2, (1, 6))

    assert taken == ["fc6", "fc7"]
    np.testing.assert_allclose(made.vectors(vectors, "fc7"), fc7.numpy(), rtol=1e-3, atol=1e-4)


def test_layers_that_fit_are_taken_up_to_the_first_that_does_not() -> None:
    made = head((6, 4), 37 * 2)
    before = of(made, "layers.1.weight").copy()

    assert made.start_from(layers_of((6, 5)), 2, (1, 6)) == ["fc6"]
    np.testing.assert_array_equal(of(made, "layers.1.weight"), before)


@pytest.mark.parametrize(("tensors", "levels"), [({}, (1, 6)), (layers_of(), (1, 2)), (layers_of((7,)), (1, 6))])
def test_a_backbone_that_does_not_fit_changes_nothing(
    tensors: dict[str, torch.Tensor], levels: tuple[int, ...]
) -> None:
    made = head((6, 4), 37 * 2)

    assert made.start_from(tensors, 2, levels) == []
    np.testing.assert_array_equal(of(made, "layers.0.weight"), of(head((6, 4), 37 * 2), "layers.0.weight"))
