"""Which windows train the SVMs: objects, and the negatives that are hard to tell from them (Girshick et al. 2014).

Vectors are never stored per window. A pool of bounded size holds those that matter to the SVMs of the moment: every
object, and the negatives near or above the margin; the easy ones leave it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..scoring.boxes import suppress
from ..scoring.svm import SVMs, fit_svms
from ..types import Note, Progress
from .scaling import Scaling

if TYPE_CHECKING:
    from .images import TrainingImages

HARD, EASY = -1.0001, -1.2  # margins of the release: above the first a negative is hard, below the second it may go
LIBLINEAR: dict[str, Any] = {"tolerance": 1e-2, "max_epochs": 10_000}  # as near to the optimum as our own solver
NEVER = -10.0  # margin of a class that has no objects to learn from: no window is hard for it, or detected


@dataclass(frozen=True)
class Mining:
    """How the SVMs are trained. C, the weight of positives and the margins are the release's.

    Attributes:
        C: Inverse strength of the regularisation (release: 0.001).
        positive_weight: How much more an object counts than a negative (release: 2).
        random_negatives: Windows of every image in the first training.
        passes: Times that all images are searched for hard negatives (release: 1).
        per_image: Hard negatives taken from one image in one pass at most, hardest first.
        negative_overlap: A hard negative that overlaps a harder one by more is left out (paper: 0.7).
        retrain_after: New vectors after which the SVMs are trained again (release: 2,000 for each class).
        memory: Bytes that the pool's vectors may take.
        solver: "own", or "scikit-learn" for its LinearSVC.
    """

    C: float = 1e-3
    positive_weight: float = 2.0
    random_negatives: int = 4
    passes: int = 2
    per_image: int = 30
    negative_overlap: float = 0.7
    retrain_after: int = 8000
    memory: int = 4_000_000_000
    solver: Literal["own", "scikit-learn"] = "own"

    def __post_init__(self) -> None:
        for name in ("C", "positive_weight", "memory"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} must be positive and finite, not {getattr(self, name)}")
        for name in ("random_negatives", "passes", "per_image", "retrain_after", "negative_overlap"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative, not {getattr(self, name)}")
        if self.solver not in ("own", "scikit-learn"):
            raise InputError(f"solver must be own or scikit-learn, not {self.solver!r}")


class HardNegativeMining:
    """Linear SVMs that are trained while the images pass by.

    Args:
        note: Called with {"stage", "round", "vectors", "objective"} after every training: its number, from how many
            vectors, and the mean over the classes that have objects of what they minimise.

    Attributes:
        svms: As last trained, for scaled vectors.
    """

    def __init__(
        self,
        images: "TrainingImages",
        scaling: Scaling,
        options: Mining,
        *,
        seed: int = 0,
        note: Note = lambda line: None,
    ) -> None:
        self.images, self.scaling, self.options, self.seed = images, scaling, options, seed
        self._note, self._rounds = note, 0
        self.svms = _untrained(len(images.classes), images.features.dimensions)
        dimensions = images.features.dimensions
        self._pool = Pool(max(1, options.memory // (4 * dimensions)), dimensions, len(images.classes))

    def add_objects(self, numbers: npt.NDArray[np.int64], progress: Progress) -> None:
        """Take the objects and a few random negatives of the images with these numbers, and train."""
        few = min(self.options.random_negatives, self._pool.capacity // max(1, 2 * len(numbers)))
        for done, number in enumerate(numbers.tolist()):
            labels = self.images.labels(number)
            objects = (labels > 0).any(axis=1)
            negatives = np.flatnonzero((labels < 0).any(axis=1) & ~objects)
            random = np.random.default_rng([self.seed, number])
            chosen = random.permutation(negatives)[:few]
            self._add(number, np.concatenate([np.flatnonzero(objects), chosen]), labels)
            progress("objects", done + 1, len(numbers))
        self._train()

    def search(self, numbers: npt.NDArray[np.int64], progress: Progress) -> None:
        """Go through images in random order, take their hard negatives, and train whenever enough have come."""
        order = np.random.default_rng([self.seed, len(numbers)]).permutation(numbers)
        for done, number in enumerate(order.tolist()):
            rows, labels = self._hard_negatives(number)
            if self._pool.fresh and self._pool.fresh + len(rows) > self.options.retrain_after:
                self._train()
            self._add(number, rows, labels)
            progress("hard negatives", done + 1, len(order))
        self._train()

    def _add(self, number: int, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int8]) -> None:
        vectors = self.scaling.apply(self.images.vectors(number, rows).all())
        self._pool.make_room(len(rows), self._hardness)
        self._pool.add(vectors, labels[rows], number, rows)

    def _hard_negatives(self, number: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
        """Return the rows of an image's hardest new negatives, and the labels of all its windows."""
        labels = self.images.labels(number)
        margins = self.images.vectors(number).margins(*self.scaling.fold(self.svms.weights, self.svms.biases))
        hardness = np.where(labels < 0, margins, -np.inf).max(axis=1)
        hardness[self._pool.rows_of(number)] = -np.inf
        hard = np.flatnonzero(hardness > HARD)
        apart = suppress(self.images.windows(number)[hard], hardness[hard], self.options.negative_overlap)
        return hard[apart[: self.options.per_image]], labels

    def _train(self) -> None:
        pool, options = self._pool, self.options
        self.svms = fit_svms(
            pool.features,
            pool.labels,
            C=options.C,
            positive_weight=options.positive_weight,
            alphas=pool.alphas,
            seed=self.seed,
            solver=options.solver,
            **(LIBLINEAR if options.solver == "scikit-learn" else {}),
        )
        learned = (pool.labels > 0).any(axis=0)
        self.svms.biases[~learned] = NEVER
        self._rounds += 1
        objective = round(float(self.svms.objectives[learned].sum()) / max(1, learned.sum()), 4)
        self._note({"stage": "SVMs", "round": self._rounds, "vectors": pool.size, "objective": objective})
        pool.alphas = self.svms.alphas
        pool.fresh = 0
        pool.keep(self._hardness() >= EASY)

    def _hardness(self) -> npt.NDArray[np.float32]:
        """Return how hard every vector of the pool is: its highest margin as a negative, infinite for objects."""
        pool = self._pool
        margins = pool.features @ self.svms.weights.T + self.svms.biases
        hardness = np.where(pool.labels < 0, margins, -np.inf).max(axis=1)
        hardness[(pool.labels > 0).any(axis=1)] = np.inf
        return np.asarray(hardness, np.float32)


class Pool:
    """The vectors that train the SVMs: one float32 matrix of fixed capacity for all classes.

    Attributes:
        size: Rows in use.
        fresh: Rows added since the last training.
    """

    def __init__(self, capacity: int, dimensions: int, classes: int) -> None:
        self.capacity, self.size, self.fresh = capacity, 0, 0
        self._features = np.empty((capacity, dimensions), np.float32)
        self._labels = np.zeros((capacity, classes), np.int8)
        self._alphas = np.zeros((capacity, classes), np.float32)
        self._keys = np.zeros((capacity, 2), np.int64)

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """float32 (size, D), a view."""
        return self._features[: self.size]

    @property
    def labels(self) -> npt.NDArray[np.int8]:
        """int8 (size, K), a view."""
        return self._labels[: self.size]

    @property
    def alphas(self) -> npt.NDArray[np.float32]:
        """float32 (size, K), the dual variables of the last training, 0 for fresh rows."""
        return self._alphas[: self.size]

    @alphas.setter
    def alphas(self, values: npt.NDArray[np.float32]) -> None:
        self._alphas[: self.size] = values

    def rows_of(self, image: int) -> npt.NDArray[np.int64]:
        """Return which windows of an image are here."""
        keys = self._keys[: self.size]
        return np.asarray(keys[keys[:, 0] == image, 1])

    def add(
        self, features: npt.NDArray[np.float32], labels: npt.NDArray[np.int8], image: int, rows: npt.NDArray[np.int64]
    ) -> None:
        """Append the vectors and labels of some windows of an image."""
        end = self.size + len(features)
        if end > self.capacity:
            raise InputError(f"{end} training vectors do not fit a pool of {self.capacity}: allow it more memory")
        here = slice(self.size, end)
        self._features[here], self._labels[here], self._alphas[here] = features, labels, 0
        self._keys[here, 0], self._keys[here, 1] = image, rows
        self.fresh += end - self.size
        self.size = end

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Drop the rows that are False in `kept`; the others move together in place."""
        for target, source in enumerate(np.flatnonzero(kept)):
            if target != source:
                for array in (self._features, self._labels, self._alphas, self._keys):
                    array[target] = array[source]
        self.size = int(kept.sum())

    def make_room(self, rows: int, hardness: Callable[[], npt.NDArray[np.float32]]) -> None:
        """Where `rows` more would not fit, drop the least hard: a tenth at least, never one of infinite hardness."""
        excess = self.size + rows - self.capacity
        if excess > 0:
            values = hardness()
            easiest = np.argsort(values, kind="stable")[: max(excess, self.size // 10)]
            kept = np.ones(self.size, np.bool_)
            kept[easiest[np.isfinite(values[easiest])]] = False
            self.keep(kept)


def _untrained(classes: int, dimensions: int) -> SVMs:
    zeros, none = np.zeros(classes), np.zeros((0, classes), np.float32)
    weights, biases = np.zeros((classes, dimensions), np.float32), np.full(classes, NEVER, np.float32)
    return SVMs(weights, biases, none, zeros, zeros, zeros.astype(np.int64))
