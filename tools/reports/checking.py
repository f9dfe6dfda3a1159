"""What is wrong with a data set, on the terminal: by kind, what matters most first."""

import click

from sppnet.data import GRADES, KINDS, Finding, Report

from ..command.shown import shown as one_line

MOST = 5  # kinds in the ranking


def show(report: Report, shown: int, most: int, *, changes: bool) -> None:
    """Print the findings.

    Args:
        report: What was found.
        shown: How many of each kind.
        most: How many of each kind can be shown.
        changes: Whether a corrected copy is written: what it changes is shown then, too, as far as that.
    """
    click.echo(_head(report))
    for kind in report.tally.ranked():
        _show_kind(report, kind, shown, most, changes)
    for note in report.notes:
        click.echo(f"\n{one_line(note)}")
    if report.searched:
        missed = report.tally.counts.get("unreached", (0,))[0]
        share = (report.searched - missed) / report.searched
        click.echo(f"\nproposals reach {share:.1%} of {report.searched:,} objects: no detector on them finds more")
    _show_ranking(report)


def _head(report: Report) -> str:
    images = ", ".join(f"{split or 'all'} {count:,} images" for split, count in report.images.items())
    objects = sum(report.objects.values())
    usable = f"{objects:,} usable objects of {len(report.objects):,} classes"
    return f"{one_line(report.root)}: {report.format}, {images}; {usable}"


def _show_kind(report: Report, kind: str, shown: int, most: int, changes: bool) -> None:
    count = report.tally.counts[kind][0]
    click.echo(f"\n{KINDS[kind].grade}: {KINDS[kind].title}: {count:,}{_cost(report, kind)}")
    kept = report.tally.kept[kind]
    listed = [*kept[:shown], *(one for one in kept[shown:] if changes and one.mended)]
    for finding in listed:
        click.echo(f"  {_line(finding, changes)}")
    if count > len(listed):
        click.echo(f"  and {count - len(listed):,} more" + "; --all shows them" * (len(listed) < min(count, most)))
    click.echo(f"  remedy: {KINDS[kind].remedy}")


def _line(finding: Finding, changes: bool) -> str:
    mended = finding.mended and f" -> {finding.mended}" if changes else f" (--fix: {finding.mended})"
    return one_line(f"{finding.place}: {finding.fault}{mended if finding.mended else ''}")


def _cost(report: Report, kind: str) -> str:
    _, images, objects = report.tally.counts[kind]
    parts = [f"{number:,} {what}" for number, what in ((objects, "objects"), (images, "images")) if number]
    return f" ({', '.join(parts)})" if parts else ""


def _show_ranking(report: Report) -> None:
    ranked = report.tally.ranked()
    if not ranked:
        click.echo("\nnothing is wrong")
        return
    click.echo("\nwhat matters most:")
    for place, kind in enumerate(ranked[:MOST], 1):
        click.echo(f"  {place}. {KINDS[kind].title}{_cost(report, kind)}")
    counts = {grade: sum(KINDS[kind].grade == grade for kind in ranked) for grade in GRADES}
    click.echo(f"kinds of {', '.join(f'{grade}s: {count}' for grade, count in counts.items())}")
