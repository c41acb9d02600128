"""Progress as bars on a terminal. Loaded only when there is one: this module imports rich."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class RateColumn(ProgressColumn):
    """Records per second, blank until there is something to divide."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="dim")


class BarProgress:
    """One bar a stream: done/total, rate, time left. On screen only while something runs, so that results and
    questions in between have the terminal to themselves."""

    def __init__(self, console: Console | None = None) -> None:
        self.tasks: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("{task.description:<14}", markup=False),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(compact=True),
            console=console or Console(stderr=True),
            transient=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def start(self, task: str, total: int | None) -> None:
        self.progress.start()
        if task in self.tasks:
            self.progress.reset(self.tasks[task], total=total)
        else:
            self.tasks[task] = self.progress.add_task(task, total=total)

    def advance(self, task: str, by: int = 1) -> None:
        if task not in self.tasks:
            self.start(task, None)
        self.progress.advance(self.tasks[task], by)

    def finish(self, task: str) -> None:
        """Take the bar away, and the display with the last one."""
        handle = self.tasks.pop(task, None)
        if handle is not None:
            self.progress.remove_task(handle)
        if not self.tasks:
            self.progress.stop()

    def note(self, text: str) -> None:
        self.progress.console.print(Text(text, style="dim"))
