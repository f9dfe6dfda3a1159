"""Files to images and targets; detections to scores."""

from .detections import image_record, read_detections
from .errors import DataError, DataWarning, ImageError
from .images import IMAGE_SUFFIXES, read_image
from .metrics import average_precision, coco_average_precision
from .pictures import Pictures
from .recall import OBJECT_SIZES, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from .voc import VOC, VOC_CLASSES

__all__ = [
    "IMAGE_SUFFIXES",
    "OBJECT_SIZES",
    "VOC",
    "VOC_CLASSES",
    "DataError",
    "DataWarning",
    "ImageError",
    "ObjectOverlaps",
    "Pictures",
    "average_precision",
    "coco_average_precision",
    "image_record",
    "mean_average_best_overlap",
    "object_overlaps",
    "read_detections",
    "read_image",
    "recall",
]
