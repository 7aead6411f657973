"""Made nodes for the tests of this folder: luck from a counter, a fixed time, and one making for many tests."""

import hashlib
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

from skyparley.adapters.system.node_dir import InitResult, NewNode, init_node

NOW = 1_795_251_600_000  # 2026-11-21T09:00:00Z


def luck_from(name: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same in every run."""
    numbers = itertools.count()

    def luck(count: int) -> bytes:
        return hashlib.shake_256(f"{name} {next(numbers)}".encode()).digest(count)

    return luck


def make(folder: Path, name: str = "A", **more: object) -> InitResult:
    """A node's folder with the luck of its name."""
    return init_node(folder, NewNode(name=name, **more), luck=luck_from(name), now_ms=NOW)


def copy_of(folder: Path, to: Path) -> Path:
    """A copy with modes, for a test that changes it."""
    shutil.copytree(folder, to)
    return to
