"""The fully connected layers of a classifier, from pooled vectors to scores."""

from collections.abc import Sequence

from torch import nn

from ..errors import InputError
from ..pooling.head import Dropout


def fully_connected(dimensions: int, classes: int, widths: Sequence[int], dropout: float) -> nn.Sequential:
    """Return layers from vectors (N, D) to scores before the softmax or sigmoid (N, K).

    Args:
        dimensions: D, the values of a pooled vector.
        classes: K, the number of classes.
        widths: Values of each layer before the scores, which a ReLU and dropout follow. For () the vectors are scored
            directly, and dropout leaves out values of theirs.
        dropout: Probability that a value is left out in training.

    Returns:
        The layers on the CPU, with random weights that torch's generator gives.

    Raises:
        InputError: If a width or the probability is out of range.
    """
    if min(widths, default=1) < 1:
        raise InputError(f"widths must be positive, not {tuple(widths)}")
    if not 0 <= dropout < 1 - 1 / 512:
        raise InputError(f"dropout must be from 0 to below 1, not {dropout}")
    sizes = (dimensions, *widths)
    layers: list[nn.Module] = [] if widths else [Dropout(dropout)]
    for size, width in zip(sizes, widths, strict=False):
        hidden = nn.Linear(size, width)
        nn.init.kaiming_normal_(hidden.weight, nonlinearity="relu")
        nn.init.zeros_(hidden.bias)
        layers += [hidden, nn.ReLU(), Dropout(dropout)]
    scores = nn.Linear(sizes[-1], classes)
    nn.init.normal_(scores.weight, std=0.01)
    nn.init.zeros_(scores.bias)
    return nn.Sequential(*layers, scores)
