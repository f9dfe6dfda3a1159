"""Formats of annotated images: a reader for each."""
