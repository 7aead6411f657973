"""The acts of a desk: one row an address, with the command that it comes to; and the question what they would come to.

The body of an act is its command without what the address names already.
"""

from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from skyparley.adapters.doors.answers import Malformed, explain
from skyparley.base import limits
from skyparley.base.canonical import MAX_SAFE_INTEGER, NotCanonical, canonical
from skyparley.base.ids import digest
from skyparley.domain import commands as c
from skyparley.domain import voice_commands as v
from skyparley.domain.what_if import Question


class Act(msgspec.Struct, frozen=True):
    """`path` is below /desk/v1; its members are members of the command.  `given`: what the door adds itself."""

    path: str
    command: type[c.DeskCommand]
    summary: str
    right: str = "act"
    given: tuple[str, ...] = ()
    most_bytes: int = limits.DESK_BODY_BYTES

    @property
    def name(self) -> str:
        """The name of the body's schema."""
        return f"{self.command.__name__}Body"


ACTS: Final = (
    Act("/notices", c.FileNotice, "File a notice"),
    Act(
        "/notices/batch",
        c.FileNotices,
        "File several notices as one: all of them, or none",
        most_bytes=limits.DESK_BATCH_BYTES,
    ),
    Act("/notices/{id}/change", c.ChangeNotice, "A new version of a notice of ours; what is absent stays"),
    Act("/notices/{id}/cancel", c.CancelNotice, "Cancel a notice of ours"),
    Act("/notices/{id}/activate", c.ActivateNotice, "Declare a notice of ours active"),
    Act("/notices/{id}/end", c.EndNotice, "Declare a notice of ours ended"),
    Act("/peers/{party}/notices/{id}/query", c.QueryNotice, "Ask a peer to clarify one field of its notice"),
    Act("/conflicts/{pair_id}/propose", c.Propose, "Propose terms; a counter-proposal where an offer is open"),
    Act("/conflicts/{pair_id}/counter", c.Propose, "The same as propose"),
    Act("/conflicts/{pair_id}/accept", c.Accept, "Accept the open offer: it is signed at once"),
    Act("/conflicts/{pair_id}/reject", c.Reject, "Reject the open offer"),
    Act("/conflicts/{pair_id}/stand_by", c.StandBy, "Ask the other side to wait for an answer"),
    Act("/conflicts/{pair_id}/withdraw", c.Withdraw, "Withdraw our open offer"),
    Act("/statements", c.Say, "Say something of its own: stop, distress, relay, whose aircraft, laser, interference"),
    Act("/statements/{statement}/acknowledge", c.Acknowledge, "Received and understood; not agreement"),
    Act(
        "/statements/{statement}/read_back",
        c.ReadBackMatter,
        "Read the data back; a mismatch blocks the acknowledgment",
    ),
    Act("/statements/{statement}/pass_on", c.PassOn, "The controlling unit was told"),
    Act("/statements/{statement}/done", c.ReportDone, "What was asked is done"),
    Act("/statements/{statement}/refuse", c.RefuseMatter, "What was asked is not done, with a coded reason"),
    Act("/statements/{statement}/put_away", c.PutAway, "Take what is over, or was never answered, out of sight here"),
    Act("/statements/{statement}/identity", c.AnswerIdentity, "Whose aircraft: ours, not ours, or checking"),
    Act("/statements/{statement}/answer", c.AnswerMatter, "Accept, decline, counter or stand by: a rescue box"),
    Act("/statements/{statement}/accept_clause", c.AcceptClause, "One of two persons accepts a clause: it is signed"),
    Act("/lines/{peer}/terms/draft", c.DraftClause, "Draft a clause of the terms; nothing is said"),
    Act("/lines/{peer}/terms/drop", c.DropClause, "Throw the draft of a clause away"),
    Act("/lines/{peer}/terms/propose", c.ProposeClause, "One of two persons proposes a drafted clause, or counters"),
    Act("/lines/{peer}/crossings", c.CrossLine, "Say a crossing of a standing line: notified or requested"),
    Act("/lines/{peer}/crossings/{id}/revise", c.ReviseCrossing, "The next version of a crossing of ours"),
    Act("/lines/{peer}/crossings/{id}/end", c.EndCrossing, "A crossing of ours is cancelled, or has ended"),
    Act("/lines/{peer}/check", c.CheckLine, "A human line check now: a person there acknowledges"),
    Act("/lines/{peer}/suspend", c.SuspendLine, "One of two persons suspends the line; what saves lives still passes"),
    Act("/lines/{peer}/resume", c.ResumeLine, "One of two persons lifts our own suspension"),
    Act("/lines/{peer}/terminate", c.TerminateLine, "One of two persons terminates the line"),
    Act("/duty/roster", c.SetRoster, "Who may hold which post, in the order in which they are rung", right="supervise"),
    Act("/duty/hand-over", c.HandOver, "Offer a post that you hold to another, with a brief: the first signature"),
    Act("/duty/take", c.TakeDuty, "Take a post: an empty one, or one that was offered to you: the second signature"),
    Act("/duty/leave", c.LeaveDuty, "Give up a post without a successor"),
    Act("/keys/announce", c.AnnounceKeys, "One of two persons tells every peer our newer card", most_bytes=64 * 1024),
    Act(
        "/voice-peers",
        v.PinVoicePeer,
        "Pin a party that has only a telephone, by name; or its newer numbers",
        right="supervise",
    ),
    Act("/voice-peers/{peer}/notices", v.HearNotice, "Enter a notice that was heard by voice"),
    Act("/voice-peers/{peer}/notices/{id}/change", v.HearChange, "Enter that a heard notice is otherwise"),
    Act("/voice-peers/{peer}/notices/{id}/activate", v.HearActive, "Enter that a heard notice is in use"),
    Act("/voice-peers/{peer}/notices/{id}/cancel", v.HearCancel, "Enter that a heard notice will not be"),
    Act("/voice-peers/{peer}/notices/{id}/end", v.HearEnd, "Enter that a heard notice is over"),
    Act("/voice-peers/{peer}/statements", v.HearMatter, "Enter a heard statement that asks people for something"),
    Act("/calls/{call}/start", v.StartCall, "Pick up the telephone: the stopwatch begins"),
    Act("/calls/{call}/record", v.RecordCall, "What a call came to: who took it, what was read back, the summary"),
    Act("/contacts", v.RecordContact, "Somebody spoke outside the line: recorded, and nothing is inferred"),
    Act("/contacts/{contact}/tell", v.TellContact, "Tell the peer that this was said outside the line"),
    Act("/contacts/{contact}/query", v.QueryContact, "Ask the peer to clarify one field of what was said"),
    Act("/contacts/{contact}/take_down", v.TakeDownBanner, "Take down the banner of a contact"),
    Act("/unauthenticated", v.EnterUnsigned, "Enter a call that nobody vouches for: kept, and changing nothing"),
    Act("/desk", c.SetDesk, "How our desk is, by its own word"),
    Act("/lines/{peer}/epoch", c.OpenEpoch, "One of two persons opens a new epoch of our feed", right="act"),
    Act("/clock", c.AnchorClock, "Set the clock of a SCALED node", given=("real_ms",)),
)

TWO_PERSONS: Final = frozenset(
    {c.OpenEpoch, c.SuspendLine, c.ResumeLine, c.TerminateLine, c.AnnounceKeys, c.ProposeClause, c.AcceptClause}
)
"""Acts for two people: no machine may be one of them, and the second must have the right to supervise (IAM-02)."""


TEXT_PATTERN: Final = r"^[^\x00-\x1f\x7f]*$"
_Text = Annotated[str, msgspec.Meta(pattern=TEXT_PATTERN, description="no control characters")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
_NARROWER: Final[dict[Any, Any]] = {str: _Text, int: _Number, tuple[str, ...]: tuple[_Text, ...]}
"""What the journal can keep of a plain type: said in the document, and by name when something else was sent."""


def _body_type(name: str, command: type[msgspec.Struct], outside: frozenset[str] = frozenset()) -> type[msgspec.Struct]:
    """A struct like a command, without the members that come from `outside` the body, and narrower in its texts."""
    fields: list[Any] = [
        (field.name, _narrower(field.type))
        if field.default is msgspec.NODEFAULT
        else (field.name, _narrower(field.type), field.default)
        for field in msgspec.structs.fields(command)
        if field.name not in outside
    ]
    return msgspec.defstruct(name, fields, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True)


def _narrower(kind: Any) -> Any:
    if kind == tuple[str, ...] | None:
        return tuple[_Text, ...] | None
    if get_origin(kind) is Annotated:
        plain, *limits_of_it = get_args(kind)
        body = _INSIDE.get((*get_args(plain), None)[0])
        return kind if body is None else Annotated[(tuple[body, ...], *limits_of_it)]  # type: ignore[valid-type]
    return _NARROWER.get(kind, kind)


def _act_body(act: Act) -> type[msgspec.Struct]:
    outside = frozenset({*act.given, *(part[1:-1] for part in act.path.split("/") if part.startswith("{"))})
    whole = _INSIDE.get(act.command)
    return whole if whole is not None and not outside else _body_type(act.name, act.command, outside)


_INSIDE: Final[dict[type[c.DeskCommand], type[msgspec.Struct]]] = {}
"""Commands that stand inside a body, each with the struct that reads it there."""
_INSIDE[c.FileNotice] = _body_type("FileNoticeBody", c.FileNotice)
_INSIDE[c.ChangeNotice] = _body_type("ChangedNotice", c.ChangeNotice)
_COMMANDS: Final = {body: command for command, body in _INSIDE.items()}

BODIES: Final[dict[type[c.DeskCommand], type[msgspec.Struct]]] = {act.command: _act_body(act) for act in ACTS}
"""The body of each act, made from its command, so that the two cannot part."""
QUESTION: Final = _body_type("WhatIfBody", Question)
"""The body of a what-if: notices as they would be filed, changes with the id of their notice."""


def read_act(act: Act, path: dict[str, str], body: bytes, given: dict[str, Any]) -> tuple[c.DeskCommand, str]:
    """The command, and the digest that tells this request from another one with the same key.  Raises Malformed."""
    said = _read(body, BODIES[act.command])
    # What the door adds is not part of it: a retry a second later is the same request.
    request = digest(_checked([act.path, digest(_checked(path)), digest(_checked(said))]))
    return act.command(**_members(said) | path | given), request


def read_question(body: bytes) -> Question:
    """What a desk asks beforehand.  Raises Malformed."""
    said = _read(body, QUESTION)
    _checked(said)
    return Question(**_members(said))


def _read(body: bytes, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """A body as its struct.  Raises Malformed."""
    try:
        return msgspec.convert(_whole(msgspec.json.decode(body)), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise explain(error, tuple(field.name for field in msgspec.structs.fields(kind))) from None
    except RecursionError:
        raise Malformed("the body nests too deep") from None


def _members(said: msgspec.Struct) -> dict[str, Any]:
    """The members of a body as those of its command; a command that stands inside it becomes one."""
    return {
        name: tuple(_COMMANDS[type(one)](**_members(one)) for one in value) if _holds_commands(value) else value
        for name, value in msgspec.structs.asdict(said).items()
    }


def _holds_commands(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and type(value[0]) in _COMMANDS


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 7.0 is the whole number 7, as JSON Schema has it.  Others are left to be refused."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return value


def _checked(said: Any) -> bytes:
    """Canonical bytes.  Raises Malformed for what JSON can say and the journal cannot keep."""
    try:
        return canonical(said)
    except NotCanonical as error:
        place, _, text = str(error).partition(": ")
        raise Malformed(text, field=place.removeprefix("$").removeprefix(".")) from None
