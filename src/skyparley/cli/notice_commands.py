"""Commands about notices: file, change, cancel, activate, end, query, list, show.

A command takes one parameter an option, so these have more than six.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.choices import NOTICE_KINDS, QUERY_FIELDS, REASONS, choose
from skyparley.cli.endings import Ending, unusable
from skyparley.cli.options import JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, note, pairs, say, table
from skyparley.cli.shape_options import (
    ArcOption,
    CircleOption,
    CorridorOption,
    LineOption,
    OrbitOption,
    PolygonOption,
    VolumeOption,
    given_shapes,
)

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk
    from skyparley.cli.notice_bodies import Said
    from skyparley.domain.commands import Outcome
    from skyparley.state.views import NoticeView

NoticeId = Annotated[str, typer.Argument(metavar="NOTICE", help="The id of a notice, like A-0001.", show_default=False)]
KindOption = Annotated[str, typer.Option(help=NOTICE_KINDS + ".")]
LowerOption = Annotated[str, typer.Option(metavar="LEVEL", help="FL200, 4500 ft AMSL, 1000 ft AGL or SFC.")]
UpperOption = Annotated[str, typer.Option(metavar="LEVEL", help="FL240, 9000 ft AMSL or UNL.")]
StartOption = Annotated[str, typer.Option(metavar="TIME", help="2026-11-23T08:00Z, or +30min from now.")]
EndOption = Annotated[str, typer.Option(metavar="TIME", help="As --start, or 09:30Z on the day of the start.")]
FileOption = Annotated[str, typer.Option(metavar="FILE", help="The notice as JSON, `-` for standard input.")]
PlansArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Plans as GeoJSON, OpenAir, ED-269, ED-318 or F3548 JSON, or one notice as JSON; - is standard input. "
        "Shown first, then filed all or none.",
        show_default=False,
    ),
]
PartyOption = Annotated[
    str, typer.Option("--party", metavar="NAME", help="Of FILE: whose plans. Without it ours and those of nobody.")
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="ID", help="Of FILE: these ids or names, * for any text. Repeat.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Of FILE: file what is shown without asking.")]
AgainOption = Annotated[bool, typer.Option("--again", help="Of FILE: file what is filed already once more.")]
WhatIfOption = Annotated[bool, typer.Option("--what-if", help="Say what it would come to; send nothing.")]
ToOption = Annotated[list[str] | None, typer.Option("--to", metavar="PEER", help="Who is told. Repeat for several.")]
KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="VERSION", help="A notice of theirs that this one is known to conflict with: 'A-0001 v1'."
    ),
]
RegardOption = Annotated[
    str, typer.Option("--no-due-regard", metavar="REASON", help=f"Due regard is not stated, because of {REASONS}.")
]
ExpectOption = Annotated[
    int | None,
    typer.Option(
        "--expect", metavar="VERSION", help="Act only if this is the current version. Without it: as it is now."
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the group `notice` to the app."""
    notice = group("notice", "What this party intends to do, and what its peers told.")
    notice.command("file")(file_notice)
    notice.command("change")(change)
    notice.command("cancel")(cancel)
    notice.command("activate")(activate)
    notice.command("end")(end)
    notice.command("query")(query)
    notice.command("list")(listed)
    notice.command("show")(show)
    app.add_typer(notice)


def file_notice(
    plans: PlansArgument = "",
    node: NodeOption = None,
    kind: KindOption = "",
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    volume: VolumeOption = None,
    lower: LowerOption = "",
    upper: UpperOption = "",
    start: StartOption = "",
    end: EndOption = "",
    file: FileOption = "",
    to: ToOption = None,
    key: KeyOption = None,
    no_due_regard: RegardOption = "",
    notice_id: Annotated[str, typer.Option("--id", help="Its id. Without it the node takes the next.")] = "",
    party: PartyOption = "",
    only: OnlyOption = None,
    yes: YesOption = False,
    again: AgainOption = False,
    what_if: WhatIfOption = False,
    json: JsonOption = False,
) -> None:
    """File a notice: area, levels, times, and who is told; or the plans of FILE. Without --to it is told to nobody."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.notice_bodies import Said, body_of, file_form, says_from_now

    said = Said(
        kind=kind,
        shapes=given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc),
        volumes=tuple(volume or ()),
        defaults={"lower": lower, "upper": upper, "start": start, "end": end},
        file=file,
        audience=tuple(to or ()),
        key=tuple(key or ()),
        no_due_regard=no_due_regard,
    )
    if plans:
        if notice_id:
            raise unusable("--id is the id of one notice; the node gives the notices of a file their ids")
        from skyparley.cli.notice_file import FileSaid, file_plans

        told = FileSaid(
            source=plans,
            said=said,
            party=party,
            only=tuple(only or ()),
            yes=yes,
            again=again,
            what_if=what_if,
            json=json,
        )
        with open_desk(node) as desk:
            file_plans(desk, told)
        return
    if party or only or yes or again:
        raise unusable("--party, --only, --yes and --again are of a file of plans: skyparley notice file FILE ...")
    form = file_form(said, plans_hint=True)
    with open_desk(node) as desk:
        _named(desk, said)
        body = body_of(said, form, now_ms=desk.overview().now if says_from_now(said, form) else None)
        body |= {"id": notice_id.upper()} if notice_id else {}
        if what_if:
            from skyparley.cli.what_if_shown import ask_and_tell

            raise typer.Exit(ask_and_tell(desk, {"notices": [body]}, json=json))
        outcome = _act_with_key(desk, "/notices", body)
        waiting = _waiting(desk, outcome, json)
    _tell(outcome, f"{outcome.refs.get('ref')} is filed{waiting}.", json)
    if not json and not body.get("audience"):
        note("Nobody was told: it stays local. Tell a peer with: skyparley notice change ... --to PEER")


def change(
    notice_id: NoticeId,
    node: NodeOption = None,
    kind: KindOption = "",
    circle: CircleOption = None,
    polygon: PolygonOption = None,
    corridor: CorridorOption = None,
    orbit: OrbitOption = None,
    line: LineOption = None,
    arc: ArcOption = None,
    volume: VolumeOption = None,
    lower: LowerOption = "",
    upper: UpperOption = "",
    start: StartOption = "",
    end: EndOption = "",
    edit: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A change to one volume: '#2 end=09:30Z upper=FL180'.")
    ] = None,
    file: FileOption = "",
    to: ToOption = None,
    key: KeyOption = None,
    no_due_regard: RegardOption = "",
    due_regard: Annotated[bool, typer.Option("--due-regard", help="Due regard is stated.")] = False,
    expect: ExpectOption = None,
    what_if: WhatIfOption = False,
    json: JsonOption = False,
) -> None:
    """Make a new version of a notice. What is not said stays; with levels or times alone all its volumes change."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.named import known_keys, known_peers
    from skyparley.cli.notice_bodies import Said, change_of, file_form
    from skyparley.cli.shown import changes, own_notice

    said = Said(
        kind=kind,
        shapes=given_shapes(circle=circle, polygon=polygon, corridor=corridor, orbit=orbit, line=line, arc=arc),
        volumes=tuple(volume or ()),
        defaults={"lower": lower, "upper": upper, "start": start, "end": end},
        edits=tuple(edit or ()),
        file=file,
        audience=tuple(to or ()),
        key=tuple(key or ()),
        no_due_regard=no_due_regard,
        due_regard=due_regard,
    )
    form = file_form(said)
    with open_desk(node) as desk:
        seen = desk.overview()
        notice = own_notice(seen, notice_id)
        known_peers(seen, said.audience)
        known_keys(seen, said.key)
        volumes, body = change_of(said, form, notice, now_ms=seen.now)
        _decided_on(notice, expect)
        for difference in changes(notice.volumes, volumes) if volumes is not None else ():
            note(f"  {difference}")
        body["expected_version"] = expect or notice.version
        if what_if:
            from skyparley.cli.what_if_shown import ask_and_tell

            raise typer.Exit(ask_and_tell(desk, {"changes": [{"id": notice.id, **body}]}, json=json))
        outcome = _act_with_key(desk, f"/notices/{notice.id}/change", body)
        waiting = _waiting(desk, outcome, json)
    _tell(outcome, f"{outcome.refs.get('ref')} holds{waiting}.", json)


def cancel(
    notice_id: NoticeId,
    node: NodeOption = None,
    reason: Annotated[str, typer.Option(help=REASONS + ".")] = "NOT STATED",
    expect: ExpectOption = None,
    json: JsonOption = False,
) -> None:
    """Cancel a notice. It is void and final."""
    from typing import get_args

    from skyparley.domain.messages.codes import ReasonCode

    body = {"reason": choose(reason, get_args(ReasonCode), what="reason")}
    _simple(notice_id, node, expect, json, ("cancel", "is cancelled"), body)


def activate(
    notice_id: NoticeId, node: NodeOption = None, expect: ExpectOption = None, json: JsonOption = False
) -> None:
    """Declare a notice active. It counts as active from its declared start, not before."""
    _simple(notice_id, node, expect, json, ("activate", "is active from its start"), {})


def end(notice_id: NoticeId, node: NodeOption = None, expect: ExpectOption = None, json: JsonOption = False) -> None:
    """Declare a notice ended: our aircraft are clear of the area. It is final."""
    _simple(notice_id, node, expect, json, ("end", "is ended"), {})


def query(
    notice_id: NoticeId,
    field: Annotated[str, typer.Option(help=QUERY_FIELDS + ".", show_default=False)],
    node: NodeOption = None,
    party: Annotated[str, typer.Option(help="Whose notice, where two parties use one id.")] = "",
    expect: ExpectOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the owner of a notice to clarify one field of it."""
    from typing import get_args

    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.shown import any_notice
    from skyparley.domain.messages.codes import QueryField

    wanted = choose(field, get_args(QueryField), what="field to ask about")
    with open_desk(node) as desk:
        notice = any_notice(desk.overview(), notice_id, party)
        if notice.own:
            raise unusable(f"{notice.id} is our own; only the owner of another notice can be asked")
        _decided_on(notice, expect)
        body = {"expected_version": expect or notice.version, "field": wanted}
        outcome = desk.act(f"/peers/{notice.party}/notices/{notice.id}/query", body)
    _tell(outcome, f"{notice.party} is asked about {wanted} of {notice.ref}.", json)


def listed(
    node: NodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is past, ended or cancelled.")] = False,
    json: JsonOption = False,
) -> None:
    """List notices, ours and theirs, by their start."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import window_text
    from skyparley.cli.shown import levels_text, notice_state, told_text

    with open_desk(node) as desk:
        notices = desk.overview().notices
    shown = [one for one in notices if everything or not (one.past or one.state in ("ENDED", "CANCELLED"))]
    shown = sorted(shown, key=lambda one: (one.start, one.party, one.id))
    if json:
        as_json(shown)
        return
    rows = [
        (
            one.ref,
            one.party,
            one.kind,
            notice_state(one),
            levels_text(one.volumes),
            window_text(one.start, one.end),
            told_text(one),
            f"{len(one.conflicts)} OPEN" if one.conflicts else "-",
        )
        for one in shown
    ]
    hidden = len(notices) - len(shown)
    table(
        ("Notice", "Party", "Kind", "State", "Levels", "Time", "Told", "Conflicts"),
        rows,
        empty="No notice." + (f" {hidden} past, ended or cancelled: --all" if hidden else ""),
    )


def show(
    notice_id: NoticeId,
    node: NodeOption = None,
    party: Annotated[str, typer.Option(help="Whose notice, where two parties use one id.")] = "",
    as_file: Annotated[bool, typer.Option("--as-file", help="As the JSON that `notice file --file` reads.")] = False,
    json: JsonOption = False,
) -> None:
    """Show one notice with its volumes, who was told, and its conflicts."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.notice_bodies import file_of
    from skyparley.cli.shown import any_notice, conflict_line

    with open_desk(node) as desk:
        seen = desk.overview()
    notice = any_notice(seen, notice_id, party)
    if json or as_file:
        as_json(file_of(notice) if as_file else notice)
        return
    _show(notice, [conflict_line(one) for one in seen.conflicts if one.pair_id in notice.conflicts])


def _show(notice: "NoticeView", conflicts: list[str]) -> None:
    from skyparley.cli.forms import window_text
    from skyparley.cli.shown import notice_state, told_text, volume_lines

    regard = "stated" if notice.due_regard.stated else f"not stated: {notice.due_regard.reason}"
    pairs(
        [
            ("Notice", f"{notice.ref} of {notice.party}{' (ours)' if notice.own else ''}"),
            ("Kind", notice.kind),
            ("State", notice_state(notice)),
            ("Time", window_text(notice.start, notice.end)),
            ("Volumes", "\n".join(volume_lines(notice.volumes))),
            ("Due regard", regard),
            ("Told", told_text(notice)),
            ("Lead", notice.lead_class or ""),
            ("Key lacks", ", ".join(notice.missing_key)),
            ("Size", "smaller than the table lets a notice be" if notice.small else ""),
            ("Conflicts", "\n".join(conflicts)),
        ]
    )


# --- what the commands share --------------------------------------------------------------------------------------


def _named(desk: "Desk", said: "Said") -> None:
    """Refuses peers and keys that name nothing, before anything is asked of the node."""
    from skyparley.cli.named import known_keys, known_peers

    if said.audience or said.key:
        seen = desk.overview()
        known_peers(seen, said.audience)
        known_keys(seen, said.key)


def _decided_on(notice: "NoticeView", expect: int | None) -> None:
    from skyparley.cli.shown import notice_state

    pinned = "" if expect is None else f"; you decided on v{expect}"
    note(f"{notice.ref} of {notice.party}, {notice_state(notice)}{pinned}")


def _simple(
    notice_id: str, node: Any, expect: int | None, json: bool, act: tuple[str, str], body: dict[str, Any]
) -> None:
    """Reads the notice, shows what is decided on, acts."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.shown import own_notice

    word, done = act
    with open_desk(node) as desk:
        notice = own_notice(desk.overview(), notice_id)
        _decided_on(notice, expect)
        outcome = desk.act(f"/notices/{notice.id}/{word}", {"expected_version": expect or notice.version, **body})
    _tell(outcome, f"{notice.id} {done}.", json)


def _act_with_key(desk: "Desk", path: str, body: dict[str, Any]) -> "Outcome":
    """As `act`; a refusal for want of an awareness key also says how to give it."""
    try:
        return desk.act(path, body)
    except Ending as ending:
        missing = [line.strip() for line in ending.lines if line.startswith("    ")]
        if not any(line.strip().startswith("KEY_INCOMPLETE") for line in ending.lines) or not missing:
            raise
        keys = " ".join(f"--key '{ref.strip()}'" for line in missing for ref in line.split(","))
        hint = f"Look at them (skyparley notice show ...). If it is to be filed all the same, add: {keys}"
        raise Ending(ending.exit_code, *ending.lines, hint) from None


def _waiting(desk: "Desk", outcome: "Outcome", json: bool) -> str:
    """What has to be said of a notice that cannot arrive yet; nothing where the links are up, or for a machine."""
    from skyparley.cli.shown import not_received

    try:
        absent = [] if json else not_received(desk.overview(), str(outcome.refs.get("id", "")))
    except Ending:  # What was asked for is done; that the node cannot be looked at now does not undo it.
        return ""
    have = "have" if len(absent) > 1 else "has"
    return f"; {' and '.join(absent)} {have} NOT received it yet (link down)" if absent else ""


def _tell(outcome: "Outcome", text: str, json: bool) -> None:
    if json:
        as_json(outcome)
        return
    say(text)
    if outcome.conflicts:
        count = len(outcome.conflicts)
        say(f"It conflicts with {count} {'notice' if count == 1 else 'notices'}: skyparley conflict list")
