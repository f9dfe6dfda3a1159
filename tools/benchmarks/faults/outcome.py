"""What came of one kind of fault."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A row of the table of faults.

    Attributes:
        fault: What was done, in a few words.
        tried: How often.
        survived: How often it ended as it should.
        note: Largest seconds, memory, or the first that did not survive, with what repeats it.
    """

    fault: str
    tried: int
    survived: int
    note: str = ""
