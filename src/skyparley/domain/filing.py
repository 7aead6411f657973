"""Filing and changing notices: what a desk wants to be so, everything that speaks against it, and what it would meet.

A version is weighed first and decided on afterwards; a what-if (what_if.py) is the weighing alone, so that the two cannot
part.  Source: DOMAIN 9.2 (NOT-*), RES-10.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import ChangeNotice, FileNotice, FileNotices, Outcome
from skyparley.domain.detection import by_notice, pair_id
from skyparley.domain.drafts import draft
from skyparley.domain.events import NoticeChanged, NoticeFiled, OwedDropped
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.catalogue import in_every_state
from skyparley.domain.messages.slots import AtSlots
from skyparley.domain.notices import bound_reasons, fields_changed, own_notice, sense_reasons, tell
from skyparley.domain.owed import never_told
from skyparley.domain.parties import all_names, name_of, named_voice
from skyparley.domain.records import Line, Notice, NoticeVersion, version_ref
from skyparley.domain.view import Decided, Hit, Item, Moment, Ruling, View
from skyparley.domain.volumes import geometry_reasons

_ID: Final = re.compile(r"[A-Z][A-Z0-9-]{0,31}")


class Weighed(NamedTuple):
    """A version that a desk wants, what speaks against it, and the notices of others that it meets.

    `audience`: everyone who would know of it; `by_voice`: and those who would be called.  `hits` are empty where the volumes cannot be judged.
    """

    id: str
    version: NoticeVersion
    audience: tuple[Fingerprint, ...]
    reasons: tuple[Reason, ...]
    hits: tuple[Hit, ...]
    by_voice: tuple[Fingerprint, ...] = ()

    @property
    def ref(self) -> str:
        return version_ref(self.id, self.version.version)


# --- what the desk asks ----------------------------------------------------------------------------------------


def file_notice(view: View, command: FileNotice, moment: Moment, by: str) -> Ruling:
    """A new notice: NTC to each peer of the audience.  Refused with every reason at once."""
    (weighed,) = weigh_new(view, (command,), moment.now)
    if weighed.reasons:
        return Refusal(weighed.reasons)
    return Decided(tuple(_filed(weighed, moment, by)), _outcome(view, weighed))


def file_notices(view: View, command: FileNotices, moment: Moment, by: str) -> Ruling:
    """Several new notices, all or none.  Refused with every reason of each: the field begins with `notices[i]`."""
    several = weigh_new(view, command.notices, moment.now)
    reasons = batch_reasons(several)
    if reasons:
        return Refusal(tuple(reasons))
    return Decided(
        tuple(item for weighed in several for item in _filed(weighed, moment, by)),
        Outcome(
            refs={"notices": [_refs(weighed) for weighed in several]},
            conflicts=tuple(sorted(pair for weighed in several for pair in _pairs(view, weighed))),
        ),
    )


def change_notice(view: View, command: ChangeNotice, moment: Moment, by: str) -> Ruling:
    """A new version (NCH); to peers that join the audience or never heard of it, the notice as it now is (NTC)."""
    notice = own_notice(view, command.id, command.expected_version)
    if isinstance(notice, Refusal):
        return notice
    weighed = weigh_change(view, notice, command, moment.now)
    if weighed.reasons:
        return Refusal(weighed.reasons)
    version, audience = weighed.version, weighed.audience
    changed = NoticeChanged(
        id=notice.id,
        version=version.version,
        kind=version.kind,
        volumes=version.volumes,
        due_regard=version.due_regard,
        audience=audience,
        by_voice=weighed.by_voice,
        by=by,
    )
    dropped = [item for peer in notice.audience for item in _overtaken(view.lines[peer], notice, version)]
    first = {peer for peer in audience if peer not in notice.audience} | {item.peer for item in dropped}
    tells = [tell("NTC" if peer in first else "NCH", peer, notice.id, version, moment) for peer in audience]
    if notice.state == "ACTIVE" and notice.active_at is not None:
        # Whoever hears of it first hears that it is active too: it decides who is asked to move.
        at = AtSlots(id=notice.id, at=notice.active_at)
        tells += [draft("NACT", peer, at, moment, version=version.version) for peer in audience if peer in first]
    return Decided((changed, *dropped, *tells), _outcome(view, weighed))


def _overtaken(line: Line, notice: Notice, version: NoticeVersion) -> list[OwedDropped]:
    """A plan that still waits for the line becomes what every state of the line takes: it must not wait behind itself."""
    plan = any(owed.type == "NTC" and owed.slots.get("id") == notice.id for owed in line.owed)
    return never_told(line, notice) if plan and in_every_state(version.kind) else []


# --- weighing --------------------------------------------------------------------------------------------------


def weigh_new(view: View, commands: Sequence[FileNotice], now: int) -> list[Weighed]:
    """New notices side by side: each with its id and its reasons.  They are of one party, so they never meet each other."""
    ids = _ids(view, commands)
    live = view.live_notices(view.own)
    several = []
    for place, command in enumerate(commands):
        audience, by_voice, reasons = _audience(view, command.audience)
        reasons += _id_reasons(view, ids, place)
        if live + place >= limits.NOTICES_LIVE_PER_PARTY:
            reasons.append(Reason("TOO_MANY", f"at most {limits.NOTICES_LIVE_PER_PARTY} live notices", ""))
        version = NoticeVersion(version=1, kind=command.kind, volumes=command.volumes, due_regard=command.due_regard)
        begun = Weighed(ids[place], version, audience, tuple(reasons), (), by_voice)
        several.append(_judged(view, begun, key=command.key, now=now))
    return several


def weigh_change(view: View, notice: Notice, command: ChangeNotice, now: int) -> Weighed:
    """The next version of a live notice of ours."""
    added, called, reasons = _audience(view, command.audience or ())
    before = notice.current
    version = NoticeVersion(
        version=before.version + 1,
        kind=command.kind or before.kind,
        volumes=command.volumes or before.volumes,
        due_regard=command.due_regard or before.due_regard,
    )
    audience = (*notice.audience, *(peer for peer in added if peer not in notice.audience))
    by_voice = (*notice.by_voice, *(peer for peer in called if peer not in notice.by_voice))
    if not fields_changed(before, version) and (audience, by_voice) == (notice.audience, notice.by_voice):
        reasons.append(Reason("NOTHING_CHANGED", "the new version says the same as the one before", ""))
    reasons += bound_reasons(view, notice, version.volumes, now)
    begun = Weighed(notice.id, version, audience, tuple(reasons), (), by_voice)
    return _judged(view, begun, key=command.key, now=now)


def batch_reasons(several: Sequence[Weighed]) -> list[Reason]:
    """Every reason of notices that are filed as one, each at its place; and what is too much for one batch."""
    return [
        replace(reason, field=f"notices[{place}]" + (f".{reason.field}" if reason.field else ""))
        for place, weighed in enumerate(several)
        for reason in weighed.reasons
    ] + too_much(several)


def too_much(several: Sequence[Weighed]) -> list[Reason]:
    """Why notices that could each be filed alone cannot be filed as one; usually nothing."""
    conflicts = sum(len(by_notice(weighed.hits)) for weighed in several)
    if conflicts <= limits.CONFLICTS_AT_ONCE:
        return []
    text = f"together they make {conflicts} conflicts; at most {limits.CONFLICTS_AT_ONCE} at once: file fewer at a time"
    return [Reason("TOO_MANY", text, "notices")]


def _judged(view: View, begun: Weighed, *, key: Sequence[str], now: int) -> Weighed:
    """With what is wrong with the content and, where it can be judged at all, whom it meets.

    What the desk should have known is asked for last: a notice that cannot be filed needs no key.
    """
    version = begun.version
    wrong = geometry_reasons(version.volumes)
    hits = () if wrong else tuple(view.hits(view.own, version.volumes))
    reasons = [*begun.reasons, *(wrong or sense_reasons(view, version, now, begun.audience))]
    if not reasons:
        reasons += _key_reasons(view, hits, key)
    return begun._replace(reasons=tuple(reasons), hits=hits)


def _ids(view: View, commands: Sequence[FileNotice]) -> list[str]:
    """The id of each: as given, or the next that neither the record nor the batch has."""
    given = {command.id for command in commands if command.id}
    ids: list[str] = []
    after = 0
    for command in commands:
        notice_id = command.id
        while not notice_id:
            notice_id, after = view.next_notice_id(after), after + 1
            notice_id = "" if notice_id in given else notice_id
        ids.append(notice_id)
    return ids


def _id_reasons(view: View, ids: Sequence[str], place: int) -> list[Reason]:
    notice_id = ids[place]
    if not _ID.fullmatch(notice_id):
        text = f"{notice_id!r} is not a notice id; A-Z first, then up to 31 of A-Z, 0-9 and -"
        return [Reason("ID", text, "id")]
    if (view.own, notice_id) in view.notices or (view.own, notice_id) in view.forgotten.notices:
        return [Reason("ID_TAKEN", f"{notice_id} was used before; ids are unique for ever", "id")]
    if notice_id in ids[:place]:
        text = f"{notice_id} is the id of notices[{ids.index(notice_id)}] too; give each its own, or none"
        return [Reason("ID_TAKEN", text, "id")]
    return []


def _audience(
    view: View, names: Iterable[str]
) -> tuple[tuple[Fingerprint, ...], tuple[Fingerprint, ...], list[Reason]]:
    """Who is told by a line, and who is called, of the names that a desk gives."""
    peers: list[Fingerprint] = []
    called: list[Fingerprint] = []
    reasons: list[Reason] = []
    for name in names:
        peer = named_peer(view, name)
        voice = named_voice(view, name)
        if voice is not None:
            called += [voice.peer] if voice.peer not in called else []
        elif peer is None:
            known = ", ".join(all_names(view)) or "none"
            reasons.append(Reason("UNKNOWN_PEER", f"no peer is called {name!r}; pinned: {known}", "audience"))
        elif peer not in peers:
            peers.append(peer)
    if len(peers) + len(called) > limits.AUDIENCE:
        reasons.append(Reason("TOO_MANY", f"at most {limits.AUDIENCE} peers in an audience", "audience"))
    return tuple(peers), tuple(called), reasons


def _key_reasons(view: View, hits: Sequence[Hit], key: Sequence[str]) -> list[Reason]:
    """A planned notice that conflicts is filed only by a desk that says it knows with what (NOT-03)."""
    refs = [full_ref(view, view.notices[hit]) for hit in sorted(by_notice(hits))]
    known = {entry.split(" ", 1)[-1] if entry.count(" ") > 1 else entry for entry in key}
    missing = tuple(ref for ref in refs if ref.split(" ", 1)[1] not in known)
    if not missing:
        return []
    text = f"conflicts with {', '.join(missing)}; look at them and file again with them in the key"
    return [Reason("KEY_INCOMPLETE", text, "key", missing)]


# --- deciding --------------------------------------------------------------------------------------------------


def _filed(weighed: Weighed, moment: Moment, by: str) -> list[Item]:
    """The notice, and what each peer of its audience is told."""
    version = weighed.version
    filed = NoticeFiled(
        id=weighed.id,
        kind=version.kind,
        volumes=version.volumes,
        due_regard=version.due_regard,
        audience=weighed.audience,
        by_voice=weighed.by_voice,
        by=by,
    )
    return [filed, *(tell("NTC", peer, weighed.id, version, moment) for peer in weighed.audience)]


def _outcome(view: View, weighed: Weighed) -> Outcome:
    return Outcome(refs=_refs(weighed), conflicts=tuple(sorted(_pairs(view, weighed))))


def _refs(weighed: Weighed) -> dict[str, str | int]:
    return {"id": weighed.id, "version": weighed.version.version, "ref": weighed.ref}


def _pairs(view: View, weighed: Weighed) -> list[str]:
    return [pair_id((view.own, weighed.id), key) for key in by_notice(weighed.hits)]


def full_ref(view: View, notice: Notice) -> str:
    """How a key and people name a version of anybody: `B B-0001 v1`."""
    return f"{name_of(view, notice.party)} {notice.ref}"
