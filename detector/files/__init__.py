"""Model folders, arrays on disk, caches."""
