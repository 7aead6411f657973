"""How our desk heard something by voice: from which post, by what, when."""

import msgspec

from skyparley.domain.messages.codes import ContactHow, ContactWho


class HeardFrom(msgspec.Struct, frozen=True, kw_only=True):
    """The source of what was heard, and the hash of the text that our own desk role signed about it."""

    post: ContactWho
    how: ContactHow
    at: int
    hash: str
