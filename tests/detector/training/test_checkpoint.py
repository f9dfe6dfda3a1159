"""Tests of the state of a fine-tuning on disk: what comes back, and what is not taken."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sppnet.detector.training.checkpoint import Checkpoint

Tensors = dict[str, torch.Tensor]


class Training:
    """A small training that can be saved and taken up: a conv layer, as those of a backbone lie in memory."""

    def __init__(self) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten(), nn.Linear(45, 2))
        self.modules = layers.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(self.modules.parameters(), lr=0.1)
        self.best = {name: tensor.clone() for name, tensor in self.modules.state_dict().items()}

    def steps(self, first: int, last: int) -> "Training":
        for step in range(first, last):
            pixels = torch.rand((4, 3, 5, 5), generator=torch.Generator().manual_seed(step))
            self.optimiser.zero_grad()
            self.modules(pixels).square().sum().backward()
            self.optimiser.step()
        return self

    def save(self, folder: Path, key: str = "key") -> None:
        Checkpoint(folder).save(key, 3, self.modules, self.optimiser, self.best, {"losses": [0.1, 2.0]})

    def restore(self, folder: Path, key: str = "key") -> tuple[int, dict[str, Any]]:
        return Checkpoint(folder).restore(key, self.modules, self.optimiser, self.best, {"losses": []})

    def weights(self) -> Tensors:
        return {name: tensor.clone() for name, tensor in self.modules.state_dict().items()}


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_a_restored_training_has_weights_best_weights_and_history(tmp_path: Path) -> None:
    saved, restored = Training().steps(0, 3), Training()
    saved.best = {name: tensor + 1 for name, tensor in saved.best.items()}
    saved.save(tmp_path)

    done, history = restored.restore(tmp_path)

    assert (done, history) == (3, {"losses": [0.1, 2.0]})
    assert same(restored.weights(), saved.weights()) and same(restored.best, saved.best)


def test_a_restored_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    Training().steps(0, 3).save(tmp_path)
    restored = Training()
    restored.restore(tmp_path)

    assert same(restored.steps(3, 6).weights(), Training().steps(0, 6).weights())


def test_a_training_saved_before_its_first_step_comes_back(tmp_path: Path) -> None:
    Training().save(tmp_path)
    restored = Training()

    assert restored.restore(tmp_path)[0] == 3
    assert same(restored.steps(0, 2).weights(), Training().steps(0, 2).weights())


def test_a_folder_without_a_state_starts_from_nothing(tmp_path: Path) -> None:
    assert Training().restore(tmp_path / "new") == (0, {"losses": []})


def test_the_state_of_another_training_is_not_taken(tmp_path: Path) -> None:
    Training().steps(0, 3).save(tmp_path)
    other = Training()

    assert other.restore(tmp_path, "other") == (0, {"losses": []})
    assert same(other.weights(), Training().weights())


@pytest.mark.parametrize("place", [0, 15, 16, 30, 500, -1])
def test_a_state_with_a_changed_byte_is_not_taken(tmp_path: Path, place: int) -> None:
    Training().steps(0, 3).save(tmp_path)
    [file] = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    other = Training()

    assert other.restore(tmp_path) == (0, {"losses": []})
    assert same(other.weights(), Training().weights())


@pytest.mark.parametrize("length", [0, 10, 16, 24, 1000])
def test_a_truncated_state_is_not_taken(tmp_path: Path, length: int) -> None:
    Training().steps(0, 3).save(tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:length])

    assert Training().restore(tmp_path)[0] == 0


def test_a_state_replaces_the_one_before_and_nothing_else_is_left(tmp_path: Path) -> None:
    Training().steps(0, 1).save(tmp_path)
    Training().steps(0, 3).save(tmp_path)

    assert len(list(tmp_path.iterdir())) == 1


def test_two_trainings_keep_their_states_in_one_folder(tmp_path: Path) -> None:
    Training().steps(0, 1).save(tmp_path, "first")
    Training().steps(0, 3).save(tmp_path, "second")
    first, second = Training(), Training()

    assert first.restore(tmp_path, "first")[0] == second.restore(tmp_path, "second")[0] == 3
    assert same(first.weights(), Training().steps(0, 1).weights())


def test_a_failed_save_leaves_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    Training().steps(0, 3).save(tmp_path)
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        Training().save(tmp_path)

    assert same((restored := Training()).best, Training().best) and restored.restore(tmp_path)[0] == 3
    assert same(restored.weights(), Training().steps(0, 3).weights())
