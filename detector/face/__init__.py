"""What people hand in and get back: images of any kind in; detections that can be read, drawn and converted out."""
