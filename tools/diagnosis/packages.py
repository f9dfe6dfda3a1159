"""Whether the packages that are installed are those that sppnet needs, once each, and fit together."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from sppnet import detector

from ..command.gpus import may_have_gpu
from .finding import Finding, pip

DEVELOPERS = ("test", "dev")  # extras that nobody misses who only uses sppnet
# Packages with the same files under another name: an environment can hold one of a line.
BUILDS = (
    ("opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
    ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
)
VENDORED = "_vendor"  # where setuptools has copies of its own, last on Python's path once it is imported
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
GPU_PACKAGES = re.compile(r"nvidia-.*|cuda-.*|triton")


def versions() -> Iterator[Finding]:
    """Look whether every package that sppnet needs is there, in a version that it was written for."""
    needed = list(_requirements(""))
    wrong = [requirement for requirement in needed if not _satisfied(requirement)]
    if not wrong:
        yield Finding("versions", "fine", f"{len(needed)} packages, as they are needed")
        return
    found = ", ".join(f"{_wanted(each)} is needed, {_build(each.name)[1] or 'none'} installed" for each in wrong)
    yield Finding("versions", "broken", found, "what uses them may fail", pip("install", *map(_wanted, wrong)))


def builds() -> Iterator[Finding]:
    """Look whether two packages own the same files, each of which breaks the other when it is changed."""
    for names in BUILDS:
        there = [name for name in names if _version(name)]
        if len(there) > 1:
            yield Finding(
                f"builds of {names[0]}",
                "broken",
                f"{' and '.join(there)} are both installed",
                "they are the same files: those that came last are there, and removing one breaks the other",
                f"{pip('uninstall', *there)} && {pip('install', names[0])}",
            )
        elif there:
            yield Finding(f"builds of {names[0]}", "fine", f"one, {there[0]}")


def copies() -> Iterator[Finding]:
    """Look whether a package is installed in several folders, of which the first on Python's path counts."""
    names = [requirement.name for requirement in _requirements("")]
    folders = {name: sorted({str(each.locate_file("")) for each in _copies(name)}) for name in names}
    folders = {name: [place for place in places if Path(place).name != VENDORED] for name, places in folders.items()}
    twice = {name: places for name, places in folders.items() if len(places) > 1}
    if not twice:
        yield Finding("copies", "fine", "every package is installed once")
    for name, places in twice.items():
        yield Finding(
            "copies",
            "broken",
            f"{name} is installed in {' and in '.join(places)}",
            "which is loaded depends on Python's path",
            f"{pip('uninstall', name)} && {pip('install', name)}",
        )


def torch_and_torchvision() -> Iterator[Finding]:
    """Look whether torch and torchvision are of one build; torchvision's operators fail to load with another torch."""
    torch, vision = _source_version("torch"), _source_version("torchvision")
    if not torch or not vision:
        return  # which `versions` says
    there = f"torch {torch}, torchvision {vision}"
    needs = [Requirement(line) for line in metadata.requires("torchvision") or ()]
    fits = all(
        need.specifier.contains(torch.partition("+")[0], prereleases=True) for need in needs if need.name == "torch"
    )
    if fits and len({_flavour(torch), _flavour(vision)} - {""}) < 2:
        yield Finding("torch and torchvision", "fine", there)
        return
    index = ("--index-url", CPU_INDEX) if _flavour(torch) == "cpu" else ()
    yield Finding(
        "torch and torchvision",
        "broken",
        f"{there}: two builds",
        "torchvision's operators fail to load",
        pip("install", "--force-reinstall", "torch", "torchvision", *index),
    )


def torch_and_gpu() -> Iterator[Finding]:
    """Look whether torch is built for the GPU that is there, and only then."""
    torch = _source_version("torch")
    if not torch:
        return
    for_gpu, gpu = _flavour(torch).startswith(("cu", "rocm")), may_have_gpu()
    if for_gpu and not gpu:
        unused = sorted({name for name in _all_names() if GPU_PACKAGES.fullmatch(name)})
        gigabytes = sum(map(_bytes, ["torch", *unused])) / 1e9
        remove = pip("uninstall", "torch", "torchvision", *unused)
        yield Finding(
            "torch and GPU",
            "note",
            f"torch {torch} is built for a GPU, and there is none",
            f"{gigabytes:.1f} GB of disk, of which the build for CPUs needs a fraction",
            f"{remove} && {pip('install', 'torch', 'torchvision', '--index-url', CPU_INDEX)}",
        )
    elif gpu and not for_gpu:
        yield Finding(
            "torch and GPU",
            "slow",
            f"there is a GPU, and torch {torch} is built without",
            "--device cuda cannot be had",
            pip("install", "--force-reinstall", "torch", "torchvision"),
        )
    else:
        yield Finding("torch and GPU", "fine", f"torch {torch}, {'a' if gpu else 'no'} GPU")


def models() -> Iterator[Finding]:
    """Look whether the models in the box are there."""
    folders = sorted(Path(detector.__path__[0], "models").glob("*/config.json"))
    whole = [file.parent.name for file in folders if (file.parent / "model.safetensors").is_file()]
    if "voc07" in whole:
        yield Finding("models in the box", "fine", ", ".join(whole))
    else:
        cost = "detection without -m has no model"
        url = json.loads(metadata.distribution("sppnet").read_text("direct_url.json") or "{}").get("url", "sppnet")
        command = pip("install", "--force-reinstall", "--no-deps", url)
        yield Finding("models in the box", "broken", "voc07 is missing", cost, command)


def extras() -> Iterator[Finding]:
    """Look which extras are installed."""
    for extra in metadata.metadata("sppnet").get_all("Provides-Extra") or ():
        if extra in DEVELOPERS:
            continue
        missing = [requirement for requirement in _requirements(extra) if not _satisfied(requirement)]
        if missing:
            names, wanted = ", ".join(requirement.name for requirement in missing), map(_wanted, missing)
            cost = f"what the extra {extra} is for cannot be used"
            yield Finding(f"extra {extra}", "note", f"without {names}", cost, pip("install", *wanted))
        else:
            yield Finding(f"extra {extra}", "fine", "installed")


def _requirements(extra: str) -> Iterator[Requirement]:
    """Yield what sppnet needs here: always for the extra "", beyond that for another one."""
    for line in metadata.requires("sppnet") or ():
        requirement = Requirement(line)
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        wanted = not always and marker is not None and marker.evaluate({"extra": extra}) if extra else always
        if wanted and requirement.name != "sppnet":
            yield requirement


def _wanted(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"


def _satisfied(requirement: Requirement) -> bool:
    name, version = _build(requirement.name)
    return bool(version) and (name != requirement.name or requirement.specifier.contains(version, prereleases=True))


def _build(name: str) -> tuple[str, str]:
    """Return which build of a package is installed, and its version; its own name and "" if none is."""
    names = next((names for names in BUILDS if name in names), ())
    return next(((each, _version(each)) for each in (name, *names) if _version(each)), (name, ""))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _copies(name: str) -> Iterator[metadata.Distribution]:
    yield from metadata.distributions(name=name)


def _all_names() -> Iterator[str]:
    yield from (each.name for each in metadata.distributions())


def _bytes(name: str) -> int:
    """Return how many bytes of disk a package takes."""
    return sum(file.size or 0 for file in metadata.files(name) or ()) if _version(name) else 0


@cache
def _source_version(name: str) -> str:
    """Return the version of torch or torchvision with its build, 2.15.0+cpu, say, without importing it; "" for none."""
    spec = find_spec(name)
    if spec is None or not spec.origin:
        return ""
    found = re.search(r"__version__ = '([^']+)'", Path(spec.origin).with_name("version.py").read_text())
    return found[1] if found else ""


def _flavour(version: str) -> str:
    """Return cpu, cu132 or the like of a version; "" if it says none."""
    return version.partition("+")[2]
