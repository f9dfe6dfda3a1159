"""Tests of the fully connected layers of a classifier."""

import pytest
import torch
from torch import nn

from sppnet.detector.classification.fully_connected import fully_connected
from sppnet.detector.errors import InputError


def test_layers_have_the_widths_asked_for() -> None:
    layers = fully_connected(10, 3, (8, 4), 0.5)

    assert [layer.weight.shape for layer in layers if isinstance(layer, nn.Linear)] == [(8, 10), (4, 8), (3, 4)]
    assert layers.eval()(torch.zeros(2, 10)).shape == (2, 3)


def test_without_widths_there_is_one_linear_layer() -> None:
    layers = fully_connected(10, 3, (), 0.5)

    assert [type(layer) for layer in layers][1:] == [nn.Linear]


def test_values_are_left_out_in_training_only() -> None:
    layers, vector = fully_connected(200, 3, (), 0.5), torch.ones(1, 200)

    assert not torch.equal(layers.train()(vector), layers(vector))
    assert torch.equal(layers.eval()(vector), layers(vector))


@pytest.mark.parametrize(
    ("widths", "dropout", "message"), [((8, 0), 0.5, "widths"), ((), 1.0, "dropout"), ((), -0.1, "dropout")]
)
def test_settings_out_of_range_are_refused(widths: tuple[int, ...], dropout: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fully_connected(10, 3, widths, dropout)
