"""`skyparley scenario`: play timelines of acts and expectations through whole nodes on a simulated clock."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import NO, unusable

if TYPE_CHECKING:
    from skyparley.scenario.timeline import Timeline

group = typer.Typer(help="Timelines of acts and expectations, played through whole nodes.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="scenario")


@group.command(epilog="Exit codes: 0 everything was met; 1 something was missed; 2 a file cannot be played.")
def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="As docs/guide/scenarios.md describes.")],
    trace: Annotated[bool, typer.Option("--trace", help="Print everything that happened, as it happens.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Print only what was missed, and the sums.")] = False,
) -> None:
    """Play timelines; print each expectation met or missed, with what shows it."""
    from skyparley.scenario.play import play
    from skyparley.scenario.report import Status, missed, summed, told

    timelines = [_read(file) for file in files]
    failed = False
    for timeline in timelines:
        results = play(timeline, note=typer.echo if trace else lambda text: None)
        shown = [one for one in results if one.status is Status.MISSED] if brief else results
        for line in told(shown, timeline.names.calendar):
            typer.echo(line)
        typer.echo(summed(results, timeline.title))
        failed = failed or missed(results)
    raise typer.Exit(NO if failed else 0)


@group.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="As docs/guide/scenarios.md describes.")],
) -> None:
    """Read timelines without playing them: everything that is wrong is told at once."""
    for file in files:
        timeline = _read(file)
        typer.echo(
            f"{timeline.title}: {len(timeline.steps)} steps of {', '.join(one.name for one in timeline.parties)}"
        )


@group.command("list-acts")
def list_acts() -> None:
    """The acts that a step can name, with their members."""
    from skyparley.scenario.listing import act_lines

    _print(act_lines())


@group.command()
def show() -> None:
    """What paths can name in a desk's view; the faults, statements and entries that a step can name."""
    from skyparley.scenario.listing import name_lines, view_lines

    _print(view_lines())
    _print(name_lines())


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _read(file: Path) -> "Timeline":
    from skyparley.base.limits import SCENARIO_BYTES
    from skyparley.scenario.problems import BadScenario
    from skyparley.scenario.reading import read_timeline

    try:
        data = file.read_bytes()
        if len(data) > SCENARIO_BYTES:
            raise unusable(f"{file}: {len(data)} bytes; a timeline has at most {SCENARIO_BYTES}")
        return read_timeline(data.decode(), str(file))
    except OSError as error:
        raise unusable(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise unusable(f"{file}: not UTF-8 text") from None
    except BadScenario as error:
        raise unusable(f"{file} cannot be played:", *(f"  {problem}" for problem in error.problems)) from None
