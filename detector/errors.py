"""What can go wrong for a user of the detector."""


class InputError(ValueError):
    """Images, windows, training examples or options that break a rule; the message names the rule and the value."""


class ModelError(ValueError):
    """Weights or a model folder that cannot be used; the message names the file, the rule and the value."""
