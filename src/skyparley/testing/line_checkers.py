"""The laws of the line: its agreement, what people were asked and did, whom it rang, what an exercise and a flood may do.

Judged by a second reading of the journal (record.py) against the state, and by both states against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.base.times import HOUR
from skyparley.domain.matter_records import GAVE_WAY, Matter
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType
from skyparley.domain.table import Table
from skyparley.evidence.card import Card
from skyparley.state.matter_views import matter_view
from skyparley.state.projection import State
from skyparley.testing.record import Record, Said, second_holds

Broken = list[str]

LINE_LAWS: Final = {
    "agreement_by_statements": "only SUSP, RESM, TERM and checks move the agreement of a line; never a link, never a third party",
    "agreement_equal": "at peace both nodes hold the agreement that follows from the two feeds alone",
    "rules_of_what_is_taken": "second signature, whose suspension, whose matter, exercise or real: what is taken was right",
    "life_reaches": "a life-safety statement that a desk was told is said reaches the other desk once, in every state",
    "matters_by_acts": "what a matter shows follows from the acts about it; NOT OURS clears nothing",
    "matters_equal": "at peace both ends hold a matter alike: acknowledged, passed on, closed, answered",
    "read_back_first": "nobody acknowledges life-safety data that was not read back rightly",
    "rings_in_time": "what is not done in time rings the post of its step, once for each step, also after a restart",
    "rings_for_cause": "nothing rings before its time, for what is settled, or more often than its steps",
    "exercise_apart": "an exercise stands in no list of notices, no index and no conflict",
    "alarms_bounded": "a flood is one alarm with a count and a few rings, not one for each",
}
"""The laws by name."""

LATE_S: Final = 40
"""Seconds within which a ring that is due stands in the journal of a node that nothing disturbs."""
HERE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "LIFE": (
        ("", "DESK"),
        ("ack_life_ms", "ALTERNATE"),
        ("supervisor_life_ms", "SUPERVISOR"),
        ("level2_life_ms", "LEVEL2"),
    ),
    "SAFETY": (("", "DESK"), ("ack_safety_ms", "ALTERNATE"), ("level2_safety_ms", "LEVEL2")),
}
THERE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "LIFE": (("ack_life_ms", "DESK"), ("supervisor_life_ms", "SUPERVISOR"), ("level2_life_ms", "LEVEL2")),
    "SAFETY": (("ack_safety_ms", "DESK"), ("level2_safety_ms", "LEVEL2")),
}
"""Whom an unacknowledged statement rings after which number of the table: here where it came, there who said it.  DOMAIN 8.

The chain of PRIORITY depends on how soon the movement starts: of it only the desk's own ring is judged here."""


# --- the agreement -----------------------------------------------------------------------------------------------


def agreement_by_statements(state: State, record: Record) -> Broken:
    """Every line stands as its statements and checks left it."""
    assert record.position == state.position, "both read the same journal"
    broken: Broken = []
    for peer, line in state.lines.items():
        read = record.lines.get(peer)
        wanted = ("NONE", ()) if read is None else (read.state, tuple(sorted(read.suspended_by)))
        if (line.state, tuple(line.suspended_by)) != wanted:
            broken.append(f"{state.name} to {line.name}: {line.state} by {line.suspended_by}, statements say {wanted}")
    return broken


def agreement_equal(
    one: State, two: State, said: Sequence[Said], cards: Mapping[Fingerprint, Card], now: int
) -> Broken:
    """Both ends against what the two feeds say.  `said`: all SUSP, RESM and TERM of both; none may still be to come."""
    if any(change.plain["slots"]["effective"] > now for change in said):
        return []
    wanted = _by_feeds(said, cards)
    return [
        f"{mine.name} to {theirs.name}: {mine.lines[theirs.own].state}, the feeds say {wanted}"
        for mine, theirs in ((one, two), (two, one))
        if mine.lines[theirs.own].state != wanted
    ]


def _by_feeds(said: Sequence[Said], cards: Mapping[Fingerprint, Card]) -> str:
    """The word that follows: ended by any TERM, suspended while the last of either party is SUSP, else open by checks."""
    last: dict[str, tuple[tuple[int, int, int], str]] = {}
    for change in said:
        plain = change.plain
        if not second_holds(plain, cards[plain["from"]]):
            continue
        order = (0, plain["epoch"], plain["seq"])  # The last that a party said holds, whatever its times.
        if plain["from"] not in last or last[plain["from"]][0] < order:
            last[plain["from"]] = (order, change.type)
    if any(kind == "TERM" for _, kind in last.values()):
        return "TERMINATED"
    return "SUSPENDED" if any(kind == "SUSP" for _, kind in last.values()) else "IN_FORCE"


# --- life --------------------------------------------------------------------------------------------------------


def life_said(record: Record, state: State, promised: Iterable[str]) -> Broken:
    """Each life-safety statement that a desk was answered for is sealed, or waits for its line; once."""
    sealed = [said.plain["msg_id"] for said in record.said.values() if said.ours]
    waiting = [owed.msg_id for line in state.lines.values() for owed in line.owed]
    return [
        f"{state.name} said {msg_id[:8]} {(sealed + waiting).count(msg_id)} times"
        for msg_id in promised
        if (sealed + waiting).count(msg_id) != 1
    ]


def life_reaches(one: Record, two: Record, there: State) -> Broken:
    """What `one` said to `two` of class LIFE: taken there, and shown to people there, whatever the agreement is."""
    broken: Broken = []
    for said in one.said.values():
        plain = said.plain
        if not said.ours or plain["to"] != two.own or plain["class"] != "LIFE" or not CATALOGUE[said.type].asks:
            continue
        if plain["epoch"] < there.lines[one.own].received.head[0] and said.hash not in two.said:
            continue  # Two people closed that epoch.
        if said.hash not in two.said:
            broken.append(f"{said.type} {said.hash[:8]} was not taken by {there.name}")
        elif said.hash not in there.matters and said.hash not in there.forgotten.matters:
            broken.append(f"{said.type} {said.hash[:8]} was taken by {there.name}, and nobody there is asked")
    return broken


# --- matters -----------------------------------------------------------------------------------------------------


def matters_by_acts(state: State, record: Record, now: int) -> Broken:
    """Every matter in memory shows what the acts about it come to."""
    broken: Broken = []
    for hash_, matter in state.matters.items():
        over = bool(matter.reopened) or matter.outcome in GAVE_WAY
        asked = set() if over else asked_after(matter.type, record.acts.get(hash_, ()))
        shown = _shown(matter)
        wanted = _come_to(record.acts.get(hash_, ()))
        if shown != wanted:
            broken.append(f"{state.name}: {matter.type} {hash_[:8]} shows {shown}, its acts say {wanted}")
        if set(matter.due) != asked:
            broken.append(f"{state.name}: {matter.type} {hash_[:8]} asks {sorted(matter.due)}, not {sorted(asked)}")
        if matter.type == "IDQ":
            broken += _identity(state, matter, now)
    return broken


def _shown(matter: Matter) -> tuple[bool, bool, str, str]:
    outcome = "" if matter.outcome in GAVE_WAY else matter.outcome
    return (matter.acked_at is not None, matter.passed is not None, matter.closed, outcome)


def _come_to(acts: Iterable[Said]) -> tuple[bool, bool, str, str]:
    """Acknowledged, passed on, closed how, with what outcome."""
    acked, passed, closed, outcome = False, False, "", ""
    for act in acts:
        slots = act.plain["slots"]
        acked = acked or act.type not in ("RDB", "IDA")
        passed = passed or act.type == "PAS"
        match act.type:
            case "DON" | "RFS" if not closed:
                closed = "DONE" if act.type == "DON" else "REFUSED"
                outcome = slots["action"] if act.type == "DON" else slots["reason"]
            case "IDA":
                outcome = slots["answer"]
            case "SBY":
                outcome = outcome or "SBY"
            case "ACC" | "REJ" | "CPR" if outcome not in ("ACC", "REJ"):
                outcome = act.type
    return acked, passed, closed, outcome


def asked_after(kind: StatementType, acts: Iterable[Said]) -> set[str]:
    """What a statement of this type asks still.  An answer that is put off is asked still."""
    asked: set[str] = {"ACK"} if kind == "LCK" else set(CATALOGUE[kind].asks)
    for act in acts:
        put_off = act.type == "SBY" or (act.type == "IDA" and act.plain["slots"]["answer"] == "CHECKING")
        asked -= DOES.get(act.type, frozenset())
        asked |= {"ANSWER"} if put_off else set()
    return asked


DOES: Final[Mapping[str, frozenset[str]]] = {
    "ACK": frozenset({"ACK"}),
    "PAS": frozenset({"ACK", "PAS"}),
    "DON": frozenset({"ACK", "PAS", "DON"}),
    "RFS": frozenset({"ACK", "PAS", "DON"}),
    "IDA": frozenset({"ANSWER"}),
    "ACC": frozenset({"ACK", "ANSWER"}),
    "REJ": frozenset({"ACK", "ANSWER"}),
    "CPR": frozenset({"ACK", "ANSWER"}),
    "SBY": frozenset({"ACK"}),
}
"""What each act about a statement takes off what is asked."""


def _identity(state: State, matter: Matter, now: int) -> Broken:
    """An answer is shown as an answer, never as a clearance or an agreement; only OURS can end the doubt (LIV-05)."""
    word = matter_view(state, matter, now).state
    fits = word in ("SENT", "RECEIVED", "ANSWERED", "ACKNOWLEDGED", "EXPIRED") and not matter.closed
    return [] if fits else [f"{state.name}: an identity question is {word}, {matter.closed} {matter.outcome}"]


def matters_equal(one: State, two: State) -> Broken:
    """Whatever both still hold they hold alike, and neither holds one that the other never had."""
    broken: Broken = []
    for mine, theirs in ((one, two), (two, one)):
        held = {hash_: matter for hash_, matter in mine.matters.items() if matter.peer == theirs.own}
        for hash_, matter in held.items():
            other = theirs.matters.get(hash_)
            if other is None:
                if hash_ not in theirs.forgotten.matters and matter.ours and _was_taken(mine, matter):
                    broken.append(f"{matter.type} {hash_[:8]} is with {mine.name} and not with {theirs.name}")
            elif matter.ours and _both(matter) != _both(other):
                broken.append(f"{matter.type} {hash_[:8]}: {_both(matter)} {mine.name}, {_both(other)} {theirs.name}")
    return broken


def _was_taken(state: State, matter: Matter) -> bool:
    """Not refused by the peer as out of its turn: then it only stays with who said it, with an alarm."""
    return not any(alarm.about == matter.hash and alarm.code.startswith("PEER_") for alarm in state.alarms)


def _both(matter: Matter) -> tuple[object, ...]:
    steps = [(step.what, step.by[:4], step.at, step.text) for step in matter.history]
    read_back = matter.read_back.replace("DUE", "")  # Only who must read back knows that it is due.
    return (matter.acked_at, matter.acked_by, matter.passed, matter.closed, matter.outcome, read_back, steps)


def read_back_first(record: Record) -> Broken:
    """Before each ACK of ours to life-safety data stands a read-back of ours with the very values; a slip after it is history."""
    broken: Broken = []
    for about, acts in record.acts.items():
        said = record.said.get(about)
        if said is None or said.ours or said.plain["class"] != "LIFE":
            continue
        wanted = _data(said)
        right = not wanted
        for act in acts:
            if act.type == "RDB":
                values = act.plain["slots"]["values"]
                right = right or all(values.get(name) == value for name, value in wanted.items())
            elif act.type == "ACK" and not right:
                broken.append(f"{said.type} {about[:8]} was acknowledged without its data read back rightly")
    return broken


def _data(said: Said) -> dict[str, object]:
    """Where and when, of what desks in a simulated world say; other statements hold nothing to read back."""
    slots = said.plain["slots"]
    inner = slots.get("stop") or slots.get("distress") or slots
    if said.type not in ("STP", "DIS", "RLY"):
        return {}
    place = inner["position"] if "position" in inner else inner["area"]["centre"]
    return {"position": place, "start": inner["at"]}


# --- rings -------------------------------------------------------------------------------------------------------


def steps_of(matter: Matter, table: Table) -> list[tuple[int, str]]:
    """When each post is rung because nobody acknowledged, or told the controlling unit."""
    rows = (THERE if matter.ours else HERE).get(matter.cls, ())
    steps = [(matter.taken_at + (getattr(table, name) if name else 0), post) for name, post in rows]
    if matter.half:
        steps = [(matter.taken_at + (at - matter.taken_at) // 2, post) for at, post in steps]
    return steps


def rings_in_time(state: State, record: Record, until: int) -> Broken:
    """Each step up to `until`, for what is still asked and was due by then, stands in the journal at its time or after."""
    rang: dict[tuple[str, str], list[int]] = {}
    for ring in record.rang:
        rang.setdefault((ring.statement, ring.post), []).append(ring.at)
    floods = {told.about for told in record.told if told.code == "LIFE_FLOOD"}
    broken: Broken = []
    for hash_, matter in state.matters.items():
        if matter.peer in floods:
            continue
        late = [matter.rings_from(ask) for ask in matter.due]
        steps = [step for step in steps_of(matter, state.table_of(matter.peer)) if any(due <= step[0] for due in late)]
        steps += [(due, "DESK") for due in late]  # What is not done by its time rings the desk at that time.
        for at, post in steps:
            if at <= until and not any(one >= at for one in rang.get((hash_, post), ())):
                broken.append(f"{state.name}: {matter.type} {hash_[:8]} was due at {at} and did not ring {post}")
    return broken


def rings_for_cause(record: Record, table: Table) -> Broken:
    """No ring for what people had settled before, none before the first step of its post, and none beyond its steps."""
    broken: Broken = []
    count: dict[tuple[str, str], int] = {}
    for ring in record.rang:
        said = record.said.get(ring.statement)
        count[(ring.statement, ring.post)] = count.get((ring.statement, ring.post), 0) + 1
        if said is None:
            continue
        acts = [act for act in record.acts.get(ring.statement, ()) if act.position < ring.position]
        if not asked_after(said.type, acts):
            broken.append(f"{said.type} {ring.statement[:8]} rang {ring.post} after everything asked was done")
        put_off = any(act.type == "SBY" or "until" in act.plain["slots"] for act in acts)
        first = 0 if put_off else _earliest(said, ring.post, table)
        taken = record.taken[ring.statement]
        if ring.at < taken + first // 2:
            broken.append(f"{said.type} {ring.statement[:8]} rang {ring.post} {ring.at - taken} ms after it was taken")
    broken += [f"{one[0][:8]} rang {one[1]} {times} times" for one, times in count.items() if times > RINGS_AT_MOST]
    return broken


RINGS_AT_MOST: Final = 8
"""Of one post about one statement: its step, each of four things asked, and each answer that was put off."""


def _earliest(said: Said, post: str, table: Table) -> int:
    """Milliseconds after which a post can ring at all; 0 where it is not one of the chain."""
    distress = said.type == "DIS" or "distress" in said.plain["slots"]
    if not said.ours and (post == "DESK" or distress):
        return 0  # What is new rings the desk at once; a distress of now rings everybody.
    rows = (THERE if said.ours else HERE).get(said.plain["class"], ())
    wanted = [getattr(table, name) if name else 0 for name, who in rows if who == post]
    asks = [table.stop_answer_ms, table.passed_life_ms, table.identity_ms, table.rescue_ms]
    return min([*wanted, *asks], default=0)


# --- exercises and floods ----------------------------------------------------------------------------------------


def exercise_apart(state: State, record: Record) -> Broken:
    """No notice of an exercise is known to detection."""
    told = {
        (said.plain["from"], said.plain["slots"]["id"])
        for said in record.said.values()
        if "exercise" in said.plain and "volumes" in said.plain["slots"] and "id" in said.plain["slots"]
    }
    real = {
        (said.plain["from"], said.plain["slots"]["id"])
        for said in record.said.values()
        if "exercise" not in said.plain and "volumes" in said.plain["slots"] and "id" in said.plain["slots"]
    }
    conflicts = {
        key for one in state.conflicts.values() for key in ((state.own, one.own_id), (one.other_party, one.other_id))
    }
    known = set(state.notices) | conflicts | set(state.pairs_of)
    return [f"{state.name} holds {key[1]} of an exercise as real" for key in sorted(told - real) if key in known]


COUNTED: Final = frozenset({"LIFE_FLOOD", "PEER_FLOOD", "REPLAYED", "UNAUTHENTICATED"})


def alarms_bounded(record: Record) -> Broken:
    """One alarm for each episode of misuse, and few rings for a flood of life-safety statements."""
    broken: Broken = []
    last: dict[tuple[str, str], int] = {}
    for told in record.told:
        if told.code in COUNTED:
            key = (told.code, told.about)
            if key in last and told.at - last[key] < limits.ALARM_EPISODE_MS:
                broken.append(f"{told.code} about {told.about[:8]} rang twice within an episode")
            last[key] = told.at
    return broken + _rings_in_flood(record)


def _rings_in_flood(record: Record) -> Broken:
    """Of life-safety statements of one peer taken in one window, how many ring by themselves."""
    at: dict[str, list[int]] = {}
    for statement in dict.fromkeys(ring.statement for ring in record.rang):
        said = record.said.get(statement)
        if said is not None and not said.ours and said.plain["class"] == "LIFE":
            at.setdefault(said.plain["from"], []).append(record.taken[statement])
    most = 2 * limits.LIFE_FLOOD_AT  # Two windows may meet in any such time.
    return [
        f"{most + 1} statements of {peer[:8]} rang within {limits.LIFE_WINDOW_MS} ms"
        for peer, times in at.items()
        if any(
            late - early < limits.LIFE_WINDOW_MS
            for early, late in zip(sorted(times), sorted(times)[most:], strict=False)
        )
    ]


assert HOUR == limits.ALARM_EPISODE_MS, "an episode of misuse is an hour in line-v1 7.10"
