"""Tests of what a training will cost, and of the choice of one that fits."""

from pathlib import Path
from typing import Any

import pytest

from sppnet.detector import PRESETS
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.options.detector_options import network
from sppnet.tools.command.running.planning import LEAST_EPOCHS, fitting, free_memory, present_leftovers, slowness

SETTINGS: dict[str, Any] = {
    **{"method": "sppnet", "backbone": "efficientnet_lite0", "mode": "fast", "max_windows": 2000, "scales": (600,)},
    **{"geometry": "paper", "context": False, "also_map": None, "tuning": None, "scores": None, "unfreeze": False},
    **{"learning_rate": None, "C": None, "no_regression": False},
}


def make(preset: str, epochs: int | None = None) -> Any:
    return network(("cat",), preset=preset, epochs=epochs, **SETTINGS)


def minutes(preset: str, epochs: int | None = None) -> float:
    return float(make(preset, epochs).plan(1000)["seconds"]) / 60


def test_all_epochs_are_taken_where_there_is_time() -> None:
    model = fitting(make, 1000, minutes("hours") + 1, slower=1.0)

    assert model.fine_tuning == PRESETS["conv"] and model.scores == "softmax"


def test_fewer_epochs_are_taken_where_there_is_less() -> None:
    model = fitting(make, 1000, minutes("hours", 7) + 0.01, slower=1.0)

    assert model.fine_tuning is not None and model.fine_tuning.epochs == 7


def test_a_slower_machine_has_time_for_fewer() -> None:
    model = fitting(make, 1000, 2 * minutes("hours", 5) + 0.01, slower=2.0)

    assert model.fine_tuning is not None and model.fine_tuning.epochs == 5


@pytest.mark.parametrize("given", [0.1, minutes("hours", LEAST_EPOCHS) - 0.1])
def test_conv_layers_stay_as_they_come_where_a_few_epochs_take_too_long(given: float) -> None:
    assert fitting(make, 1000, given, slower=1.0).fine_tuning is None


def test_the_machine_is_measured() -> None:
    assert 0.1 < slowness() < 1000


def test_free_memory_is_a_number_of_bytes_or_unknown() -> None:
    assert (free_memory() or 1e9) > 1e6


def test_without_leftovers_a_training_starts_silently(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    present_leftovers(tmp_path / "cache", wanted=False)

    assert capsys.readouterr().err == ""


def test_leftovers_are_said_also_where_they_need_not_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "1.array").write_bytes(b"")

    present_leftovers(tmp_path, wanted=False)

    assert f"goes on from {tmp_path}: 1 maps; what does not belong" in capsys.readouterr().err


def test_leftovers_that_must_be_there_and_are_not_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing to resume") as raised:
        present_leftovers(tmp_path, wanted=True)

    assert raised.value.code == 2
