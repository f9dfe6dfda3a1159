"""What is wrong with a data set: a file for each family of mistakes, and what can be mended."""
