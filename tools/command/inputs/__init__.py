"""What a command works on: the split of a data set, images with labels, items with windows."""
