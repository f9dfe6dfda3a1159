__all__ = [
    "Keeper",
    "TrainingImages",
    "learn_classes",
    "of_classes",
    "train_windows",
    "tune_layers",
    "without_objects",
]

from .further_classes import learn_classes, of_classes, without_objects
from .images import TrainingImages
from .keeping import Keeper
from .tuning import tune_layers
from .windows import train_windows
