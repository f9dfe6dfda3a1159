"""Files to images and targets; detections to scores."""

from .checking.check import Report, check_data
from .checking.findings import GRADES, KINDS, Finding
from .checking.mending import write_mended
from .class_splits import class_splits
from .contents import content_hashes, remembered
from .cutouts import BACKGROUND, Cutouts
from .dataset import DataSet, Item, Reader, Target
from .detections import detections_json, image_record, read_detections
from .errors import DataError, DataWarning, ImageError
from .files import write_whole
from .folders import ClassFolders
from .holding_out import Subset, hold_out
from .image_labels import ImageLabels
from .images import IMAGE_SUFFIXES, read_image
from .intervals import best_confidence, precision_intervals
from .listing import files_below, is_hidden
from .metrics import (
    Judged,
    accuracy,
    average_precision,
    coco_average_precision,
    judged_detections,
    label_average_precision,
)
from .pictures import Pictures
from .readers import READERS, find_format, open_data, splits
from .recall import OBJECT_SIZES, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from .results.coco import coco_results
from .results.folder import Results
from .scores import METRICS
from .statistics import Statistics, statistics
from .voc import VOC, VOC_CLASSES
from .writers import WRITERS
from .writing.data_sets import DATA_WRITERS, write_data

__all__ = [
    "BACKGROUND",
    "DATA_WRITERS",
    "GRADES",
    "IMAGE_SUFFIXES",
    "KINDS",
    "METRICS",
    "OBJECT_SIZES",
    "READERS",
    "VOC",
    "VOC_CLASSES",
    "WRITERS",
    "ClassFolders",
    "Cutouts",
    "DataError",
    "DataSet",
    "DataWarning",
    "Finding",
    "ImageError",
    "ImageLabels",
    "Item",
    "Judged",
    "ObjectOverlaps",
    "Pictures",
    "Reader",
    "Report",
    "Results",
    "Statistics",
    "Subset",
    "Target",
    "accuracy",
    "average_precision",
    "best_confidence",
    "check_data",
    "class_splits",
    "coco_average_precision",
    "coco_results",
    "content_hashes",
    "detections_json",
    "files_below",
    "find_format",
    "hold_out",
    "image_record",
    "is_hidden",
    "judged_detections",
    "label_average_precision",
    "mean_average_best_overlap",
    "object_overlaps",
    "open_data",
    "precision_intervals",
    "read_detections",
    "read_image",
    "recall",
    "remembered",
    "splits",
    "statistics",
    "write_data",
    "write_mended",
    "write_whole",
]
