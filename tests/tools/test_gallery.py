"""Tests of the gallery: every picture of README and docs is one that its command makes."""

import io
import re
from pathlib import Path

from PIL import Image

from sppnet.tools.gallery import MEASURED, PICTURES, photographs

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *ROOT.glob("docs/*.md"))


def shown() -> set[str]:
    """Return the names of the pictures that README and docs show."""
    found = (re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", document.read_text()) for document in DOCUMENTS)
    return {Path(link).name for links in found for link in links if "://" not in link}


def test_the_command_makes_what_the_documents_show_and_nothing_else() -> None:
    assert shown() == {*PICTURES, *MEASURED}


def test_every_picture_is_there() -> None:
    assert {path.name for path in (ROOT / ".readme").iterdir()} == {*PICTURES, *MEASURED}


def test_the_photographs_are_installed() -> None:
    assert [path.name for path in photographs() if path.is_file()] == ["grace_hopper.jpg", "china.jpg", "flower.jpg"]


def test_pictures_without_a_model_are_the_same_again(tmp_path: Path) -> None:
    pictures = [PICTURES[name](tmp_path) for name in ("labels.jpg", "labels.jpg", "colours.jpg")]

    sizes = [Image.open(io.BytesIO(picture)).size for picture in pictures]
    assert sizes == [(960, 480), (960, 480), (750, 264)]
    assert pictures[0] == pictures[1]
