"""Annotated images -> weights: examples, mining, sampling, fine-tuning, distillation, checkpoints."""
