"""Folders that many tests of the doors copy, made once: keys and accounts take their time."""

from pathlib import Path

import door_support as d
import pytest


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with a person of each role."""
    return d.with_roles(d.make(tmp_path_factory.mktemp("made") / "a"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return d.copied(made, tmp_path / "a")
