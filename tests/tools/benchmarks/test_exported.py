"""A detector that was exported finds what it finds in torch."""

import numpy as np
import torch
from torch import nn

from sppnet.tools.benchmarks.exported import exported
from tests.conftest import square_image


def test_images_of_any_size_go_in_as_values_from_0_to_1() -> None:
    class Brightest(nn.Module):
        def forward(self, images: list[torch.Tensor]) -> torch.Tensor:
            return torch.stack([images[0].amax(dim=(1, 2)), images[0].mean(dim=(1, 2))])

    image = square_image(0)[0]
    run = exported(Brightest(), 1)

    for pixels in (image, image[:50, :70]):
        wanted = np.stack([pixels.max(axis=(0, 1)), pixels.mean(axis=(0, 1))]) / 255
        np.testing.assert_allclose(run(pixels)[0], wanted, rtol=1e-4)
