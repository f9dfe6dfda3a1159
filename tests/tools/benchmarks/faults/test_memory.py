"""The memory of a run is that of its process, and its slope that of what comes after warming up."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from sppnet.tools.benchmarks.faults.memory import command, slope, write_images


def test_a_slope_leaves_out_what_is_seen_before_the_run_is_warm() -> None:
    looks = [(10, 1.0), (100, 500.0), (300, 600.0), (500, 601.0), (1000, 603.5)]

    assert slope(looks) == pytest.approx(5.0)


def test_one_look_has_no_slope() -> None:
    assert slope([(10, 1.0)]) == 0.0


def test_links_repeat_the_images_and_the_seed_decides_on_them(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        write_images(tmp_path / name, 3, 2, seed)

    first = [np.asarray(Image.open(tmp_path / "one" / f"00000{number}.jpg")) for number in range(3)]
    assert first[0].shape != first[1].shape and np.array_equal(first[0], first[2])
    assert (tmp_path / "one/000001.jpg").read_bytes() == (tmp_path / "again/000001.jpg").read_bytes()
    assert (tmp_path / "one/000001.jpg").read_bytes() != (tmp_path / "other/000001.jpg").read_bytes()


def test_a_run_tells_the_megabytes_of_its_process() -> None:
    result = CliRunner().invoke(command, ["--images", "12", "--sizes", "3", "--", "--scales", "96"])

    count, _, megabytes, _ = result.stdout.splitlines()[0].split()
    assert (count, result.exit_code) == ("7", 0) and 100 < float(megabytes) < 5000
