"""Classifiers on disk: a model's folder with the conv layers in a file of their own, which detectors can start from."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from ..backbone.backbone import Backbone
from ..backbone.weights import load_backbone, weights_bytes
from ..errors import ModelError
from ..files.config_fields import CLASSIFIER
from ..files.fields import check_fields
from ..files.formats import CLASSIFIER_FORMAT, upgraded_classifier
from ..files.layers import take_tensors
from ..files.model_folder import (
    checked_settings,
    classifier_backbone,
    json_bytes,
    read_json,
    read_metrics,
    read_tensors,
    recover,
    write_model,
)
from ..pooling.pyramid import bins, checked_levels
from .fully_connected import fully_connected

BACKBONE = "backbone.safetensors"


def save_classifier(
    folder: Path, config: dict[str, Any], backbone: Backbone, head: nn.Sequential, metrics: dict[str, Any]
) -> None:
    """Write a classifier into a folder, which is made, or must be a model that is replaced.

    Args:
        folder: Gets model.safetensors, backbone.safetensors, config.json, metrics.json and README.md.
        config: The classifier's settings by name.
        backbone: Its conv layers and their preprocessing.
        head: Its fully connected layers.
        metrics: What is known of its training; see `Classifier.metrics_`.

    Raises:
        ModelError: If the folder holds something else or cannot be written.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in head.state_dict().items()}
    write_model(
        folder,
        {
            BACKBONE: weights_bytes(backbone.layers, backbone.preprocessing, {}, half=False),
            "model.safetensors": save(tensors),
            "config.json": json_bytes({"format": CLASSIFIER_FORMAT, **config}),
            "metrics.json": json_bytes(metrics),
            "README.md": _card(config, metrics).encode(),
        },
    )


def load_classifier(folder: Path, device: str) -> tuple[dict[str, Any], Path, Backbone, nn.Sequential, dict[str, Any]]:
    """Return the settings, the backbone's file, backbone, fully connected layers and metrics of a classifier, checked.

    Raises:
        ModelError: If a file is missing, damaged, of another version, or does not fit the others.
    """
    recover(folder)
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such model folder")
    config = upgraded_classifier(read_json(folder / "config.json"))
    if config.pop("format", None) != CLASSIFIER_FORMAT:
        raise ModelError(
            f"{folder / 'config.json'}: is not of the format {CLASSIFIER_FORMAT!r}: `sppnet pretrain` makes such models"
        )
    check_fields(config, CLASSIFIER, f"{folder / 'config.json'}: ")
    file = folder / "model.safetensors"
    tensors = {name: torch.from_numpy(tensor) for name, tensor in read_tensors(file).items()}
    with checked_settings(folder):
        weights = classifier_backbone(folder) or folder / BACKBONE
        backbone = load_backbone(config["backbone"], weights, device=device)
        with torch.device("meta"):  # takes no memory, whatever widths the settings claim
            dimensions = bins(checked_levels(config["levels"])) * backbone.last.channels
            head = fully_connected(dimensions, len(config["classes"]), config["widths"], config["dropout"])
        take_tensors(head, tensors, str(file), "")
        if not 1 <= config["side_"] <= config["short_side_"]:
            raise ValueError(f"side_ {config['side_']}, short_side_ {config['short_side_']}")
        for name in ("classes", "levels", "widths"):
            config[name] = tuple(config[name])
    layers = head.to(device).eval().requires_grad_(False)
    return config, weights, backbone, layers, read_metrics(folder)


def _card(config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Return the model card, in Markdown."""
    history = metrics.get("history", {"losses": [], "scores": {}})
    rows = "\n".join(f"| {name} | {count} |" for name, count in metrics.get("labels", {}).items())
    measured = {size: scores[-1] for size, scores in history["scores"].items() if scores}
    held_out = "; ".join(f"{100 * score:.1f} at {size} pixels" for size, score in measured.items()) or "not measured"
    widths = ", ".join(map(str, config["widths"])) or "none but the last"
    return f"""# An SPP-net image classifier

Knows {len(config["classes"])} classes. Made by `sppnet pretrain`; used by `sppnet classify -m` this folder. Its conv
layers are in `{BACKBONE}`, from which `sppnet train --backbone {config["backbone"]} --weights` starts a detector.

- Backbone: {config["backbone"]}, pyramid levels {", ".join(map(str, config["levels"]))}, fully connected
  layers: {widths}.
- Trained on {metrics.get("images", "?")} images with seed {config["seed"]}: {len(history["losses"])} epochs, crops of
  {config["side_"]} pixels.
- Held-out {metrics.get("quality", "quality")} in percent: {held_out}.
- Settings: `config.json`. Measurements: `metrics.json`.

| class | images |
|---|---|
{rows}

Limits: it knows only these classes, in pictures like those it was trained on.
"""
