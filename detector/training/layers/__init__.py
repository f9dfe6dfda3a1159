"""The training of layers, whatever they learn: one loop, its crops, convolutions and state on disk."""
