"""Every single system call of a save fails in turn, or is the process's end: what is there is the old or the new.

`python -m sppnet.tools.benchmarks.faults.failing_calls [NAME...] [--quick]`

The calls are those that make, write, rename, remove, lock, synchronise and close files. A small library of C, which is
compiled first, stands before the C library in the process that saves; what C does without leaving the C library, as
`fprintf`, goes past it. Three ways: one call fails (EIO); the disk is full from one call on (ENOSPC); the process is
killed, where it writes with half of that written.

After each the output must be the old or the new, to the byte, and can be read; if the save said nothing, the new one;
if it raised an error, that names the output, or what it was made of. The next save must succeed and leave nothing
beside its output.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from sppnet import detector

from .outcome import Outcome
from .saves import FOLDERS, QUICK, SAVES, Save

SOURCE = Path(__file__).with_suffix(".c")
WAYS = {"one call fails": 1, "disk full": 2, "killed": 3}  # as in the C source
PATIENCE = 60  # seconds for one save
MEMORY = Path("/dev/shm")  # where nothing waits for a disk
Files = dict[str, bytes]


class Setting(NamedTuple):
    """What is saved, where, and how two folders are exchanged."""

    save: Save
    folder: Path
    by_renames: bool

    @property
    def output(self) -> Path:
        """The file or folder that is saved."""
        return self.folder / self.save.name


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SAVES)), metavar="[NAME]...")
@click.option("--quick", is_flag=True, help=f"Without models and films: {', '.join(QUICK)}.")
@click.option("--child", type=click.Path(path_type=Path), hidden=True)
@click.option("--by-renames", is_flag=True, hidden=True)
def command(names: tuple[str, ...], quick: bool, child: Path | None, by_renames: bool) -> None:
    """Print a row for each kind of output and each way; exit with 1 if something was lost."""
    if child:
        click.echo(json.dumps(list(rows(names[0], child, by_renames))))
        return
    if reason := missing():
        raise click.ClickException(reason)
    lost = False
    for row in outcomes(0, quick, names):
        click.echo(f"{row.fault:40}{row.survived:6} of {row.tried:4}  {row.note}")
        lost |= row.survived < row.tried
    if lost:
        raise click.ClickException("not every save left the old or the new")


def outcomes(seed: int, quick: bool, names: Iterable[str] = ()) -> Iterator[Outcome]:
    """Yield what came of the saves with failing calls; nothing is drawn at random."""
    with tempfile.TemporaryDirectory() as made:
        library = compiled(Path(made))
        for name in names or (QUICK if quick else SAVES):
            for options in ((), ("--by-renames",)) if name in FOLDERS else ((),):
                with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
                    call = [sys.executable, "-m", __spec__.name, name, "--child", scratch, *options]
                    environment = os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}
                    done = subprocess.run(call, env=environment, stdout=subprocess.PIPE, text=True)
                yield from (Outcome(*row) for row in json.loads(done.stdout or "[]"))
                if done.returncode:
                    yield Outcome(f"{name}: saved at all", 1, 0, f"ended with {done.returncode}")


def compiled(folder: Path) -> Path:
    """Return the library that stands before the C library, made in a folder."""
    library = folder / "failing_calls.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def missing() -> str:
    """Return what this system lacks for it, as a sentence, or nothing."""
    if sys.platform != "linux":
        return "system calls are made to fail on Linux only"
    return "" if shutil.which("cc") else "there is no compiler of C, cc"


def rows(name: str, scratch: Path, by_renames: bool) -> Iterator[tuple[str, int, int, str]]:
    """Yield the values of outcomes, in a process with the library before the C library."""
    detector.set_thread_count(1)
    save = SAVES[name](scratch)
    setting = Setting(save, scratch / "tried", by_renames)
    old, new = (_written(setting, version) for version in (0, 1))
    calls = _calls(setting)
    for way, number in WAYS.items():
        wrong = [
            f"{call} {calls[call - 1]}: {fault}"
            for call in range(1, len(calls) + 1)
            if (fault := _fault(setting, old if save.replaces else {}, new, number, call))
        ]
        how = ", by renames" * by_renames
        note = f"call {wrong[0]}; failing_calls {name}" if wrong else ""
        yield f"{name}{how}: {way}", len(calls), len(calls) - len(wrong), note


def _fault(setting: Setting, old: Files, new: Files, way: int, call: int) -> str:
    """Return what is wrong after a save with a failing call, and after the next one; nothing if all is well."""
    _begin(setting, old)
    said = _in_a_child(setting, way, call)
    if said is None and way != WAYS["killed"]:
        return "it was ended"
    if said and ("partial" in said or not (str(setting.output) in said or "'/" in said)):
        return f"the error names no file, or a hidden one: {said}"
    try:
        if setting.output.exists() or old:
            setting.save.read(setting.output)
        found = _files(setting.folder, hidden=False)
        if found != new and (found != old or said == ""):
            return f"neither old nor new, but {sorted(found)}" if said != "" else "nothing was said, and it is not new"
        if not setting.save.replaces:
            shutil.rmtree(setting.output, ignore_errors=True)
        setting.save.write(setting.output, 1)
        setting.save.read(setting.output)
    except Exception as error:  # of any kind, it would be one of the save
        return f"{type(error).__name__} afterwards: {error}"
    left = _files(setting.folder, hidden=True)
    return "" if left == new else f"the next save leaves {sorted(set(left) ^ set(new)) or 'something else'}"


def _begin(setting: Setting, files: Files) -> None:
    shutil.rmtree(setting.folder, ignore_errors=True)
    setting.folder.mkdir()
    for name, content in files.items():
        (setting.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (setting.folder / name).write_bytes(content)


def _written(setting: Setting, version: int) -> Files:
    """Return the files of a save that goes well."""
    _begin(setting, {})
    setting.save.write(setting.output, version)
    return _files(setting.folder, hidden=True)


def _calls(setting: Setting) -> list[str]:
    """Return the names of the calls of a save over an old one."""
    _begin(setting, {})
    if setting.save.replaces:
        setting.save.write(setting.output, 0)
    library = _library()
    library.faults_arm(0, 0, setting.by_renames)
    setting.save.write(setting.output, 1)
    return [library.faults_name(number).decode() for number in range(1, library.faults_disarm() + 1)]


def _in_a_child(setting: Setting, way: int, call: int) -> str | None:
    """Return what a save with a failing call said in a child process, "" for a success, None if it was ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _save(setting, way, call, writing)
    os.close(writing)
    ended = _waited(child)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    return said.removeprefix("said ").strip() if ended and said else None


def _save(setting: Setting, way: int, call: int, writing: int) -> None:
    """Save with a failing call, write what was said, and end the process."""
    library, said = _library(), ""
    library.faults_arm(way, call, setting.by_renames)
    try:
        setting.save.write(setting.output, 1)
    except (OSError, detector.ModelError) as error:
        said = str(error)
    except BaseException as error:  # one that should not be
        said = f"{type(error).__name__}"
    finally:
        library.faults_disarm()
        os.write(writing, f"said {said}".encode())
        os._exit(0)


def _waited(child: int) -> bool:
    """Return whether a child process has ended by itself; after some time it is killed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _files(folder: Path, *, hidden: bool) -> Files:
    """Return the files in a folder, those that are hidden only if asked for."""
    names = ((path, path.relative_to(folder)) for path in folder.rglob("*"))
    kept = ((path, name) for path, name in names if hidden or not any(part.startswith(".") for part in name.parts))
    return {str(name): path.read_bytes() for path, name in kept if path.is_file()}


def _library() -> Any:
    library = ctypes.CDLL(None)
    library.faults_name.restype = ctypes.c_char_p
    return library


if __name__ == "__main__":
    command()
