"""What is wrong with a file of a timeline: all of it at once, each with its line where that is known."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_.-]+)\s*=")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.  `line` counts from 1; 0 where no line can be named."""

    line: int
    place: str
    text: str

    def __str__(self) -> str:
        at = f"line {self.line}: " if self.line else ""
        return f"{at}{self.place}: {self.text}" if self.place else f"{at}{self.text}"


class BadScenario(ValueError):
    """A file that cannot be played.  `problems` are all that were found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Final[Sequence[Problem]] = sorted(problems, key=lambda one: (one.line, one.place))
        super().__init__("; ".join(map(str, self.problems)))


def unknown(name: str, known: Iterable[str]) -> str:
    """That nothing is called so here, with the nearest right word."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"; perhaps {near[0]} is meant" if near else ""
    return f"{name!r} is not known here{meant}; what may stand here: {', '.join(names) or 'nothing'}"


class Lines:
    """Where in the text tables and their members begin.  Found by looking at the text, since TOML readers do not say."""

    def __init__(self, text: str) -> None:
        self._tables: dict[tuple[str, int], int] = {}
        self._keys: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table, place = "", 0
        for number, line in enumerate(text.splitlines(), 1):
            header = _HEADER.fullmatch(line)
            if header is not None:
                name = header[2].replace(" ", "")
                if header[1] == "[[" and "." not in name:
                    place = counts.get(name, 0)
                    counts[name] = place + 1
                    table = name
                    self._tables[(name, place)] = number
                    continue
                # A table inside the last step, like [step.body], counts as part of that step.
                root, _, rest = name.partition(".")
                table, place = (root, counts[root] - 1) if root in counts else (root, 0)
                self._tables.setdefault((table, place), number)
                if rest:
                    self._keys.setdefault((table, place, rest.split(".")[0]), number)
            elif (key := _KEY.match(line)) is not None:
                said = key[1].strip("\"'").split(".")[0]
                self._keys.setdefault((table, place, said), number)

    def of(self, table: str, place: int = 0, key: str = "") -> int:
        """The line of a member, else of its table, else 0."""
        return self._keys.get((table, place, key)) or self._tables.get((table, place)) or 0
