"""The paper's other half: a classifier of any input size, and whole images as vectors."""
