"""Commands that settle a conflict: propose, counter, accept, reject, stand by, withdraw; and what is under discussion.

Each reads the dialogue first, shows what it decides on, and sends the revision that it read; at a terminal it asks.
With --revision it acts only if nothing has changed since that revision was seen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.choices import REJECT_REASONS, choose
from skyparley.cli.conflict_commands import ConflictId, suggestions
from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.options import TAKES_IDS, JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, note, say, table
from skyparley.cli.surroundings import at_terminal

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk
    from skyparley.domain.messages.slots import VolumeSlot
    from skyparley.state.views import ConflictView, OfferView, Overview

RevisionOption = Annotated[
    int | None,
    typer.Option("--revision", metavar="N", help="Act only on this revision of the dialogue, without asking."),
]
PickOption = Annotated[int | None, typer.Option("--pick", metavar="N", help="One of `skyparley conflict suggest`.")]
ChangeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--change", metavar="TEXT", help="New terms: 'B-0001#1 upper=FL180 end=09:30Z'; without #N all volumes. Repeat."
    ),
]
TermsOption = Annotated[str, typer.Option("--file", metavar="FILE", help="Terms as JSON, `-` for standard input.")]
OnOfferOption = Annotated[
    bool, typer.Option("--on-offer", help="--change starts from the open offer, not from the notices as they are.")
]


def register(app: typer.Typer) -> None:
    """Adds the group `dialogue` to the app."""
    dialogue = group("dialogue", "Proposals and answers about a conflict.")
    dialogue.command("list")(listed)
    for name, command in (("propose", propose), ("counter", counter), ("accept", accept), ("reject", reject)):
        dialogue.command(name, context_settings=TAKES_IDS)(command)
    dialogue.command("standby", context_settings=TAKES_IDS)(stand_by)
    dialogue.command("withdraw", context_settings=TAKES_IDS)(withdraw)
    app.add_typer(dialogue)


def listed(
    node: NodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are settled or overtaken.")] = False,
    json: JsonOption = False,
) -> None:
    """List dialogues: whose turn it is, by when, and what may be done."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown
    from skyparley.cli.shown import conflict_state

    with open_desk(node) as desk:
        conflicts = [one for one in desk.overview().conflicts if everything or (one.live and not one.local)]
    if json:
        as_json(conflicts)
        return

    def offered(offer: "OfferView | None") -> tuple[str, str, str]:
        if offer is None:
            return ("-", "-", "-")
        by_when = offer.standby_until or offer.reply_by
        return (f"{'ours' if offer.ours else offer.by}, {offer.kind}", str(offer.turn), time_shown(by_when))

    rows = [
        (
            one.short_id,
            f"{one.own_notice} and {one.other_party} {one.other_notice}",
            conflict_state(one),
            *offered(one.offer),
            ", ".join(one.can).replace("_", " ") or "wait",
            str(one.revision),
        )
        for one in conflicts
    ]
    table(
        ("Conflict", "Between", "State", "Offer", "Turn", "Answer by", "You may", "Revision"),
        rows,
        empty="No dialogue is open.",
    )


def propose(
    conflict_id: ConflictId,
    node: NodeOption = None,
    pick: PickOption = None,
    change: ChangeOption = None,
    file: TermsOption = "",
    on_offer: OnOfferOption = False,
    revision: RevisionOption = None,
    json: JsonOption = False,
) -> None:
    """Propose terms. Where the other side's offer is open this is a counter-proposal."""
    _offer("propose", conflict_id, node, (pick, change or (), file, on_offer), revision, json)


def counter(
    conflict_id: ConflictId,
    node: NodeOption = None,
    pick: PickOption = None,
    change: ChangeOption = None,
    file: TermsOption = "",
    on_offer: OnOfferOption = False,
    revision: RevisionOption = None,
    json: JsonOption = False,
) -> None:
    """Answer an open offer with other terms."""
    _offer("counter", conflict_id, node, (pick, change or (), file, on_offer), revision, json)


def accept(
    conflict_id: ConflictId, node: NodeOption = None, revision: RevisionOption = None, json: JsonOption = False
) -> None:
    """Accept the open offer. It is signed at once, and from then on this party is bound."""
    _answer("accept", conflict_id, node, {}, revision, json)


def reject(
    conflict_id: ConflictId,
    node: NodeOption = None,
    reason: Annotated[str, typer.Option(help=REJECT_REASONS + ".")] = "NOT STATED",
    revision: RevisionOption = None,
    json: JsonOption = False,
) -> None:
    """Reject the open offer, with a coded reason."""
    from typing import get_args

    from skyparley.domain.messages.codes import RejectReason

    _answer(
        "reject", conflict_id, node, {"reason": choose(reason, get_args(RejectReason), what="reason")}, revision, json
    )


def stand_by(
    conflict_id: ConflictId,
    until: Annotated[
        str, typer.Option(metavar="TIME", help="2026-11-23T08:00Z, 08:00Z today, or +15min.", show_default=False)
    ],
    node: NodeOption = None,
    revision: RevisionOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the other side to wait for the answer until a time. Once for each offer."""
    _answer("stand_by", conflict_id, node, {"until": until}, revision, json)


def withdraw(
    conflict_id: ConflictId, node: NodeOption = None, revision: RevisionOption = None, json: JsonOption = False
) -> None:
    """Withdraw our own open offer."""
    _answer("withdraw", conflict_id, node, {}, revision, json)


# --- what they share ----------------------------------------------------------------------------------------------

_Terms = tuple[int | None, Sequence[str], str, bool]
_DONE = {
    "propose": "Proposed",
    "counter": "Countered",
    "accept": "Accepted: this party has signed. The agreement stands when the other side's signature is here",
    "reject": "Rejected",
    "stand_by": "Standing by",
    "withdraw": "Withdrawn",
}


def _offer(word: str, conflict_id: str, node: Any, terms: _Terms, revision: int | None, json: bool) -> None:
    """Reads the dialogue, shows the new terms, sends them."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.shown import one_conflict

    with open_desk(node) as desk:
        seen = desk.overview()
        conflict = one_conflict(seen, conflict_id)
        if word == "counter" and (conflict.offer is None or conflict.offer.ours):
            raise Ending(NO, f"there is no offer of {conflict.other_party} to counter; propose instead")
        changes = _changes(desk, seen, conflict, terms)
        _show_changes(seen, conflict, changes)
        _settle(f"Send these terms to {conflict.other_party}?", revision)
        body = {"expected_revision": conflict.revision if revision is None else revision, "changes": changes}
        outcome = desk.act(f"/conflicts/{conflict.pair_id}/{word}", body)
    _tell(outcome, word, json)


def _changes(desk: "Desk", seen: "Overview", conflict: "ConflictView", terms: _Terms) -> list[dict[str, Any]]:
    """The changes of a proposal: picked, from a file, or edited.  Raises BadForm or ends the command."""
    from skyparley.cli.edits import edit_both, read_edit
    from skyparley.cli.notice_bodies import terms_from_file

    pick, edits, file, on_offer = terms
    if sum(map(bool, (pick is not None, edits, file))) != 1:
        raise unusable("which terms? One of --pick N (see: skyparley conflict suggest), --change or --file")
    if file:
        return terms_from_file(file, now_ms=seen.now)
    if pick is not None:
        found, none = suggestions(desk, conflict.pair_id)
        if none:
            raise Ending(NO, f"there is nothing to pick: {none}")
        if not 1 <= pick <= len(found):
            raise unusable(f"--pick {pick}: there are 1 to {len(found)}; see: skyparley conflict suggest")
        note(f"{found[pick - 1].kind}: {found[pick - 1].text}")
        return [{"party": one.party, "id": one.id, "volumes": one.volumes} for one in found[pick - 1].changes]
    changed = edit_both([read_edit(text) for text in edits], _volumes(seen, conflict, on_offer), now_ms=seen.now)
    return [{"party": party, "id": notice_id, "volumes": volumes} for (party, notice_id), volumes in changed.items()]


def _volumes(
    seen: "Overview", conflict: "ConflictView", on_offer: bool
) -> "dict[tuple[str, str], tuple[VolumeSlot, ...]]":
    """The volumes of both notices as they are, or as the open offer would have them."""
    keys = ((seen.own.name, conflict.own_notice), (conflict.other_party, conflict.other_notice))
    found = {(one.party, one.id): one.volumes for one in seen.notices if (one.party, one.id) in keys}
    if on_offer:
        if conflict.offer is None:
            raise unusable("--on-offer: no offer is open")
        found |= {(term.party, term.id): term.volumes for term in conflict.offer.notices if term.volumes is not None}
    return found


def _show_changes(seen: "Overview", conflict: "ConflictView", changes: list[dict[str, Any]]) -> None:
    from skyparley.cli.shown import changes as differences
    from skyparley.cli.shown import conflict_line

    note(f"{conflict_line(conflict)}, revision {conflict.revision}")
    for change in changes:
        names = (seen.own.name, seen.own.fingerprint) if change["id"] == conflict.own_notice else ()
        party = seen.own.name if change["party"] in names else conflict.other_party
        now = next((one for one in seen.notices if (one.party, one.id) == (party, change["id"])), None)
        note(f"  {party} {change['id']}:")
        for line in differences(now.volumes if now else (), change["volumes"]):
            note(f"    {line}")


def _answer(word: str, conflict_id: str, node: Any, body: dict[str, Any], revision: int | None, json: bool) -> None:
    """Reads the open offer, shows it, answers it."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import read_time
    from skyparley.cli.shown import conflict_line, conflict_state, offer_lines, one_conflict

    with open_desk(node) as desk:
        seen = desk.overview()
        conflict = one_conflict(seen, conflict_id)
        if conflict.offer is None:
            raise Ending(NO, f"no offer is open in {conflict.short_id}; it is {conflict_state(conflict)}")
        if conflict.offer.ours != (word == "withdraw"):
            raise Ending(NO, "the open offer is ours: withdraw it" if conflict.offer.ours else "the offer is theirs")
        note(f"{conflict_line(conflict)}, revision {conflict.revision}")
        for line in offer_lines(seen, conflict.offer):
            note(f"  {line}")
        if "until" in body:
            body = {"until": read_time(body["until"], now_ms=seen.now, day_ms=seen.now)}
        _settle(f"{word.replace('_', ' ').capitalize()} this?", revision)
        outcome = desk.act(
            f"/conflicts/{conflict.pair_id}/{word}",
            {
                "expected_revision": conflict.revision if revision is None else revision,
                "proposal": conflict.offer.proposal,
                **body,
            },
        )
    _tell(outcome, word, json)


def _settle(question: str, revision: int | None) -> None:
    """At a terminal a person says yes to what was shown; a pinned revision and a script have said it already."""
    if revision is None and at_terminal() and not typer.confirm(question):
        raise Ending(NO, "Nothing was sent.")


def _tell(outcome: Any, word: str, json: bool) -> None:
    if json:
        as_json(outcome)
        return
    turn = outcome.refs.get("turn")
    say(f"{_DONE[word]}, turn {turn}, {outcome.refs.get('kind')}." if turn else f"{_DONE[word]}.")
