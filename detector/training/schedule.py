"""How the learning rate goes over a training: up in a warm-up, then down a cosine to zero (Loshchilov, Hutter 2017)."""

import math

import torch


def set_learning_rate(optimiser: torch.optim.Optimizer, learning_rate: float, done: int, total: int) -> None:
    """Set the learning rate of the step after `done` of `total`; `learning_rate` is the highest."""
    warm = min(100, total // 10 + 1)
    part = (done + 1) / warm if done < warm else (1 + math.cos(math.pi * (done - warm) / max(1, total - warm))) / 2
    for group in optimiser.param_groups:
        group["lr"] = learning_rate * part
