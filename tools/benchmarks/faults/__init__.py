"""What is done to readers and writers on purpose, and what comes of it."""
