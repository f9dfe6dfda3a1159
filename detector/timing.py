"""Where the time of an image or of a training goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Stopwatch:
    """Adds up seconds by stage.

    Attributes:
        seconds: By stage, in the order in which stages were first met.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what happens in the block towards a stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start

    def add(self, other: "Stopwatch", share: float = 1.0) -> None:
        """Add a share of what another one counted, that of one of several threads, say."""
        for stage, seconds in other.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + share * seconds

    @property
    def rounded(self) -> dict[str, float]:
        """Seconds by stage, to a tenth."""
        return {stage: round(seconds, 1) for stage, seconds in self.seconds.items()}

    @property
    def milliseconds(self) -> dict[str, float]:
        """Milliseconds by stage."""
        return {stage: 1000 * seconds for stage, seconds in self.seconds.items()}


class DeviceStopwatch:
    """Adds up what a device spends by stage, without waiting for it: a GPU notes the times itself, in events.

    The time in which a GPU waits inside a stage for the process to ask counts, too.

    Args:
        device: Where it happens.
    """

    def __init__(self, device: "str | torch.device") -> None:
        self._device = device
        self._events: list[tuple[str, Any, Any]] | None = [] if str(device).startswith("cuda") else None
        self._clock = Stopwatch()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what the device is asked for in the block towards a stage."""
        if self._events is None:
            with self._clock(stage):
                yield
            return
        import torch  # which is there then

        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        stream = torch.cuda.current_stream(self._device)
        start.record(stream)
        yield
        end.record(stream)
        self._events.append((stage, start, end))

    @property
    def milliseconds(self) -> dict[str, float]:
        """Milliseconds by stage, once the device has done all."""
        if self._events is None:
            return self._clock.milliseconds
        spent: dict[str, float] = {}
        for stage, start, end in self._events:
            end.synchronize()
            spent[stage] = spent.get(stage, 0.0) + start.elapsed_time(end)
        return spent


@contextmanager
def stage(clock: "Stopwatch | DeviceStopwatch | None", name: str, device: "str | torch.device") -> Iterator[None]:
    """Count a block towards a stage of the clock, if there is one, until the device has done what the block asked.

    A `DeviceStopwatch` counts without waiting for that.
    """
    if clock is None:
        yield
        return
    with clock(name):
        yield
        if isinstance(clock, Stopwatch) and str(device).startswith("cuda"):
            import torch  # which is there then; on a CPU it need not be

            torch.cuda.synchronize(device)
