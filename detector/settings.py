"""The settings of a detector: which go together, and how its folder keeps them."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Literal

from sppnet.proposals import SelectiveSearch

from .backbone.networks.table import network_of
from .errors import InputError
from .face.predictor import CONFIDENCE
from .pooling.settings import Pooling
from .pooling.vectors import Layer
from .training.settings import FineTuning, Training

Scores = Literal["svm", "softmax"]
LAYERS: tuple[Layer, ...] = ("pool", "fc6", "fc7")
# Not where the weights came from, which a model has, nor the device and the engine.
KEPT = (
    *("method", "classes", "backbone", "precision", "pooling", "training", "fine_tuning", "layer", "scores", "ranks"),
    *("search", "seed", "confidence"),
)


def check_layers(backbone: str, pooling: Pooling, fine_tuning: FineTuning | None, layer: Layer, scores: Scores) -> None:
    """Raise InputError for maps and fully connected layers that will not be there."""
    known = network_of(backbone).maps
    for view in pooling.views:
        if view.map is not None and view.map not in known:
            raise InputError(f"{backbone} has no map {view.map!r}; there are {', '.join(known)}")
    if layer not in LAYERS:
        raise InputError(f"layer must be one of {', '.join(LAYERS)}, not {layer!r}")
    if scores not in ("svm", "softmax"):
        raise InputError(f"scores must be svm or softmax, not {scores!r}")
    if LAYERS.index(layer) > (len(fine_tuning.widths) if fine_tuning else 0):
        raise InputError(f"layer {layer} needs fine_tuning with a width for it")
    if scores == "softmax" and fine_tuning is None:
        raise InputError("scores 'softmax' need fine_tuning: they are those of the layers that it trains")
    if fine_tuning and pooling.power != 1:
        raise InputError(f"fine_tuning takes maps as they are: power must be 1, not {pooling.power}")


def config_of(model: Any) -> dict[str, Any]:
    """Return the settings of a detector that its folder keeps, as JSON has them."""
    settings = {name: getattr(model, name) for name in KEPT}
    return {name: asdict(value) if is_dataclass(value) else value for name, value in settings.items()}  # type: ignore[arg-type]


def settings_from(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a detector that a folder keeps.

    Raises:
        InputError, KeyError or TypeError: If they are damaged.
    """
    return {
        **{name: config[name] for name in ("classes", "backbone", "precision", "layer", "scores", "ranks", "seed")},
        "pooling": Pooling(**config["pooling"]),
        "training": Training(**config["training"]),
        "fine_tuning": FineTuning(**config["fine_tuning"]) if config["fine_tuning"] else None,
        "search": SelectiveSearch(**config["search"]),
        "confidence": config.get("confidence", CONFIDENCE),
    }
