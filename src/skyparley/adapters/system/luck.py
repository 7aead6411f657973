"""Luck: ids and nonces that nobody can guess, from the operating system."""

import secrets

from skyparley.base.ids import b64url


class SystemLuck:
    """The engine's Luck, and fresh bytes for keys, salts and sessions."""

    def message_id(self) -> str:
        """A random UUID, lower case."""
        drawn = secrets.token_hex(16)
        # Version 4 of variant 1, whose two highest bits are 10.  Source: RFC 9562 5.4.
        variant = "89ab"[int(drawn[16], 16) & 3]
        return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:]}"

    def nonce(self) -> str:
        """16 random bytes as 22 characters of base64url (line-v1 7.3)."""
        return b64url(secrets.token_bytes(16))

    def jitter(self) -> float:
        """From 0.5 to 1.0, so that two nodes that lost each other do not knock at the same instant for ever."""
        return 0.5 + secrets.randbelow(1001) / 2000

    def fresh_bytes(self, count: int) -> bytes:
        """As many random bytes as asked for."""
        return secrets.token_bytes(count)
