"""Which examples are shown: by score, by size, by how often."""

from sppnet.tools.reports.page.examples import confused_pairs, false_alarms, misses

from .drawn import analysis


def test_false_alarms_are_told_by_kind() -> None:
    texts = {kind: [example.text for example in examples] for kind, examples in false_alarms(analysis()).items()}

    assert texts == {
        "class": ["dog 0.60, on cat"],
        "localisation": ["dog 0.70, on dog"],
        "both": ["car 0.30, on cat"],
        "duplicate": ["dog 0.80, on dog"],
        "background": ["cat 0.40, on nothing"],
    }


def test_objects_that_were_missed_have_no_detection() -> None:
    found = misses(analysis())

    assert [example.text for example in found] == ["dog, not found", "cat, not found", "car, not found"]
    assert all(example.found is None for example in found)


def test_pairs_are_those_above_the_threshold() -> None:
    assert confused_pairs(analysis()) == []


def test_a_confused_pair_has_its_example() -> None:
    from sppnet.data.analysis.confusion import confusion  # at another threshold than the best

    of = analysis()

    [(true, called, times, example)] = confused_pairs(of._replace(confusion=confusion(of.pairs, 3, 0.0)))

    assert (true, called, times, example.text) == ("cat", "dog", 1, "dog 0.60, on cat")
