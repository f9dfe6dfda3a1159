"""Tests of the number of threads: known without torch, torch's own once it is there, and of results that ignore it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from sppnet.detector.backbone.engines.table import engine_of
from sppnet.detector.backbone.engines.torch_engine import TorchEngine
from sppnet.detector.backbone.networks.layers import random_layers
from sppnet.detector.threads import conv_threads, deterministic, set_thread_count, thread_count
from sppnet.detector.types import Floats
from tests.detector.tuned import WIDTHS, tuned

TOLERANCE = 1e-4  # of the largest value of a map

SCRIPT = """
import sys
from sppnet.detector.threads import set_thread_count, thread_count
print(thread_count(), "torch" in sys.modules)
set_thread_count(3)
print(thread_count(), "torch" in sys.modules)
import torch
print(thread_count(), torch.get_num_threads())
torch.set_num_threads(2)
print(thread_count())
"""
LATER = """
import sys
from sppnet.detector.threads import deterministic, thread_count_of_libraries, set_thread_count, thread_count
with deterministic():
    set_thread_count(3)
    print(thread_count(), thread_count_of_libraries(), "torch" in sys.modules)
    import torch
    print(thread_count(), thread_count_of_libraries(), torch.get_num_threads())
print(thread_count(), thread_count_of_libraries(), torch.get_num_threads())
"""


def test_torch_takes_over_the_number_that_was_set_before_it_came() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env={"OMP_NUM_THREADS": "5"}
    )

    assert run.stdout.splitlines() == ["5 False", "3 False", "3 3", "2"]


def test_a_block_of_other_threads_puts_back_what_was_before() -> None:
    before = torch.get_num_threads()

    with conv_threads(before + 1):
        inside = torch.get_num_threads()

    assert (inside, thread_count()) == (before + 1, before)


def test_what_is_set_is_what_torch_computes_with() -> None:
    before = torch.get_num_threads()
    set_thread_count(before + 2)
    found = torch.get_num_threads()
    torch.set_num_threads(before)

    assert found == before + 2


def test_torch_gets_one_thread_inside_a_deterministic_block_also_where_it_comes_later() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LATER], capture_output=True, text=True, check=True, env={"OMP_NUM_THREADS": "5"}
    )

    assert run.stdout.splitlines() == ["3 1 False", "3 1 1", "5 5 5"]


def test_maps_of_torch_are_the_same_inside_a_deterministic_block() -> None:
    engine, pixels = TorchEngine(random_layers("small", 0).eval(), "float32", "cpu"), noise(1, 3, 120, 160)

    with deterministic(), conv_threads(1):
        alone = np.asarray(engine(pixels, [16])[0])
    with deterministic(), conv_threads(3):
        together = np.asarray(engine(pixels, [16])[0])

    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_maps_of_several_threads_are_inside_the_documented_tolerance(engine: str) -> None:
    run, pixels = engine_of(random_layers("small", 0).eval(), engine, "float32", "cpu")[1], noise(1, 3, 120, 160)

    with conv_threads(1):
        alone = np.asarray(run(pixels, [16])[0])
    with conv_threads(3):
        together = np.asarray(run(pixels, [16])[0])

    assert np.abs(alone - together).max() <= TOLERANCE * np.abs(alone).max()


def test_trainings_inside_a_deterministic_block_end_with_the_same_bytes() -> None:
    tuning = replace(WIDTHS, unfreeze=True, stem="stage2")

    with deterministic(), conv_threads(1):
        alone = tuned("efficientnet_lite0", fine_tuning=tuning).fitted()[1]
    with deterministic(), conv_threads(3):
        together = tuned("efficientnet_lite0", fine_tuning=tuning).fitted()[1]

    for name in ("weights", "biases", "offset_weights", "offset_biases"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
    assert alone.calibration == together.calibration


def test_blas_has_one_thread_inside_a_deterministic_block_and_the_others_after_it() -> None:
    before = blas_threads()

    with deterministic():
        inside = blas_threads()

    assert inside == {1} and blas_threads() == before


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def noise(*shape: int) -> Floats:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


QUOTA = """
import sppnet.detector.limits
sppnet.detector.limits.granted_cores = lambda: 1
from sppnet.detector.threads import thread_count
import numba, torch
print(torch.get_num_threads(), thread_count(), torch.get_num_threads())
torch.set_num_threads(2)
print(thread_count())
"""


def test_torch_takes_no_more_threads_than_are_granted_until_told_to() -> None:
    run = subprocess.run(
        [sys.executable, "-c", f"import torch; torch.set_num_threads(2)\n{QUOTA}"], capture_output=True, text=True
    )

    assert run.stdout.splitlines() == ["2 1 1", "2"], run.stderr
