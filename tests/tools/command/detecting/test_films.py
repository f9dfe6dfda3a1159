"""Tests of `sppnet detect` on films and cameras: what is written, and how it ends."""

import csv
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sppnet.detector.face.colours import class_colour
from sppnet.tools.cli import cli
from sppnet.tools.command.detecting.footage import Film, Frame
from tests.films import cut, even, times, write_film, write_sound
from tests.stand_in import BOX, StandIn


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)
    monkeypatch.setattr("sppnet.tools.detect.warm_up", lambda _search: None)


def detect(folder: Path, *arguments: str | Path) -> Result:
    call = ["detect", *map(str, arguments), "-m", str(folder), "-o", str(folder / "out")]
    return CliRunner().invoke(cli, call)


def records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "out" / "detections.jsonl").read_text().splitlines()]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "films" / "street.mp4", even(30))


def test_every_frame_of_a_film_is_in_the_annotated_one(film: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, film)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{film}: 30 frames, 30 looked at, 30 objects, ")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["street.mp4"]
    np.testing.assert_allclose(times(tmp_path / "out" / "street.mp4"), even(30), atol=1e-4)


def test_detections_are_told_by_frame_and_time(film: Path, tmp_path: Path) -> None:
    assert detect(tmp_path, film, "--every", "10", "--no-images", "--format", "jsonl,csv").exit_code == 0

    found = {"label": "disc", "score": 0.75, "margin": 1.5, "box": list(BOX)}
    assert records(tmp_path) == [
        {"image": str(film), "frame": frame, "time": time, "width": 64, "height": 48, "detections": [found]}
        for frame, time in ((0, 0), (10, 0.4), (20, 0.8))
    ]
    with (tmp_path / "out" / "detections.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["frame"], row["time"], row["label"], row["x1"]) for row in rows] == [
        ("0", "0.0", "disc", "10.0"),
        ("10", "0.4", "disc", "10.0"),
        ("20", "0.8", "disc", "10.0"),
    ]


@pytest.mark.parametrize("every", ["7", "29"])
def test_boxes_stay_on_the_frames_that_are_not_looked_at(film: Path, tmp_path: Path, every: str) -> None:
    assert detect(tmp_path, film, "--every", every, "--workers", "3").exit_code == 0

    with_boxes = [
        np.abs(frame.read()[30, 10:12].astype(int) - class_colour(0)).mean() < 60 for frame in frames(tmp_path)
    ]
    assert with_boxes == [True] * 30


def frames(folder: Path) -> Iterator[Frame]:
    return iter(Film(str(folder / "out" / "street.mp4")))


def test_a_limit_ends_a_film_without_a_complaint(film: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, film, "--limit", "4")

    assert (result.exit_code, len(times(tmp_path / "out" / "street.mp4"))) == (0, 4)
    assert "too early" not in result.stderr


def test_of_a_film_that_breaks_what_was_read_stays(film: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, cut(film), "--format", "jsonl")

    assert result.exit_code == 5
    assert result.stderr.count("street.mp4: the film ends too early") == 1
    assert 0 < len(times(tmp_path / "out" / "street.mp4")) == len(records(tmp_path)) < 30


def test_sound_alone_exits_with_3_and_one_line(tmp_path: Path) -> None:
    result = detect(tmp_path, write_sound(tmp_path / "sound.mp4"))

    assert (result.exit_code, result.stderr) == (3, f"error: {tmp_path}/sound.mp4: a film without pictures\n")


def test_a_film_among_others_that_cannot_be_read_is_skipped(film: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")

    result = detect(tmp_path, tmp_path / "text.mp4", film, "--format", "jsonl", "--no-images")

    assert result.exit_code == 5
    assert "skipped: " in result.stderr and len(records(tmp_path)) == 30


def test_a_film_beside_the_results_is_not_overwritten(tmp_path: Path) -> None:
    film = write_film(tmp_path / "out" / "street.mp4", even(2))
    before = film.read_bytes()

    assert detect(tmp_path, film).exit_code == 0
    assert film.read_bytes() == before
    assert (tmp_path / "out" / "street-detections.mp4").exists()


def test_films_without_their_library_are_an_error_that_names_it(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)

    result = detect(tmp_path, film)

    assert (result.exit_code, result.stderr) == (2, "error: films need PyAV, which is not installed: pip install av\n")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--tile", "100"], "--tile is not for films and cameras"),
        (["--resume"], "--resume is not for films and cameras"),
        (["--json"], "--json is not for films and cameras"),
        (["--format", "coco"], "films are written as jsonl and csv, not as coco"),
    ],
)
def test_what_is_not_for_films_is_refused(film: Path, tmp_path: Path, options: list[str], complaint: str) -> None:
    result = detect(tmp_path, film, *options)

    assert (result.exit_code, complaint in result.stderr) == (2, True)


def test_what_is_for_films_is_refused_for_images(tmp_path: Path) -> None:
    assert "--every is not for images" in detect(tmp_path, "a.jpg", "--every", "2").stderr


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C be pressed at the sixth frame of a film."""
    iterate = Film.__iter__

    def interrupting(self: Film) -> Iterator[Frame]:
        for frame in iterate(self):
            if frame.number == 5:
                signal.raise_signal(signal.SIGINT)
            yield frame

    monkeypatch.setattr(Film, "__iter__", interrupting)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_ends_a_film_with_its_files_whole(film: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)

    result = detect(tmp_path, film, "--format", "jsonl")

    assert (result.exit_code, "interrupted" in result.stderr) == (130, True)
    assert (len(times(tmp_path / "out" / "street.mp4")), len(records(tmp_path))) == (6, 6)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_how_a_camera_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.VideoCapture", Endless)

    result = detect(tmp_path, "camera:0", "--format", "jsonl")

    assert result.exit_code == 0, result.stderr
    assert (len(times(tmp_path / "out" / "camera-0.mp4")), len(records(tmp_path))) == (6, 6)


class Endless:
    """A camera without end, whose user presses Ctrl-C at the sixth frame."""

    def __init__(self, number: int) -> None:
        self.count = 0

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def get(self, _property: int) -> float:
        return 25.0

    def read(self) -> tuple[bool, object]:
        self.count += 1
        if self.count == 6:
            signal.raise_signal(signal.SIGINT)
        return True, np.full((48, 64, 3), 90, np.uint8)

    def release(self) -> None:
        pass
