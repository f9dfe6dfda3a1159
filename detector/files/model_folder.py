"""The files of a model's folder, whatever the model: written together or not at all, and checked when read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from sppnet.proposals import becomes, recover_folder, whole_folder

from ..errors import ModelError
from .config_fields import DETECTOR, FINE_TUNING, METRICS
from .fields import check_fields
from .formats import FORMAT, Tensors, upgraded_detector
from .kinds import looks_like

# Of a detector; and of a classifier, which has its conv layers in a file of their own. Both may have learning curves.
FILES = (
    "model.safetensors",
    "config.json",
    "metrics.json",
    "README.md",
    "backbone.safetensors",
    "curves.png",
    "log.jsonl",
    "conv.json",
    "examples.safetensors",
    "trunk.safetensors",  # of earlier formats
)

MOST_JSON = 64 << 20  # bytes

BUNDLED = Path(__file__).parents[1] / "models"  # folders of models that come with the package


def bundled() -> list[str]:
    """Return the names of the models that come with the package."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if folder.is_dir()) if BUNDLED.is_dir() else []


def model_folder(folder: Path) -> Path:
    """Return the folder, or that of a bundled model of this name if there is no such folder.

    Raises:
        ModelError: If there is neither.
    """
    recover(folder)
    if folder.is_dir():
        return folder
    if str(folder) in bundled():
        return BUNDLED / folder
    names = ", ".join(bundled())
    raise ModelError(
        f"{folder}: there is no such model folder" + (f", nor a bundled model; there is {names}" * bool(names))
    )


def recover(folder: Path) -> None:
    """Put a model back whose replacement was broken off, where that is needed; see `recover_folder`.

    Raises:
        ModelError: If it cannot be put back.
    """
    try:
        recover_folder(folder)
    except OSError as error:
        raise ModelError(f"{folder}: its replacement was broken off, and it cannot be put back ({error})") from error


def classifier_backbone(folder: Path) -> Path | None:
    """Return the file of a classifier's conv layers, None if the folder is not one of a classifier."""
    files = (folder / name for name in ("backbone.safetensors", "trunk.safetensors"))
    return next((file for file in files if file.is_file()), None)


def write_model(folder: Path, files: dict[str, bytes], replaced: Sequence[str] = FILES) -> None:
    """Write the files of a model into a folder, which is made, or must be a model that is replaced.

    Args:
        folder: The folder.
        files: Contents by name.
        replaced: Names of the files that may be there; by default those of a model.

    Raises:
        ModelError: If the folder holds something else or cannot be written.
    """
    check_writable(folder, replaced)
    try:
        with whole_folder(folder) as partial:
            for name, content in files.items():
                (partial / name).write_bytes(content)
    except OSError as error:
        raise ModelError(f"{folder}: the model cannot be written ({error})") from error


def check_writable(folder: Path, replaced: Sequence[str] = FILES) -> None:
    """Raise ModelError unless the folder is new, empty, or holds a model, which may be replaced, and nothing else."""
    recover(folder)
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder}: a model is a folder, and this is a file")
    names = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    others = sorted(name for name in names if name not in replaced and becomes(name) not in replaced)
    if others:
        raise ModelError(f"{folder}: holds {others[0]!r}, which is no part of a model; give a new folder")


def read_detector(folder: Path) -> tuple[dict[str, Any], Tensors]:
    """Return the settings and the tensors of a detector, in float32 and in today's words.

    Raises:
        ModelError: If a file is missing or damaged, or of a format that is not known.
    """
    file = folder / "config.json"
    with checked_settings(folder):
        config, tensors = upgraded_detector(read_json(file), read_tensors(folder / "model.safetensors"))
    if config.pop("format", None) != FORMAT:
        raise ModelError(f"{file}: is not of format {FORMAT}: train the model again with this version")
    check_fields(config, DETECTOR, f"{file}: ")
    if config.get("fine_tuning") is not None:
        check_fields(config["fine_tuning"], FINE_TUNING, f"{file}: fine_tuning.")
    return config, {
        name: tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor for name, tensor in tensors.items()
    }


def read_tensors(file: Path) -> Tensors:
    """Return the tensors of a model by name.

    Raises:
        ModelError: If the file cannot be read.
    """
    try:
        if not file.is_file():
            raise ModelError(f"{file}: {'not a file' if file.exists() else 'there is no such file'}")
        return load_file(file)
    except (OSError, SafetensorError, TypeError) as error:  # TypeError: of numbers that numpy does not know
        reason = str(error) if isinstance(error, TypeError) else looks_like(file)
        raise ModelError(f"{file}: the model's tensors cannot be read: {reason}") from error


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return what is known of a model's training; nothing if there is no such file.

    Raises:
        ModelError: If it is damaged.
    """
    file = folder / "metrics.json"
    metrics = read_json(file) if file.is_file() else {}
    check_fields(metrics, METRICS, f"{file}: ")
    return metrics


@contextmanager
def checked_settings(folder: Path) -> Iterator[None]:
    """Raise ModelError where the block, which makes use of a model's settings, finds that they do not fit."""
    try:
        yield
    except ModelError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:  # torch's are RuntimeError
        reason = str(error).split("\n", 1)[0]
        raise ModelError(f"{folder}: the model's settings are damaged ({reason})") from error


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file of a model.

    Raises:
        ModelError: If it is missing, damaged or something else.
    """
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for without end
            raise ModelError(f"{file}: not a file")
        if (size := file.stat().st_size) > MOST_JSON:
            raise ModelError(f"{file}: must have at most {MOST_JSON:,} bytes, has {size:,}")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelError(f"{file}: is missing, so this is no model") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{file}: cannot be read as JSON ({error})") from error
    return json_object(text, file)


def json_object(text: str, file: Path) -> dict[str, Any]:
    """Return the object in a text from a file.

    Raises:
        ModelError: If it is damaged or something else.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file}: must hold a JSON object")
    return content


def json_bytes(content: dict[str, Any]) -> bytes:
    """Return an object as the content of a JSON file of a model."""
    return (json.dumps(content, indent=1) + "\n").encode()
