"""What single formats of images need beyond Pillow: damage told apart, samples and metadata it would not take."""
