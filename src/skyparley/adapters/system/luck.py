"""Luck: ids and nonces that nobody can guess, from the operating system."""

import secrets
import uuid

from skyparley.base.ids import b64url


class SystemLuck:
    """The engine's Luck, and fresh bytes for keys, salts and sessions."""

    def message_id(self) -> str:
        """A random UUID, lower case."""
        return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))

    def nonce(self) -> str:
        """16 random bytes as 22 characters of base64url (line-v1 7.3)."""
        return b64url(secrets.token_bytes(16))

    def jitter(self) -> float:
        """From 0.5 to 1.0, so that two nodes that lost each other do not knock at the same instant for ever."""
        return 0.5 + secrets.randbelow(1001) / 2000

    def fresh_bytes(self, count: int) -> bytes:
        """As many random bytes as asked for."""
        return secrets.token_bytes(count)
