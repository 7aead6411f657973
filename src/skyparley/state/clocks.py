"""Deadlines as the state keeps them: the next one is found at once, a cleared one never fires."""

import heapq
from collections.abc import Iterator


class Deadlines:
    """Due times by (what, about).  Setting again moves; clearing forgets."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str], int] = {}
        self._heap: list[tuple[int, str, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    def held(self) -> Iterator[tuple[str, str, int]]:
        """Every deadline: what, about, due."""
        return ((what, about, due) for (what, about), due in self._due.items())

    def due_at(self, what: str, about: str) -> int | None:
        """When a deadline is due; None where it is not set."""
        return self._due.get((what, about))

    def set(self, what: str, about: str, due: int) -> None:
        if self._due.get((what, about)) != due:
            self._due[(what, about)] = due
            heapq.heappush(self._heap, (due, what, about))

    def clear(self, what: str, about: str) -> None:
        self._due.pop((what, about), None)

    def next(self) -> int | None:
        """When the next deadline is due; None where there is none."""
        while self._heap and self._due.get(self._heap[0][1:]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def passed(self, now: int, limit: int) -> list[tuple[int, str, str]]:
        """At most `limit` deadlines that are due by now, oldest first.  They stay until they are cleared."""
        taken: list[tuple[int, str, str]] = []
        while len(taken) < limit:
            due = self.next()
            if due is None or due > now:
                break
            entry = heapq.heappop(self._heap)
            if not taken or taken[-1] != entry:  # Set, moved and set back, it lies in the heap twice.
                taken.append(entry)
        for entry in taken:
            heapq.heappush(self._heap, entry)
        return taken
