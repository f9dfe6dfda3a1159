"""Files to images and targets; detections to scores."""

from .analysis.analysis import Analysis, analyse
from .analysis.hoiem import KINDS as HOIEM_KINDS
from .analysis.tide import KINDS as TIDE_KINDS
from .atomic.whole import whole_path, write_whole
from .checking.check import Report, check_data
from .checking.findings import GRADES, KINDS, Finding
from .checking.mending import write_mended
from .classification.cutouts import BACKGROUND, Cutouts
from .classification.folders import ClassFolders
from .classification.image_labels import ImageLabels
from .dataset import DataSet, Item, Reader, Target
from .decoding.images import IMAGE_SUFFIXES, file_bytes, read_image
from .dividing.class_splits import class_splits
from .dividing.contents import content_hashes, remembered
from .dividing.holding_out import Subset, hold_out
from .errors import DataError, DataWarning, ImageError
from .formats.voc.devkit import VOC, VOC_CLASSES
from .listing import files_below, is_hidden
from .pictures import Pictures
from .readers import READERS, find_format, open_data, splits
from .results.coco import coco_results
from .results.detections import detections_json, image_record, read_detections
from .results.folder import Results
from .results.writer import Write, Writer
from .scores import METRICS
from .scoring.coco_metrics import coco_average_precision
from .scoring.intervals import best_confidence, precision_intervals
from .scoring.metrics import (
    Judged,
    accuracy,
    average_precision,
    judged_detections,
    label_average_precision,
)
from .scoring.recall import OBJECT_SIZES, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from .statistics import Statistics, statistics
from .writers import FRAME_WRITERS, WRITERS
from .writing.data_sets import DATA_WRITERS, write_data

__all__ = [
    "BACKGROUND",
    "DATA_WRITERS",
    "FRAME_WRITERS",
    "GRADES",
    "HOIEM_KINDS",
    "IMAGE_SUFFIXES",
    "KINDS",
    "METRICS",
    "OBJECT_SIZES",
    "READERS",
    "TIDE_KINDS",
    "VOC",
    "VOC_CLASSES",
    "WRITERS",
    "Analysis",
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
    "Write",
    "Writer",
    "accuracy",
    "analyse",
    "average_precision",
    "best_confidence",
    "check_data",
    "class_splits",
    "coco_average_precision",
    "coco_results",
    "content_hashes",
    "detections_json",
    "file_bytes",
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
    "whole_path",
    "write_data",
    "write_mended",
    "write_whole",
]
