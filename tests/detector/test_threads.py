"""Tests of the number of threads: known without torch, and torch's own once it is there."""

import subprocess
import sys

import torch

from sppnet.detector.threads import conv_threads, set_thread_count, thread_count

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
