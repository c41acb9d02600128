"""A12: what strangers write into names and headers, on its way into the logs."""

from __future__ import annotations

import contextlib
import io
import json
import logging

import structlog

from connector.commands import logs
from tests.trials.harness import Count, Outcome, share

FORGED = '{"event": "login", "level": "info", "user": "admin"}'
CORPUS = (
    "Müller\nlevel=error event=forged", "Müller\r\n" + FORGED, "a\rb", "\x1b[2J\x1b[31mred", "\x9b31m", "\x00nul",
    "\u2028separator\u2029", "\x85next", "\x0b\x0c", "\ud800 lone", "\u202egnp.exe", "%s %d %n", "{0.__class__}",
    "x" * 1_000_000, "ü" * 500_000, FORGED, "\\n\\r", '"}\n{"event": "forged', "\t" * 2_000, "🎉" * 1_000,
)  # fmt: skip
PERSONAL = ("email", "value", "token", "authorization", "secret", "access_token", "Email", "TOKEN")
LONGEST = 1_200


def forged_lines(scale: float, seed: int) -> Outcome:
    """Each odd text as event, as value, nested, as argument of a library's line, as exception, in both formats."""
    count = Count()
    for _ in range(share(20, scale)):
        for text in CORPUS:
            for write in (_as_event, _as_value, _nested, _as_argument, _as_exception, _as_key):
                _one(count, text, write, "json")
                _one(count, text, write, "console")
        for name in PERSONAL:
            _masked(count, name)
    return count.outcome()


def _one(count: Count, text: str, write, log_format: str) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 1
    told = said(log_format, lambda: write(text))
    where = f"{write.__name__.strip('_')} in {log_format}"
    lines = told.splitlines()
    # An exception has many lines for people; for machines it is one.
    if log_format == "json" or write is not _as_exception:
        count.must(len(lines) == 1, f"{len(lines)} lines for one event ({where})")
    count.must("\x1b" not in told and "\x9b" not in told and "\x00" not in told, f"control characters ({where})")
    if log_format == "json":
        events = [_read(one) for one in lines]
        count.must(all(isinstance(one, dict) and "timestamp" in one for one in events), f"a line is no JSON ({where})")
        count.must(_longest(events) <= LONGEST, f"a value of {_longest(events)} characters ({where})")


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _longest(value: object) -> int:
    if isinstance(value, dict):
        return max((_longest(inner) for pair in value.items() for inner in pair), default=0)
    if isinstance(value, list):
        return max((_longest(inner) for inner in value), default=0)
    return len(value) if isinstance(value, str) else 0


def _masked(count: Count, name: str) -> None:
    count.runs += 1
    deep = {name: "anna@werk.example", "n": [{name: "anna@werk.example"}]}
    told = said("json", lambda: structlog.get_logger().warning("x", headers=deep, **{name: "anna@werk.example"}))
    count.must("anna@werk" not in told, f"a personal field got through: {name}")


def said(log_format: str, act) -> str:
    """What comes out on stderr, with the logs set up as the command line sets them up."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, off = root.handlers[:], root.level, logging.root.manager.disable
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
    try:
        logging.disable(logging.NOTSET)
        with contextlib.redirect_stderr(out):
            logs.configure(log_format, "info")
            act()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(off)
        structlog.configure(**before)
    return out.buffer.getvalue().decode("utf-8", "replace")


def _as_event(text: str) -> None:
    structlog.get_logger().warning(text)


def _as_value(text: str) -> None:
    structlog.get_logger().warning("page stored", name=text)


def _nested(text: str) -> None:
    structlog.get_logger().warning("headers", headers={"User-Agent": [text, {"deep": text}]}, pair=(text, text))


def _as_argument(text: str) -> None:
    logging.getLogger("apscheduler").warning("run %s missed", text)


def _as_exception(text: str) -> None:
    structlog.get_logger().error("failed", exc_info=ValueError(text))


def _as_key(text: str) -> None:
    structlog.get_logger().warning("sent", properties={text: 1})
