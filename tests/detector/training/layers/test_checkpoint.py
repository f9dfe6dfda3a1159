"""Tests of the state of a training on disk: what comes back, and what is not taken."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sppnet.detector.errors import CacheWarning
from sppnet.detector.training.layers.checkpoint import Checkpoint

STATE = {"done": 3, "history": {"losses": [0.1, 2.0], "size": "64"}, "weights": {"a.b": torch.arange(6.0)}}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    checkpoint = Checkpoint(tmp_path / "states", name="test")
    checkpoint.save("key", STATE)
    return checkpoint


def only_file(checkpoint: Checkpoint) -> Path:
    [file] = checkpoint.folder.iterdir()
    return file


def loaded(checkpoint: Checkpoint, key: str = "key") -> dict[str, Any]:
    state = checkpoint.load(key)
    assert state is not None
    return state


def test_a_state_comes_back(checkpoint: Checkpoint) -> None:
    state = loaded(Checkpoint(checkpoint.folder, name="test"))

    assert (state["done"], state["history"]) == (3, {"losses": [0.1, 2.0], "size": "64"})
    assert torch.equal(state["weights"]["a.b"], torch.arange(6.0))


def test_an_optimiser_goes_on_with_its_moments(checkpoint: Checkpoint) -> None:
    layers = nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)
    optimiser, again = (torch.optim.AdamW(layers.parameters()) for _ in range(2))
    layers(torch.rand(2, 3, 4, 4)).square().sum().backward()
    optimiser.step()

    checkpoint.save("key", {"optimiser": optimiser.state_dict()})
    again.load_state_dict(loaded(checkpoint)["optimiser"])

    for parameter in layers.parameters():
        assert all(torch.equal(again.state[parameter][name], kept) for name, kept in optimiser.state[parameter].items())


def test_a_key_without_a_state_has_none(checkpoint: Checkpoint) -> None:
    assert checkpoint.load("other") is None
    assert Checkpoint(checkpoint.folder, name="other").load("key") is None


@pytest.mark.parametrize("place", [0, 31, 32, 500, -1])
def test_a_state_with_a_changed_byte_is_not_taken(checkpoint: Checkpoint, place: int) -> None:
    content = bytearray(only_file(checkpoint).read_bytes())
    content[place] ^= 1
    only_file(checkpoint).write_bytes(content)

    with pytest.warns(CacheWarning, match=r"test-key\.pt: damaged"):
        assert checkpoint.load("key") is None


def test_the_state_of_another_training_is_not_taken(checkpoint: Checkpoint) -> None:
    only_file(checkpoint).rename(checkpoint.folder / "test-other.pt")

    with pytest.warns(CacheWarning, match=r"test-other\.pt: damaged"):
        assert checkpoint.load("other") is None


@pytest.mark.parametrize("length", [0, 10, 32, 1000])
def test_a_truncated_state_is_not_taken(checkpoint: Checkpoint, length: int) -> None:
    only_file(checkpoint).write_bytes(only_file(checkpoint).read_bytes()[:length])

    with pytest.warns(CacheWarning, match="damaged"):
        assert checkpoint.load("key") is None


def test_a_state_replaces_the_one_before_and_nothing_else_is_left(checkpoint: Checkpoint) -> None:
    checkpoint.save("key", {"done": 4})

    assert only_file(checkpoint) and loaded(checkpoint) == {"done": 4}


def test_two_trainings_keep_their_states_in_one_folder(checkpoint: Checkpoint) -> None:
    checkpoint.save("second", {"done": 4})

    assert loaded(checkpoint)["done"] == 3 and loaded(checkpoint, "second")["done"] == 4


def test_a_failed_save_leaves_the_state_before(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save("key", {"done": 4})

    assert only_file(checkpoint) and loaded(checkpoint)["done"] == 3
