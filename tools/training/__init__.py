"""What goes around a training: which images it learns from, what it comes to, what is kept of it."""
