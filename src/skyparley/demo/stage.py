"""What whoever watches is shown, in the terminal and on the page: captions, acts of the scripted officers, the proof."""

import asyncio
import textwrap
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

WIDTH: Final = 96


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing shown.

    kind: `caption`; `act` and `answer` of the officer at `side`; `proof`, one `line` of it; `end`, when it is the
    newcomer's turn.  `refused` marks an answer that was no.
    """

    kind: str
    text: str
    clock: str = ""
    side: str = ""
    refused: bool = False
    holds: bool = True
    more: tuple[str, ...] = ()


class Stage:
    """Keeps every frame, so that a page that opens late, or comes back, is told everything."""

    def __init__(self, scenes: int) -> None:
        self.frames: list[Frame] = []
        self.watched = asyncio.Event()
        """Set when a page with both desks on it is looking."""
        self.scenes = scenes
        self._more = asyncio.Event()
        self._closed = False

    def caption(self, text: str, clock: str = "") -> None:
        """One thought, in plain words."""
        self._show(Frame(kind="caption", text=text, clock=clock))
        _print(text, f"{clock:<8}")

    def act(self, side: str, text: str) -> None:
        """What the officer of one side does."""
        self._show(Frame(kind="act", side=side, text=text))
        _print(f"{side} (scripted officer) {text}", "   ")

    def answer(self, side: str, text: str, *, refused: bool = False, more: tuple[str, ...] = ()) -> None:
        """What the node of one side answered."""
        self._show(Frame(kind="answer", side=side, text=text, refused=refused, more=more))
        for line in (f"{side}'s node: {text}", *more):
            _print(line, "     ")

    def proof(self, text: str, *, holds: bool, more: tuple[str, ...] = ()) -> None:
        """One line of the proof."""
        self._show(Frame(kind="proof", text=text, holds=holds, more=more))
        _print(text, "  HOLDS  " if holds else "  FAILS  ")
        for line in more:
            _print(line, "         ")

    def end(self, text: str, *, holds: bool) -> None:
        """The story is over."""
        self._show(Frame(kind="end", text=text, holds=holds))
        print(flush=True)
        _print(text, "")

    def close(self) -> None:
        """Every watcher's stream ends."""
        self._closed = True
        self._wake()

    async def follow(self, after: int) -> AsyncIterator[tuple[int, Frame]]:
        """Frames from number `after` on, then as they come, each with its number (from 1)."""
        place = max(0, after)
        while not self._closed:
            while place < len(self.frames):
                place += 1
                yield place, self.frames[place - 1]
            more = self._more
            await more.wait()

    def _show(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._wake()

    def _wake(self) -> None:
        before, self._more = self._more, asyncio.Event()
        before.set()


def _print(text: str, lead: str) -> None:
    indent = " " * len(lead)
    print(textwrap.fill(text, WIDTH, initial_indent=lead, subsequent_indent=indent), flush=True)


def as_event(number: int, frame: Frame, scenes: int) -> bytes:
    """A frame as a server-sent event."""
    data: dict[str, Any] = {**msgspec.to_builtins(frame), "scenes": scenes}
    return f"id: {number}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
