"""Files to images and targets; detections to scores."""

from .class_splits import class_splits
from .cutouts import BACKGROUND, Cutouts
from .dataset import DataSet, Item, Reader, Target
from .detections import detections_json, image_record, read_detections
from .errors import DataError, DataWarning, ImageError
from .files import write_whole
from .folders import ClassFolders
from .image_labels import ImageLabels
from .images import IMAGE_SUFFIXES, read_image
from .metrics import accuracy, average_precision, coco_average_precision, label_average_precision
from .pictures import Pictures
from .readers import open_data, splits
from .recall import OBJECT_SIZES, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from .results.folder import Results
from .scores import METRICS
from .voc import VOC, VOC_CLASSES
from .writers import WRITERS

__all__ = [
    "BACKGROUND",
    "IMAGE_SUFFIXES",
    "METRICS",
    "OBJECT_SIZES",
    "VOC",
    "VOC_CLASSES",
    "WRITERS",
    "ClassFolders",
    "Cutouts",
    "DataError",
    "DataSet",
    "DataWarning",
    "ImageError",
    "ImageLabels",
    "Item",
    "ObjectOverlaps",
    "Pictures",
    "Reader",
    "Results",
    "Target",
    "accuracy",
    "average_precision",
    "class_splits",
    "coco_average_precision",
    "detections_json",
    "image_record",
    "label_average_precision",
    "mean_average_best_overlap",
    "object_overlaps",
    "open_data",
    "read_detections",
    "read_image",
    "recall",
    "splits",
    "write_whole",
]
