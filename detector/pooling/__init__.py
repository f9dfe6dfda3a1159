"""Maps + windows -> vectors: projection, the pyramid, its kernels, its gradient, the device's way."""
