"""A model for other programs: conv layers as an ONNX file, the rest as arrays and JSON, and a runner that shows how."""

import io
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .backbone.backbone import Backbone
from .backbone.engines.tracing import arrays_of, graph_of
from .errors import InputError, ModelError
from .files.model_folder import json_bytes, write_model
from .model import SPPNet
from .pooling.features import WindowFeatures

FILES = ("conv.onnx", "head.npz", "settings.json", "run.py", "README.md")
RUNNER = Path(__file__).with_name("runner.py")
ARRAYS = ("weights", "biases", "offset_weights", "offset_biases")
CARD = """# A detector as an ONNX file

Finds {classes} classes of objects: {names}. Made by `sppnet export --format onnx`.

| file | holds |
|---|---|
| `conv.onnx` | the conv layers ({backbone}) with their weights: `pixels` float32 (B, 3, H, W) in; out {maps} |
| `head.npz` | {scores}: `weights`, `biases`; of what moves boxes: `offset_weights`, `offset_biases` |
| `settings.json` | preprocessing, scales, what is pooled from which map for a window, calibration |
| `run.py` | all of it in plain numpy and onnxruntime: `python run.py . image.npy windows.npy` |

`image.npy` is uint8 (H, W, 3) RGB, `windows.npy` float (N, 4), x1 y1 x2 y2 in pixels, right and bottom edge outside.
Windows are the caller's: the model was trained on those of selective search. From Python:

```python
from run import detect

for name, score, box in detect(".", image, windows):
    print(name, score, box)
```

`run.py` is to be read and translated. It pools window by window, which takes seconds where sppnet takes milliseconds.
"""


def export_onnx(model: SPPNet, folder: Path | str) -> None:
    """Write a fitted or loaded model as conv.onnx, head.npz, settings.json, run.py and README.md.

    Args:
        model: Whose vectors are as they are pooled.
        folder: Is made, or replaced if it holds such files alone.

    Raises:
        InputError: If it is an R-CNN, its vectors come from fc6 or fc7, or a conv layer has no counterpart in ONNX.
        ModelError: If there is no model yet, or the folder holds something else or cannot be written.
    """
    features, scorer = model.layered()
    if not isinstance(features, WindowFeatures) or features.layer != "pool":
        raise InputError("only SPP-nets whose SVMs or softmax see pooled vectors can be written as ONNX")
    backbone, pooling = features.backbone, features.pooling
    assert isinstance(backbone, Backbone)
    outputs = {name: backbone.named(name).depth for name in features.map_names}
    arrays = io.BytesIO()
    np.savez(arrays, **{name: getattr(scorer, name) for name in ARRAYS})
    settings = {
        "classes": model.classes,
        "scores": model.scores,
        "background": scorer.background,
        "further": scorer.further,
        "calibration": asdict(scorer.calibration),
        "preprocessing": asdict(backbone.preprocessing),
        "scales": pooling.scales,
        "max_side": pooling.max_side,
        "least_side": backbone.least_side,
        "geometry": pooling.geometry,
        "power": pooling.power,
        "dimensions": features.dimensions,
        "views": [asdict(view) | {"map": asdict(backbone.named(view.map))} for view in pooling.views],
    }
    card = CARD.format(
        classes=len(model.classes), names=", ".join(model.classes), backbone=backbone.name,
        maps=", ".join(f"`{name}`" for name in outputs), scores={"svm": "SVMs", "softmax": "the softmax"}[model.scores],
    )  # fmt: skip
    try:
        runner = RUNNER.read_bytes()
    except OSError as error:
        raise ModelError(f"{folder}: the model cannot be written ({RUNNER}: {error})") from error
    contents = (
        graph_of(backbone.layers).model(outputs, arrays_of(backbone.layers)).SerializeToString(),
        arrays.getvalue(),
        json_bytes(settings),
        runner,
        card.encode(),
    )
    write_model(Path(folder), dict(zip(FILES, contents, strict=True)), FILES)
