"""What a model remembers of the images it learned from."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.data import content_hashes, open_data
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.memory import learned_images, memory, remember
from tests.stand_in import StandIn


class Combined:
    """Has the face of a combination, as far as memory uses it."""

    def __init__(self, *models: Any) -> None:
        self.models = models


def model(*hashes: int) -> Any:
    network: Any = StandIn(("disc",))
    if hashes:
        remember(network, np.array(hashes, np.uint64))
    return network


def known(network: Any) -> list[int] | None:
    found = memory(network)
    return None if found is None else found.tolist()


def test_contents_are_remembered_as_text_that_json_holds() -> None:
    network, largest = model(3, 2**64 - 1), 2**64 - 1
    network.metrics_ = json.loads(json.dumps(network.metrics_))

    assert known(network) == [3, largest]


def test_further_contents_join() -> None:
    network = model(3, 9)
    remember(network, np.array([5, 3], np.uint64))

    assert known(network) == [3, 5, 9]


def test_models_saved_before_cannot_tell() -> None:
    assert known(model()) is None


def test_several_models_remember_together() -> None:
    together: Any = Combined(model(9), model(), model(3, 9))

    assert known(together) == [3, 9]


def test_learned_images_are_found_under_other_names_and_said_loudly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shapes(tmp_path, train=3, val=1)
    network = model(*content_hashes(open_data(tmp_path, "train")).tolist())
    shutil.copy(tmp_path / "JPEGImages" / "000001.jpg", tmp_path / "JPEGImages" / "000004.jpg")

    counts = [
        learned_images(network, open_data(tmp_path, "val"), [0]),
        learned_images(model(), open_data(tmp_path), []),
    ]

    assert counts == [1, None]
    assert capsys.readouterr().err.startswith("WARNING: the model has learned from 1 of these 1 images: ")


def test_images_that_are_new_are_no_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shapes(tmp_path, train=3, val=1)

    assert learned_images(model(1), open_data(tmp_path, "val"), [0]) == 0
    assert capsys.readouterr().err == ""
