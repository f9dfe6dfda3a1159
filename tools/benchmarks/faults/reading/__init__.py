"""What reads files in the faults done to files: small inputs, the readers, and processes that may die of them."""
