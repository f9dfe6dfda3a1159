"""`sppnet doctor`: what this installation is made of, what is slow here and what mends it; --warm compiles all."""

import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from sppnet import detector, proposals

from .command.console import json_option
from .command.gpus import may_have_gpu
from .command.libraries import set_up
from .command.shown import cell, shown
from .command.warm import warm_up
from .diagnosis.finding import GRADES, UnmeasuredError

PACKAGES = (
    *("sppnet", "onnxruntime", "torch", "torchvision", "numba", "numpy", "opencv-python-headless", "scikit-learn"),
    "pycocotools",
)


@click.command("doctor")
@click.option("--warm", is_flag=True, help="Compile all inner loops now, so that no later command waits for it.")
@json_option
def command(warm: bool, as_json: bool) -> None:
    """Tell versions, cores and devices, what is slow or broken on this machine, and the command that mends it."""
    from .diagnosis.table import findings

    set_up()
    started = time.perf_counter()
    checks = findings()
    found = [next(checks)]  # the load, before ours is on
    if warm:
        warm_up(*(proposals.SelectiveSearch(mode=mode) for mode in proposals.MODES), training=True)
    found += checks
    report = {**describe(), "milliseconds": search_times(warm), "checks": [finding._asdict() for finding in found]}
    report["seconds"] = round(time.perf_counter() - started, 1)
    if as_json:
        click.echo(json.dumps(report))
    else:
        show(report)


def describe() -> dict[str, Any]:
    """Return what the installation is made of."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "cores": os.cpu_count(),
        "threads": detector.thread_count(),
        "gpus": _gpus(),
        "compiled": _compiled(),
    }


def search_times(all_modes: bool) -> dict[str, float]:
    """Return the milliseconds of selective search by mode; none where a library for it is missing."""
    from .diagnosis.times import search_milliseconds

    try:
        return {mode: search_milliseconds(mode) for mode in proposals.MODES if all_modes or mode == "fast"}
    except (ImportError, OSError, RuntimeError, UnmeasuredError):  # which the checks tell
        return {}


def show(report: dict[str, Any]) -> None:
    """Print what there is as a table, and below it what is slow or broken, with what mends it."""
    table = Table("what", "found", show_header=False)
    table.add_row("Python", report["python"])
    for name, number in report["packages"].items():
        table.add_row(name, number)
    table.add_row("cores, threads", f"{report['cores']}, {report['threads']}")
    table.add_row("GPUs", ", ".join(report["gpus"]) or "none")
    for mode, milliseconds in report["milliseconds"].items():
        table.add_row(f"selective search, {mode}", f"{milliseconds:.1f} ms")
    for finding in report["checks"]:
        if finding["grade"] == "fine":
            table.add_row(finding["check"], cell(finding["found"]))
    Console().print(table)
    for finding in sorted(report["checks"], key=lambda finding: GRADES.index(finding["grade"])):
        if finding["grade"] != "fine":
            click.echo(f"\n{finding['grade']}: {finding['check']}: {shown(finding['found'])}")
            for title in ("cost", "command"):
                if finding[title]:
                    click.echo(f"  {title}: {shown(finding[title])}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # it may be there under the name of another build
        return "not installed under this name"


def _gpus() -> list[str]:
    """Return the names of the GPUs, without the seconds that torch takes where there can be none."""
    if not may_have_gpu():
        return []
    import torch

    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def _compiled() -> str:
    from .diagnosis.places import loops_folder

    try:
        return str(loops_folder())
    except (ImportError, RuntimeError, UnmeasuredError):  # which the checks tell
        return ""
