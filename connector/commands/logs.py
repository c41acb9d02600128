"""Logs, set up once at the edge: to stderr, as JSON lines or for people, with what may be personal taken out.

Whoever logs writes an event name and key-values (``log.info("page stored", portal=…, records=…)``).
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

DROPPED = frozenset({"token", "access_token", "secret", "authorization", "email", "value"})
LONGEST = 1024
FRAMES = 8
# These libraries name whole addresses in their debug lines, and an address may carry an e-mail.
CHATTY = ("urllib3", "requests", "hubspot", "sqlalchemy", "apscheduler", "tzlocal")
# What could move a cursor, break a line or turn the reading direction: controls, separators, lone surrogates.
UNSEEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
Event = MutableMapping[str, Any]


def configure(log_format: str, level: str) -> None:
    """Send the logs of structlog and of the standard library down one road. Calling it again replaces it."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_ending(log_format)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _ending(log_format: str) -> list[structlog.typing.Processor]:
    if log_format == "json":
        ending: list[structlog.typing.Processor] = [_where, structlog.processors.JSONRenderer()]
    else:
        ending = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_trace)]
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]


def _where(logger: object, method: str, event: Event) -> Event:  # noqa: ARG001 - structlog's signature
    """For machines: an exception's class and where it arose. Not what it says: that may quote a person."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        event["exception"] = {"class": type(error).__name__, "at": places}
    return event


def _trace(out: TextIO, error: tuple[type[BaseException], BaseException, TracebackType | None]) -> None:
    """A traceback for people, set in: what an exception quotes cannot pass for an event of its own."""
    lines = "".join(traceback.format_exception(*error)).rstrip("\n").split("\n")
    out.write("".join(f"\n    {_visible(line)}" for line in lines))


def mask(logger: object, method: str, event: Event) -> Event:  # noqa: ARG001 - structlog's signature
    """Drop what may be a secret or personal, cut what is long, keep one event on one line."""
    return {_tame_text(key): value if key == "exc_info" else _tame(value) for key, value in _kept(event)}


def _kept(event: Mapping[Any, object]) -> list[tuple[str, object]]:
    return [(str(key), value) for key, value in event.items() if str(key).lower() not in DROPPED]


def _tame(value: object) -> object:
    if isinstance(value, Mapping):
        return {_tame_text(key): _tame(inner) for key, inner in _kept(value)}
    if isinstance(value, list | tuple):
        return [_tame(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _tame_text(value if isinstance(value, str) else repr(value))


def _tame_text(text: str) -> str:
    """A kilobyte of it at most, as it is shown."""
    shown = _visible(text[:LONGEST])
    if max(len(text), len(shown)) <= LONGEST:
        return shown
    return f"{shown[:LONGEST]}… ({len(text)} characters)"


def _visible(text: str) -> str:
    """Control characters as their escapes."""
    return UNSEEN.sub(lambda found: SHORT.get(found[0]) or _escape(ord(found[0])), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
