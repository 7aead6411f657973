"""A line in words: its one word and what stands behind it, for `skyparley line`."""

from typing import TYPE_CHECKING

from skyparley.cli.endings import NO, Ending
from skyparley.cli.forms import time_shown

if TYPE_CHECKING:
    from skyparley.domain.line_records import ChangeAsked
    from skyparley.state.views import LineView, LinkView, Overview

CHANGES = {"SUSP": "suspend", "RESM": "resume", "TERM": "terminate"}
"""Each change of the agreement, and the command that asks for it."""


def one_line(seen: "Overview", peer: str) -> "LineView":
    """The line to a peer, by its name or fingerprint.  Ends the command when there is none."""
    for line in seen.lines:
        if peer in (line.peer, line.fingerprint) or peer.upper() == line.peer:
            return line
    known = ", ".join(line.peer for line in seen.lines) or "none is pinned"
    raise Ending(NO, f"UNKNOWN_PEER: no peer is called {peer!r}; there are: {known}")


def can_send(line: "LineView") -> str:
    """Whether a statement made now goes out."""
    if not line.ready:
        return f"NO, heads {line.compared}"
    return "yes" if line.link_up else "will queue"


def link_text(line: "LineView") -> str:
    """How the last delivery went.  A failure is known here at once; the words of heartbeats and of the line come later."""
    if line.link_up:
        return "up"
    since = f" since {time_shown(line.link_down_since)}" if line.link_down_since is not None else ""
    return ", ".join(filter(None, [f"DOWN{since}", line.link_error]))


def delivered_text(line: "LineView") -> str:
    """How many statements the other side is known to hold, and what is known of the others."""
    told = f"{line.delivered} of {line.sent}"
    if line.carried > line.delivered:
        told += f", by file to {line.carried}"
    if line.receipts == "NOT POSSIBLE":
        told += ", RECEIPT NOT POSSIBLE"
    return told + (f", {line.owed} waiting" if line.owed else "")


def line_rows(seen: "Overview", line: "LineView") -> list[tuple[str, str]]:
    """Everything that is known of a line, by name."""
    return [
        ("Line to", f"{line.peer}, {line.fingerprint}"),
        ("Word", line.word if line.link_up else f"{line.word}, LINK {link_text(line).split(', ')[0]}"),
        ("Why", line.link_why),
        ("Agreement", _agreement(line)),
        ("Link", "\n".join([link_text(line), *map(_link, line.links)])),
        ("Desks", f"ours {seen.desk}, theirs {line.peer_desk}"),
        ("Their shift", _shift(line)),
        ("Checks", "\n".join(_checks(line))),
        ("Pending", "\n".join(_pending(line))),
        ("Can send", can_send(line)),
        ("Delivered", f"{delivered_text(line)}; received {line.received}"),
        ("Epochs", f"ours {line.sent_epoch}, theirs {line.received_epoch}"),
        ("Table", f"{line.table}, {line.table_hash}" + (f", by {line.table_clause}" if line.table_clause else "")),
    ]


def asked_command(line: "LineView", asked: "ChangeAsked") -> str:
    """What another person types to confirm what one person asked."""
    effective = f' --effective "{_exactly(asked.effective)}"' if asked.effective else ""
    return f'skyparley line {CHANGES[asked.what]} {line.peer} --reason "{asked.reason}"{effective} --as ACCOUNT'


def _exactly(millis: int) -> str:
    from skyparley.cli.forms import time_text

    return time_text(millis).replace(" ", "T")


def _agreement(line: "LineView") -> str:
    return f"{line.state}, suspended by {' and '.join(line.suspended_by)}" if line.suspended_by else line.state


def _link(link: "LinkView") -> str:
    since = f" since {time_shown(link.since)}" if link.since is not None else ""
    return f"{link.bearer} {'out' if link.direction == 'OUT' else 'in'}: {link.state}{since}"


def _shift(line: "LineView") -> str:
    if line.peer_shift is None:
        return ""
    posts = ", ".join(
        f"{one.post} ({' '.join(one.languages)})" if one.languages else one.post for one in line.peer_shift.on
    )
    return f"{posts}; {line.peer_shift.alternates} behind them; since {time_shown(line.peer_shift.since)}"


def _checks(line: "LineView") -> list[str]:
    checks = line.checks
    rows = [
        f"last good {time_shown(checks.last_good_at) if checks.last_good_at is not None else 'NONE'}",
        f"next {time_shown(checks.next_at)}" if checks.next_at is not None else "next: when the line allows it",
    ]
    if checks.missed:
        rows.append(f"MISSED {checks.missed} in a row")
    for whose, good in (("ours", checks.ours), ("theirs", checks.theirs)):
        counted = ", ".join(f"{bearer} {count}" for bearer, count in sorted(good.items()))
        rows.append(f"good of {whose}: {counted or 'none'}; the line opens with {checks.needed} each way")
    return rows


def _pending(line: "LineView") -> list[str]:
    rows = [
        f"{CHANGES.get(one.what, one.what)} by {one.by} from {time_shown(one.effective)}, {one.reason}"
        for one in line.changes
    ]
    if line.change_asked is not None:
        rows.append(
            f"{line.change_asked.by} asked at {time_shown(line.change_asked.at)}; another person confirms within the hour:"
        )
        rows.append(f"  {asked_command(line, line.change_asked)}")
    if line.epoch_asked_by:
        rows.append(f"{line.epoch_asked_by} asked for a new epoch; another person confirms: skyparley line epoch")
    return rows
