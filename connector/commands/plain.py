"""Progress as plain lines on stderr, for logs and pipes: one every ten seconds and one when a stream ends."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import click

from connector.clock import Clock, SystemClock
from connector.commands.words import span

EVERY_SECONDS = 10.0


@dataclass
class Stream:
    """How far one stream is. ``total`` is None while unknown."""

    total: int | None
    began: float
    done: int = 0

    def line(self, task: str, now: float) -> str:
        """``contacts: 12,000 of 50,000 (24 %), 1,900/s, 20 s left``; what is not known is left out."""
        seconds = max(now - self.began, 1e-6)
        rate = self.done / seconds
        known = self.total is not None and self.total >= self.done
        words = [f"{task}: {self.done:,} of {self.total:,}" if known else f"{task}: {self.done:,}"]
        if known and self.total:
            words[0] += f" ({self.done * 100 // self.total} %)"
        words.append(f"{rate:,.0f}/s")
        if known and self.total and rate:
            words.append(f"{span((self.total - self.done) / rate)} left")
        return ", ".join(words)


class PlainProgress:
    """Speaks seldom and briefly, so that a log of a night's run stays readable."""

    def __init__(self, clock: Clock | None = None, every: float = EVERY_SECONDS) -> None:
        self.clock = clock or SystemClock()
        self.every = every
        self.streams: dict[str, Stream] = {}
        self.spoke = self.clock.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.streams.clear()

    def start(self, task: str, total: int | None) -> None:
        self.streams[task] = Stream(total, self.clock.monotonic())

    def advance(self, task: str, by: int = 1) -> None:
        now = self.clock.monotonic()
        stream = self.streams.setdefault(task, Stream(None, now))
        stream.done += by
        if now - self.spoke >= self.every:
            self.spoke = now
            for name, running in self.streams.items():
                self.note(running.line(name, now))

    def finish(self, task: str) -> None:
        stream = self.streams.pop(task, None)
        if stream and stream.done:
            self.note(f"{task}: {stream.done:,} in {span(self.clock.monotonic() - stream.began)}")

    def note(self, text: str) -> None:
        click.echo(text, err=True)
