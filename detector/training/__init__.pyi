__all__ = [
    "Keeper",
    "TrainingImages",
    "fine_tune",
    "learn_classes",
    "of_classes",
    "principal_channels",
    "split_held_out",
    "train_windows",
    "without_objects",
]

from .finetuning import fine_tune, principal_channels
from .further_classes import learn_classes, of_classes, without_objects
from .images import TrainingImages
from .keeping import Keeper
from .windows import split_held_out, train_windows
