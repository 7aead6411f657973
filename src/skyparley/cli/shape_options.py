"""The options that give an area on the command line: one for each shape, and one for a whole volume."""

from collections.abc import Sequence
from typing import Annotated

import typer

CircleOption = Annotated[
    list[str] | None, typer.Option("--circle", metavar="TEXT", help="Centre and radius: '36.1N 37.2E 20NM'.")
]
PolygonOption = Annotated[
    list[str] | None, typer.Option("--polygon", metavar="TEXT", help="Corners: '35.8,36.5 36.4,36.5 36.4,38.2'.")
]
CorridorOption = Annotated[
    list[str] | None,
    typer.Option("--corridor", metavar="TEXT", help="Centreline and half-width: '37.0,35.4 36.7,36.9 5NM'."),
]
OrbitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--orbit",
        metavar="TEXT",
        help="A racetrack: its leg, its radius, and whether it lies to the left or right of the leg or around it: "
        "'36.1,37.2 36.3,37.6 5NM left'.",
    ),
]
LineOption = Annotated[
    list[str] | None,
    typer.Option("--line", metavar="TEXT", help="A line and its buffer to each side: '36.1,37.2 36.3,37.6 5NM'."),
]
ArcOption = Annotated[
    list[str] | None,
    typer.Option(
        "--arc",
        metavar="TEXT",
        help="Centre, radii and true bearings, clockwise: '36.1N 37.2E 10NM-20NM 030-090'; 000-360 is a ring.",
    ),
]
VolumeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--volume",
        metavar="TEXT",
        help="One volume with its own levels and times, for a route of several: "
        "'corridor 37.0,35.4 36.7,36.9 5NM; lower=FL200; upper=FL240; start=2026-11-23T08:00Z; end=09:00Z'.",
    ),
]


def given_shapes(**given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """(kind, text) of every shape that was given, kinds in the order of the arguments."""
    return tuple((kind, text) for kind, texts in given.items() for text in texts or ())
