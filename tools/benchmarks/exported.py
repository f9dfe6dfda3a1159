"""torchvision's detectors in onnxruntime, where torch can export them: the rivals' fastest form on a CPU."""

import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import nn

Image = npt.NDArray[np.uint8]


def exported(network: nn.Module, threads: int) -> Callable[[Image], Any]:
    """Return what runs a detector of torchvision on an image uint8 (H, W, 3), of any size.

    Args:
        network: Takes a list of tensors (3, H, W) from 0 to 1.
        threads: Of the session.

    Raises:
        RuntimeError: If torch cannot export it, or onnxruntime not load it.
    """
    example = torch.rand(3, 375, 500, generator=torch.Generator().manual_seed(0))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that takes loops over boxes is the old one
        file = Path(folder) / "detector.onnx"
        torch.onnx.export(
            network, ([example],), file, opset_version=17, dynamo=False, input_names=["image"],
            dynamic_axes={"image": {1: "height", 2: "width"}},
        )  # fmt: skip
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image.transpose(2, 0, 1).astype(np.float32) / 255})
