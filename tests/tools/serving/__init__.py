"""Tests of what is behind `sppnet serve`."""
