"""Lines: the chain rules of a feed, the comparison of heads, who may seal, and what a HELLO says.

Source: line-v1 sections 3.3 and 7, DESIGN "The line protocol".
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import UNSET

from skyparley.base.errors import Reason, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import CompareHello, NoteCarried, OpenEpoch, Outcome
from skyparley.domain.events import (
    AlarmRaised,
    EpochAsked,
    EpochOpened,
    HeadsCompared,
    LineEstablished,
    StatementsCarried,
    TableCompared,
)
from skyparley.domain.line_states import COMPLETES, SEALED_IN, may_say
from skyparley.domain.line_views import word_for_act
from skyparley.domain.messages.catalogue import CATALOGUE, FIRST_TELLS
from skyparley.domain.messages.envelope import Chain, FeedHead
from skyparley.domain.misuse import clock_noted
from skyparley.domain.records import NOTHING, Draft, Feed, Line, Number
from skyparley.domain.view import Decided, Item, Moment, Ruling, View

ChainResult = Literal["NEXT", "NEW_EPOCH", "DUPLICATE", "FORK", "GAP", "BROKEN"]


def named_peer(view: View, text: str) -> Fingerprint | None:
    """A pinned peer by name or fingerprint; None where there is none."""
    for peer, line in view.lines.items():
        if text in (peer, line.name):
            return peer
    return None


def place_on_feed(feed: Feed, chain: Chain, statement: str) -> ChainResult:
    """Where a statement with hash `statement` belongs.  Source: line-v1 3.3, in that order."""
    epoch, seq = chain.number
    held = feed.hash_at(chain.number)
    if held is not None:
        return "DUPLICATE" if held == statement else "FORK"
    head_epoch, head_seq = feed.head
    if epoch == head_epoch and seq == head_seq + 1:
        return "NEXT" if (chain.prev or "") == feed.head_hash else "BROKEN"
    if epoch > head_epoch and seq == 1:
        if chain.prev is not UNSET:
            return "BROKEN"
        return "NEXT" if feed.head == NOTHING else "NEW_EPOCH"
    return "GAP"


def seen_is_true(line: Line, chain: Chain) -> Literal["TRUE", "FALSE", "AHEAD"]:
    """Whether `seen` names a statement of ours with its hash.  AHEAD: one that we do not hold."""
    if chain.seen is UNSET:
        return "TRUE"
    if chain.seen.epoch < line.sent.head[0]:
        return "TRUE"  # Two people closed that epoch; what it held is not argued about any more.
    held = line.sent.hash_at(chain.seen.number)
    if held is None:
        return "AHEAD" if chain.seen.number > line.sent.head else "FALSE"
    return "TRUE" if held == chain.seen.hash else "FALSE"


def reached(line: Line) -> bool:
    """Nothing is sealed for a peer before HELLO and the comparison of heads (line-v1 7.7)."""
    return line.state != "NONE" and line.compared == "EQUAL"


def may_seal(line: Line) -> bool:
    """Whether notices can be sealed for a peer: heads were compared, and the line was opened and not terminated."""
    return reached(line) and line.state in ("IN_FORCE", "SUSPENDED")


def may_seal_this(line: Line, item: Draft) -> bool:
    """Whether this statement can be sealed now; else it waits for the line."""
    rule = CATALOGUE[item.type].allowed
    answers = bool(item.reply_to) and not item.dialog_id and (rule == "PARENT" or item.type in ANSWERS)
    if is_life(item) or answers:
        return reached(line)
    if item.type in COMPLETES:
        return reached(line) and line.state in ("IN_FORCE", "SUSPENDED")
    if rule == "PARENT":  # A change or cancellation has the rule of its notice: of the COORD ones, that of NTC.
        rule = "ODS" if (item.cls or "COORD") == "COORD" else "ALL"
    return reached(line) and rule in SEALED_IN[line.state]


ANSWERS: Final = frozenset({"ACC", "REJ", "CPR", "SBY"})
"""Of these, those about a matter go where the statement went that they answer; the desk was asked whether it may say so."""


def must_wait(line: Line, item: Draft) -> bool:
    """Whether a statement is owed and not sealed: the line does not take it yet, or what it must not overtake waits.

    What waits for another state of the line holds up nobody: a hazard is told where a plan is not.
    """
    if not may_seal_this(line, item) or follows(item, line.owed):
        return True
    return keeps_its_turn(item) and next_ready(line) is not None


def next_ready(line: Line) -> Draft | None:
    """The first of what waits that can be sealed now; None where all of it waits for another state of the line."""
    return next(
        (
            owed
            for place, owed in enumerate(line.owed)
            if may_seal_this(line, owed) and not follows(owed, line.owed[:place])
        ),
        None,
    )


def follows(item: Draft, waiting: Sequence[Draft]) -> bool:
    """Whether it is about a notice of which something waits without which the peer could not understand it."""
    if item.type not in ACTS:
        return False
    about = (item.slots.get("id"), item.exercise)
    return any((owed.slots.get("id"), owed.exercise) == about and _needs(item, owed) for owed in waiting)


def _needs(item: Draft, before: Draft) -> bool:
    """Of two statements about one notice: an act needs the notice and the version that it names, and no other act.

    A change of a kind that is told in every state needs the notice alone (line-v1 5.1).
    """
    if before.type in FIRST_TELLS:
        return True
    if before.type != "NCH":
        return False
    if item.type == "NCH":
        return (item.cls or "COORD") == "COORD"
    return before.version == item.version


ACTS: Final = frozenset({"NCH", "NCX", "NACT", "NEND"})
"""What is said of a notice after it was told."""


def is_life(item: Draft) -> bool:
    """Whether a statement is of class LIFE."""
    return (item.cls or CATALOGUE[item.type].cls) == "LIFE"


def keeps_its_turn(item: Draft) -> bool:
    """Whether it must not overtake what waits: notices and dialogues follow from each other, other things do not."""
    told = item.type in FIRST_TELLS or item.type in ACTS or item.type in ("CFL", "ERR")
    return (told or bool(item.dialog_id)) and not is_life(item)


def negotiation_reasons(view: View, line: Line) -> list[Reason]:
    """Why no dialogue is possible on this line now; empty where it is."""
    if not may_seal(line):
        why = {
            "NO": "the other node was not reached since this node started",
            "AHEAD": "lost statements of ours are being fetched back",
            "DIVERGED": "the other side holds another history of our feed; two people must open a new epoch",
        }.get(line.compared, "the line is not in force yet")
        return [Reason("LINE_NOT_READY", f"nothing was sent: {why}", "line")]
    word = word_for_act(view, line)
    if not may_say("PRO", "COORD", word):
        text = f"nothing was sent: the line is {word}, and new agreements are made on a line that is OPEN or DEGRADED"
        return [Reason("LINE_STATE", text, "line")]
    if line.peer_table_hash != view.table_hash_of(line.peer):
        text = "both sides hold different tables; notices pass, agreements do not, until the tables are equal"
        return [Reason("TABLE_MISMATCH", text, "line")]
    return []


def compare_hello(view: View, command: CompareHello) -> Decided:
    """What a HELLO changes: NONE to TESTING, the table's hash, the comparison of heads."""
    line = view.lines[command.peer]
    items: list[Item] = []
    if line.state == "NONE":
        items.append(LineEstablished(peer=line.peer))
    items += compare_table(view, line, command.table_hash, NOTHING if command.sent is None else command.sent.number)
    if command.fresh and not command.by_file:
        items += clock_noted(view, line.peer, command.skew_ms)
    compared = heads_against(line, command.held)
    if compared.result == "EQUAL" != line.compared and not command.fresh:
        # Said before we lost something, it would let us seal a number twice: only an answer to our own HELLO tells.
        return Decided(tuple(items), Outcome(result="NO"))
    old = command.by_file and not command.fresh  # What the peer holds grew since, for all we know.
    behind = not old and compared.result == "EQUAL" and (compared.held_epoch, compared.held_seq) < line.delivered
    if compared.result != line.compared or behind:
        items.append(compared)
        if compared.result == "AHEAD":
            text = f"{compared.text}: what we lost comes back; look again at what was decided since this node started"
            items.append(AlarmRaised(code="RECORD_BEHIND", about=compared.text, text=text, peer=line.peer))
        if compared.result == "DIVERGED" and not view.alarmed("DIVERGED", compared.text):
            items.append(AlarmRaised(code="DIVERGED", about=compared.text, text=compared.text, peer=line.peer))
    return Decided(tuple(items), Outcome(result=compared.result))


def compare_table(view: View, line: Line, table_hash: str, number: Number) -> list[Item]:
    """The table that a peer says it holds, when its feed was at `number`; nothing where we knew."""
    if line.peer_table_hash == table_hash:
        return []
    items: list[Item] = [TableCompared(peer=line.peer, table_hash=table_hash, epoch=number[0], seq=number[1])]
    ours = view.table_hash_of(line.peer)
    if table_hash != ours:
        text = f"{line.name} holds another table ({table_hash[:8]}, ours {ours[:8]}): no agreements"
        items.append(AlarmRaised(code="TABLE_MISMATCH", about=line.peer, text=text, peer=line.peer))
    return items


def note_carried(view: View, command: NoteCarried) -> Decided:
    """How far a file went.  A file that went no further than the one before changes nothing."""
    line = view.lines[command.peer]
    number = (command.epoch, command.seq)
    if number <= line.carried:
        return Decided(())
    assert line.sent.hash_at(number) is not None, "a file holds what we sealed"
    return Decided((StatementsCarried(peer=line.peer, epoch=command.epoch, seq=command.seq),))


def heads_against(line: Line, held: FeedHead | None) -> HeadsCompared:
    """What the peer says it holds of our feed, against what we hold."""
    if held is None:
        return HeadsCompared(peer=line.peer, result="EQUAL")
    if held.epoch < line.sent.head[0]:  # The older epoch was closed by two people.
        return HeadsCompared(peer=line.peer, result="EQUAL", held_epoch=line.sent.head[0], held_seq=0)
    if held.number > line.sent.head:
        text = f"{line.name} holds {held.epoch}/{held.seq} of our feed, we hold {_number(line.sent.head)}"
        return HeadsCompared(peer=line.peer, result="AHEAD", text=text, held_epoch=held.epoch, held_seq=held.seq)
    ours = line.sent.hash_at(held.number)
    if ours != held.hash:
        text = f"{line.name} holds another {held.epoch}/{held.seq} of our feed than we do"
        return HeadsCompared(peer=line.peer, result="DIVERGED", text=text, held_epoch=held.epoch, held_seq=held.seq)
    return HeadsCompared(peer=line.peer, result="EQUAL", held_epoch=held.epoch, held_seq=held.seq)


def open_epoch(view: View, command: OpenEpoch, moment: Moment, by: str) -> Ruling:
    """Two people open a new epoch of our feed to a peer, where the old one cannot be refilled (IAM-02)."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line = view.lines[peer]
    if line.compared not in ("DIVERGED", "AHEAD"):
        return refuse("STATE", "our feed to this peer is whole; a new epoch is not needed", field="peer")
    if line.epoch_asked is None or moment.now - line.epoch_asked[1] > EPOCH_ASKED_MS:
        return Decided((EpochAsked(peer=peer, by=by),), Outcome(result="ASKED", refs={"peer": line.name}))
    first = line.epoch_asked[0]
    if first == by:
        return refuse("SECOND_PERSON", f"{by} asked; another person must confirm", field="account")
    epoch = max(line.sent.head[0], line.peer_holds[0]) + 1
    event = EpochOpened(peer=peer, epoch=epoch, by=first, second=by)
    return Decided((event,), Outcome(refs={"peer": line.name, "epoch": epoch}))


EPOCH_ASKED_MS: Final = 3_600_000
"""A first person's request for a new epoch stands for an hour."""


def _number(number: tuple[int, int]) -> str:
    return "nothing" if number == NOTHING else f"{number[0]}/{number[1]}"
