"""Models on disk: a folder of model.safetensors, config.json, conv.json, README.md (their card) and metrics.json."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from safetensors.numpy import save as serialise

from . import backbone, pooling  # whose modules come when they are first used: torch takes seconds
from .backbone import stored
from .backbone.conv_layers import ConvLayers
from .backbone.engines.table import resolved_engine
from .backbone.preprocessing import Preprocessing, preprocessing_from
from .errors import ModelError
from .files import examples
from .files.examples import Examples
from .files.formats import FORMAT
from .files.model_folder import (
    checked_settings,
    json_bytes,
    model_folder,
    read_detector,
    read_json,
    read_metrics,
    write_model,
)
from .pooling.features import WindowFeatures
from .pooling.settings import Pooling
from .scoring.calibration import Calibration
from .scoring.detection import WindowScorer
from .types import Floats

if TYPE_CHECKING:
    from .backbone.backbone import Backbone
    from .pooling.head import Head

OLD = (
    "the model was saved without the graph of its conv layers: torch is loaded for them, which takes seconds; "
    "`sppnet export` saves it with one"
)
_NAMES = ("weights", "biases", "offset_weights", "offset_biases")


def save(
    folder: Path,
    config: dict[str, Any],
    layers: "tuple[Backbone, Head | None]",
    scorer: WindowScorer,
    metrics: dict[str, Any],
    *,
    half: bool = False,
    kept: Examples | None = None,
) -> None:
    """Write a model into a folder, which is made, or must be a model that is replaced; in float16 if half its size.

    Examples that it was trained on are written, too, where some are kept.

    Raises:
        ModelError: If the folder holds something else or cannot be written, or a value is beyond float16.
    """
    conv, head = layers
    tensors = {
        f"{part}.{name}": tensor.float().cpu().numpy()
        for part, module in (("backbone", conv.layers), ("head", head))
        for name, tensor in (module.state_dict().items() if module else ())
    }
    tensors |= {name: getattr(scorer, name) for name in _NAMES}
    # The file holds an array's memory as it is, and conv weights lie channels last there.
    tensors = {
        name: np.ascontiguousarray(_halved(name, tensor) if half else tensor) for name, tensor in tensors.items()
    }
    described = {
        "format": FORMAT,
        **config,
        "preprocessing": asdict(conv.preprocessing),
        "calibration": asdict(scorer.calibration),
        "further": scorer.further,
    }
    files = {
        "model.safetensors": serialise(tensors),
        "config.json": json_bytes(described),
        "metrics.json": json_bytes(metrics),
        "README.md": _card(described, metrics).encode(),
    }
    graph = stored.conv_bytes(conv)
    files |= {stored.FILE: graph} if graph is not None else {}
    files |= {examples.FILE: kept.to_bytes()} if kept is not None else {}
    write_model(folder, files)


class Stored(NamedTuple):
    """A saved model.

    Attributes:
        config: Its settings.
        layers: Its conv layers, and the fully connected ones that its vectors go through: what detection needs.
        scorer: What scores windows and moves boxes.
        metrics: What is known of its training.
        kept: Examples that it was trained on; None if there are none.
        whole: Makes all its layers as those of torch, which training and saving need; None if they are those above.
    """

    config: dict[str, Any]
    layers: "tuple[ConvLayers, Head | None]"
    scorer: WindowScorer
    metrics: dict[str, Any]
    kept: Examples | None
    whole: "Callable[[], tuple[Backbone, Head | None]] | None"


def load(folder: Path, device: str = "cpu", engine: str = "auto") -> Stored:
    """Return a saved or bundled model, everything checked.

    Torch stays out of it where onnxruntime runs the conv layers, the folder has their graph, and vectors are as pooled.

    Raises:
        ModelError: If a file is missing, damaged, of another version, or does not fit the others.
    """
    folder = model_folder(folder)
    config, tensors = read_detector(folder)
    file, conv = folder / "model.safetensors", folder / stored.FILE
    with checked_settings(folder):
        preprocessing = preprocessing_from(config.pop("preprocessing", None), folder / "config.json")
        calibration, further = Calibration(**config.pop("calibration")), config.pop("further", 0)
        if not isinstance(further, int) or not 0 <= further <= len(config["classes"]):
            raise ValueError(f"further must be a number of classes, not {further!r}")
        shape = Pooling(**config["pooling"])
        whole: Callable[[], tuple[Backbone, Head | None]] | None
        whole = make = partial(_whole, file, config, tensors, preprocessing, device, engine)
        runs = resolved_engine(engine, config["precision"], device) == "onnx" and config["layer"] == "pool"
        if runs and conv.is_file():
            layers = stored.stored_layers(conv, config["backbone"], _part(tensors, "backbone."), preprocessing)
            made: tuple[ConvLayers, Head | None] = layers, None
        else:
            made, whole = make(), None
            if runs and not made[0].remark:
                made[0].remark = OLD
        dimensions = WindowFeatures(made[0], shape, made[1], config["layer"]).dimensions
        softmax = config["scores"] == "softmax"
        arrays = _checked(file, tensors, len(config["classes"]), dimensions, softmax)
        scorer = WindowScorer(**arrays, calibration=calibration, softmax=softmax, further=further)
    return Stored(config, made, scorer, read_metrics(folder), examples.load_examples(folder, dimensions), whole)


def method_of(folder: Path) -> str:
    """Return the method of a saved or bundled detector, as its settings name it."""
    return str(read_json(model_folder(folder) / "config.json").get("method"))


def _halved(name: str, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    largest = float(np.abs(tensor).max(initial=0))
    if largest > float(np.finfo(np.float16).max):
        raise ModelError(f"{name!r} holds {largest:.3g}, which float16 does not: save the model in float32")
    return tensor.astype(np.float16)


def _part(tensors: dict[str, Floats], prefix: str) -> dict[str, Floats]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _whole(
    file: Path,
    config: dict[str, Any],
    tensors: dict[str, Floats],
    preprocessing: Preprocessing,
    device: str,
    engine: str,
) -> "tuple[Backbone, Head | None]":
    """Return all layers of a model as those of torch; raise ModelError if they do not fit each other."""
    with checked_settings(file.parent):
        tuning = config["fine_tuning"] or {}
        conv = backbone.backbone_from(
            config["backbone"],
            _part(tensors, "backbone."),
            preprocessing,
            str(file),
            reduction=tuning.get("reduction"),
            precision=config["precision"],
            device=device,
            engine=engine,
        )
        if not tuning:
            return conv, None
        pooled = WindowFeatures(conv, Pooling(**config["pooling"])).pooled_dimensions
        own = len(tensors["head.classes.bias"]) - 1  # classes have perhaps been added or removed since
        sizes = (pooled, own, tuning["widths"], config["ranks"])
        return conv, pooling.head_from(_part(tensors, "head."), str(file), *sizes).to(device)


def _checked(
    file: Path, tensors: dict[str, np.ndarray[Any, Any]], classes: int, dimensions: int, softmax: bool
) -> dict[str, np.ndarray[Any, Any]]:
    scores = max(classes + 1, len(tensors.get("biases", ()))) if softmax else classes  # removed ones are background
    shapes = ((scores, dimensions), (scores,), (classes, 4, dimensions), (classes, 4))
    for name, shape in zip(_NAMES, shapes, strict=True):
        if name not in tensors:
            raise ModelError(f"{file}: the tensor {name!r} is missing")
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise ModelError(f"{file}: {name!r} must be finite float32 {shape}, not {tensor.dtype} {tensor.shape}")
    return {name: tensors[name] for name in _NAMES}


def _tuned(config: dict[str, Any]) -> str:
    """Return what was fine-tuned and what scores windows, as a sentence."""
    tuning, scorer = config["fine_tuning"], {"svm": "SVMs", "softmax": "A softmax"}[config["scores"]]
    widths = [f"fc{number} of {width}" for number, width in enumerate(tuning["widths"], 6)] if tuning else []
    learned = [*(["the last conv layers"] if tuning and tuning["unfreeze"] else []), *widths]
    fine_tuned = f"Fine-tuned: {', '.join(learned) or 'the softmax alone'}." if tuning else "Not fine-tuned."
    further = config["further"]
    beside = f" Of the classes the last {further} were added, with SVMs beside the softmax." if further else ""
    return f"{fine_tuned} {scorer} on {config['layer']}.{beside}"


def _described(view: dict[str, Any]) -> str:
    """Return what a part of a vector is pooled from, and how."""
    grown = view["enlargement"]
    what = (
        "the whole image" if grown is None else "the window" if grown == 1 else f"the window enlarged {grown:g} times"
    )
    where = f"map {view['map']}" if view["map"] else "the last map"
    return f"{what} on {where}, pyramid levels {', '.join(str(level) for level in view['levels'])}"


def _card(config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Return the model card, in Markdown."""
    objects = metrics.get("objects", {})
    rows = "\n".join(f"| {name} | {objects.get(name, '')} |" for name in config["classes"])
    seconds = ", ".join(f"{stage} {time:.0f} s" for stage, time in metrics.get("seconds", {}).items())
    estimated = config["calibration"] != asdict(Calibration())
    scores = (
        "Scores are probabilities estimated on held-out training images."
        if estimated
        else "Scores are no probabilities: too few images were held out to estimate them; 0.5 is a margin of 0."
    )
    return f"""# An {"R-CNN" if config["method"] == "rcnn" else "SPP-net"} detector

Finds {len(config["classes"])} classes of objects. Made by `sppnet train`; used by `sppnet detect -m` this folder.

- Backbone: {config["backbone"]}, short side {", ".join(map(str, config["pooling"]["scales"]))} pixels.
- Vectors of a window: {"; ".join(map(_described, config["pooling"]["views"]))}.
- {_tuned(config)}
- Trained on {metrics.get("images", "?")} images with seed {config["seed"]} ({seconds}).
- Settings: `config.json`. Measurements: `metrics.json`.

| class | objects learned from |
|---|---|
{rows}

Limits: it knows only these classes, in pictures like those it was trained on. {scores} Windows come from selective
search: objects that it does not propose are not found.
"""
