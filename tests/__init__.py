"""Tests: one file per module, and of the project as a whole."""
