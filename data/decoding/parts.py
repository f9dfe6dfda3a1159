"""How many parts a file may be made of: each costs time whatever it holds, and real ones are hundreds of bytes long."""

_ALWAYS, _BYTES = 1000, 256


def most_parts(data: bytes) -> int:
    """Return how many segments or chunks a file of these bytes may have."""
    return _ALWAYS + len(data) // _BYTES
