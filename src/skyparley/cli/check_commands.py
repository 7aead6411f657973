"""`skyparley check`: who conflicts with whom among the plans and airspace of some files, with no node."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skyparley.cli.endings import NO, UNUSABLE, unusable

if TYPE_CHECKING:
    from skyparley.check.detection import Met
    from skyparley.check.report import Clearing, Conflict, Report
    from skyparley.check.rules import Rules
    from skyparley.cli.check_progress import Progress
    from skyparley.formats.records import Plan, Reading

INTERRUPTED: Final = 130  # what shells call an end by the interrupt key
FLAWS_TOLD: Final = 100  # lines that a person scrolls through; the document has them all
WIDEST: Final = 110  # columns


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Exit codes: 0 no conflict; 1 conflicts; 2 something could not be used, conflicts or not.")(
        check
    )


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="GeoJSON, OpenAir, ED-269, ED-318 or F3548 JSON; - is standard input.",
            show_default=False,
        ),
    ],
    table: Annotated[str, typer.Option(metavar="FILE", help="Separations of a table of your own.")] = "",
    profile: Annotated[str, typer.Option(help="military (if none is named), civil-military or utm.")] = "",
    edge: Annotated[
        str, typer.Option(metavar="EDGE", help="How far to stay off airspace, like 2NM,500ft. Else just out of it.")
    ] = "",
    within: Annotated[bool, typer.Option("--within", help="Compare plans of one party, too.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many conflicts are written out and settled; 0 for all.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    geojson: Annotated[bool, typer.Option("--geojson", help="Print the conflicts as GeoJSON, for a map.")] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE.html", help="Write a map as one page.", show_default=False)
    ] = None,
) -> None:
    """Check plans against each other and against airspace: who conflicts with whom, where, when, by how much, and what would settle it."""
    if json and geojson:
        raise unusable("--json or --geojson: one of them")
    from skyparley.cli.check_files import rules_of, written_whole

    rules = rules_of(table=table, profile=profile, edge=edge, within=within)
    try:
        with written_whole(map_file, files) as aside:
            code = _run(
                files, rules, limit=limit, form="json" if json else "geojson" if geojson else "text", aside=aside
            )
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)


def _run(given: Sequence[str], rules: "Rules", *, limit: int, form: str, aside: Path | None) -> int:
    """The whole check, and its exit code."""
    from skyparley.check.detection import find
    from skyparley.check.report import in_order, report_of
    from skyparley.cli.check_progress import Progress

    with Progress() as progress:
        readings = _read(given, progress)
        plans = [plan for reading in readings for plan in reading.plans]
        progress.step(f"comparing {len(plans):,} plans")
        mets = in_order(plans, find(plans, rules, progress=progress.part))
        settled = limit or len(mets)
        # Hundreds of thousands of conflicts that nobody will be shown are counted and not put into words.
        told = mets[:settled] if form == "text" and aside is None else mets
        conflicts = _conflicts(plans, told, rules, progress)
        conflicts[:settled], clearing = _settled(conflicts[:settled], plans, mets, rules, progress)
        report = report_of(readings, plans, rules, mets=mets, conflicts=conflicts, clearing=clearing)
        if aside is not None:
            from skyparley.cli.check_page import write_page

            progress.step("drawing the map")
            write_page(aside, plans, mets, report)
        took = progress.took()
    _tell(form, report, plans, mets, limit=limit)
    _tell_beside(report, took)
    if report.flaws:
        return UNUSABLE
    return NO if mets else 0


def _read(given: Sequence[str], progress: "Progress") -> "list[Reading]":
    """Every file once, in order; what was taken otherwise than a person may think is said."""
    from skyparley.cli.check_files import reading_of, sources

    taken, remarks = sources(given)
    for remark in remarks:
        _beside(remark)
    readings = []
    for place, source in enumerate(taken, 1):
        progress.step(f"reading {source.given} ({place} of {len(taken)})")
        readings.append(reading_of(source))
    return readings


def _conflicts(
    plans: "Sequence[Plan]", mets: "Sequence[Met]", rules: "Rules", progress: "Progress"
) -> "list[Conflict]":
    """Conflicts in words and figures, with their places."""
    from skyparley.check.report import conflict_of, located

    found = []
    for number, met in enumerate(mets, 1):
        progress.step(f"conflict {number:,} of {len(mets):,}")
        found.append(located(conflict_of(number, plans, met, rules), plans, met))
    return found


def _settled(
    conflicts: "Sequence[Conflict]",
    plans: "Sequence[Plan]",
    mets: "Sequence[Met]",
    rules: "Rules",
    progress: "Progress",
) -> "tuple[list[Conflict], list[Clearing]]":
    """The first conflicts with ways to settle them; and for each plan that has several of them, all at once."""
    if not conflicts:
        return [], []
    from skyparley.check.ways import Neighbours, clearing_of, with_ways
    from skyparley.cli.surroundings import now_ms

    neighbours, now, found = Neighbours(plans, mets, rules), now_ms(), []
    numbers: dict[int, list[int]] = {}
    for met, conflict in zip(mets, conflicts, strict=False):
        progress.step(f"ways to settle {conflict.number:,} of {len(conflicts):,}")
        found.append(with_ways(conflict, met, plans, neighbours, now_ms=now))
        numbers.setdefault(met.one, []).append(conflict.number)
    several = [place for place, those in numbers.items() if len(those) > 1 and plans[place].origin == "PLAN"]
    return found, [clearing_of(place, numbers[place], plans, neighbours, now_ms=now) for place in several]


def _tell(form: str, report: "Report", plans: "Sequence[Plan]", mets: "Sequence[Met]", *, limit: int) -> None:
    """The answer, on standard output."""
    if form == "json":
        from skyparley.cli.screen import as_json

        as_json(report)
        return
    if form == "geojson":
        import msgspec

        from skyparley.check.geojson import collection

        typer.echo(msgspec.json.encode(collection(plans, mets, report.conflicts)).decode())
        return
    from skyparley.check.words import answer, untold

    rest = untold(plans, mets[limit:]) if limit else []
    for line in answer(report, rest, limit=limit, width=_width()):
        typer.echo(typer.style(line.text, bold=True) if line.bold else line.text)


def _tell_beside(report: "Report", took: str) -> None:
    """What could not be used and how long it took, on standard error: a pipe carries only the answer."""
    from skyparley.check.words import flaw_text, plain

    lines = [flaw_text(flaw) for flaw in report.flaws]
    lines += [plain(f"{noted.file}: left out: {noted.text}") for noted in report.left_out]
    for line in lines[:FLAWS_TOLD]:
        _beside(line)
    if len(lines) > FLAWS_TOLD:
        _beside(f"and {len(lines) - FLAWS_TOLD:,} more that could not be used or were left out: --json lists them all")
    _beside(took)


def _beside(text: str) -> None:
    typer.echo(text, err=True)


def _width() -> int:
    """Columns of the terminal, but no longer lines than an eye follows; through a pipe nothing is wrapped."""
    from skyparley.cli.screen import PIPE_COLUMNS

    if not sys.stdout.isatty():
        return PIPE_COLUMNS
    return max(40, min(shutil.get_terminal_size().columns, WIDEST))
