"""Vectors -> detections: SVMs, fully connected layers, regression, calibration, suppression."""
