"""Where the cells of a map lie in the image, from the kernels, strides and paddings of the layers alone."""

from torch import nn


def map_geometry(layers: nn.Module) -> tuple[int, float, int]:
    """Return stride, first centre and receptive field of stacked conv and pooling layers.

    Parallel branches must agree in stride and be centred alike, as those of a Fire module are: a 1x1 branch beside
    a padded 3x3 branch adds nothing to the walk.
    """
    stride, centre, field = 1, 0.0, 1
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            kernel, step, padding, dilation = (
                _first(value) for value in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
            )
            centre += ((kernel - 1) / 2 * dilation - padding) * stride
            field += (kernel - 1) * dilation * stride
            stride *= step
    return stride, centre, field


def _first(value: int | str | tuple[int, ...]) -> int:
    return int(value[0] if isinstance(value, tuple) else value)
