"""Commands in forked processes, which are there at once: what takes seconds to import has been imported before.

The processes are forked by a process of its own, so that none of the caller's threads is missing in them.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

QUICK = ("cv2", "numba", "onnxruntime", "PIL.Image")  # to import
SLOW = ("torch", "torchvision", "sklearn.svm", "matplotlib.pyplot")
VERBS = ("cli", "proposals", "detect", "data.convert")


class Run(NamedTuple):
    """A command that came to an end.

    Attributes:
        code: Its exit code; below 0 if it was killed.
        seconds: From its start.
        idle: Seconds of these until something was made or removed in the folder; all of them if nothing was.
        said: The last line that it wrote to standard error.
    """

    code: int
    seconds: float
    idle: float
    said: str


class Forks:
    """Runs commands of `sppnet`, each in a fork of one process; to be used in a `with` statement.

    Args:
        folder: Where the commands run.
        training: Whether to import what trainings need, too.
    """

    def __init__(self, folder: Path, *, training: bool) -> None:
        call = [sys.executable, "-m", "sppnet.tools.benchmarks.faults.forked", *["training"] * training]
        self._process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def __call__(self, *commands: Sequence[str], kill_after: float | None = None, busy: bool = False) -> list[Run]:
        """Run commands at once, and return what came of each.

        Args:
            commands: The arguments of each.
            kill_after: Seconds after which they are killed.
            busy: Whether these are counted from when something is made or removed in the folder.
        """
        assert self._process.stdin
        assert self._process.stdout
        wanted = {"commands": commands, "kill_after": kill_after, "busy": busy}
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        return [Run(*run) for run in json.loads(self._process.stdout.readline())]


def _serve(training: bool) -> None:
    """Answer requests on standard input, one a line."""
    from ...command.libraries import set_up

    set_up()
    for name in QUICK + SLOW * training:
        importlib.import_module(name)
    for name in VERBS:
        importlib.import_module(f"sppnet.tools.{name}")
    if training:
        _public_names()
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(_run(**wanted)), flush=True)


def _public_names() -> None:
    """Import what is behind the names of packages that import it late."""
    from sppnet import data, detector, proposals

    for package in (data, detector, proposals):
        for name in package.__all__:
            getattr(package, name)


def _run(commands: Sequence[Sequence[str]], kill_after: float | None, busy: bool) -> list[Run]:
    found, before, idle = dict[int, Run](), os.stat(".").st_mtime_ns, None
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        left = {_fork(command, Path(folder, str(place))): place for place, command in enumerate(commands)}
        while left:
            seconds = time.perf_counter() - started
            if idle is None and os.stat(".").st_mtime_ns != before:
                idle = seconds
            since = idle if busy else 0.0
            if kill_after is not None and since is not None and seconds >= since + kill_after:
                for process in left:
                    os.kill(process, signal.SIGKILL)
            for process, place in list(left.items()):
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    del left[process]
                    said = Path(folder, str(place)).read_text(errors="replace").rstrip().rpartition("\n")[2]
                    code = os.waitstatus_to_exitcode(status)
                    found[place] = Run(code, seconds, seconds if idle is None else idle, said)
            time.sleep(0.0002)
    return [found[place] for place in range(len(commands))]


def _fork(command: Sequence[str], said: Path) -> int:
    """Begin a command, and return its process."""
    said.touch()
    if process := os.fork():
        return process
    code = 1
    try:
        for source, target in ((os.devnull, 0), (os.devnull, 1), (said, 2)):
            os.dup2(os.open(source, os.O_RDWR), target)
        sys.argv = ["sppnet", *command]
        importlib.import_module("sppnet.tools.cli").main()  # by name: verbs lie above benchmarks
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve("training" in sys.argv)
