"""What is done to pooled vectors before SVMs and ridge regression see them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Scaling:
    """From pooled vectors to what the SVMs see: minus a mean, times factors, both float32 (D,)."""

    mean: npt.NDArray[np.float32]
    factors: npt.NDArray[np.float32]

    def apply(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the vectors centred and scaled: float32 (N, D)."""
        scaled = vectors - self.mean
        scaled *= self.factors
        return scaled

    def fold(
        self, weights: npt.NDArray[np.float32], biases: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return weights (K, D) and biases (K,) that do to raw vectors what the given ones do to scaled vectors."""
        folded = np.asarray(weights * self.factors, np.float32)
        return folded, np.asarray(biases - folded @ self.mean, np.float32)
