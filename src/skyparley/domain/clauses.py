"""Clauses by themselves: their names, the text that both sign, what is wrong with one, and the difference of two.

Source: DOMAIN 9 (LINE-14, NOT-10, LIV-10); line-v1 section 15.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason
from skyparley.base.ids import Fingerprint, digest
from skyparley.base.times import HOUR
from skyparley.domain.clause_records import ClauseBook
from skyparley.domain.messages import arrangement_slots as a
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import LineSlot, VolumeSlot
from skyparley.domain.records import Line
from skyparley.domain.table import table_flaws
from skyparley.domain.volumes import geometry_reasons, shape_reasons
from skyparley.evidence import jws
from skyparley.evidence.card import Card

NAMED: Final = (
    "PARTIES",
    "AREA",
    "FREQUENCIES",
    "CALLSIGNS",
    "LANGUAGES",
    "NUMBERS",
    "FREE TEXT",
    "FILES CLEAR",
    "CALENDAR",
    "LEVELS",
)
"""Clauses of which a line has one each, in the order in which they are shown; coverage and standing objects follow."""


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of a clause: what it said, and what it would say.  Absent: it was not there, or is not any more."""

    field: str
    old: str = ""
    new: str = ""


def clause_name(body: a.ClauseBody) -> str:
    """What a clause is called on its line: its kind, with the party or the id where there may be several."""
    kind = str(to_plain(body)["clause"])
    if isinstance(body, a.CoverageClause):
        return f"{kind} {body.party}"
    return f"{kind} {body.id}" if isinstance(body, a.STANDING) else kind


def clause_text(own: str, peer: str, body: a.ClauseBody, *, version: int, effective: int) -> bytes:
    """What both sign, byte for byte.  Source: line-v1 15.2."""
    first, second = sorted((own, peer))
    text = a.ClauseText(terms=1, parties=(first, second), body=body, version=version, effective=effective)
    return canonical(to_plain(text))


def text_hash(text: bytes) -> str:
    """The name of a text that both sign."""
    return digest(text)


def signature_holds(signature: str, text: bytes, card: Card, *times: int) -> bool:
    """Whether a supervisor's key of this card signed the text, and might at each of these times: that which the statement names, and its receipt."""
    try:
        parsed = jws.read(jws.attach(signature, text), typ=jws.CLAUSE, key_of=card.role_key)
    except jws.BadSignature:
        return False
    entry = card.role(parsed.kid)
    return parsed.kid.role == "supervisor" and entry is not None and all(entry.valid_at(at) for at in times)


# --- what is wrong with one ----------------------------------------------------------------------------------------


def clause_flaws(body: a.ClauseBody, own: str, peer: str) -> list[Reason]:
    """What is wrong with a clause between two parties; empty where nothing is."""
    reasons = _party_flaws(body, {own, peer})
    match body:
        case a.NumbersClause():
            reasons += [Reason("TABLE", flaw, "body") for flaw in table_flaws(body.table)]
        case a.FrequenciesClause():
            wrong = [one for one in body.frequencies if one.use == "GUARD" and one.hz not in a.GUARD_HZ]
            reasons += [Reason("GUARD", "guard is 121.5 or 243.0 MHz", "body") for _ in wrong[:1]]
        case a.CalendarClause() if list(body.human_checks) != sorted(set(body.human_checks)):
            reasons.append(Reason("HUMAN_CHECKS", "times of human_checks stand in their order, each once", "body"))
        case a.LineClause():
            reasons += shape_reasons(LineSlot(line=body.line, buffer_m=max(1, body.buffer_m)))
        case a.CoverageClause():
            reasons += [reason for shape in body.covers.areas for reason in shape_reasons(shape)]
        case a.AreaClause() | a.ZoneClause() | a.CautionClause():
            bands = body.areas if isinstance(body, a.AreaClause) else (body.zone,)
            reasons += geometry_reasons(tuple(map(_for_an_hour, bands)))
    size = len(canonical(to_plain(body)))
    if size > limits.CLAUSE_BYTES:
        reasons.append(Reason("TOO_LARGE", f"the clause takes {size} bytes; at most {limits.CLAUSE_BYTES}", "body"))
    return reasons


def _for_an_hour(band: a.BandSlot) -> VolumeSlot:
    """A band is judged like a notice; a clause has no period of its own."""
    return VolumeSlot(shape=band.shape, lower=band.lower, upper=band.upper, start=0, end=HOUR)


def _party_flaws(body: a.ClauseBody, both: set[str]) -> list[Reason]:
    """A clause speaks of the two parties of its line, and of nobody else."""
    named: list[str] = []
    whole = False
    match body:
        case a.PartiesClause() | a.LanguagesClause():
            named, whole = [one.party for one in body.parties], True
        case a.LineClause():
            named, whole = [body.left, body.right], True
        case a.CallSignsClause():
            named = [one.party for one in body.call_signs]
        case a.CoverageClause():
            named = [body.party]
    if set(named) - both or (whole and set(named) != both):
        text = "it names the two parties of this line by their fingerprints, and nobody else"
        return [Reason("PARTIES", text, "body")]
    return []


# --- the difference of two -----------------------------------------------------------------------------------------


def clause_diff(old: a.ClauseBody | None, new: a.ClauseBody) -> tuple[Difference, ...]:
    """Field by field, in the order of their names; `old` None: everything is new.  Empty where they are equal."""
    before = {} if old is None else dict(_leaves(to_plain(old)))
    after = dict(_leaves(to_plain(new)))
    fields = sorted({*before, *after})
    return tuple(
        Difference(field=name, old=before.get(name, ""), new=after.get(name, ""))
        for name in fields
        if before.get(name) != after.get(name) and name != "clause"
    )


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every number, text and position of a plain value by its path: `zone.lower.ft`, `frequencies.0.hz`."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple) and value and not all(isinstance(one, int) for one in value):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{place}" if path else str(place))
    else:
        yield path, value if isinstance(value, str) else canonical(value).decode()


# --- what is in force ----------------------------------------------------------------------------------------------


def in_force(line: Line, name: str) -> a.ClauseBody | None:
    """The clause of this name that is in force on a line; a standing object that was withdrawn is not."""
    book = line.terms.get(name)
    standing = book.standing if book is not None else None
    if standing is None or getattr(standing.body, "withdrawn", UNSET) is True:
        return None
    return standing.body


def free_text_allowed(line: Line) -> bool:
    """Whether own words may stand beside a code on this line."""
    body = in_force(line, "FREE TEXT")
    return body.on if isinstance(body, a.FreeTextClause) else True


def files_in_clear(line: Line) -> bool:
    """Whether files to this peer may travel without a seal."""
    body = in_force(line, "FILES CLEAR")
    return body.on if isinstance(body, a.FilesClearClause) else False


def book_of_offer(line: Line, statement: str) -> tuple[str, ClauseBook] | None:
    """The clause in which a TBL statement is an offer that is still remembered."""
    return next(((name, book) for name, book in line.terms.items() if book.offer(statement) is not None), None)


def stands(own: Fingerprint, mine: int, peer: Fingerprint, theirs: int) -> bool:
    """Of two offers that crossed, whether ours stands: the higher version; of equals the party that sorts first."""
    return mine > theirs or (mine == theirs and own < peer)
