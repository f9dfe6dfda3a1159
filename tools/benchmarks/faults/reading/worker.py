"""A process that reads files which may end it or never let it go, and says what came of each."""

import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self

from .damage import damage
from .readers import OURS, READERS, Call
from .small_models import add_backbone

SECONDS = 20.0  # of the clock, after which a reading is given up
MEGABYTES = 2500  # that a reading may add to the most that the process has had: a picture of the largest size needs two
LONGEST = 1000  # characters of a message
HEADROOM = 6 << 30  # bytes of address space, beyond which there is no more memory: the machine is not to suffer
CANARY = "canary"  # part of the names of files that nothing may open
# What nothing that is read may make a process do, as Python's audit events call it.
FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename", "os.mkdir", "os.symlink"),
    *("subprocess.Popen", "socket.connect", "shutil.rmtree", "pickle.find_class", "os.chmod", "os.truncate"),
)


class Verdict(NamedTuple):
    """What came of reading some files.

    Attributes:
        survived: Whether all that was raised are errors of ours, and nothing else happened.
        said: For each call "read", or its error; or how the process ended.
        seconds: Of the processor.
        megabytes: Added to the most memory that the process has had.
    """

    survived: bool
    said: tuple[str, ...]
    seconds: float = 0.0
    megabytes: float = 0.0


class Worker:
    """The process; it is started when it is needed, and again after it has died or was ended.

    Args:
        folder: It works there; nothing may be written into it.
        seconds: After so many a reading is given up.
    """

    def __init__(self, folder: Path, *, seconds: float = SECONDS) -> None:
        self._folder, self._seconds = folder, seconds
        self._process: Any = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def run(self, function: Callable[..., Any], *arguments: object, seconds: float | None = None) -> Any:
        """Return what a function returns in the process, or the verdict on a process that died or hung."""
        if self._process is None:
            self._start()
        self._connection.send((function, arguments))
        if not self._connection.poll(seconds or self._seconds):
            self.stop()
            return Verdict(False, (f"hung: given up after {seconds or self._seconds:g} s",))
        try:
            return self._connection.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self.stop()
            return Verdict(False, (f"died: {signal.Signals(-code).name if code < 0 else f'exit code {code}'}",))

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, self._folder), daemon=True)
        self._process.start()
        other.close()
        self._connection.recv()  # when it is ready: what it imports takes seconds


def judged(calls: Sequence[Call], folder: Path) -> Verdict:
    """Return what comes of reading a folder in this process, call by call."""
    idle, started = _peak(), time.process_time()
    said, good = [], True
    forbidden = _watch()
    for call in calls:
        forbidden.clear()
        outcome, fine = _outcome(call, folder)
        if forbidden:
            outcome, fine = f"did what it may not: {'; '.join(forbidden)[:300]}", False
        said.append(outcome)
        good = good and fine
    _WATCHED.clear()
    if written := sorted(os.listdir()):
        said, good = [*said, f"wrote {', '.join(written)}"], False
        for name in written:
            with suppress(OSError):
                os.unlink(name)
    seconds, megabytes = time.process_time() - started, _peak() - idle
    if megabytes > MEGABYTES:
        said, good = [*said, f"took {megabytes:,.0f} MB"], False
    return Verdict(good, tuple(said), seconds, megabytes)


def read(name: str, folder: Path) -> Verdict:
    """Return what comes of reading a folder with a reader of the table."""
    return judged(READERS[name].calls, folder)


def mutated(name: str, source: Path, folder: Path, seed: int, number: int) -> Verdict:
    """Return what comes of reading a folder one of whose files is damaged; it is whole again then.

    Args:
        name: Of the reader.
        source: The good files; the same for all.
        folder: Holds the same files, or is made so.
        seed: Of all damages.
        number: Of this one.
    """
    file, content = damaged_file(name, source, seed, number)
    _copy(source, folder)
    good = (folder / file).read_bytes()
    (folder / file).write_bytes(content)
    try:
        return read(name, folder)
    finally:
        (folder / file).write_bytes(good)


def damaged_file(name: str, source: Path, seed: int, number: int) -> tuple[str, bytes]:
    """Return which of a reader's files is damaged, and what it holds then."""
    random = Random(f"{seed} {name} {number}")
    files = [str(file.relative_to(source)) for file in sorted(source.rglob("*")) if file.is_file()]
    kinds = {file: kind for file in files for end, kind in READERS[name].damaged.items() if file.endswith(end)}
    file = random.choice(sorted(kinds))
    return file, damage((source / file).read_bytes(), kinds[file], random)


def write_files(name: str, folder: Path) -> None:
    """Write the good files of a reader."""
    for file, content in READERS[name].files().items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)


def _copy(source: Path, folder: Path) -> None:
    if not folder.exists():
        for file in source.rglob("*"):
            if file.is_file():
                place = folder / file.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read_bytes())


def _outcome(call: Call, folder: Path) -> tuple[str, bool]:
    try:
        return f"read, {call(folder)}", True
    except OURS as error:
        message = str(error)
        said = f"{type(error).__name__}: {message}"
        broken = [
            fault
            for fault, is_so in (
                ("several lines", "\n" in message or "\r" in message),
                (f"{len(message):,} characters", len(message) > LONGEST),
                ("without the name of the file", str(folder) not in message),
            )
            if is_so
        ]
        return (f"{said} [a message of {' and '.join(broken)}]", False) if broken else (said, True)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return f"{type(error).__name__} at {where}: {str(error)[:200]}", False


_WATCHED: list[list[str]] = []  # of the reading that goes on, what it did that it may not


def _watch() -> list[str]:
    _WATCHED[:] = [[]]
    return _WATCHED[0]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHED:
        return
    if event in FORBIDDEN:
        if not arguments or not _may_be_written(arguments[0]):
            _WATCHED[0].append(f"{event} {arguments!r:.200}")
    elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        path, mode, flags = os.fsdecode(arguments[0]), arguments[1], arguments[2] or 0
        writes = any(sign in str(mode or "") for sign in "wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (writes and not _may_be_written(path)) or CANARY in os.path.realpath(path):
            _WATCHED[0].append(f"opened {path!r:.200}")


def _may_be_written(path: object) -> bool:
    """Return whether a file or folder is a temporary one, one of compiled code, or a folder that there is."""
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    name = os.fsdecode(path)
    compiled = "__pycache__" in name or name.endswith((".nbi", ".nbc"))
    cut_back = name.endswith("/results/detections.jsonl")  # of a run that is gone on with
    return compiled or cut_back or name == os.devnull or name.startswith(tempfile.gettempdir()) or os.path.isdir(name)


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    with suppress(OSError):  # what Linux tells otherwise begins with what the parent had
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _limit_memory() -> None:
    with suppress(OSError, ValueError):  # not all systems tell, or let it be limited
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + HEADROOM, resource.RLIM_INFINITY))


def _serve(connection: Connection, folder: Path) -> None:
    """Answer until the other end is closed."""
    os.chdir(folder)
    tempfile.tempdir = f"{folder} temporary"  # of its own, in which may be written
    os.makedirs(tempfile.tempdir, exist_ok=True)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silent = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what readers say is not of interest; some are libraries that write there themselves
        os.dup2(silent, stream)
    add_backbone()
    _limit_memory()
    sys.addaudithook(_hook)
    connection.send("ready")
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send(function(*arguments))
