"""Tests of locks on files: who has one, how it is freed, and that its file is removed without a gap."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sppnet.tools.command.running import locks
from sppnet.tools.command.running.locks import FileLock, HeldError, NoLocksError

HOLDER = """
import sys, time
from pathlib import Path
from sppnet.tools.command.running.locks import FileLock
FileLock(Path(sys.argv[1])).hold({"process": 7})
print("held", flush=True)
time.sleep(60)
"""
COUNTER = """
import sys, time
from pathlib import Path
from sppnet.tools.command.running.locks import FileLock, HeldError
lock, number = FileLock(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(50):
    while True:
        try:
            lock.hold({})
            break
        except HeldError:
            time.sleep(0.0005)
    number.write_text(str(int(number.read_text()) + 1))
    lock.release()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / ".model.lock"


@pytest.fixture
def other(file: Path) -> Iterator[FileLock]:
    lock = FileLock(file)
    yield lock
    lock.release()


def test_the_second_is_told_of_the_first(file: Path, other: FileLock) -> None:
    other.hold({"process": 7, "command": "sppnet train"})

    with pytest.raises(HeldError) as error:
        FileLock(file).hold({"process": 8})
    assert error.value.holder == {"process": 7, "command": "sppnet train"}


def test_a_lock_leaves_nothing_behind(file: Path) -> None:
    lock = FileLock(file)
    lock.hold({})
    lock.release()
    lock.hold({})

    lock.release()

    assert not file.parents[1].exists()


def test_a_folder_with_other_things_stays(file: Path) -> None:
    lock = FileLock(file)
    lock.hold({})
    (file.parent / "model").touch()

    lock.release()

    assert [path.name for path in file.parent.iterdir()] == ["model"]


def test_a_lock_is_freed_by_the_death_of_its_holder(file: Path, other: FileLock) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(HeldError):
            FileLock(file).hold({})
        holder.kill()

    other.hold({"process": 8})

    assert file.read_text() == '{"process": 8}'


def test_one_at_a_time_holds_it_though_its_file_is_removed_again_and_again(file: Path, tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    call = [sys.executable, "-c", COUNTER, str(file), str(number)]

    counting = [subprocess.Popen(call) for _ in range(3)]

    assert [process.wait() for process in counting] == [0, 0, 0]
    assert number.read_text() == "150"


def test_the_last_of_those_who_share_it_has_it_alone(file: Path, other: FileLock) -> None:
    lock = FileLock(file)
    lock.share()
    other.share()

    assert [lock.alone(), other.alone()] == [False, True]
    with pytest.raises(HeldError):
        FileLock(file).hold({})


def test_the_file_stays_while_somebody_shares_it(file: Path, other: FileLock) -> None:
    lock = FileLock(file)
    lock.share()
    other.share()

    lock.release()

    assert file.exists()
    other.release()
    assert not file.exists()


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    file.parent.mkdir(parents=True)
    file.symlink_to(tmp_path / "mine")

    with pytest.raises(OSError, match=r"\.model\.lock"):
        FileLock(file).hold({})
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"{" * 5000])
def test_a_holder_that_tells_nothing_holds_it_nevertheless(file: Path, other: FileLock, content: bytes) -> None:
    other.hold({})
    file.write_bytes(content)

    with pytest.raises(HeldError) as error:
        FileLock(file).hold({})
    assert error.value.holder == {}


def test_a_file_system_without_locks_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int, **_options: bool) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", fail)

    with pytest.raises(NoLocksError, match="No locks available"):
        FileLock(file).share()


def test_a_holder_that_is_about_to_tell_is_waited_for(
    file: Path, other: FileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.hold({"process": 7})
    file.write_text("")
    monkeypatch.setattr("time.sleep", lambda _seconds: file.write_text('{"process": 7}'))

    with pytest.raises(HeldError) as error:
        FileLock(file).hold({"process": 8})
    assert error.value.holder == {"process": 7}
