"""Pictures with labels instead of boxes: folders named after classes, cut-out objects, the classes an image shows."""
