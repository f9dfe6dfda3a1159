"""Commands that are killed, and whether what they leave is told as good or bad."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from sppnet.tools.benchmarks.faults.forked import Forks, Run
from sppnet.tools.benchmarks.faults.kills import Scenario, Trial, outcomes


class Writers:
    """Stands in for forked commands: writes `old` or `new` as the output; killed, it leaves something else."""

    def __init__(self, folder: Path, leftover: str, content: str) -> None:
        self._folder, self._leftover, self._content = folder, leftover, content

    def __call__(self, *commands: Sequence[str], kill_after: float | None = None, busy: bool = False) -> list[Run]:
        if kill_after is None:
            (self._folder / "found.npz").write_text("old" if "--limit" in commands[0] else "new")
            return [Run(0, 2.0, 1.0, "")]
        (self._folder / self._leftover).write_text(self._content)
        return [Run(-9, kill_after, kill_after, "")]


@pytest.mark.parametrize(
    ("leftover", "content", "survived", "told"),
    [
        ("found.npz", "new", 4, ""),
        ("found.npz", "ne", 0, "found.npz is neither old nor new"),
        ("found.npz.1.tmp", "", 0, "found.npz.1.tmp is left over"),
    ],
)
def test_what_a_killed_command_leaves_is_judged(
    tmp_path: Path, leftover: str, content: str, survived: int, told: str
) -> None:
    scenario = Scenario(("proposals",), "found.npz", 25, older=("--limit", "1"))

    outcome = Trial("proposals", scenario, tmp_path, Writers(tmp_path, leftover, content), seed=[0, 0]).outcome(4)

    assert (outcome.tried, outcome.survived) == (4, survived)
    assert told in outcome.note and ("repeats it" in outcome.note) == (not survived)


def test_a_few_kills_of_a_conversion() -> None:
    [outcome] = outcomes(0, quick=True, names=("data convert",))

    assert (outcome.tried, outcome.survived) == (3, 3), outcome.note


def test_commands_run_at_once_and_are_killed(tmp_path: Path) -> None:
    with Forks(tmp_path, training=False) as forks:
        good, bad = forks(["--help"], ["proposals", "nowhere", "-o", "found.npz"])
        [killed] = forks(["demo"], kill_after=0.0)

    assert (good.code, good.idle, bad.code, killed.code) == (0, good.seconds, 3, -9)
    assert "nowhere" in bad.said and good.seconds < 5
