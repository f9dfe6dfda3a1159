"""Models on disk: a folder of model.safetensors, config.json, README.md (the model card) and metrics.json."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as serialise
from torch import Tensor, from_numpy

from .backbone.backbone import Backbone
from .backbone.preprocessing import preprocessing_from
from .backbone.weights import backbone_from
from .errors import ModelError
from .files.formats import FORMAT
from .files.model_folder import (
    checked_settings,
    json_bytes,
    model_folder,
    read_detector,
    read_json,
    take_tensors,
    write_model,
)
from .pooling.features import Features, WindowFeatures
from .pooling.head import Head
from .pooling.settings import Pooling
from .scoring.calibration import Calibration
from .scoring.detection import WindowScorer

_NAMES = ("weights", "biases", "offset_weights", "offset_biases")


def save(
    folder: Path,
    config: dict[str, Any],
    features: Features,
    scorer: WindowScorer,
    metrics: dict[str, Any],
    *,
    half: bool = False,
) -> None:
    """Write a model into a folder, which is made, or must be a model that is replaced; in float16 if half its size.

    Raises:
        ModelError: If the folder holds something else or cannot be written, or a value is beyond float16.
    """
    tensors = {
        f"{part}.{name}": tensor.float().cpu().numpy()
        for part, module in (("backbone", features.backbone.layers), ("head", features.head))
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
        "preprocessing": asdict(features.backbone.preprocessing),
        "calibration": asdict(scorer.calibration),
    }
    write_model(
        folder,
        {
            "model.safetensors": serialise(tensors),
            "config.json": json_bytes(described),
            "metrics.json": json_bytes(metrics),
            "README.md": _card(described, metrics).encode(),
        },
    )


def load(
    folder: Path, device: str = "cpu", engine: str = "torch"
) -> tuple[dict[str, Any], Backbone, Head | None, WindowScorer, dict[str, Any]]:
    """Return the settings, backbone, head, scorer and metrics of a saved or bundled model, everything checked.

    Raises:
        ModelError: If a file is missing, damaged, of another version, or does not fit the others.
    """
    folder = model_folder(folder)
    config, tensors = read_detector(folder)
    file = folder / "model.safetensors"
    with checked_settings(folder):
        tuning = config["fine_tuning"] or {}
        backbone = backbone_from(
            config["backbone"],
            _part(tensors, "backbone."),
            preprocessing_from(config.pop("preprocessing")),
            str(file),
            reduction=tuning.get("reduction"),
            precision=config["precision"],
            device=device,
            engine=engine,
        )
        calibration = Calibration(**config.pop("calibration"))
        shape = WindowFeatures(backbone, Pooling(**config["pooling"]))
        head = _head(file, _part(tensors, "head."), shape.pooled_dimensions, config).to(device) if tuning else None
        dimensions = replace(shape, head=head, layer=config["layer"]).dimensions
        softmax = config["scores"] == "softmax"
        arrays = _checked(file, tensors, len(config["classes"]), dimensions, softmax)
        scorer = WindowScorer(**arrays, calibration=calibration, softmax=softmax)
    metrics = folder / "metrics.json"
    return config, backbone, head, scorer, read_json(metrics) if metrics.is_file() else {}


def method_of(folder: Path) -> str:
    """Return the method of a saved or bundled detector, as its settings name it."""
    return str(read_json(model_folder(folder) / "config.json").get("method"))


def _halved(name: str, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    largest = float(np.abs(tensor).max(initial=0))
    if largest > float(np.finfo(np.float16).max):
        raise ModelError(f"{name!r} holds {largest:.3g}, which float16 does not: save the model in float32")
    return tensor.astype(np.float16)


def _part(tensors: dict[str, np.ndarray[Any, Any]], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): from_numpy(tensor) for name, tensor in tensors.items() if name.startswith(prefix)
    }


def _head(file: Path, tensors: dict[str, Tensor], dimensions: int, config: dict[str, Any]) -> Head:
    with torch.device("meta"):  # takes no memory, whatever widths the settings claim
        head = Head(dimensions, len(config["classes"]), config["fine_tuning"]["widths"], ranks=config["ranks"])
    take_tensors(head, tensors, str(file), "head.")
    return head.eval().requires_grad_(False)


def _checked(
    file: Path, tensors: dict[str, np.ndarray[Any, Any]], classes: int, dimensions: int, softmax: bool
) -> dict[str, np.ndarray[Any, Any]]:
    scores = classes + softmax
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
    return f"{fine_tuned} {scorer} on {config['layer']}."


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
