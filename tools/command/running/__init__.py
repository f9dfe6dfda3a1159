"""Models at work: which, on how many images at once, what a training takes and how it goes on."""
