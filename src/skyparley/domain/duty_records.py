"""What is remembered of duty: the roster, who holds each post, what was offered; and the brief of a hand-over."""

from dataclasses import dataclass, field

import msgspec

from skyparley.domain.messages.codes import DeskState, Language, Post


class OnPost(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a post, in which languages, and since when."""

    account: str
    languages: tuple[Language, ...]
    since: int


class OfferedPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post that its holder hands over: to whom, with which brief (its hash, and its canonical text)."""

    by: str
    to: str
    brief: str
    text: str
    at: int


@dataclass
class DutyRoster:
    """`roster`: who may hold each post, in the order in which they are rung.  Empty: anybody may."""

    roster: dict[Post, tuple[str, ...]] = field(default_factory=dict)
    on: dict[Post, OnPost] = field(default_factory=dict)
    offered: dict[Post, OfferedPost] = field(default_factory=dict)


class BriefLine(msgspec.Struct, frozen=True, kw_only=True):
    peer: str
    word: str
    desk: DeskState
    undelivered: int


class BriefMatter(msgspec.Struct, frozen=True, kw_only=True):
    statement: str
    type: str
    peer: str
    ours: bool
    state: str
    due: int


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the desk at a hand-over; both persons sign its hash."""

    at: int
    lines: tuple[BriefLine, ...]
    waiting: tuple[BriefMatter, ...]
    conflicts: tuple[str, ...]
    agreements: tuple[str, ...]
