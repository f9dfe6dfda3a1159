"""Windows on disk and from several threads: found once, in order, never silently wrong, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from sppnet.proposals import ProposalError, ProposalWarning, SelectiveSearch, WindowStore, compute_windows
from sppnet.proposals.colours import Image
from sppnet.proposals.ranking import Boxes
from sppnet.proposals.store import DIGEST_BYTES, LOOK_AHEAD, MAGIC

SEARCH = SelectiveSearch(k=[50])
WINDOWS = np.array([[0, 0, 4, 5], [1, 2, 3, 4]], np.float32)
HEADER = len(MAGIC) + DIGEST_BYTES
ENDLESS = """
import signal
import sys
import numpy as np
from sppnet.proposals import SelectiveSearch, compute_windows

def images():
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(0, 256, (60, 80, 3)).astype(np.uint8)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
for _ in compute_windows(images(), SelectiveSearch(), folder=sys.argv[1], workers=2):
    print("found", flush=True)
"""


def picture(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (20, 30, 3)).astype(np.uint8)


def pictures(count: int) -> list[Image]:
    return [picture(seed) for seed in range(count)]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def store(tmp_path: Path) -> WindowStore:
    return WindowStore(tmp_path / "windows", SEARCH)


def test_saved_windows_are_loaded(store: WindowStore) -> None:
    store.save(picture(), WINDOWS)

    loaded = store.load(picture())

    assert loaded is not None
    assert loaded.dtype == np.float32
    assert loaded.flags.writeable
    np.testing.assert_array_equal(loaded, WINDOWS)


def test_windows_never_saved_are_not_there(store: WindowStore) -> None:
    assert store.load(picture()) is None


def test_saving_again_replaces_the_windows(store: WindowStore) -> None:
    store.save(picture(), WINDOWS[:1])
    store.save(picture(), WINDOWS)

    assert len(files(store.folder)) == 1
    np.testing.assert_array_equal(store.load(picture()), WINDOWS)


def test_another_image_has_other_windows(store: WindowStore) -> None:
    store.save(picture(), WINDOWS)

    assert store.load(picture(1)) is None
    assert store.load(picture().reshape(30, 20, 3)) is None


def test_another_search_has_other_windows(store: WindowStore) -> None:
    store.save(picture(), WINDOWS)

    assert WindowStore(store.folder, SelectiveSearch(k=[51])).load(picture()) is None
    assert WindowStore(store.folder, SelectiveSearch(k=[50])).load(picture()) is not None


@pytest.mark.parametrize(
    "damage",
    [
        *(
            (lambda content, place=place: flipped(content, place))
            for place in (0, len(MAGIC) - 1, len(MAGIC), HEADER - 1, HEADER, -1)
        ),
        *((lambda content, size=size: content[:size]) for size in (0, len(MAGIC), HEADER, HEADER + 16, HEADER + 31)),
        lambda content: content + b"\0" * 16,
        lambda content: b"a file of someone else",
    ],
)
def test_a_damaged_file_warns_and_counts_as_not_there(store: WindowStore, damage: Callable[[bytes], bytes]) -> None:
    store.save(picture(), WINDOWS)
    [path] = files(store.folder)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.warns(ProposalWarning, match=path.name):
        assert store.load(picture()) is None


def test_the_file_of_another_image_counts_as_damaged(store: WindowStore) -> None:
    store.save(picture(), WINDOWS)
    [first] = files(store.folder)
    store.save(picture(1), WINDOWS)
    [second] = set(files(store.folder)) - {first}
    second.write_bytes(first.read_bytes())

    with pytest.warns(ProposalWarning, match=second.name):
        assert store.load(picture(1)) is None


def test_a_failed_save_leaves_the_old_windows_and_no_other_file(
    store: WindowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(picture(), WINDOWS)
    monkeypatch.setattr(os, "replace", fail_for_lack_of_space)

    with pytest.raises(OSError, match=rf"No space left on device: '{store.folder}/.*\.windows'"):
        store.save(picture(), WINDOWS[:1])

    assert len(files(store.folder)) == 1
    np.testing.assert_array_equal(store.load(picture()), WINDOWS)


@pytest.mark.parametrize("workers", [0, 2])
def test_images_come_in_order_with_their_windows(workers: int, tmp_path: Path) -> None:
    images = pictures(20)

    results = list(compute_windows(images, SEARCH, folder=tmp_path, workers=workers))

    assert all(result is image for (result, _), image in zip(results, images, strict=True))
    assert_windows(results)
    assert len(files(tmp_path)) == 20


def test_no_images_give_nothing() -> None:
    assert list(compute_windows([], SEARCH)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_windows_on_disk_are_not_searched_again(tmp_path: Path, workers: int) -> None:
    store = WindowStore(tmp_path, SEARCH)
    list(map(store.save, pictures(20), repeat(WINDOWS)))  # which no search would find

    found = [windows for _, windows in compute_windows(pictures(20), SEARCH, folder=tmp_path, workers=workers)]

    np.testing.assert_array_equal(found, [WINDOWS] * 20)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with closing(compute_windows(pictures(5), SEARCH, folder=tmp_path, workers=1)) as results:
        next(results)
    [first] = files(tmp_path)
    written = first.stat().st_mtime_ns

    assert_windows(list(compute_windows(pictures(5), SEARCH, folder=tmp_path, workers=1)))
    assert first.stat().st_mtime_ns == written


def test_a_killed_run_goes_on_where_it_stopped(endless: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_for_windows(endless)
    endless.kill()
    endless.wait()
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "windows").rglob("*.windows")}
    rng = np.random.default_rng(0)  # as the program's images
    images = [rng.integers(0, 256, (60, 80, 3)).astype(np.uint8) for _ in range(3)]

    search = SelectiveSearch()
    results = list(compute_windows(images, search, folder=tmp_path / "windows", workers=2))

    assert written
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in written.items())
    assert all(np.array_equal(windows, search(image)) for image, windows in results)


def test_leaving_early_leaves_no_thread_and_most_images_unread() -> None:
    images = iter(pictures(100))

    with closing(compute_windows(images, SEARCH, workers=2)) as results:
        next(results)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("windows")]
    assert len(list(images)) >= 100 - 2 * LOOK_AHEAD


def test_several_threads_search_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=20)  # opens when two wait for it

    def search(self: SelectiveSearch, image: Image) -> Boxes:
        both.wait()
        return WINDOWS

    monkeypatch.setattr(SelectiveSearch, "__call__", search)

    assert len(list(compute_windows(pictures(4), SEARCH, workers=2))) == 4


@pytest.mark.parametrize(
    ("bad", "workers", "folder"), [([[1, 2, 3]], 1, None), (iter([]), 1, "windows"), (iter([]), 2, None)]
)
def test_what_is_no_array_is_named_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: Image, workers: int, folder: str | None
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ProposalError, match=r"image 1: an image must be a uint8 array, not list"):
        list(compute_windows([picture(), bad], SEARCH, folder=folder, workers=workers))


def test_a_bad_image_is_named_by_its_place() -> None:
    images = [picture(), picture(), picture()[0]]

    with pytest.raises(ProposalError, match=r"image 2: .* not \(30, 3\)"):
        list(compute_windows(images, SEARCH, workers=2))


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()

    with pytest.raises(NotADirectoryError, match="a file"):
        list(compute_windows(pictures(3), SEARCH, folder=blocked, workers=1))


def test_a_negative_number_of_workers_is_refused() -> None:
    with pytest.raises(ProposalError, match="-1"):
        compute_windows([], SEARCH, workers=-1)


def test_an_interrupt_ends_a_run_at_once(endless: subprocess.Popen[str]) -> None:
    wait_for_windows(endless)

    endless.send_signal(signal.SIGINT)
    _, errors = endless.communicate(timeout=30)

    assert errors.strip().endswith("KeyboardInterrupt")


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a program, without a `__main__` guard, that finds windows until it is stopped."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, script, tmp_path / "windows"],
        stdout=pipe,
        stderr=pipe,
        text=True,
        env=os.environ | path,
    ) as process:
        yield process
        process.kill()


def wait_for_windows(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "found\n"


def assert_windows(results: list[tuple[Image, Boxes]]) -> None:
    for image, windows in results:
        np.testing.assert_array_equal(windows, SEARCH(image))


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def fail_for_lack_of_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
