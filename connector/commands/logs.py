"""Logs, set up once at the edge: to stderr, as JSON lines or for people, with what may be personal taken out.

Whoever logs writes an event name and key-values (``log.info("page stored", portal=…, records=…)``).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

DROPPED = frozenset({"token", "access_token", "secret", "authorization", "email", "value"})
LONGEST = 1024
# These libraries name whole addresses in their debug lines, and an address may carry an e-mail.
CHATTY = ("urllib3", "requests", "hubspot", "sqlalchemy", "apscheduler", "tzlocal")
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
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]


def mask(logger: object, method: str, event: Event) -> Event:  # noqa: ARG001 - structlog's signature
    """Drop what may be a secret or personal, cut what is long, keep one event on one line."""
    return {key: _tame(value) for key, value in event.items() if key.lower() not in DROPPED}


def _tame(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _tame(inner) for key, inner in value.items() if str(key).lower() not in DROPPED}
    if isinstance(value, list | tuple):
        return [_tame(inner) for inner in value]
    if isinstance(value, str):
        return _cut(value).replace("\r", "\\r").replace("\n", "\\n")
    return value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
