"""Tests of the page of public names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sppnet import data, detector, proposals
from sppnet.tools.api import markdown, signature

ROOT = Path(__file__).parents[2]


def called(source: str) -> str:
    """Return the signature that is shown of a function."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return signature(function, function.name)


@pytest.fixture(scope="module")
def made() -> str:
    """The page, made by a process of its own: other tests add backbones to the table."""
    call = [sys.executable, "-m", "sppnet.tools.api"]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout


def test_the_page_in_docs_is_what_the_command_makes(made: str) -> None:
    assert (ROOT / "docs" / "api.md").read_text() == made, "python -m sppnet.tools.api > docs/api.md makes it anew"


def test_every_public_name_is_in_the_index_and_has_a_heading(made: str) -> None:
    names = list(dict.fromkeys([*detector.__all__, *proposals.__all__, *data.__all__]))
    headings = [line.partition("`")[2].rstrip("`") for line in made.splitlines() if line.startswith("### ")]

    assert headings == names
    assert [name for name in names if f" `{name}`](#" not in made] == []


def test_no_two_headings_are_the_same(made: str) -> None:
    headings = [line.lower() for line in made.splitlines() if line.startswith("#")]

    assert sorted(set(headings)) == sorted(headings)


def test_every_class_and_function_says_what_it_is(made: str) -> None:
    index = [line for line in made.splitlines() if line.startswith(("- [class", "- [function"))]

    assert [line for line in index if not line.partition("): ")[2]] == []


def test_sections_of_a_docstring_become_lists_and_paragraphs() -> None:
    docstring = (
        "Return windows.\n\nBest first, a*b of <them>.\n\nArgs:\n    image: uint8 (H, W, 3), of\n        any size.\n"
        "    *limits: At most.\n\nReturns:\n    float32 (N, 4); none\n    for `x_*`.\n\n"
        "Raises:\n    ValueError: If not."
    )

    assert markdown(docstring) == (
        "Return windows.\n\nBest first, a\\*b of \\<them>.\n\nArguments:\n\n- `image`: uint8 (H, W, 3), of any size.\n"
        "- `*limits`: At most.\n\nReturns: float32 (N, 4); none for `x_*`.\n\nRaises:\n\n- `ValueError`: If not."
    )


def test_a_short_signature_has_one_line() -> None:
    assert called("def f(a, /, b: 'X | None' = None, *, c=1, **d: int) -> 'Y': ...") == (
        "f(a, /, b: X | None = None, *, c=1, **d: int) -> Y"
    )


def test_a_long_signature_has_a_line_for_each_argument() -> None:
    long = "first_of_many_arguments"

    assert called(
        f"def f(self, {long}: int, *args: str, second_{long}: float = 0.5, third_{long}: str = 'x'): ..."
    ) == (f"f(\n    {long}: int,\n    *args: str,\n    second_{long}: float = 0.5,\n    third_{long}: str = 'x',\n)")
