"""Why a window scored what it scored: what was pooled for it, and what every part of that added."""

from .explainer import Explainer

__all__ = ["Explainer"]
