"""A peer that misbehaves: what is kept of it, what is told of it, and how little it may cost.

A flood is one alarm with a count and not an alarm each; counts are told at 1, 10, 100, 1000 and so on, so that neither the
desk nor the journal is filled by it.  Source: DESIGN "Rules the engine keeps"; line-v1 7.10.
"""

from collections.abc import Sequence
from typing import Final

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import Command, NoteEndedKey, NoteMisuse, NoteUnauthenticated
from skyparley.domain.events import AlarmCounted, AlarmRaised, EvidenceKept, PeerClockNoted, UnauthenticatedHeard
from skyparley.domain.misuse_kept import LifeWindow
from skyparley.domain.view import Decided, Item, Moment, View

LIFE_FLOOD: Final = "LIFE_FLOOD"
EXERCISE_FLOOD: Final = "EXERCISE_FLOOD"
_TEXTS: Final[dict[str, str]] = {
    "PEER_FLOOD": "{name} sends more than its share: it is deferred and asked to try again; nothing is lost, other lines go on",
    LIFE_FLOOD: "{name} sends life-safety statements in a flood: each that is in its share is kept, the rest is deferred",
    EXERCISE_FLOOD: "{name} sends exercises of life-safety statements in a flood: the real ones are counted apart and ring",
    "REPLAYED": "statements of {name} that are held already come again and again; they change nothing",
    "FORK": "{name} signed different statements with one number, again and again; the first of them are kept",
    "BROKEN": "{name} sends statements that do not follow from the ones before, again and again; the first are kept",
}


def is_step(count: int) -> bool:
    """Whether a count is told: 1, 10, 100, 1000 and so on."""
    return count >= 1 and str(count).strip("0") == "1"


def counted(view: View, alarm: AlarmRaised, *, count: int, now: int) -> list[Item]:
    """The alarm, or the grown count of the one that stands: one for each subject while the matter goes on.

    An alarm that nothing was added to for ALARM_EPISODE_MS is over; what comes then is told anew.
    """
    held = view.alarm(alarm.code, alarm.about, alarm.peer)
    if held is None or now - held.last > limits.ALARM_EPISODE_MS:
        grown = AlarmCounted(code=alarm.code, about=alarm.about, peer=alarm.peer, count=count)
        return [alarm, grown] if count > 1 else [alarm]
    if count <= held.count:
        return []
    return [AlarmCounted(code=alarm.code, about=alarm.about, peer=alarm.peer, count=count, text=alarm.text)]


def may_keep(view: View, peer: Fingerprint, what: str, number: str) -> bool:
    """Whether another text may be kept as evidence about a number: the first few of each of the first many numbers."""
    evidence = view.misuse.evidence
    held = evidence.get((peer, what, number))
    if held is not None:
        return len(held) < limits.EVIDENCE_PER_NUMBER
    return sum(1 for party, kind, _ in evidence if (party, kind) == (peer, what)) < limits.EVIDENCE_NUMBERS


def life_came(view: View, peer: Fingerprint, now: int, *, exercise: bool = False) -> list[Item]:
    """What follows from one more life-safety statement of a peer: nothing, or the one alarm about their flood."""
    count = life_count(view, peer, now, exercise=exercise) + 1
    if count != limits.LIFE_FLOOD_AT and not (count > limits.LIFE_FLOOD_AT and is_step(count)):
        return []
    return counted(view, _alarm(view, peer, EXERCISE_FLOOD if exercise else LIFE_FLOOD), count=count, now=now)


def life_count(view: View, peer: Fingerprint, now: int, *, exercise: bool = False) -> int:
    """How many life-safety statements of a peer that ask for something were kept in the present window."""
    window = view.misuse.life_window(peer, exercise=exercise)
    return window.count if window is not None and now - window.began < limits.LIFE_WINDOW_MS else 0


def in_flood(window: LifeWindow | None, statement: str, at: int) -> bool:
    """Whether a life-safety statement of a peer, counted in its window, came in a flood behind the first of it.

    Then it never rings by itself, also when the flood is over: it is in sight, and counted by the one alarm.
    """
    if window is None or at - window.began >= limits.LIFE_WINDOW_MS:
        return False
    return window.count > limits.LIFE_FLOOD_AT and statement not in window.first


def decide_misuse(view: View, command: Command, moment: Moment) -> Decided:
    """What the engine noticed about a peer, before any decision of the line."""
    match command:
        case NoteMisuse():
            alarm = _alarm(view, command.peer, command.what)
            return Decided(tuple(counted(view, alarm, count=command.count, now=moment.now)))
        case NoteEndedKey():
            return Decided(tuple(_key_ended(view, command)))
        case NoteUnauthenticated():
            return Decided(tuple(_unauthenticated(view, command, moment.now)))
    raise AssertionError(f"no decision for {type(command).__name__}")


def _alarm(view: View, peer: Fingerprint, code: str) -> AlarmRaised:
    text = _TEXTS[code].format(name=view.lines[peer].name)
    return AlarmRaised(code=code, about=peer, text=text, peer=peer)


def _key_ended(view: View, command: NoteEndedKey) -> Sequence[Item]:
    """The first statement under a key that had ended is kept and told, once for each key; it changes nothing."""
    if view.alarmed("KEY_ENDED", command.kid):
        return ()
    name = view.lines[command.peer].name
    text = (
        f"a statement truly signed by a key that {name} ended was refused: somebody may hold that key, or {name} still "
        f"signs with it; ask {name} by voice ({command.kid})"
    )
    return (
        EvidenceKept(peer=command.peer, what="KEY_ENDED", jws=command.jws, text=text),
        AlarmRaised(code="KEY_ENDED", about=command.kid, text=text, peer=command.peer),
    )


def _unauthenticated(view: View, command: NoteUnauthenticated, now: int) -> Sequence[Item]:
    kept = view.misuse.unauthenticated
    if any(one.hash == command.hash for one in kept):
        return ()
    if sum(1 for one in kept if now - one.at < limits.UNAUTHENTICATED_WINDOW_MS) >= limits.UNAUTHENTICATED_KEPT:
        return ()
    heard = UnauthenticatedHeard(
        claimed=command.claimed, hash=command.hash, text=command.text, source=command.source, why=command.why
    )
    line = view.lines.get(Fingerprint(command.claimed))
    name = line.name if line else "an unknown party"
    text = f"UNAUTHENTICATED: a text that claims to be of {name} is kept as it came; it changed nothing ({command.why})"
    alarm = AlarmRaised(code="UNAUTHENTICATED", about=command.claimed or "nobody", text=text)
    held = view.alarm(alarm.code, alarm.about, alarm.peer)
    return (heard, *counted(view, alarm, count=held.count + 1 if held else 1, now=now))


def clock_noted(view: View, peer: Fingerprint, skew_ms: int) -> list[Item]:
    """What follows from the clock that a fresh answer of a peer showed.  Its statements count all the same.

    Told once when it goes off by PEER_CLOCK_OFF_MS or more, and noted when it is right again.  Source: DOMAIN 8.
    """
    off = abs(skew_ms) >= limits.PEER_CLOCK_OFF_MS
    if off == (peer in view.misuse.clock_off_ms):
        return []
    items: list[Item] = [PeerClockNoted(peer=peer, skew_ms=skew_ms if off else 0)]
    if off:
        how = f"{abs(skew_ms) // 1000} s {'ahead of' if skew_ms > 0 else 'behind'} ours"
        text = f"the clock of {view.lines[peer].name} is {how}: its times are its own; compare clocks by voice"
        items.append(AlarmRaised(code="PEER_CLOCK", about=peer, text=text, peer=peer))
    return items
