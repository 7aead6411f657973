"""How a notice leaves the state, with all that hangs on it, and how a late statement finds what is left of it."""

from skyparley.base.ids import Fingerprint
from skyparley.domain.forgotten import stub_of
from skyparley.domain.records import Notice
from skyparley.domain.view import NoticeKey
from skyparley.state.projection import State


def forget(state: State, key: NoticeKey) -> None:
    """Take out a notice that is over, its conflicts, and the agreements about it, which are all over too."""
    notice = state.notices.pop(key)
    assert not notice.live, "only what is over leaves memory"
    assert not state.agreed_on.get(key), "an agreement binds until it ends"
    own = key[0] == state.own
    agreements = state.agreements_about.pop(key, set())
    state.forgotten.notices[key] = stub_of(notice, own=own, agreed=_agreed(state, notice))
    state.index.drop(key)
    state.deficient.discard(key)
    state.agreed_on.pop(key, None)
    about = f"{notice.party} {notice.id}"
    for what in ("PAST", "FORGET"):
        state.deadlines.clear(what, about)
    for peer in state.counterparts if own else ():
        state.deadlines.clear("PAST", f"{about} {peer}")
    for pair in state.pairs_of.pop(key, ()):
        _forget_pair(state, pair, key)
    for agreement_id in agreements:
        _forget_agreement(state, agreement_id)
    if own:
        _forget_owed(state, notice.id)


def _agreed(state: State, notice: Notice) -> bool:
    """Whether its version was set by an agreement, remembered or not."""
    told = notice.told.get(notice.party)
    return told is not None and (told.hash in state.agreements or told.hash in state.forgotten.agreements)


def _forget_pair(state: State, pair: str, key: NoticeKey) -> None:
    conflict = state.conflicts.pop(pair)
    assert not conflict.live, "a conflict ends with its notices"
    for other in ((state.own, conflict.own_id), (conflict.other_party, conflict.other_id)):
        if other != key:
            _take(state.pairs_of, other, pair)
    state.offers_of.get(conflict.other_party, set()).discard(pair)
    for what in ("HALF", "START", "REPLY", "COUNTERSIGN"):
        state.deadlines.clear(what, pair)
    state.forgotten.pairs[pair] = conflict.turn


def _forget_agreement(state: State, agreement_id: str) -> None:
    record = state.agreements.pop(agreement_id)
    assert record.expired or record.void, "an agreement binds until it ends"
    for term in record.agreement.notices:
        _take(state.agreements_about, (Fingerprint(term.party), term.id), agreement_id)
    for what in ("EXPIRING", "EXPIRES"):
        state.deadlines.clear(what, agreement_id)
    state.pending.discard(agreement_id)
    state.forgotten.agreements.add(agreement_id)


def _take(sets: dict[NoticeKey, set[str]], key: NoticeKey, one: str) -> None:
    """Take one out of the set of a notice; an empty set is not kept."""
    rest = sets.get(key, set())
    rest.discard(one)
    if not rest:
        sets.pop(key, None)


def _forget_owed(state: State, notice_id: str) -> None:
    """What waits about it for a line that is not ready was never told, and need not be any more."""
    for line in state.lines.values():
        line.owed = [owed for owed in line.owed if owed.slots.get("id") != notice_id]
