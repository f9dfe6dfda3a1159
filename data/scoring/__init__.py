"""Detections, windows and objects to numbers: average precision, recall, and how sure they are."""
