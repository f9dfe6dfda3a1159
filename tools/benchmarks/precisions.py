"""What fewer bits are worth: one model with its conv layers in float32, bfloat16 and int8, on the same windows.

python -m sppnet.tools.benchmarks.precisions -m MODEL --data VOC2007 [--split val] [--limit 200] [--learn 64] [--json]

int8 has a scale for every channel of the weights, and one for every map, from images of `train` (static quantisation).
"""

import json
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import onnx
import onnxruntime
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, average_precision
from sppnet.detector import SPPNet, load_detector
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.engines.graph import PIXELS
from sppnet.detector.backbone.engines.onnx_engine import OnnxEngine
from sppnet.detector.backbone.engines.torch_engine import TorchEngine
from sppnet.detector.backbone.preprocessing import resized
from sppnet.detector.types import Floats

from ..command.console import json_option, set_threads, threads_option
from ..command.progress import Progress
from ..command.warm import warm_up

Kind = tuple[str, SPPNet]


class Int8Engine(OnnxEngine):
    """Runs convolutions on eight bits, whose ranges are those seen on some images."""

    def __init__(self, engine: OnnxEngine, seen: Sequence[Floats]) -> None:
        super().__init__(engine.graph, engine.tensors)
        self._seen = seen

    def _made(self, depths: tuple[int, ...], threads: int) -> onnxruntime.InferenceSession:
        from onnxruntime.quantization import QuantFormat, quantize_static  # the one that needs sympy and more

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        with TemporaryDirectory() as folder:
            plain, quantised = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
            outputs = {f"map {depth}": depth for depth in depths}
            onnx.save(self.graph.model(outputs, self.tensors, channels_last=True), plain)
            quantize_static(plain, quantised, _Reader(self._seen), quant_format=QuantFormat.QDQ, per_channel=True)
            return onnxruntime.InferenceSession(quantised, options, providers=["CPUExecutionProvider"])


class _Reader:
    def __init__(self, seen: Iterable[Floats]) -> None:
        self._seen = iter(seen)

    def get_next(self) -> dict[str, Floats] | None:
        pixels = next(self._seen, None)
        return None if pixels is None else {PIXELS: np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))}


@click.command()
@click.option("-m", "--model", "folder", type=click.Path(path_type=Path), required=True, help="A fitted model.")
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="val", help="Image set.")
@click.option("--limit", type=click.IntRange(1), default=200, help="Only the first so many images.")
@click.option("--learn", type=click.IntRange(1), default=32, help="Images of train that the ranges of int8 are from.")
@threads_option
@json_option
def command(folder: Path, data: Path, split: str, limit: int, learn: int, threads: int | None, as_json: bool) -> None:
    """Print the mAP (VOC07), and the median milliseconds of the conv layers and of all after the windows."""
    set_threads(threads)
    voc, learned = VOC(data, split), VOC(data, "train")
    kinds = kinds_of(folder, [learned.image(number) for number in range(learn)])
    warm_up(kinds[0][1].search)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in kinds}
    numbers = range(len(voc))[:limit]
    with Progress() as progress:
        for done, number in enumerate(numbers, 1):
            image = voc.image(number)
            windows = kinds[0][1].search(image)
            for name, model in kinds:
                started = time.perf_counter()
                [objects] = model.predict([image], windows=[windows])
                found[name].append({**objects, "whole": 1000 * (time.perf_counter() - started)})
            progress("images", done, len(numbers))
    targets = [voc.target(number) for number in numbers]
    rows = {name: _scored(some, targets, len(voc.classes)) for name, some in found.items()}
    if as_json:
        click.echo(json.dumps({"images": len(numbers), "rows": rows}))
        return
    table = Table("conv layers", "mAP", "ms of conv", "ms", title=f"{folder}, {len(numbers)} images of {split}")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[figure]:.1f}" for figure in ("mAP", "conv", "whole")))
    Console().print(table)


def kinds_of(folder: str | Path, images: Sequence[np.ndarray[Any, Any]]) -> list[Kind]:
    """Return a model with each kind of conv layers, by name; int8's ranges come from images uint8 (H, W, 3)."""
    fast, plain, halved, coarse = (load_detector(folder, engine=e) for e in ("onnx", "torch", "torch", "onnx"))
    conv = fast.layered()[0].backbone
    scale, max_side = fast.pooling.scales[0], fast.pooling.max_side
    seen = [conv.preprocessing(resized(image, scale, max_side=max_side)) for image in images]
    less = halved.layered()[0].backbone
    assert isinstance(less, Backbone)
    assert isinstance(conv._run, OnnxEngine)
    less._run = TorchEngine(less.layers, "bfloat16", "cpu")
    coarse.layered()[0].backbone._run = Int8Engine(conv._run, seen)
    return [
        ("float32, onnxruntime", fast),
        ("float32, torch", plain),
        ("bfloat16, torch", halved),
        ("int8, onnxruntime", coarse),
    ]


def _scored(found: list[dict[str, Any]], targets: list[Any], classes: int) -> dict[str, float]:
    return {
        "mAP": 100 * float(np.nanmean(average_precision(found, targets, classes))),
        "conv": statistics.median(objects["milliseconds"]["conv"] for objects in found),
        "whole": statistics.median(objects["whole"] for objects in found),
    }


if __name__ == "__main__":
    command()
