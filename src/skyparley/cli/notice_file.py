"""`skyparley notice file FILE`: the plans of a file become notices, previewed first, filed all or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.cli.choices import choose
from skyparley.cli.desk_client import Desk
from skyparley.cli.endings import NO, UNUSABLE, Ending, unusable
from skyparley.cli.forms import BadForm, read_time
from skyparley.cli.named import known_keys, known_peers
from skyparley.cli.notice_bodies import Said, body_of, decoded_form, regard_of
from skyparley.cli.notice_file_plans import Chosen, Common, Entry, Unfit, entries_of, only, unfit_flaws, whose
from skyparley.cli.notice_file_same import with_same
from skyparley.cli.notice_file_shown import NAMES_SHOWN, NotFiled, Preview, same_lines, show_preview
from skyparley.cli.screen import as_json, note, say
from skyparley.cli.shown import not_received
from skyparley.cli.surroundings import at_terminal, read_bytes
from skyparley.domain.messages.codes import NOTICE_KINDS
from skyparley.domain.messages.slots import DueRegard
from skyparley.domain.what_if import WhatIf
from skyparley.formats.geojson import stem
from skyparley.formats.reading import read
from skyparley.formats.records import Reading
from skyparley.state.views import Overview

ONE_NOTICE: Final = "JSON of one notice"


class FileSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told.  `said`: the options that a notice from options has, too."""

    source: str
    said: Said
    party: str = ""
    only: tuple[str, ...] = ()
    yes: bool = False
    again: bool = False
    what_if: bool = False
    json: bool = False


def file_plans(desk: Desk, told: FileSaid) -> None:
    """Previews what a file comes to, asks, and files it.  Ends the command with the exit code where it does not."""
    from skyparley.cli.surroundings import ask_yes

    _sorted_out(told)
    data = read_bytes(told.source, what="plans", most_bytes=limits.CHECK_FILE_BYTES)
    seen = desk.overview()
    known_peers(seen, told.said.audience)
    known_keys(seen, told.said.key)
    preview = _preview(desk, told, _reading(told.source, data), data, seen)
    person = at_terminal() and not (told.json or told.what_if or told.yes)
    if not told.json:
        show_preview(preview, seen)
    stops = not_filed(preview, may_know=person, again=told.again)
    if stops is None and (told.yes or (person and ask_yes(_question(preview)))):
        _file(desk, preview, told)
        return
    if told.json:
        as_json(preview)
    if stops is not None:
        raise Ending(stops.exit_code, *stops.lines)
    note("Nothing was filed." if person or told.what_if else f"Nothing was filed. To file {_them(preview)}, add --yes.")
    if person:
        raise Ending(NO)


def not_filed(preview: Preview, *, may_know: bool, again: bool) -> NotFiled | None:
    """Why nothing can be filed; None where all can.

    `may_know`: a person is there to say that the conflicts, and what is filed already, are known.  `again`: what is filed
    already is meant to be filed once more.
    """
    if preview.unfit or not preview.notices:
        return _unusable_parts(preview)
    refused = [
        (entry.file_id, reason)
        for entry, would in preview.pairs()
        for reason in would.reasons
        if not (may_know and reason.code == "KEY_INCOMPLETE")
    ]
    lines = list(_shared(refused))
    lines += [f"  {_reason_text(reason)}" for reason in preview.reasons]
    if not lines:
        return _doubled(preview) if not (may_know or again) else None
    only_keys = not preview.reasons and all(reason.code == "KEY_INCOMPLETE" for _, reason in refused)
    keys = " ".join(f"--key '{ref}'" for ref in sorted({ref for _, reason in refused for ref in reason.ids}))
    hint = [f"To file all the same, knowing what each conflicts with, add: {keys}"] if only_keys else []
    return NotFiled(NO, ("Refused. Nothing was filed:", *lines, *hint))


def _unusable_parts(preview: Preview) -> NotFiled:
    """What of the file no notice can be made of; that there are other parts to choose is said only where there are."""
    if not preview.unfit:
        return NotFiled(UNUSABLE, (f"{preview.file} has no plan of which a notice can be made. Nothing was filed.",))
    parts = len(preview.unfit)
    which = f"{parts} {'part' if parts == 1 else 'parts'} of {preview.file}" if preview.notices else preview.file
    lines = [f"{which} cannot be told. Nothing was filed:", *_shared(_unfit(preview.unfit))]
    others = ", or choose its other parts with --only" if preview.notices else ""
    return NotFiled(UNUSABLE, (*lines, f"Mend the file{others}."))


def _doubled(preview: Preview) -> NotFiled | None:
    """A script that files once more what was filed, as a retry does, doubles nothing unless it says so."""
    if not any(entry.same_as for entry in preview.notices):
        return None
    hint = "Choose the others with --only, or file the same once more with --again."
    return NotFiled(NO, ("Filed already. Nothing was filed:", *same_lines(preview), hint))


def _sorted_out(told: FileSaid) -> None:
    """Refuses what one notice from options has of its own, beside a file."""
    said = told.said
    if said.file:
        raise unusable(f"{told.source} and --file {said.file}: one of them; FILE alone is shown before it is filed")
    if said.shapes or said.volumes or said.defaults["lower"] or said.defaults["upper"]:
        raise unusable("areas and levels come from the file or from options, not from both")


# --- what the file comes to ---------------------------------------------------------------------------------------


def _reading(source: str, data: bytes) -> Reading:
    """The file as its readers read it; one notice in the form of `notice show --as-file` has no reader and no plans."""
    if _is_one_notice(data):
        return Reading(file=source, format=ONE_NOTICE, features=1)
    return msgspec.structs.replace(read("stdin" if source == "-" else source, data), file=source)


def _is_one_notice(data: bytes) -> bool:
    """Whether JSON is a notice in human forms: its volumes have a shape, as no other format has it."""
    try:
        found = msgspec.json.decode(data)
        return "shape" in found["volumes"][0]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, LookupError):
        return False


def _preview(desk: Desk, told: FileSaid, reading: Reading, data: bytes, seen: Overview) -> Preview:
    if reading.format == ONE_NOTICE:
        chosen = _one(told, data, seen)
    else:
        chosen = _chosen(told, reading, seen)
    if len(chosen.entries) > limits.NOTICES_AT_ONCE:
        text = f"{len(chosen.entries)} notices; at most {limits.NOTICES_AT_ONCE} are filed at once"
        raise unusable(f"{text}: choose some with --only, like --only {chosen.entries[0].file_id}")
    entries = with_same(chosen.entries, seen)
    bodies = [entry.body for entry in entries]
    answer = desk.ask({"notices": bodies}) if bodies else WhatIf(position=seen.position, now=seen.now)
    return Preview(
        file=told.source,
        format=reading.format,
        features=reading.features,
        notices=entries,
        would=answer.notices,
        reasons=answer.reasons,
        unfit=chosen.unfit,
        left_out=(*reading.left_out, *chosen.left_out),
        position=answer.position,
    )


def _chosen(told: FileSaid, reading: Reading, seen: Overview) -> Chosen:
    """The plans of a file that are to be filed, as notices."""
    unnamed = stem("stdin" if told.source == "-" else told.source)
    plans, others = whose(reading, party=told.party, ours=seen.own.name, unnamed=unnamed)
    plans, flaws, rest = only(plans, reading.flaws, told.only)
    said = told.said
    if not said.kind:
        raise BadForm(f"what kind of notices? Add --kind: {', '.join(NOTICE_KINDS)}")
    start = read_time(said.defaults["start"], now_ms=seen.now) if said.defaults.get("start") else None
    common = Common(
        kind=choose(said.kind, NOTICE_KINDS, what="kind of notice"),
        due_regard=regard_of(said) or DueRegard(stated=True),
        audience=said.audience,
        key=said.key,
        window=(start, _end(said.defaults, start, seen.now)),
    )
    entries, unfit = entries_of(plans, common)
    return Chosen(tuple(entries), (*unfit_flaws(flaws), *unfit), (*others, *rest))


def _end(defaults: Mapping[str, str], start: int | None, now_ms: int) -> int | None:
    return read_time(defaults["end"], now_ms=now_ms, day_ms=start) if defaults.get("end") else None


def _one(told: FileSaid, data: bytes, seen: Overview) -> Chosen:
    """One notice in human forms, as `--file` takes it."""
    if told.party or told.only or any(told.said.defaults.values()):
        raise unusable(
            f"{told.source} is one notice with its own levels and times; --kind, --to and --key can be added"
        )
    form = decoded_form(told.source, data)
    body = body_of(told.said, form, now_ms=seen.now)
    known_peers(seen, body["audience"])
    known_keys(seen, body["key"])
    return Chosen((Entry(file_id=form.id or "-", body=body),), (), ())


# --- filing -------------------------------------------------------------------------------------------------------


def _file(desk: Desk, preview: Preview, told: FileSaid) -> None:
    """Files all that was previewed, each notice naming exactly the conflicts that were shown with it."""
    bodies = [
        {**entry.body, "key": (*entry.body["key"], *(conflict.ref for conflict in would.conflicts))}
        for entry, would in preview.pairs()
    ]
    outcome = desk.act("/notices/batch", {"notices": bodies})
    if told.json:
        as_json(msgspec.structs.replace(preview, outcome=outcome))
        return
    ids = [str(one["id"]) for one in outcome.refs["notices"]]
    say(f"{len(ids)} {'notice is' if len(ids) == 1 else 'notices are'} filed: {runs(ids)}{_waiting(desk, ids)}.")
    if outcome.conflicts:
        count = len(outcome.conflicts)
        say(f"{count} {'conflict comes' if count == 1 else 'conflicts come'} of it: skyparley conflict list")
    if not any(entry.body.get("audience") for entry in preview.notices):
        note("Nobody was told: they stay local. Tell a peer with: skyparley notice change ... --to PEER")


def _waiting(desk: Desk, ids: Sequence[str]) -> str:
    """Who has not received them; that the node cannot be looked at now does not undo what was filed."""
    try:
        seen = desk.overview()
    except Ending:
        return ""
    absent = sorted({peer for notice_id in ids for peer in not_received(seen, notice_id)})
    return (
        f"; {' and '.join(absent)} {'have' if len(absent) > 1 else 'has'} NOT received them yet (link down)"
        if absent
        else ""
    )


def runs(ids: Sequence[str]) -> str:
    """Ids that follow each other as one span: `A-0007 to A-0026, X-1`."""
    spans: list[list[str]] = [[one] for one in ids[:1]]
    for before, one in pairwise(ids):
        if _follows(before, one):
            spans[-1].append(one)
        else:
            spans.append([one])
    return ", ".join(span[0] if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans)


def _follows(before: str, one: str) -> bool:
    (name, _, number), (other, _, next_number) = before.rpartition("-"), one.rpartition("-")
    return name == other and number.isdigit() and next_number.isdigit() and int(next_number) == int(number) + 1


def _question(preview: Preview) -> str:
    conflicting = sum(1 for would in preview.would if would.conflicts)
    known = f", {'it' if len(preview.would) == 1 else conflicting} in conflict as shown" if conflicting else ""
    same = list(same_lines(preview))
    doubled = f", though {same[0].strip()}" if len(same) == 1 else f", though {len(same)} are filed already as shown"
    return f"File {_them(preview)}{known}{doubled if same else ''}?"


def _them(preview: Preview) -> str:
    count = len(preview.notices)
    return "this notice" if count == 1 else f"these {count} notices"


def _unfit(unfit: Iterable[Unfit]) -> Iterator[tuple[str, Reason]]:
    """Each reason with the part of the file that it is about."""
    for one in unfit:
        where = f"{one.place} ({one.file_id})" if one.place and one.file_id else one.place or one.file_id
        for reason in one.reasons:
            yield where or "the file", reason


def _shared(reasons: Iterable[tuple[str, Reason]]) -> Iterator[str]:
    """Each reason once, with what it is about; many that share one are counted, as in a file of published airspace."""
    about: dict[str, list[str]] = {}
    for where, reason in reasons:
        about.setdefault(_reason_text(reason), []).append(where)
    for text, names in about.items():
        rest = len(names) - NAMES_SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        yield f"  {', '.join(names[:NAMES_SHOWN])}{more}: {text}"


def _reason_text(reason: Reason | Any) -> str:
    return f"{reason.code}: {reason.text}"
