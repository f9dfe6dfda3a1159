"""Pascal VOC's format: the devkit's folders, or its XML files beside their images."""
