"""Writing data sets, images and objects, in the formats that are read: a writer for each."""
