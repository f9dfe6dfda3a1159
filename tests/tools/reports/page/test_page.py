"""The page as a browser reads it: whole, self-contained, its names escaped, whatever there is to tell."""

from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest

from sppnet.data import Analysis, analyse
from sppnet.tools.reports.page import sections
from sppnet.tools.reports.page.page import page
from sppnet.tools.reports.page.watching import Watcher
from tests.data.analysis.drawn import CLASSES, arrays
from tests.data.scoring.test_metrics import Arrays, found, row, target

from .drawn import Album, analysis

SECTIONS = (
    "summary",
    "classes",
    "curves",
    "errors",
    "ceiling",
    "slices",
    "confusion",
    "pictures",
    "calibration",
    "time",
)
VOID = {"meta", "link", "img", "br"}
NASTY = '<b onclick="x">&$\\1'


class Parsed(HTMLParser):
    """A page's elements, texts and addresses; raises where elements are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.alternatives: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags[tag] += 1
        self.ids += [str(values["id"])] if "id" in values else []
        self.addresses += [str(values[name]) for name in ("href", "src") if name in values]
        self.alternatives += [values.get("alt") or values.get("aria-label") or "" for _ in range(tag in ("img", "svg"))]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.open.pop() != tag:
            raise ValueError(f"{tag} does not end what is open")

    def handle_data(self, data: str) -> None:
        self.words += data


def watched() -> Watcher:
    watcher = Watcher()
    for number, objects in enumerate(arrays()[1]):
        watcher(number, np.array([[0, 0, 10, 10]], np.float32), objects, {"conv": 3.0 + number, "proposals": 1.0})
    return watcher


def report(of: Analysis, album: Album | None = None, *, watcher: Watcher | None = None) -> str:
    models = ["my model"] if watcher else []
    return page(of, album or Album(), range(of.images), title=f"{NASTY} on shapes", models=models, watcher=watcher)


@pytest.fixture(scope="module")
def text() -> str:
    watcher = watched()
    return report(analysis(best_windows=watcher.best_windows()), watcher=watcher)


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


def test_all_sections_are_there_and_linked_to(parsed: Parsed) -> None:
    assert [name for name in parsed.ids if name in SECTIONS] == list(SECTIONS)
    assert {f"#{name}" for name in SECTIONS} <= set(parsed.addresses)
    assert parsed.open == []


def test_nothing_is_fetched_and_nothing_runs(text: str, parsed: Parsed) -> None:
    outside = [address for address in parsed.addresses if not address.startswith(("#", "data:"))]

    assert (outside, parsed.tags["script"], "http" in text) == ([], 0, False)
    assert set(parsed.ids) >= {address[1:] for address in parsed.addresses if address.startswith("#")}


def test_no_name_of_an_element_is_there_twice(parsed: Parsed) -> None:
    assert [name for name, count in Counter(parsed.ids).items() if count > 1] == []


def test_every_figure_and_picture_is_told_in_words(parsed: Parsed) -> None:
    assert parsed.tags["svg"] >= 8 and parsed.tags["img"] >= 4
    assert all(parsed.alternatives)


def test_names_are_escaped(parsed: Parsed) -> None:
    detections, targets = arrays()

    strange = Parsed(report(analyse(detections, targets, (NASTY, "cat</svg>", "car"))))

    assert (strange.tags["b"], strange.open, NASTY in strange.words) == (0, [], True)
    assert parsed.tags["b"] == 0


def test_light_and_dark_and_print_are_told_apart(text: str) -> None:
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_the_command_line_has_every_class_that_was_found(parsed: Parsed) -> None:
    assert "sppnet detect PHOTOS -m 'my model' --conf dog=0.85,0.85" in parsed.words


def test_what_windows_reach_and_the_slowest_images_are_told(parsed: Parsed) -> None:
    words = " ".join(parsed.words.split())

    assert "1 windows an image reach 25.0 % of the objects" in words
    assert "no window reaches 3" in words
    assert words.index("two5conv 4") < words.index("one4conv 3")


def test_detections_of_a_file_have_no_ceiling_and_no_time() -> None:
    parsed = Parsed(report(analysis()))

    assert "Unknown: the detections are from a file, which has no windows." in parsed.words
    assert "Unknown: the detections are from a file.\n" in parsed.words


NOTHING = (found([], []), target([]))


@pytest.mark.parametrize(
    ("detections", "objects", "said"),
    [
        (*NOTHING, "There is no object to find"),
        (found([], []), target(row(2)), "There are no detections"),
        (found(row(2), [0.9, 0.8]), target([]), "There is no object to find"),
        (found(row(1), [0.9], [1]), target(row(1), labels=[1]), "There is no false alarm"),
        (found(row(1), [-3.0]), target(row(1)), "Scores are not from 0 to 1"),
    ],
)
def test_a_page_says_what_there_is_not(detections: Arrays, objects: Arrays, said: str) -> None:
    parsed = Parsed(report(analyse([detections], [objects], CLASSES)))

    assert parsed.open == [] and said in parsed.words


def test_a_page_without_pictures_says_why() -> None:
    assert "(image cannot be read)" in report(analysis(), Album(0))


def test_of_many_classes_those_with_the_most_objects_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST_CURVES", 1)
    monkeypatch.setattr(sections, "MOST_NAMES", 2)

    words = Parsed(report(analysis())).words

    assert "The matrix of 3 classes has no room here" in words and "The 1 classes with the most objects" in words
