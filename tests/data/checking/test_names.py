"""Names of classes: two spellings, slips of the pen, rare ones."""

from collections import Counter

from sppnet.data.checking.names import name_faults, nearest


def kinds(counts: dict[str, int], declared: tuple[str, ...] = (), **rename: str) -> list[tuple[str, str]]:
    found = name_faults("data", Counter(counts), declared, rename)
    return [(finding.kind, finding.fault.split("'")[1]) for finding in found]


def test_common_classes_are_in_order() -> None:
    assert kinds({"fox": 10, "box": 10}) == []


def test_spellings_that_differ_by_case_or_spaces_are_one_class() -> None:
    assert kinds({"traffic light": 50, "Traffic_Light": 20}) == [("class-spelling", "Traffic_Light")]


def test_a_rare_name_near_a_common_one_is_suspected() -> None:
    assert kinds({"pigeon": 60, "pidgeon": 12, "pig": 11}) == [("misspelt", "pidgeon")]


def test_a_stranger_among_classes_of_voc_is_suspected() -> None:
    assert kinds({"dog": 20, "cat": 20, "zebra": 20}) == [("misspelt", "zebra")]


def test_rare_classes_and_those_without_objects_are_told() -> None:
    assert kinds({"fox": 9}, ("fox", "owl")) == [("few", "fox"), ("few", "owl")]


def test_the_nearest_name_is_asked_for_if_one_is_near() -> None:
    assert nearest("persn", ["person", "dog"]) == "; did you mean 'person'?"
    assert nearest("zebra", ["person", "dog"]) == ""


def test_a_class_that_is_renamed_is_told() -> None:
    assert kinds({"fox": 20, "owl": 20}, (), owl="bird") == [("renamed", "owl")]
