"""The picture of a data set: none of its figures fails for want of objects."""

from pathlib import Path

import pytest

from sppnet.data import open_data, statistics
from sppnet.tools.reports.statistics import picture, show
from tests.data.formats import drawn


@pytest.mark.parametrize("lines", ["a.png,0,0,10,10,fox\n", "a.png,,,,,\n"])
def test_few_or_no_objects_can_be_shown(tmp_path: Path, lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    drawn.picture(tmp_path / "a.png")
    drawn.write(tmp_path / "annotations.csv", lines)
    found = statistics(open_data(tmp_path, classes=["fox", "wolf"]))

    show(found.summary())

    assert picture(found).startswith(b"\x89PNG")
    assert "all" in capsys.readouterr().out
