"""Files made to do harm: the quick ones of a few kinds."""

from pathlib import Path

from sppnet.tools.benchmarks.faults import hostile
from sppnet.tools.benchmarks.faults.reading.hostile_files import HOSTILE
from sppnet.tools.benchmarks.faults.reading.readers import READERS
from sppnet.tools.benchmarks.faults.reading.worker import Verdict


def test_there_are_many() -> None:
    assert len(HOSTILE) >= 40


def test_xml_that_does_harm_is_refused() -> None:
    rows = list(hostile.outcomes(0, False, only="XML: e"))

    assert len(rows) > 1
    assert [(row.fault, row.note) for row in rows if not row.survived] == []


def test_what_comes_to_something_else_is_not_survived() -> None:
    folder = Path("/somewhere/read")
    verdict = Verdict(True, (f"ImageError: {folder}/a.jpg: not a JPEG",))

    assert hostile.row_of("a", verdict, "not a JPEG", folder).survived == 1
    assert hostile.row_of("a", verdict, "read", folder).note.startswith("must come to 'read': 0.0 s")


def test_readers_have_good_files() -> None:
    assert all(reader.damaged for reader in READERS.values())
