"""Figures as elements of a page: colours of its text, names told, odd letters."""

import numpy as np

from sppnet.data import Judged
from sppnet.tools.reports.page import figures

JUDGED = Judged(np.zeros(3, np.int64), np.array([0.9, 0.5, 0.2]), np.array([True, False, True]), np.array([2]))


def test_text_has_the_colour_of_the_page_and_the_background_is_the_pages() -> None:
    figure = figures.precision_recall("dog", JUDGED, 0.4)

    assert "currentColor" in figure and figures.TEXT not in figure
    assert "#ffffff" not in figure


def test_a_title_is_escaped_and_letters_that_no_font_has_are_kept() -> None:
    figure = figures.gains(['a"<b>', "犬 $x"], [0.1, 0.2])

    assert "犬 $x" in figure and "<b>" not in figure
    assert 'aria-label="Precision against recall of a&#34;&lt;b&gt;"' in figures.precision_recall('a"<b>', JUDGED, None)


def test_a_class_without_a_right_detection_has_empty_axes() -> None:
    nothing = Judged(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_), np.array([1]))

    assert figures.precision_recall("dog", nothing, None).startswith("<svg ")
