"""What is kept of a training: stages, epochs, curves."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sppnet.tools.training.log import Log, write_log

HISTORY = {"losses": [1.5, 1.0], "held_out_losses": [1.4, 1.2], "epoch": 2}


def test_stages_and_epochs_are_lines_in_their_order() -> None:
    log = Log(epochs=2)
    with log:
        log("windows and maps", 1, 1)
        for step in range(1, 5):
            log("fine-tuning", step, 4)

    stage, first, second, whole = log.lines({"fine_tuning": HISTORY})

    assert stage["stage"] == "windows and maps" and whole.keys() == {"stage", "seconds"}
    assert (first["epoch"], first["loss"], first["held_out_loss"]) == (1, 1.5, 1.4)
    assert (second["epoch"], second["loss"]) == (2, 1.0)
    assert min(first["seconds"], second["seconds"], whole["seconds"]) >= 0


def test_epochs_before_an_interruption_have_no_seconds() -> None:
    log = Log(epochs=2)
    with log:
        log("fine-tuning", 3, 4)
        log("fine-tuning", 4, 4)

    assert [line["seconds"] for line in log.lines({"fine_tuning": HISTORY})][:2] == [None, None]


@pytest.mark.parametrize("metrics", [{}, {"fine_tuning": HISTORY}])
def test_the_lines_are_written_and_curves_where_layers_have_learned(tmp_path: Path, metrics: dict[str, object]) -> None:
    write_log(tmp_path, [{"stage": "a"}, {"stage": "b"}], metrics)

    assert [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        {"stage": "a"},
        {"stage": "b"},
    ]
    assert (tmp_path / "curves.png").exists() == bool(metrics)


def test_the_curves_are_a_picture(tmp_path: Path) -> None:
    write_log(tmp_path, [], {"fine_tuning": HISTORY})

    with Image.open(BytesIO((tmp_path / "curves.png").read_bytes())) as picture:
        assert picture.format == "PNG" and min(picture.size) > 500
