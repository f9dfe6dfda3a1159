"""Findings are counted and ranked by what they cost."""

from sppnet.data.checking.findings import Finding, Tally


def test_errors_come_first_and_what_costs_most_before_the_rest() -> None:
    tally = Tally(None)
    tally.add([Finding("background", "a", "", objects=0, images=900)])
    tally.add([Finding("outside", "a", "", objects=1)] * 3)
    tally.add([Finding("broken-image", "a", "", objects=7)])

    assert tally.ranked() == ["broken-image", "outside", "background"]


def test_an_image_with_several_findings_of_a_kind_counts_once() -> None:
    tally = Tally(1)
    tally.add([Finding("outside", "a", "", objects=1)] * 3, of_one=True)

    assert tally.counts == {"outside": (3, 1, 3)}
    assert [len(kept) for kept in tally.kept.values()] == [1]


def test_what_a_copy_lacks_is_lost() -> None:
    assert Finding("outside", "a", "", "left out").lost
    assert not Finding("outside", "a", "", "clipped to x 0 to 9").lost
    assert not Finding("copy", "a", "", "only the other is kept").lost
