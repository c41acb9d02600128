"""Logs: on stderr, one event a line, with what may be personal or secret taken out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from connector.commands.logs import configure, mask


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_lines_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    structlog.get_logger().info("page stored", portal="acme", records=100)
    said = capsys.readouterr()
    entry = json.loads(said.err)
    assert said.out == ""
    assert {k: entry[k] for k in ("event", "portal", "records", "level")} == {
        "event": "page stored", "portal": "acme", "records": 100, "level": "info",
    }  # fmt: skip
    assert entry["timestamp"].endswith("Z")


def test_the_standard_library_takes_the_same_road(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "warning")
    logging.getLogger("apscheduler").warning("run %s missed", "j1")
    logging.getLogger("apscheduler").info("not said")
    assert json.loads(capsys.readouterr().err)["event"] == "run j1 missed"


def test_words_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure("console", "info")
    structlog.get_logger().warning("rate limited", portal="acme")
    said = capsys.readouterr().err
    assert "rate limited" in said
    assert "portal=acme" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("key", ["token", "Authorization", "email", "VALUE", "secret", "access_token"])
def test_secrets_and_people_are_dropped_at_any_depth(key: str) -> None:
    event = mask(None, "info", {"event": "x", key: "jane", "headers": {key: "jane", "ok": 1}, "many": [{key: "jane"}]})
    assert event == {"event": "x", "headers": {"ok": 1}, "many": [{}]}


def test_a_value_of_more_than_a_kilobyte_is_cut() -> None:
    event = mask(None, "info", {"event": "x", "body": "a" * 5000})
    assert len(event["body"]) < 1100
    assert event["body"].endswith("(5000 characters)")


def test_one_event_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("console", "info")
    structlog.get_logger().warning("forged\nlevel=error event=all fine", path="a\r\nb")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_libraries_that_name_addresses_never_speak_below_warning() -> None:
    configure("json", "debug")
    assert logging.getLogger("urllib3").level == logging.WARNING
    assert logging.getLogger().level == logging.DEBUG


def test_configuring_twice_does_not_say_everything_twice(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    configure("json", "info")
    structlog.get_logger().info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("odd", ["\x1b[31m", "\x9b31m", "\x00", "\u2028", "\x85", "\u202e", "\ud800", "\x0b"])
def test_nothing_a_stranger_wrote_moves_the_cursor_or_breaks_the_line(odd, log_format, capsys) -> None:
    configure(log_format, "info")
    structlog.get_logger().warning(f"a{odd}b", path=odd, properties={odd: odd})
    said = capsys.readouterr().err
    assert odd not in said
    assert len(said.splitlines()) == 1


def test_what_an_exception_quotes_cannot_pass_for_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure("console", "info")
    error = ValueError("bad\nforged event level=info \x1b[31m")
    structlog.get_logger().error("failed", exc_info=error)
    first, *trace = capsys.readouterr().err.splitlines()
    assert "failed" in first
    assert all(line.startswith("    ") for line in trace)
    assert "\x1b" not in "".join(trace)


def test_long_keys_and_objects_are_cut_too() -> None:
    event = mask(None, "info", {"event": "x", "k" * 5000: 1, "odd": Exception("y" * 5000)})
    assert max(len(str(part)) for pair in event.items() for part in pair) < 1100


def test_for_machines_an_exception_is_its_class_and_its_place_without_what_it_quotes(capsys) -> None:
    configure("json", "info")
    try:
        int("anna@werk.example")
    except ValueError:
        structlog.get_logger().exception("failed")
    said = capsys.readouterr().err
    told = json.loads(said)["exception"]
    assert told["class"] == "ValueError"
    assert told["at"][-1].startswith("test_logs.py:")
    assert "anna" not in said
