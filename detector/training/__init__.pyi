__all__ = ["TrainingImages", "fine_tune", "principal_channels", "split_held_out", "train_windows"]

from .finetuning import fine_tune, principal_channels
from .images import TrainingImages
from .windows import split_held_out, train_windows
