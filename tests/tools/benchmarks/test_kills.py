"""A run that is killed ends as one that is not, and its memory is that of the process."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from sppnet.tools.benchmarks.kills import command, done, link, resident, slope
from sppnet.tools.command.console import CommandError
from tests.conftest import square_image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number in range(2):
        Image.fromarray(square_image(number)[0]).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos"


def test_a_run_that_is_killed_leaves_the_same_file(photos: Path) -> None:
    arguments = [str(photos), "--images", "20", "--kills", "1", "-m", "voc07-small", "--json"]

    result = CliRunner().invoke(command, arguments)

    found = json.loads(result.stdout)
    assert (found["images"], found["kills"], found["each_once"], found["same_bytes"]) == (20, 1, True, True)
    assert found["peak_bytes"] > 1e7 and found["images_per_second"] > 0


def test_links_have_names_of_their_own(photos: Path, tmp_path: Path) -> None:
    link(photos, tmp_path / "links", 5)

    assert [file.name for file in sorted((tmp_path / "links").iterdir())] == [f"00000{n}.png" for n in range(5)]
    assert (tmp_path / "links" / "000003.png").resolve() == photos / "1.png"


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no image"):
        link(tmp_path, tmp_path / "links", 5)


def test_the_slope_is_that_of_the_warm_run() -> None:
    looks = [(0, 5), (10, 900), (20, 1000), (60, 1040), (100, 1080)]

    assert slope(looks, 100) == pytest.approx(1000)
    assert slope(looks[-1:], 100) == 0


def test_the_memory_of_a_process_is_told_while_it_runs(tmp_path: Path) -> None:
    held = resident(os.getpid())

    assert held is not None and 1e6 < held[0] <= held[1]
    assert resident(2**22 + 1) is None and done(tmp_path) == 0
