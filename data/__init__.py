"""Files to images and targets; detections to scores."""

from .class_splits import class_splits
from .cutouts import Cutouts
from .detections import image_record, read_detections
from .errors import DataError, DataWarning, ImageError
from .folders import ClassFolders
from .image_labels import ImageLabels
from .images import IMAGE_SUFFIXES, read_image
from .metrics import accuracy, average_precision, coco_average_precision, label_average_precision
from .pictures import Pictures
from .recall import OBJECT_SIZES, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from .voc import VOC, VOC_CLASSES

__all__ = [
    "IMAGE_SUFFIXES",
    "OBJECT_SIZES",
    "VOC",
    "VOC_CLASSES",
    "ClassFolders",
    "Cutouts",
    "DataError",
    "DataWarning",
    "ImageError",
    "ImageLabels",
    "ObjectOverlaps",
    "Pictures",
    "accuracy",
    "average_precision",
    "class_splits",
    "coco_average_precision",
    "image_record",
    "label_average_precision",
    "mean_average_best_overlap",
    "object_overlaps",
    "read_detections",
    "read_image",
    "recall",
]
