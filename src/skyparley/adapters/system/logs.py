"""Logs: one line an event on the error stream; words for a person at a terminal, JSON for everything else.

Tracebacks carry no local variables: a local may be a key, a password or a passphrase.
"""

import contextlib
import logging
import sys
from typing import Any, Final, TextIO

import structlog

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _Lines:
    """Finished lines to a stream.  One that cannot be written is dropped, as logging does: no log may stop a node."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


def start_logs(level: str) -> None:
    """Send this process's logs, the libraries' included, to the error stream from `level` on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Said and not left to a default: structlog's own console shows tracebacks with the values of local variables.
    plain = structlog.dev.plain_traceback
    ending: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=plain)]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    lines = _Lines(sys.stderr)
    # Our own lines do not go through logging, which takes four times as long, and a busy door writes many.
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: lines,
    )
    to_error_stream = logging.StreamHandler(sys.stderr)
    to_error_stream.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [to_error_stream]
    root.setLevel(LEVELS[level])
    for chatty in ("uvicorn", "httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(max(LEVELS["warning"], LEVELS[level]))
