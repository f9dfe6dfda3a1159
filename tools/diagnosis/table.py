"""The table of checks, in the order in which they are made and told."""

from collections.abc import Iterator

from . import environment, loading, packages, places, processor, times
from .finding import Check, Finding

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
    """Make all checks; one that cannot be made for want of a library, say, is told as broken."""
    for name, check in CHECKS.items():
        try:
            yield from check()
        except Exception as error:
            yield Finding(name, "broken", f"cannot be looked at: {type(error).__name__}: {error}")
