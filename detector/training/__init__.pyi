__all__ = [
    "Keeper",
    "Preparer",
    "TrainingImages",
    "learn_classes",
    "of_classes",
    "stem_of",
    "train_windows",
    "tune_layers",
    "without_objects",
]

from .further_classes import learn_classes, of_classes, without_objects
from .images import TrainingImages
from .keeping import Keeper
from .preparing import Preparer
from .tuning import stem_of, tune_layers
from .windows import train_windows
