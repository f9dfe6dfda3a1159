"""Files that appear whole or not at all: the text is that of `proposals`, whose tests are these modules' too."""

from pathlib import Path

from sppnet.data.atomic import whole as ours
from sppnet.proposals.atomic import whole as theirs


def test_there_is_one_way_of_writing() -> None:
    rooms = [Path(str(module.__file__)).parent for module in (ours, theirs)]

    first, second = ({file.name: file.read_text() for file in room.glob("*.py")} for room in rooms)

    assert first == second and len(first) == 4
