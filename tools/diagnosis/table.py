"""The table of checks, in the order in which they are made and told."""

from collections.abc import Iterator

from . import environment, loading, packages, places, processor, times
from .finding import Check, Finding, UnmeasuredError, pip

# What is looked at -> the check; a further one is a function, and a line here. The load comes first, before ours is on.
CHECKS: dict[str, Check] = {
    "other programs": processor.load,
    "versions": packages.versions,
    "builds": packages.builds,
    "copies": packages.copies,
    "torch and torchvision": packages.torch_and_torchvision,
    "torch and GPU": packages.torch_and_gpu,
    "models in the box": packages.models,
    "extras": packages.extras,
    "libraries": loading.libraries,
    "OpenMP": loading.openmp,
    "GPU driver": loading.gpus,
    "build of Python": environment.python,
    "environment": environment.variables,
    "compiled loops": places.compiled_loops,
    "home": places.home,
    "disks": places.disks,
    "memory": places.memory,
    "nodes of memory": processor.nodes,
    "threads": processor.threads,
    "processor": processor.instructions,
    "a photograph": times.image,
}


def findings() -> Iterator[Finding]:
    """Make all checks, and tell what cannot be looked at; not for want of a library that was told to be broken."""
    broken = False
    for name, check in CHECKS.items():
        try:
            for finding in check():
                broken |= finding.grade == "broken"
                yield finding
        except UnmeasuredError:
            continue
        except Exception as error:
            if not (broken and isinstance(error, ImportError)):
                found = f"cannot be looked at: {type(error).__name__}: {error}"
                yield Finding(name, "broken", found, "what it is about may not work", pip("check"))
