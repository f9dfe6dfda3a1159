"""Files to images and targets; detections to scores."""

from .detections import image_record, read_detections
from .errors import DataError, DataWarning, ImageError
from .images import IMAGE_SUFFIXES, read_image
from .metrics import average_precision, coco_average_precision, mean_average_best_overlap, recall
from .voc import VOC, VOC_CLASSES

__all__ = [
    "IMAGE_SUFFIXES",
    "VOC",
    "VOC_CLASSES",
    "DataError",
    "DataWarning",
    "ImageError",
    "average_precision",
    "coco_average_precision",
    "image_record",
    "mean_average_best_overlap",
    "read_detections",
    "read_image",
    "recall",
]
