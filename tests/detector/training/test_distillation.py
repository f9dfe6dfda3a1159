"""Tests of distillation: that the student learns, what it leaves, and that an interruption changes no bit of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.networks.table import network_of
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.errors import InputError
from sppnet.detector.training.distillation import Distillation, _Run, distil
from tests.conftest import no_progress, square_image

OPTIONS = Distillation(steps=8, batch=2, sizes=(64, 80), scales=(80, 100), held_out=0.25, interval=3)
Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def photos() -> list[Image]:
    return [square_image(number)[0] for number in range(8)]


def learn(
    student: str, teacher: Backbone, photos: list[Image], folder: Path, options: Distillation = OPTIONS, **changes: Any
) -> tuple[nn.Sequential, dict[str, Any]]:
    settings = {"progress": no_progress, **changes}
    return distil(student, teacher, photos, options=options, checkpoints=folder, **settings)


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(name == again and torch.equal(tensor, value) for (name, tensor), (again, value) in pairs)


def run_of(student: str, teacher: Backbone, photos: list[Image], **changes: Any) -> _Run:
    numbers = np.arange(len(photos))
    run = _Run(student, teacher, photos, replace(OPTIONS, **changes), numbers, numbers[:2], 0, 1)
    run.measure_teacher()
    return run


def test_the_student_comes_to_tell_the_teachers_map(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    options = replace(OPTIONS, steps=150, batch=4, learning_rate=1e-2, interval=50)

    _, history = learn(pooled_name, pooled_backbone, photos, tmp_path, options)

    assert history["steps"] == [50, 100, 150]
    assert history["losses"][-1] < history["losses"][0]
    assert history["explained"]["64"][-1] > 0.5 and history["explained"]["80"][-1] > 0.5


def test_layers_come_without_normalisation_and_frozen(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    layers, _ = learn(pooled_name, pooled_backbone, photos, tmp_path)

    assert layers.state_dict().keys() == network_of(pooled_name).build().state_dict().keys()
    assert not layers.training and not any(parameter.requires_grad for parameter in layers.parameters())


@pytest.mark.parametrize("stop", [2, 7])
def test_an_interrupted_training_ends_with_the_same_bits(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image], stop: int
) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(pooled_name, pooled_backbone, photos, tmp_path / "one", progress=interrupt)
    layers, history = learn(pooled_name, pooled_backbone, photos, tmp_path / "one")

    expected, expected_history = learn(pooled_name, pooled_backbone, photos, tmp_path / "other")
    assert same(layers, expected) and history == expected_history


def test_another_teacher_does_not_take_the_checkpoint(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    learn(pooled_name, pooled_backbone, photos, tmp_path)

    steps: list[int] = []
    other = load_backbone(pooled_name, "random", seed=4)
    learn(pooled_name, other, photos, tmp_path, progress=lambda stage, done, total: steps.append(done))

    assert steps[0] == 1


def test_another_seed_gives_other_weights(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    one, other = (learn(pooled_name, pooled_backbone, photos, tmp_path, seed=seed)[0] for seed in (0, 1))

    assert not same(one, other)


def test_the_random_numbers_of_others_are_left_alone(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    before = torch.get_rng_state()

    learn(pooled_name, pooled_backbone, photos, tmp_path)

    assert torch.equal(torch.get_rng_state(), before)


def test_before_it_learns_the_student_tells_the_mean(
    pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    run = run_of(pooled_name, pooled_backbone, photos)

    given, wanted = run._maps(next(run._crops().ahead(0, 1, 1)))

    assert not bool(given.any()) and given.shape == wanted.shape


def test_the_teachers_channels_are_standardised(
    pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    run = run_of(pooled_name, pooled_backbone, photos, steps=4, sizes=(64,))

    cells = torch.cat([run._maps(pixels)[1] for pixels in run._crops().ahead(0, 4, 1)])

    torch.testing.assert_close(cells.mean(dim=(0, 2, 3)), torch.zeros(8), rtol=0, atol=1e-3)
    assert float(cells.square().mean(dim=(0, 2, 3)).max()) < 1.001


def test_a_channel_that_is_always_zero_does_no_harm(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    layers = pooled_backbone.with_layers(pooled_backbone.layers).layers
    for tensor in layers[3].state_dict().values():
        tensor[0] = 0

    _, history = learn(pooled_name, pooled_backbone.with_layers(layers), photos, tmp_path)

    assert np.isfinite(history["losses"]).all()


def test_maps_of_other_sizes_are_compared_from_the_corner_on(photos: list[Image]) -> None:
    run = run_of("alexnet", load_backbone("zf5", "random"), photos[:2], steps=1, batch=1)

    given, wanted = run._maps(next(run._crops().ahead(0, 1, 1)))

    assert given.shape == wanted.shape


def test_another_stride_is_refused(tmp_path: Path, pooled_backbone: Backbone, photos: list[Image]) -> None:
    with pytest.raises(InputError, match="the maps of 'small' have a stride of 16 pixels, the teacher's 4"):
        learn("small", pooled_backbone, photos, tmp_path)


def test_no_images_are_refused(tmp_path: Path, pooled_name: str, pooled_backbone: Backbone) -> None:
    with pytest.raises(InputError, match="there are no images to learn from"):
        learn(pooled_name, pooled_backbone, [], tmp_path)


def test_a_single_image_is_learned_from_and_nothing_held_out(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    _, history = learn(pooled_name, pooled_backbone, photos[:1], tmp_path)

    assert history["steps"] == [3, 6, 8] and history["explained"] == {}


def test_a_student_can_compute_in_bfloat16(
    tmp_path: Path, pooled_name: str, pooled_backbone: Backbone, photos: list[Image]
) -> None:
    layers, history = learn(pooled_name, pooled_backbone, photos, tmp_path, replace(OPTIONS, precision="bfloat16"))

    assert {parameter.dtype for parameter in layers.parameters()} == {torch.float32}
    assert np.isfinite(history["losses"]).all()


def test_a_teacher_without_pooling_can_be_learned_from(
    tmp_path: Path, pooled_name: str, tiny_backbone: Backbone, photos: list[Image]
) -> None:
    teacher = Backbone("tiny", tiny_backbone.with_layers(tiny_backbone.layers).layers, PREPROCESSINGS["caffe"])

    assert len(learn(pooled_name, teacher, photos, tmp_path)[0]) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be positive and finite, not 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite, not nan"),
        ({"sizes": ()}, r"sizes must be 64 pixels or more, not \(\)"),
        ({"sizes": (224, 32)}, r"sizes must be 64 pixels or more, not \(224, 32\)"),
        ({"scales": (700, 300)}, r"scales must be the lowest and the highest short side, not \(700, 300\)"),
        ({"scales": (300,)}, r"scales must be .*, not \(300,\)"),
        ({"held_out": 1.0}, "held_out must be in .*, not 1.0"),
        ({"weight_decay": -1.0}, "weight_decay 0 or more, not 0.05 and -1.0"),
        ({"precision": "float16"}, "precision must be float32 or bfloat16, not 'float16'"),
    ],
)
def test_options_that_break_a_rule_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Distillation(**change)
