"""What `sppnet detect` is made of: where images come from, what is wanted of them, and how far a run is."""
