"""What is kept of a training: stages, epochs, curves."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sppnet.tools.training.log import Log, write_log

HISTORY = {"losses": [1.5, 1.0], "held_out_losses": [1.4, 1.2], "epoch": 2}


def epoch(number: int, loss: float = 1.0) -> dict[str, Any]:
    return {"stage": "fine-tuning", "epoch": number, "loss": loss, "held_out_loss": loss}


def written(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_stages_and_epochs_are_lines_in_their_order() -> None:
    log = Log()
    with log:
        log("windows and maps", 1, 1)
        log("fine-tuning", 1, 4)
        log.note({**epoch(1, 1.5), "held_out_loss": 1.4})
        log("fine-tuning", 2, 4)
        log.note({**epoch(2, 1.0), "held_out_loss": 1.2})

    stage, first, second, whole = log.lines({"fine_tuning": HISTORY})

    assert stage["stage"] == "windows and maps" and whole.keys() == {"stage", "seconds"}
    assert (first["epoch"], first["loss"], first["held_out_loss"]) == (1, 1.5, 1.4)
    assert (second["epoch"], second["loss"]) == (2, 1.0)
    assert min(first["seconds"], second["seconds"], whole["seconds"]) >= 0


def test_epochs_that_were_not_noted_are_taken_from_the_metrics_without_seconds() -> None:
    log = Log()
    with log:
        log("fine-tuning", 3, 4)
        log.note(epoch(2))

    first, second, _ = log.lines({"fine_tuning": HISTORY})

    assert (first["loss"], first["seconds"]) == (1.5, None)
    assert second["seconds"] is None  # of an epoch that began in another run


def test_every_epoch_and_every_training_of_the_svms_is_on_disk_when_it_ends(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")

    log("fine-tuning", 1, 4)
    log.note(epoch(1))
    log.note({"stage": "SVMs", "round": 1, "vectors": 9, "objective": 0.5})

    lines = written(tmp_path / "log.jsonl")
    assert [line.get("epoch") or line.get("round") for line in lines] == [1, None, 1]
    assert [line["stage"] for line in lines] == ["fine-tuning", "fine-tuning", "SVMs"]


def test_a_resumed_training_keeps_the_lines_that_are_there_and_replaces_what_it_does_again(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(
        "".join(
            f"{json.dumps(line)}\n"
            for line in (
                {"stage": "windows and maps", "seconds": 60.0},
                *({**epoch(number, 9.0), "seconds": 5.0} for number in (1, 2, 3)),
                {"stage": "fine-tuning", "seconds": 15.0},
            )
        )
    )
    log = Log(tmp_path / "log.jsonl", goes_on=True)

    with log:
        log("fine-tuning", 5, 6)
        log.note(epoch(2))

    maps, first, second, whole = written(tmp_path / "log.jsonl")
    assert maps["seconds"] == 60.0 and whole["seconds"] >= 15.0
    assert (first["loss"], first["seconds"], second["loss"]) == (9.0, 5.0, 1.0)


def test_another_training_begins_its_log_anew_and_a_damaged_one_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"stage": "old", "seconds": 1}\n{"sta')

    for goes_on in (False, True):
        assert Log(tmp_path / "log.jsonl", goes_on=goes_on).lines({}) == []


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
