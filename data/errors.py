"""What this package raises and warns about."""


class DataError(ValueError):
    """A file, annotation or detection breaks a rule; the message names the file, the object, the rule and the value."""


class ImageError(DataError):
    """An image is missing, damaged, too large or of an unsupported kind."""


class DataWarning(UserWarning):
    """Something was wrong with a file, and it was used all the same."""
