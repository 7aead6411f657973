"""Commands that say something of its own: stop, distress, relay, whose aircraft, laser, interference with navigation.

Each shows first exactly what the other side will read, and by which bearers; at a terminal it asks once, and sends.
A command takes one parameter an option, so these have more than six.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from skyparley.cli.choices import AIRCRAFT, RELAY_SOURCES
from skyparley.cli.endings import Ending, unusable
from skyparley.cli.options import AsOption, JsonOption, NodeOption, YesOption, group
from skyparley.cli.screen import as_json, say
from skyparley.cli.shape_options import (
    ArcOption,
    CircleOption,
    CorridorOption,
    LineOption,
    OrbitOption,
    PolygonOption,
    given_shapes,
)
from skyparley.cli.surroundings import settle

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk
    from skyparley.cli.say_slots import SaidMatter
    from skyparley.state.views import Overview

ToOption = Annotated[
    list[str], typer.Option("--to", metavar="PEER", help="Who is told. Repeat for several.", show_default=False)
]
AtOption = Annotated[str, typer.Option(metavar="TIME", help="When; 2150Z is written 21:50Z. Without it: now.")]
PositionOption = Annotated[str, typer.Option(help="\"36°06'N 37°12'E\", 36.1N 37.2E or 3606N 03712E.")]
AircraftOption = Annotated[str, typer.Option(help=AIRCRAFT + ".")]
RoundedOption = Annotated[bool, typer.Option("--rounded", help="Say the position to whole minutes of arc only.")]
AircraftIdOption = Annotated[str, typer.Option("--id", help="The id of its notice, where there is one.")]
PobOption = Annotated[int | None, typer.Option(metavar="N", help="Persons on board.")]
LevelOption = Annotated[str, typer.Option(metavar="LEVEL", help="FL200, 4500 ft AMSL or 1000 ft AGL.")]
ExerciseOption = Annotated[
    bool, typer.Option("--exercise", help="An exercise: said with the exercise key, and marked.")
]
TextOption = Annotated[str, typer.Option(help="Own words beside the code, at most 200 characters. The code counts.")]
LangOption = Annotated[str, typer.Option(metavar="LANG", help="The language of --text: en, ru, fr, ar, tr, he or zh.")]
PreviewOption = Annotated[bool, typer.Option("--preview", help="Show what would be sent; send nothing.")]


class How(NamedTuple):
    """What is said of the sending, the same for every kind."""

    node: Path | None
    account: str
    to: list[str]
    exercise: bool
    text: str
    lang: str
    preview: bool
    yes: bool
    json: bool


def register(app: typer.Typer) -> None:
    """Adds the group `say` to the app."""
    group_ = group(
        "say", "Tell the other side at once: stop, distress, whose aircraft. It passes in every state of the line."
    )
    for name, command in (
        ("stop", stop),
        ("distress", distress),
        ("relay", relay),
        ("identity", identity),
        ("laser", laser),
        ("gnss", gnss),
    ):
        group_.command(name)(command)
    app.add_typer(group_)


def stop(
    to: ToOption,
    node: NodeOption = None,
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    at: AtOption = "",
    reopens: Annotated[
        str, typer.Option(metavar="ID", help="A stop request of ours that was done and is so no more.")
    ] = "",
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """STOP: activity in this area endangers our people. An area and a time, no unit, no purpose."""
    from skyparley.cli.say_slots import SaidMatter, stop_slots

    shapes = given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc)
    said = SaidMatter(shapes=shapes, at=at, reopens=reopens)
    _say("STP", said, stop_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


def distress(
    to: ToOption,
    aircraft: AircraftOption = "",
    node: NodeOption = None,
    position: PositionOption = "",
    rounded: RoundedOption = False,
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    at: AtOption = "",
    aircraft_id: AircraftIdOption = "",
    pob: PobOption = None,
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """DISTRESS of an aircraft or crew: an exact position, a rounded one, or an area. A person says it: --as ACCOUNT."""
    from skyparley.cli.say_slots import SaidMatter, distress_slots

    shapes = given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc)
    said = SaidMatter(
        shapes=shapes, position=position, rounded=rounded, at=at, aircraft=aircraft, id=aircraft_id, pob=pob
    )
    _say("DIS", said, distress_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


def relay(
    to: ToOption,
    source: Annotated[str, typer.Option(help=RELAY_SOURCES + ".")] = "",
    node: NodeOption = None,
    aircraft: AircraftOption = "",
    position: PositionOption = "",
    rounded: RoundedOption = False,
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    at: AtOption = "",
    heard_at: Annotated[str, typer.Option(metavar="TIME", help="When it was told to us. Without it: now.")] = "",
    aircraft_id: AircraftIdOption = "",
    pob: PobOption = None,
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Relay what somebody who is not on the line told us: a stop request; with --aircraft, a distress."""
    from skyparley.cli.say_slots import SaidMatter, relay_slots

    said = SaidMatter(
        shapes=given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc),
        position=position,
        rounded=rounded,
        at=at,
        aircraft=aircraft,
        id=aircraft_id,
        pob=pob,
        source=source,
        heard_at=heard_at,
    )
    _say("RLY", said, relay_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


def identity(
    to: ToOption,
    position: PositionOption = "",
    level: LevelOption = "",
    error: Annotated[str, typer.Option(metavar="LENGTH", help="How far our report may be off: 2NM, 3 km.")] = "",
    node: NodeOption = None,
    at: AtOption = "",
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Ask whether an aircraft is theirs. It stays unknown until they say that it is."""
    from skyparley.cli.say_slots import SaidMatter, identity_slots

    said = SaidMatter(position=position, level=level, error=error, at=at)
    _say("IDQ", said, identity_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


def laser(
    to: ToOption,
    node: NodeOption = None,
    position: PositionOption = "",
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    level: LevelOption = "",
    since: AtOption = "",
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Tell of a laser or light that blinds crews."""
    from skyparley.cli.say_slots import SaidMatter, interference_slots

    shapes = given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc)
    said = SaidMatter(shapes=shapes, position=position, level=level, at=since)
    _say("LAS", said, interference_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


def gnss(
    to: ToOption,
    node: NodeOption = None,
    position: PositionOption = "",
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    level: LevelOption = "",
    since: AtOption = "",
    exercise: ExerciseOption = False,
    text: TextOption = "",
    lang: LangOption = "",
    as_: AsOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Tell of interference with satellite navigation."""
    from skyparley.cli.say_slots import SaidMatter, interference_slots

    shapes = given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc)
    said = SaidMatter(shapes=shapes, position=position, level=level, at=since)
    _say("GNI", said, interference_slots, How(node, as_, to, exercise, text, lang, preview, yes, json))


# --- what they share ------------------------------------------------------------------------------------------------


def _say(kind: str, said: "SaidMatter", slots: "Callable[[SaidMatter, int], dict[str, Any]]", how: How) -> None:
    """Reads the options, shows what would be sent, asks once, sends."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.release_shown import preview, show_preview

    if bool(how.text) != bool(how.lang):
        raise unusable("--text and --lang go together: own words, and the language that they are in")
    _screened(how)
    slots(said, 0)  # What cannot be used is said before a password is asked for.
    with open_desk(how.node, how.account) as desk:
        seen = desk.overview()
        body = _body(kind, slots(_reopening(seen, said), seen.now), how)
        found = preview(desk, "/statements", body)
        if how.preview and how.json:
            as_json(found)
            return
        if not how.json:
            show_preview(found, _languages(seen, how.to))
        if how.preview:
            return
        settle(f"Send it to {' and '.join(one.peer for one in found)}?", yes=how.yes)
        outcome = desk.act("/statements", body)
        _tell(desk, outcome, how)


def _body(kind: str, slots: dict[str, Any], how: How) -> dict[str, Any]:
    own_words = {"lang": how.lang.lower(), "text": how.text} if how.text else None
    return {"peers": how.to, "type": kind, "slots": slots, "free_text": own_words, "exercise": how.exercise}


def _screened(how: How) -> None:
    """Own words are refused here with the word to use, as the node would refuse them."""
    from skyparley.cli.endings import refused
    from skyparley.language.languages import BadPhrase
    from skyparley.language.words import free_text_reasons

    if not how.text:
        return
    try:
        reasons = free_text_reasons(how.text, how.lang.lower())
    except BadPhrase as error:
        raise unusable(f"Cannot use this: {error}") from None
    if reasons:
        raise refused(reasons, what="Own words refused")


def _reopening(seen: "Overview", said: "SaidMatter") -> "SaidMatter":
    """The hash of what is opened again, which a person names by its short id."""
    from msgspec.structs import replace

    from skyparley.cli.matter_shown import one_matter

    if not said.reopens:
        return said
    before = one_matter(seen, said.reopens)
    if not before.ours or before.type != "STP":
        raise Ending(1, f"{before.short_id} is no stop request of ours; leave out --reopens for a new one")
    return replace(said, reopens=before.statement)


def _languages(seen: "Overview", peers: list[str]) -> tuple[str, ...]:
    """English, and what the officers at the other desks said that they speak."""
    found = ["en"]
    for line in seen.lines:
        if line.peer in peers and line.peer_shift is not None:
            found += [lang for post in line.peer_shift.on for lang in post.languages]
    return tuple(dict.fromkeys(found))


def _tell(desk: "Desk", outcome: Any, how: How) -> None:
    if how.json:
        as_json(outcome)
        return
    ids = outcome.refs.get("msg_ids", {})
    shown = {one.msg_id: one.short_id for one in desk.overview().matters if one.ours}
    for peer, msg_id in ids.items():
        name = shown.get(msg_id)
        say(
            f"Said to {peer}: {name}. See: skyparley statement show {name}"
            if name
            else f"Said to {peer}; it waits to be sent."
        )
