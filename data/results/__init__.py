"""The formats of detections: what each writes for an image at a time, and detections read again."""
