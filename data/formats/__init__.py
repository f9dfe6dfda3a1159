"""Formats of annotated images other than Pascal VOC's devkit: a reader for each."""
