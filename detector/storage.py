"""Models on disk: a folder of model.safetensors, config.json, README.md (the model card) and metrics.json."""

import json
import os
import shutil
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as serialise
from torch import Tensor, from_numpy

from .calibration import Calibration
from .detection import WindowClassifier
from .errors import ModelError
from .features import Features, WindowFeatures
from .head import Head
from .preprocessing import preprocessing_from
from .trunk import Trunk, trunk_of

FORMAT = 3
BUNDLED = Path(__file__).parent / "models"  # folders of models that come with the package
FILES = ("model.safetensors", "config.json", "metrics.json", "README.md")
_NAMES = ("weights", "biases", "offset_weights", "offset_biases")


def save(
    folder: Path,
    config: dict[str, Any],
    features: Features,
    classifier: WindowClassifier,
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
        for part, module in (("trunk", features.trunk.layers), ("head", features.head))
        for name, tensor in (module.state_dict().items() if module else ())
    }
    tensors |= {name: getattr(classifier, name) for name in _NAMES}
    # The file holds an array's memory as it is, and conv weights lie channels last there.
    tensors = {
        name: np.ascontiguousarray(_halved(name, tensor) if half else tensor) for name, tensor in tensors.items()
    }
    plain = {
        name: asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        for name, value in config.items()
    }
    described = {
        "format": FORMAT,
        **plain,
        "preprocessing": asdict(features.trunk.preprocessing),
        "calibration": asdict(classifier.calibration),
    }
    files = {
        "model.safetensors": serialise(tensors),
        "config.json": _json(described),
        "metrics.json": _json(metrics),
        "README.md": _card(described, metrics).encode(),
    }
    check_writable(folder)
    try:
        _write_folder(folder, files)
    except OSError as error:
        raise ModelError(f"{folder}: the model cannot be written ({error})") from error


def check_writable(folder: Path) -> None:
    """Raise ModelError unless the folder is new, empty, or holds a model, which may be replaced, and nothing else."""
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder}: a model is a folder, and this is a file")
    others = sorted({file.name for file in folder.iterdir()} - set(FILES)) if folder.is_dir() else []
    if others:
        raise ModelError(f"{folder}: holds {others[0]!r}, which is no part of a model; give a new folder")


def load(
    folder: Path, device: str = "cpu"
) -> tuple[dict[str, Any], Trunk, Head | None, WindowClassifier, dict[str, Any]]:
    """Return the settings, trunk, head, classifier and metrics of a saved or bundled model, everything checked.

    Raises:
        ModelError: If a file is missing, damaged, of another version, or does not fit the others.
    """
    folder = _found(folder)
    config = _read_json(folder / "config.json")
    if config.pop("format", None) != FORMAT:
        raise ModelError(
            f"{folder / 'config.json'}: is not of format {FORMAT}: train the model again with this version"
        )
    file = folder / "model.safetensors"
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file}: the model's tensors cannot be read ({error})") from error
    tensors = {
        name: tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor for name, tensor in tensors.items()
    }
    try:
        tuning = config["fine_tuning"] or {}
        trunk = trunk_of(
            config["trunk"],
            _part(tensors, "trunk."),
            preprocessing_from(config.pop("preprocessing")),
            str(file),
            reduction=tuning.get("reduction"),
            precision=config["precision"],
            device=device,
        )
        calibration = Calibration(**config.pop("calibration"))
        shape = WindowFeatures(trunk, levels=config["levels"], context=config["context"], early=config["early"])
        head = _head(file, _part(tensors, "head."), shape.pooled_dimensions, config).to(device) if tuning else None
        dimensions = replace(shape, head=head, layer=config["layer"]).dimensions
        softmax = config["scores"] == "softmax"
        arrays = _checked(file, tensors, len(config["classes"]), dimensions, softmax)
        classifier = WindowClassifier(**arrays, calibration=calibration, softmax=softmax)
    except ModelError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:  # torch's are RuntimeError
        reason = str(error).split("\n", 1)[0]
        raise ModelError(f"{folder}: the model's settings are damaged ({reason})") from error
    metrics = folder / "metrics.json"
    return config, trunk, head, classifier, _read_json(metrics) if metrics.is_file() else {}


def bundled() -> list[str]:
    """Return the names of the models that come with the package."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if folder.is_dir()) if BUNDLED.is_dir() else []


def _found(folder: Path) -> Path:
    """Return the folder, or that of a bundled model of this name if there is no such folder."""
    if folder.is_dir():
        return folder
    if str(folder) in bundled():
        return BUNDLED / folder
    names = ", ".join(bundled())
    raise ModelError(
        f"{folder}: there is no such model folder" + (f", nor a bundled model; there is {names}" * bool(names))
    )


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
    wanted = head.state_dict()
    for name, parameter in wanted.items():
        if name not in tensors:
            raise ModelError(f"{file}: the tensor 'head.{name}' is missing")
        tensor, shape = tensors[name], tuple(parameter.shape)
        if tensor.shape != shape or tensor.dtype != torch.float32 or not bool(tensor.isfinite().all()):
            got = f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
            raise ModelError(f"{file}: 'head.{name}' must be finite float32 {shape}, not {got}")
    head.load_state_dict({name: tensors[name] for name in wanted}, assign=True)
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


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError as error:
        raise ModelError(f"{file}: is missing, so this is no model") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file}: must hold a JSON object")
    return content


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files of a folder together: what stands there is the old folder or the new one, never a mixture."""
    folder = folder.resolve()
    partial, old = (folder.with_name(f".{folder.name}.{state}") for state in ("partial", "old"))
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, content in files.items():
            with (partial / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _tuned(config: dict[str, Any]) -> str:
    """Return what was fine-tuned and what scores windows, as a sentence."""
    tuning, scorer = config["fine_tuning"], {"svm": "SVMs", "softmax": "A softmax"}[config["scores"]]
    widths = [f"fc{number} of {width}" for number, width in enumerate(tuning["widths"], 6)] if tuning else []
    learned = [*(["the last conv layers"] if tuning and tuning["unfreeze"] else []), *widths]
    fine_tuned = f"Fine-tuned: {', '.join(learned) or 'the softmax alone'}." if tuning else "Not fine-tuned."
    return f"{fine_tuned} {scorer} on {config['layer']}."


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

- Trunk: {config["trunk"]}, short side {", ".join(map(str, config["scales"]))} pixels, pyramid levels
  {", ".join(map(str, config["levels"]))}{", context" * config["context"]}{", early map" * config["early"]}.
- {_tuned(config)}
- Trained on {metrics.get("images", "?")} images with seed {config["seed"]} ({seconds}).
- Settings: `config.json`. Measurements: `metrics.json`.

| class | objects learned from |
|---|---|
{rows}

Limits: it knows only these classes, in pictures like those it was trained on. {scores} Windows come from selective
search: objects that it does not propose are not found.
"""
