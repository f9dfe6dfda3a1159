"""Detectors raced on the same images, image by image: SPP-net, R-CNN, and networks that propose windows themselves."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torchvision
from torch import nn

from sppnet.data import DataSet
from sppnet.detector import RCNN, SPPNet
from sppnet.detector.pooling.device import DeviceVectors, TensorVectors
from sppnet.detector.pooling.features import Features, WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.vectors import Layer, StoredVectors, Vectors, WindowVectors
from sppnet.detector.rcnn import WarpedFeatures
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.timing import Stopwatch, stage
from sppnet.proposals import SelectiveSearch

from ..command.console import BAD_MODEL, CommandError
from ..reports.laps import Contender, Lap, Race, Rates, Work
from .exported import exported
from .floors import count_operations, rcnn_work, spp_work

NETWORKS = (
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_resnet50_fpn",
)
WARM_UP_WINDOWS = 64
STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")

Image = npt.NDArray[np.uint8]
Windows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WindowDetector:
    """SPP-net or R-CNN.

    Attributes:
        features: How windows become vectors.
        scorer: How vectors become objects.
        head: Fully connected layers that R-CNN's vectors go through up to a layer; SPP-net's are in its features.
        layer: Which one; "pool" for none.
        scored: Whether what it finds is worth scoring.
    """

    name: str
    note: str
    features: Features
    scorer: WindowScorer
    head: Head | None = None
    layer: Layer = "pool"
    scored: bool = True
    images: int | None = None
    proposes: bool = False

    def run(self, image: Image, windows: Windows) -> Lap:
        """Detect objects among the windows, the way `SPPNet.predict` does."""
        size, clock = (image.shape[0], image.shape[1]), Stopwatch()
        started = time.perf_counter()
        vectors = self.features.vectors(image, windows, clock)
        if self.head is not None:
            with stage(clock, "fc", self.features.backbone.device):
                vectors = _through(self.head, vectors, self.layer)
        found = self.scorer.detect(vectors, windows, size, clock=clock)
        return Lap(
            _with_rest(clock, time.perf_counter() - started),
            {name: found[name] for name in ("boxes", "labels", "scores")} if self.scored else None,
            self._work(vectors, windows, size, len(found["boxes"])),
        )

    def _work(self, vectors: Vectors, windows: Windows, size: tuple[int, int], found: int) -> dict[str, Work]:
        vectors = vectors.windows if isinstance(vectors, DeviceVectors) else vectors
        if isinstance(vectors, WindowVectors) and isinstance(self.features, WindowFeatures):
            return spp_work(self.features, self.scorer, vectors, size, found)
        return rcnn_work(self.features, self.scorer, len(windows), found, self.head, self.layer)


@dataclass
class Network:
    """A detector that proposes, classifies and moves windows in one network.

    Attributes:
        network: Takes a list of tensors (3, H, W) from 0 to 1.
        device: Where it is.
        operations: Counted on the first image it saw, by the size of that image.
    """

    name: str
    note: str
    network: nn.Module
    device: str
    images: int | None = None
    proposes: bool = True
    operations: dict[tuple[int, ...], float] = field(default_factory=dict)

    def run(self, image: Image, windows: Windows) -> Lap:
        """Detect objects, but return none: the weights are random."""
        clock = Stopwatch()
        with stage(clock, "network", self.device), torch.inference_mode():
            self.network([_pixels(image, self.device)])
        if not self.operations:
            pixels = [_pixels(image, self.device)]
            self.operations[image.shape] = count_operations(lambda: self.network(pixels))[0]
        operations = self.operations.get(image.shape)
        return Lap(clock.milliseconds, None, {} if operations is None else {"network": Work(operations)})


@dataclass(frozen=True)
class ExportedNetwork:
    """The same in onnxruntime.

    Attributes:
        detect: From an image to what is found.
    """

    name: str
    note: str
    detect: Callable[[Image], object]
    images: int | None = None
    proposes: bool = True

    def run(self, image: Image, windows: Windows) -> Lap:
        """Detect objects, but return none: the weights are random."""
        clock = Stopwatch()
        with clock("network"):
            self.detect(image)
        return Lap(clock.milliseconds, None, {})


def run_race(
    data: DataSet,
    numbers: Sequence[int],
    search: SelectiveSearch,
    contenders: Sequence[Contender],
    rates: Rates,
    progress: Callable[[str, int, int], None],
    *,
    device: str = "cpu",
) -> Race:
    """Return the laps of all contenders: image after image, each of them on the same pixels and windows.

    They take turns so that what else the machine does hits all alike. Each sees some windows of the image before that,
    not counted: conv layers compiled for other sizes, and code that others drove out of the cache, would otherwise
    cost the quick ones more.

    Raises:
        DataError: If an image cannot be read.
    """
    race = Race(contenders, list(numbers), rates, laps={contender.name: [] for contender in contenders})
    for place, number in enumerate(race.numbers):
        clock = Stopwatch()
        with clock("decode"):
            image = data.image(number)
        with clock("proposals"):
            windows = search(image)
        race.shared.append(clock.milliseconds)
        race.windows.append(len(windows))
        for contender in contenders:
            if contender.images is None or place < contender.images:
                contender.run(image, windows[:: len(windows) // WARM_UP_WINDOWS + 1])
                with _memory(device) as memory:
                    lap = contender.run(image, windows)
                race.laps[contender.name].append(replace(lap, peak=memory["peak"], growth=memory["growth"]))
        progress("images", place + 1, len(race.numbers))
    return race


def spp_net(network: SPPNet, scales: Sequence[int]) -> list[Contender]:
    """Return a model as it is and, if its scales are others, with several.

    Raises:
        CommandError: If it is no SPP-net.
    """
    features, scorer = _parts(network)
    if not isinstance(features, WindowFeatures):
        raise CommandError(f"the model must be an SPP-net, not one of method {network.method!r}", BAD_MODEL)
    trained = _listed(features.scales)
    contenders: list[Contender] = [
        WindowDetector("SPP-net", f"scale {trained}, {features.backbone.precision}", features, scorer)
    ]
    if tuple(scales) != tuple(features.scales):
        note = f"scales {_listed(scales)}; its scorer was trained at {trained}"
        several = replace(features, pooling=replace(features.pooling, scales=tuple(scales)))
        contenders.append(WindowDetector(f"SPP-net, {len(scales)} scales", note, several, scorer))
    return contenders


def r_cnn(network: SPPNet, trained: SPPNet | None, images: int) -> Contender:
    """Return R-CNN on the backbone of an SPP-net, or a trained one.

    Without a trained one it has the SPP-net's fully connected layers and scorer. Where vectors hold more than the
    pyramid, which a warped window has no maps for, the columns of the pyramid are left: good for the time only.

    Raises:
        CommandError: If the trained model is no R-CNN, or has other classes; or if there is none, and fully connected
            layers take more than a pyramid.
    """
    if trained is not None:
        return _trained_r_cnn(network, trained, images)
    features, scorer = _parts(network)
    assert isinstance(features, WindowFeatures)
    warped = WarpedFeatures(features.backbone, features.pooling.views[0].levels)
    whole = warped.dimensions == features.pooled_dimensions
    if features.layer != "pool":
        if not whole:
            message = "fully connected layers on more than a pyramid cannot be R-CNN's: give --rcnn-model"
            raise CommandError(message, BAD_MODEL)
        note = "SPP-net's fully connected layers and scorer, as they are"
        return WindowDetector("R-CNN", note, warped, scorer, features.head, features.layer, images=images)
    if whole:
        return WindowDetector("R-CNN", "SPP-net's scorer, as it is", warped, scorer, images=images)
    columns = slice(warped.dimensions)
    part = replace(
        scorer,
        weights=np.ascontiguousarray(scorer.weights[:, columns]),
        offset_weights=np.ascontiguousarray(scorer.offset_weights[..., columns]),
    )
    note = "time only: weights of the pyramid part only"
    return WindowDetector("R-CNN", note, warped, part, scored=False, images=images)


def networks(seed: int, device: str) -> list[Contender]:
    """Return torchvision's detectors at their usual sizes, with random weights; on a CPU in onnxruntime, too."""
    note = "random weights, time only; what passes their thresholds, and so their suppression, is not a trained one's"
    contenders: list[Contender] = []
    for name in NETWORKS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = getattr(torchvision.models.detection, name)(weights=None, weights_backbone=None)
        contenders.append(Network(name, note, network.eval().requires_grad_(False).to(device), device))
        if device == "cpu":
            detect = exported(network, torch.get_num_threads())
            contenders.append(ExportedNetwork(f"{name}, onnxruntime", note, detect))
    return contenders


def precisions(contenders: Sequence[Contender]) -> set[str]:
    """Return the precisions that conv layers compute in."""
    return {rival.features.backbone.precision for rival in contenders if isinstance(rival, WindowDetector)}


def _trained_r_cnn(network: SPPNet, trained: SPPNet, images: int) -> Contender:
    if not isinstance(trained, RCNN):
        raise CommandError(f"--rcnn-model must be of method 'rcnn', not {trained.method!r}", BAD_MODEL)
    if trained.classes != network.classes:
        raise CommandError("--rcnn-model must have the classes of the model, in the same order", BAD_MODEL)
    features, scorer = _parts(trained)
    same = features.backbone.fingerprint() == _parts(network)[0].backbone.fingerprint()
    note = f"trained by itself, on {'the same' if same else 'another'} backbone"
    return WindowDetector("R-CNN", note, features, scorer, images=images)


def _parts(network: SPPNet) -> tuple[Features, WindowScorer]:
    return network.layered()


def _listed(scales: Sequence[int]) -> str:
    return ", ".join(map(str, scales))


def _through(head: Head, vectors: Vectors, layer: Layer) -> Vectors:
    """Return what fully connected layers make of pooled vectors, where those are."""
    if not isinstance(vectors, TensorVectors):
        return StoredVectors(head.vectors(vectors.all(), layer))
    with torch.inference_mode():
        return TensorVectors(head.through(vectors.vectors, layer))


def _pixels(image: Image, device: str) -> torch.Tensor:
    return torch.from_numpy(image).to(device).permute(2, 0, 1).float() / 255


def _with_rest(clock: Stopwatch, seconds: float) -> dict[str, float]:
    """Return milliseconds by stage, and what is left of the whole as "other"."""
    return clock.milliseconds | {"other": 1000 * max(0.0, seconds - sum(clock.seconds.values()))}


@contextmanager
def _memory(device: str) -> Iterator[dict[str, int | None]]:
    """Note in a dictionary, at the end of the block, the peak of memory inside it, and by how much that is a growth.

    On the CPU this is the memory of the whole process that is resident, where the system tells it (Linux).
    """
    noted: dict[str, int | None] = {"peak": None, "growth": None}
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield noted
        peak = torch.cuda.max_memory_allocated(device)
    else:
        try:
            CLEAR_REFS.write_text("5")  # the peak starts again from what is resident
            before = _status("VmRSS")
        except OSError:
            yield noted
            return
        yield noted
        peak = _status("VmHWM")
    noted.update(peak=peak, growth=max(0, peak - before))


def _status(name: str) -> int:
    """Return a field of this process's status in bytes."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return 1024 * int(line.split()[1])
