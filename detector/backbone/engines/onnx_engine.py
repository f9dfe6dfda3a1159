"""Conv layers run by onnxruntime on a CPU: the same maps, up to rounding, on one thread in less time than torch takes.

Heights and widths are left open. A session serves one choice of maps and one number of threads; it is made when they
are first asked for.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from ...threads import thread_count_of_libraries
from ...types import Floats
from .graph import PIXELS, Graph

if TYPE_CHECKING:
    import torch


class OnnxEngine:
    """Runs the operations of a graph, with as many threads as the process computes with at the time.

    Args:
        graph: The layers.
        tensors: Their weights, copied when a session is made; what they learn later is not seen.
    """

    def __init__(self, graph: Graph, tensors: Mapping[str, Floats]) -> None:
        self.graph, self.tensors = graph, tensors
        self._sessions: dict[tuple[tuple[int, ...], int], onnxruntime.InferenceSession] = {}
        self._lock = Lock()

    def __call__(self, pixels: Floats, depths: Sequence[int]) -> "list[Floats | torch.Tensor]":
        """Return the maps of images after so many layers as arrays, channels last in memory; see `Engine`."""
        given = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
        return [map.transpose(0, 3, 1, 2) for map in self._session(tuple(depths)).run(None, {PIXELS: given})]

    def _session(self, depths: tuple[int, ...]) -> onnxruntime.InferenceSession:
        key = depths, thread_count_of_libraries()
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._made(*key)
        return self._sessions[key]

    def _made(self, depths: tuple[int, ...], threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # one for each size of images, and memory that fits none of the others
        options.log_severity_level = 4  # errors are raised; the log would say them once more
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # pooling needs the cores next
        outputs = {f"map {depth}": depth for depth in depths}
        model = self.graph.model(outputs, self.tensors, channels_last=True).SerializeToString()
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
