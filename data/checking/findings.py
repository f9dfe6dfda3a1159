"""Findings: what is wrong, where, by which rule and what to do; counted by kind, the first few of each kept."""

from collections.abc import Iterable
from typing import Any, NamedTuple

ERROR, WARNING, NOTE = "error", "warning", "note"
GRADES = (ERROR, WARNING, NOTE)  # wrong for certain; probably wrong; right, and worth knowing


class Kind(NamedTuple):
    """A kind of finding."""

    grade: str
    title: str
    remedy: str  # what a person can do


KINDS = {
    "annotation": Kind(ERROR, "annotations that cannot be read", "repair or delete what is named"),
    "missing-image": Kind(ERROR, "images that are not there", "put the image there or delete its annotation"),
    "broken-image": Kind(ERROR, "images that cannot be read", "export or download the image again"),
    "turned": Kind(ERROR, "photos turned by EXIF, labelled lying", "turn the boxes into the upright frame"),
    "swapped-size": Kind(ERROR, "width and height exchanged", "correct the size; label anew if boxes do not fit"),
    "wrong-size": Kind(ERROR, "sizes that are not those of the pixels", "correct the size, and the boxes with it"),
    "bad-object": Kind(ERROR, "objects that cannot be read", "correct the entry"),
    "unknown-class": Kind(ERROR, "objects of unknown classes", "correct the name or list it among the classes"),
    "reversed": Kind(ERROR, "corners in the wrong order", "exchange the corners"),
    "outside": Kind(ERROR, "boxes outside their image", "clip the box, and look whether it belongs to the image"),
    "no-area": Kind(ERROR, "boxes without area", "draw the box again or delete it"),
    "shared": Kind(ERROR, "one image in two splits", "leave it in one split: scores on the other are too good"),
    "repeated-entry": Kind(ERROR, "images listed twice", "list each once, with all its objects"),
    "class-spelling": Kind(ERROR, "classes that differ by case or spaces", "write the name in one way"),
    "empty-split": Kind(ERROR, "splits without images", "list images in the split or delete it"),
    "repeated-box": Kind(ERROR, "objects boxed twice", "delete one of the boxes"),
    "misspelt": Kind(WARNING, "class names that look misspelt", "if so, correct the name"),
    "two-classes": Kind(WARNING, "one box, two classes", "decide which one it is"),
    "copy": Kind(WARNING, "the same image twice in a split", "delete one: it counts twice"),
    "near-copy": Kind(WARNING, "images of two splits that look the same", "put both into one split"),
    "counting": Kind(WARNING, "pixels counted from 0 and from 1", "find out how the boxes were written"),
    "cut-image": Kind(WARNING, "images cut short, but read", "export or download the image again"),
    "few": Kind(WARNING, "classes with fewer than ten objects", "label more or remove the class"),
    "renamed": Kind(NOTE, "classes under another name", "none: as asked for"),
    "unreached": Kind(NOTE, "objects that no proposal reaches", "none: they bound what can be found"),
    "small": Kind(NOTE, "objects smaller than a cell of the map", "a larger scale, or images with more pixels"),
    "background": Kind(NOTE, "images without objects", "none if that is meant: they are background"),
    "orientation": Kind(NOTE, "photos turned by EXIF", "look at one: boxes count in the upright frame"),
    "odd-mark": Kind(NOTE, "marks that are neither 0 nor 1", "none: they are read as 0"),
}


class Finding(NamedTuple):
    """One mistake."""

    kind: str
    place: str  # file, and line or object
    fault: str  # the rule and the value
    mended: str = ""  # what a corrected copy has instead; empty if the same
    objects: int = 0  # that it concerns
    images: int = 1

    @property
    def lost(self) -> bool:
        """Return whether a corrected copy lacks something that is nowhere else in it."""
        return self.mended.endswith("left out")


class Tally:
    """Findings by kind: all are counted, so many of each are kept.

    Args:
        keep: How many of each kind; None keeps all.

    Attributes:
        kept: Kind -> the first ones.
        counts: Kind -> how many findings, images and objects.
        changes: How many a corrected copy has something else for.
        lost: How many of these it leaves out.
    """

    def __init__(self, keep: int | None) -> None:
        self._keep = keep
        self.changes = self.lost = 0
        self.kept: dict[str, list[Finding]] = {}
        self.counts: dict[str, tuple[int, int, int]] = {}

    def add(self, findings: Iterable[Finding], *, of_one: bool = False) -> None:
        """Count some findings, maybe all of one image."""
        seen = set[str]()
        for finding in findings:
            kept = self.kept.setdefault(finding.kind, [])
            if self._keep is None or len(kept) < self._keep:
                kept.append(finding)
            self.changes += bool(finding.mended)
            self.lost += finding.lost
            count, images, objects = self.counts.get(finding.kind, (0, 0, 0))
            more = 0 if of_one and finding.kind in seen else finding.images
            self.counts[finding.kind] = count + 1, images + more, objects + finding.objects
            seen.add(finding.kind)

    def ranked(self) -> list[str]:
        """Return the kinds that were found: errors first, and of one grade those that cost most objects, then images.

        An image that is lost without objects counts as one.
        """
        return sorted(self.counts, key=self._rank)

    def _rank(self, kind: str) -> tuple[Any, ...]:
        count, images, objects = self.counts[kind]
        return GRADES.index(KINDS[kind].grade), -max(objects, images), -count, list(KINDS).index(kind)

    def summary(self) -> list[dict[str, Any]]:
        """Return the kinds in the order of `ranked`, ready for JSON."""
        return [
            {
                "kind": kind,
                "grade": KINDS[kind].grade,
                "title": KINDS[kind].title,
                "remedy": KINDS[kind].remedy,
                **dict(zip(("findings", "images", "objects"), self.counts[kind], strict=True)),
                "examples": [
                    {"place": finding.place, "fault": finding.fault, "mended": finding.mended}
                    for finding in self.kept[kind]
                ],
            }
            for kind in self.ranked()
        ]
