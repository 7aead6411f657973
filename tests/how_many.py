"""How much is tried: `make test` has minutes, `make thorough` has a night and luck of its own."""

import os
from typing import Final

THOROUGH: Final = bool(os.environ.get("SKYPARLEY_THOROUGH"))


def examples(count: int) -> int:
    """So many when there is time, a third of it otherwise, and never under eight."""
    return count if THOROUGH else min(count, max(8, count // 3))
