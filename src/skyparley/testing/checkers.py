"""The laws of a node, each a small pure function that says how it is broken: an empty list where it holds.

They judge by the tape (what is durable, what was promised, what left) and by the state, and never ask the node itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint, b64url, digest
from skyparley.base.times import MINUTE
from skyparley.domain.events import encode
from skyparley.domain.lines import may_seal_this
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.records import LIVE_STATES, Conflict
from skyparley.engine.sequencer import Change, read_event
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.state.fold import fold
from skyparley.state.projection import State
from skyparley.state.views import Overview
from skyparley.testing.tape import Number, Tape

Broken = list[str]

LAWS: Final = {
    "answered_command_kept": "what a desk was answered is in the journal, whatever crashed since",
    "nothing_undurable_seen": "what a desk, a listener or a peer was shown is durable at that moment",
    "converge": "when faults stop, both nodes hold the same notices, conflicts, offers and agreements",
    "agreement_two_signatures": "an agreement is shown only with both signatures, and never as active after its end",
    "no_own_fork": "no two different statements of ours with one number ever leave the node",
    "signers_keep": "what a node signed it keeps, and it does not enlarge against it",
    "replay_equals": "folding the journal afresh gives the same state",
    "liar_contained": "nobody changes the notice of another, and no liar stalls the line of others",
    "one_of_two": "of two officers who decide on one version at once, one succeeds",
    "no_fault_of_ours": "no assertion of ours fails and no task of ours ends",
}
"""The laws by name."""


# --- at every step ---------------------------------------------------------------------------------------------


def answered_command_kept(tape: Tape) -> Broken:
    """Every key that was answered stands in the journal."""
    return [f"the answer to {key} is not in the journal" for key in tape.promised if key not in tape.answered]


def statements_durable(tape: Tape, hashes: Iterable[str]) -> Broken:
    """Statements that somebody is shown are in the journal, on whichever feed."""
    return [
        f"statement {one[:8]} was shown and is not durable"
        for one in hashes
        if one not in tape.sealed and one not in tape.received
    ]


def position_durable(tape: Tape, position: int) -> Broken:
    """A state that somebody read is not ahead of the journal."""
    return [f"a reader saw position {position}, durable is {tape.position}"] if position > tape.position else []


def changes_durable(tape: Tape, changes: Sequence[Change]) -> Broken:
    """What a listener heard stands in the journal at its position, byte for byte."""
    return [
        f"a listener heard of {change.position}, which is not what is durable there"
        for change in changes
        if change.position > tape.position or tape.entries[change.position - 1].content != encode(change.event)[2]
    ]


def no_own_fork(tape: Tape, peer: str, number: Number, statement: str) -> Broken:
    """The statement that leaves is the one that left before under its number, if any."""
    before = tape.left.get((peer, number), statement)
    return [] if before == statement else [f"{number} to {peer} left as {before[:8]} and now as {statement[:8]}"]


def one_of_two(results: Sequence[bool]) -> Broken:
    """At most one of several acts decided on the same version succeeds."""
    return [f"{sum(results)} acts on one version succeeded"] if sum(results) > 1 else []


def own_change_keeps(bound: Sequence[VolumeSlot], after: Sequence[VolumeSlot]) -> Broken:
    """While an agreement is in force, each volume of a change lies within one of the volumes before it."""
    wider = [place for place, new in enumerate(after) if not any(_within(new, old) for old in bound)]
    return [f"volumes {wider} of a change reach beyond what the agreement binds"] if wider else []


def _within(new: VolumeSlot, old: VolumeSlot) -> bool:
    """For the circles and flight levels that simulated desks use."""
    one, two = msgspec.to_builtins(new), msgspec.to_builtins(old)
    shape, around = one["shape"], two["shape"]
    return bool(
        old.start <= new.start
        and new.end <= old.end
        and two["lower"]["ft"] <= one["lower"]["ft"]
        and one["upper"]["ft"] <= two["upper"]["ft"]
        and shape["centre"] == around["centre"]
        and shape["radius_m"] <= around["radius_m"]
    )


# --- on a view -------------------------------------------------------------------------------------------------


def agreement_two_signatures(
    state: State, shown: Overview, cards: Mapping[Fingerprint, Card], held: set[str]
) -> Broken:
    """Both parties' desk keys signed what is shown as an agreement; `held` remembers what was verified before."""
    broken: Broken = []
    for view in shown.agreements:
        record = state.agreements[view.agreement_id]
        if view.status in ("PENDING", "IN_FORCE") and shown.now >= record.agreement.until:
            broken.append(f"{view.short_id} ended and is shown as {view.status}")
        text = canonical(record.agreement)
        parties = {record.agreement.proposer, record.agreement.acceptor}
        for party in parties:
            signature = record.signatures.get(Fingerprint(party), "")
            proof = f"{view.agreement_id} {party} {signature}"
            if proof not in held and not signature_holds(signature, text, cards[Fingerprint(party)]):
                broken.append(f"{view.short_id} is shown without the signature of {cards[Fingerprint(party)].name}")
            held.add(proof)
    return broken


def signature_holds(signature: str, text: bytes, card: Card) -> bool:
    """Whether a desk key on the card signed the text."""
    parts = signature.split(".")
    if len(parts) != 3 or parts[1]:
        return False
    try:
        parsed = jws.split(f"{parts[0]}.{b64url(text)}.{parts[2]}")
    except jws.BadSignature:
        return False
    public = card.role_key(parsed.kid)
    return (
        parsed.typ == jws.AGREEMENT and parsed.kid.role == "desk" and bool(public) and jws.verify(parsed, public or b"")
    )


def notices_signed(state: State, signed: Mapping[tuple[str, str, int], set[bytes]], honest: set[str]) -> Broken:
    """Every version of an honest party's notice that a node holds was signed by that party."""
    return [
        f"{state.name} holds {notice.ref} of {state.lines[notice.party].name}, which its owner never signed so"
        for notice in state.notices.values()
        if notice.party in honest
        and notice.party != state.own
        and canonical(notice.current.volumes)
        not in signed.get((notice.party, notice.id, notice.current.version), set())
    ]


# --- on the journal --------------------------------------------------------------------------------------------


def refold(tape: Tape, fresh: State) -> State:
    """The state of a journal, from its entries."""
    for position, entry in enumerate(tape.entries, start=1):
        event = read_event(entry.kind, entry.schema, entry.content)
        assert event is not None, "nothing is purged here"
        fold(fresh, position, entry.at_ms, event)
    return fresh


_FOLDED: Final = (
    "position",
    "notices",
    "conflicts",
    "agreements",
    "lines",
    "answers",
    "alarms",
    "anchor",
    "pairs_of",
    "offers_of",
    "deficient",
    "agreed_on",
    "agreements_about",
    "pending",
    "accepted",
    "forgotten",
)


def replay_equals(live: State, again: State) -> Broken:
    """Both states are equal in every part that decisions and views read."""
    broken = [
        f"{part} differs after a replay: {_first_difference(_part(live, part), _part(again, part))}"
        for part in _FOLDED
        if _part(live, part) != _part(again, part)
    ]
    if live.deadlines.next() != again.deadlines.next() or len(live.deadlines) != len(again.deadlines):
        broken.append("deadlines differ after a replay")
    return broken


def _part(state: State, part: str) -> Any:
    """A part to compare.  Drafts that wait hold plain data, in which a list read back was a tuple when it was written."""
    if part != "lines":
        return getattr(state, part)
    return {
        peer: replace(line, owed=[canonical(owed) for owed in line.owed])  # type: ignore[misc]
        for peer, line in state.lines.items()
    }


def _first_difference(one: Any, two: Any) -> str:
    """Where two parts differ, for people."""
    if isinstance(one, dict) and isinstance(two, dict):
        for name in [*one, *two]:
            if one.get(name) != two.get(name):
                return f"{str(name)[:24]}: {_first_difference(one.get(name), two.get(name))}"
    if is_dataclass(one) and is_dataclass(two):
        for member in fields(one):
            if getattr(one, member.name) != getattr(two, member.name):
                return f"{member.name}: {_first_difference(getattr(one, member.name), getattr(two, member.name))}"
    return f"{str(one)[:160]} live, {str(two)[:160]} replayed"


def signers_keep(state: State, signed: Mapping[str, bytes]) -> Broken:
    """Every agreement that this node countersigned or took with both signatures is held, with the same text."""
    broken: Broken = []
    for name, text in signed.items():
        record = state.agreements.get(name)
        if record is None and name in state.forgotten.agreements:
            continue
        if record is None or canonical(record.agreement) != text:
            broken.append(f"{state.name} signed agreement {name[:8]} and does not hold it")
    return broken


# --- when faults have stopped ------------------------------------------------------------------------------------


def converge(one: State, two: State, now: int) -> Broken:
    """What both nodes must say equally about the line between them, at the world's time `now`."""
    broken: Broken = []
    for mine, theirs in ((one, two), (two, one)):
        line, back = mine.lines[theirs.own], theirs.lines[mine.own]
        owed = [owed.type for owed in line.owed if may_seal_this(line, owed)]
        if line.compared != "EQUAL" or owed or (line.owed and line.state == "IN_FORCE"):
            broken.append(f"{mine.name} to {theirs.name}: {line.compared}, owed {[one.type for one in line.owed]}")
        if line.sent.head_hash != back.received.head_hash or line.delivered != line.sent.head:
            broken.append(f"{mine.name} to {theirs.name}: sent {line.sent.head}, received {back.received.head}")
        if line.state == "TERMINATED":
            continue  # Nothing but what saves lives passes.
        over = {key[1] for state in (mine, theirs) for key in state.forgotten.notices if key[0] == mine.own}
        here, there = _notices(mine, mine.own, theirs.own, over), _notices(theirs, mine.own, mine.own, over)
        broken += _differ("notices", here, there, mine)
    if one.lines[two.own].state != "IN_FORCE":
        return broken  # What is made on an open line only waits.
    broken += _differ("conflicts", _conflicts(one, two.own, now), _conflicts(two, one.own, now), one)
    over = one.forgotten.agreements | two.forgotten.agreements
    broken += _differ("agreements", _agreements(one, two.own, over), _agreements(two, one.own, over), one)
    return broken


def _differ(what: str, mine: dict[Any, Any], theirs: dict[Any, Any], state: State) -> Broken:
    names = [name for name in sorted(set(mine) | set(theirs)) if mine.get(name) != theirs.get(name)]
    return [f"{what} of {state.name}: {name} is {mine.get(name)} here, {theirs.get(name)} there" for name in names]


def _notices(state: State, owner: Fingerprint, to: Fingerprint, over: set[str]) -> dict[Any, Any]:
    """What was told on a line.  Of what is cancelled or ended only that it is so; what never was told is nothing.

    `over`: what one of the two has let go; of that, too, only the state can be compared.
    """
    line = to if owner == state.own else owner
    gone = {
        key[1]: (stub.state, ())
        for key, stub in state.forgotten.notices.items()
        if key[0] == owner and (owner != state.own or to in stub.told)
    }
    return gone | {
        notice.id: (
            notice.state,
            (
                notice.current.version,
                not notice.live_for(to),
                digest(canonical(notice.current))[:12],
                str(notice.places.get(line)),
            )
            if notice.state in LIVE_STATES and notice.id not in over
            else (),
        )
        for notice in state.notices.values()
        if notice.party == owner and (owner != state.own or to in notice.audience)
        if line in notice.told or notice.live
    }


def _conflicts(state: State, peer: Fingerprint, now: int) -> dict[Any, Any]:
    """Live conflicts on a line.  The word for one whose start has come depends on which of clock and offer was first."""
    return {
        conflict.pair_id[:8]: (
            conflict.conflict_id[:8],
            _WORD.get(conflict.state, conflict.state) if _start(state, conflict) > now + 2 * MINUTE else "",
            (conflict.offer.proposal[:8], conflict.offer.by[:8], conflict.offer.turn) if conflict.offer else None,
            "BOUND" if conflict.acceptance else "",
        )
        for conflict in state.conflicts.values()
        if conflict.other_party == peer and conflict.live and conflict.shared
    }


_WORD: Final = {"REJECTED": "DETECTED"}
"""No offer is open in either; an offer that was answered with ERR leaves the one word here and the other there."""


def _start(state: State, conflict: Conflict) -> int:
    own = state.notices[(state.own, conflict.own_id)]
    other = state.notices[(conflict.other_party, conflict.other_id)]
    return max(own.current.start, other.current.start)


def _agreements(state: State, peer: Fingerprint, over: set[str]) -> dict[Any, Any]:
    return {
        name[:8]: (
            sorted(digest(one.encode())[:8] for one in record.signatures.values()),
            record.agreement.until,
            record.peer_holds or record.expired,
            record.void,
        )
        for name, record in state.agreements.items()
        if peer in record.signatures and name not in over
    }
