"""What happens when libraries are loaded: how long it takes, whether they can be, and what they bring along."""

import json
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..command.gpus import may_have_gpu
from .finding import Finding, pip

# Module -> the package that brings it, in the order in which they are loaded.
MODULES = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "onnxruntime": "onnxruntime",
    "numba": "numba",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
}
MANY_SECONDS = 20.0  # torch takes 3.5 on the README's machine, the others less
PATIENCE = 300.0  # seconds, after which they hang
SCRIPT = """
import importlib, json, sys, time
for name in sys.argv[1:]:
    print(json.dumps({"begins": name}), flush=True)
    started = time.perf_counter()
    try:
        importlib.import_module(name)
    except Exception as error:
        print(json.dumps({"fails": name, "error": f"{type(error).__name__}: {error}"}), flush=True)
    else:
        print(json.dumps({"loaded": name, "seconds": time.perf_counter() - started}), flush=True)
try:
    from threadpoolctl import threadpool_info
    print(json.dumps({"pools": threadpool_info()}), flush=True)
    import torch
    print(json.dumps({"gpus": torch.cuda.device_count()}), flush=True)
except ImportError:
    pass
"""


def libraries() -> Iterator[Finding]:
    """Look whether all libraries can be loaded, and how long that takes."""
    told, ended = loaded()
    failed = {line["fails"]: line["error"] for line in told if "fails" in line}
    if ended:
        last = [line["begins"] for line in told if "begins" in line][-1]
        failed[last] = f"Python ends {_how(ended)} while it is loaded: no build for this processor, or damaged"
    for name, error in failed.items():
        command = pip("install", "--force-reinstall", "--no-cache-dir", MODULES[name])
        yield Finding("libraries", "broken", f"{name} cannot be loaded: {error}", "what needs it fails", command)
    seconds = {line["loaded"]: line["seconds"] for line in told if "loaded" in line}
    found = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items() if value >= 0.05)
    if sum(seconds.values()) > MANY_SECONDS:
        command = f"{sys.executable} -m compileall -q {sysconfig.get_path('purelib')}"
        yield Finding(
            "time of loading", "slow", found, f"more than {MANY_SECONDS:.0f} s before a training starts", command
        )
    else:
        yield Finding("time of loading", "fine", f"{found}; detection on a CPU does without torch")


def openmp() -> Iterator[Finding]:
    """Look whether libraries bring threads of several kinds, which wait for each other; one kind twice does no harm."""
    pools = [pool for line in loaded()[0] for pool in line.get("pools", ())]
    kinds = sorted({pool["prefix"] for pool in pools if pool["user_api"] == "openmp"})
    if len(kinds) > 1:
        cost = "threads of two kinds can wait for each other for ever; conda's packages beside pip's bring them"
        command = "python3 -m venv .venv && .venv/bin/pip install -e ."
        yield Finding("OpenMP", "slow", " and ".join(kinds), cost, command)
    else:
        yield Finding("OpenMP", "fine", kinds[0] if kinds else "none")


def gpus() -> Iterator[Finding]:
    """Look whether torch sees the GPU whose driver is there."""
    count = next((line["gpus"] for line in loaded()[0] if "gpus" in line), 0)
    if count or not may_have_gpu():
        yield Finding("GPU driver", "fine", str(count or "none"))
    else:
        cost = "all is computed on the processor; most often the driver is older than torch's build"
        yield Finding("GPU driver", "slow", "there is a driver, but torch sees no GPU", cost, "nvidia-smi")


@cache
def loaded() -> tuple[list[dict[str, Any]], int]:
    """Return what a process of its own tells while it loads all libraries, and its exit code.

    A process of its own, because a damaged library can end the one that loads it.
    """
    done = subprocess.run([sys.executable, "-c", SCRIPT, *MODULES], capture_output=True, text=True, timeout=PATIENCE)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return told, done.returncode


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with {code}"
