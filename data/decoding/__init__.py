"""Image files to pixels: the one decoder, and what single formats need beyond Pillow."""
