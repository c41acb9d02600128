"""Progress: plain lines every ten seconds in a pipe, bars on a terminal, nothing with --quiet."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from connector.clock import VirtualClock
from connector.commands.bars import BarProgress
from connector.commands.plain import PlainProgress
from connector.commands.words import span
from connector.progress import Silent
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


class TestPlainLines:
    """For logs: few and complete."""

    def test_speak_every_ten_seconds_and_at_the_end(
        self, clock: VirtualClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with PlainProgress(clock) as progress:
            progress.start("contacts", 50_000)
            for _ in range(25):
                clock.advance(1)
                progress.advance("contacts", 2_000)
            progress.finish("contacts")
        assert capsys.readouterr().err.splitlines() == [
            "contacts: 20,000 of 50,000 (40 %), 2,000/s, 15 s left",
            "contacts: 40,000 of 50,000 (80 %), 2,000/s, 5.0 s left",
            "contacts: 50,000 in 25 s",
        ]

    def test_leave_out_what_is_not_known(self, clock: VirtualClock, capsys: pytest.CaptureFixture[str]) -> None:
        progress = PlainProgress(clock)
        progress.start("events", None)
        clock.advance(10)
        progress.advance("events", 500)
        assert capsys.readouterr().err == "events: 500, 50/s\n"

    def test_a_total_that_was_too_small_is_not_shown(
        self, clock: VirtualClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        progress = PlainProgress(clock)
        progress.start("deals", 10)
        clock.advance(10)
        progress.advance("deals", 30)
        assert capsys.readouterr().err == "deals: 30, 3/s\n"

    def test_a_stream_nobody_started_is_counted(self, clock: VirtualClock, capsys: pytest.CaptureFixture[str]) -> None:
        progress = PlainProgress(clock)
        progress.advance("owners", 3)
        progress.finish("owners")
        assert capsys.readouterr().err.startswith("owners: 3 in ")

    def test_an_empty_stream_is_silent(self, clock: VirtualClock, capsys: pytest.CaptureFixture[str]) -> None:
        progress = PlainProgress(clock)
        progress.start("deals", 0)
        progress.finish("deals")
        progress.finish("never started")
        assert capsys.readouterr().err == ""


class TestBars:
    """For a terminal: done/total, rate, time left, and gone when nothing runs."""

    @pytest.fixture
    def screen(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture
    def bars(self, screen: io.StringIO) -> BarProgress:
        return BarProgress(Console(file=screen, force_terminal=True, width=100, _environ={}))

    def test_show_the_stream_with_done_and_total(self, bars: BarProgress, screen: io.StringIO) -> None:
        with bars:
            bars.start("contacts", 400)
            bars.advance("contacts", 100)
            bars.progress.refresh()
            assert "contacts" in screen.getvalue()
            assert "100/400" in screen.getvalue()

    def test_leave_the_terminal_to_questions_in_between(self, bars: BarProgress) -> None:
        with bars:
            bars.advance("contacts", 1)
            assert bars.progress.live.is_started
            bars.finish("contacts")
            assert not bars.progress.live.is_started
            bars.start("deals", None)
            assert bars.progress.live.is_started
        assert not bars.progress.live.is_started

    def test_start_twice_begins_anew(self, bars: BarProgress) -> None:
        with bars:
            bars.start("contacts", 10)
            bars.advance("contacts", 5)
            bars.start("contacts", 20)
            assert [(task.completed, task.total) for task in bars.progress.tasks] == [(0, 20)]
            bars.finish("unknown")

    def test_notes_go_above_the_bars(self, bars: BarProgress, screen: io.StringIO) -> None:
        with bars:
            bars.note("page views are off [no scope]")
        assert "page views are off [no scope]" in screen.getvalue()


def test_quiet_hands_the_service_nobody_to_tell(say: Say, desk: Desk) -> None:
    say("sync", "acme", "--quiet")
    assert isinstance(desk.progress, Silent)
    say("sync", "acme")
    assert isinstance(desk.progress, PlainProgress)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.44, "0.4 s"), (42, "42 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min"), (89.9, "90 s")]
)
def test_spans_of_time(seconds: float, words: str) -> None:
    assert span(seconds) == words
