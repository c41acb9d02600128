"""What a trial is, what it counts, and the one table of all of them. No trial lives here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- trials -->", "<!-- /trials -->"
HEAD = (
    "| Trial | What is done to it | Runs | Faults | Lost | Doubled | Worst time | |",
    "|---|---|---:|---:|---:|---:|---:|---|",
)
BUSY, LOOK_S = 1.5, 0.2
PASSED, FAILED, NOT_RUN = "✓", "✗", "–"


# How much longer than bounds of seconds allow: 1 for `make trials`; tests beside other tests measure no speed.
PATIENCE: ContextVar[float] = ContextVar("patience", default=1.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial. ``worst_seconds`` is of what the trial's title times; ``note`` says what was missed."""

    runs: int
    faults: int
    lost: int
    doubled: int
    worst_seconds: float | None
    passed: bool
    note: str = ""

    @property
    def mark(self) -> str:
        """Passed, failed, or not run on this machine."""
        return PASSED if self.passed else FAILED if self.runs else NOT_RUN


@dataclass(frozen=True, slots=True)
class Trial:
    """One row. ``act(scale, seed)``: 1.0 is the full size, CI takes a twentieth."""

    id: str
    title: str
    act: Callable[[float, int], Outcome]


class NotHere(Exception):
    """This machine cannot carry the trial out; the text says why."""


class Impatient(Exception):
    """Something that had to happen never did; the text says what."""


@dataclass
class Count:
    """What a trial counts while it goes on, and the bounds it has to keep."""

    runs: int = 0
    faults: int = 0
    lost: int = 0
    doubled: int = 0
    worst: float | None = None
    missed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    strained: float = field(default_factory=lambda: PATIENCE.get())

    def took(self, seconds: float) -> None:
        """A time of the kind that this trial bounds."""
        self.worst = max(self.worst or 0.0, seconds)

    def must(self, held: bool, otherwise: str) -> None:
        """A bound without a number."""
        if not held:
            self.missed.append(otherwise)

    def most(self, what: str, found: float, bound: float) -> None:
        """``found`` may not be over ``bound``."""
        self.must(found <= bound, f"{what}: {found:g}, at most {bound:g}")

    def most_here(self, what: str, found: float, bound: float) -> None:
        """A bound in seconds of a machine that does nothing else: when others are at work on it, in as many more."""
        self.strained = max(self.strained, strain() * PATIENCE.get())
        self.most(what, found, round(bound * self.strained, 3))

    def says(self, words: str) -> None:
        """What the row has to add, passed or not."""
        self.said.append(words)

    def least(self, what: str, found: float, bound: float) -> None:
        """``found`` may not be under ``bound``."""
        self.must(found >= bound, f"{what}: {found:g}, at least {bound:g}")

    def loses(self, differences: Sequence[str], doubled: int = 0) -> None:
        """Book what mirror and truth differ in; ids stay, values do not: they would be people."""
        self.lost += len(differences)
        self.doubled += doubled
        if differences:
            self.missed.append(f"{len(differences)} differences, e.g. {differences[0].split(':')[0]}")
        if doubled:
            self.missed.append(f"{doubled} doubled")

    def outcome(self) -> Outcome:
        """The row."""
        if self.strained > BUSY:
            self.says(f"bounds of seconds ×{self.strained:.1f}: the machine was busy with other work")
        note = "; ".join(dict.fromkeys(self.missed + self.said))
        return Outcome(self.runs, self.faults, self.lost, self.doubled, self.worst, not self.missed, note)


def strain() -> float:
    """How much longer than on an idle machine this thread takes for the same work, now; at least 1."""
    wall, burnt = time.perf_counter(), time.thread_time()
    while time.thread_time() - burnt < LOOK_S:
        pass
    return max(1.0, (time.perf_counter() - wall) / LOOK_S)


def share(full: int, scale: float, least: int = 1) -> int:
    """A size at this scale, never under what the fault needs to be one."""
    return max(least, round(full * scale))


def run(trial: Trial, scale: float, seeds: Iterable[int]) -> Outcome:
    """A trial with each seed, as one outcome."""
    try:
        outcomes = [trial.act(scale, seed) for seed in seeds]
    except NotHere as reason:
        return Outcome(0, 0, 0, 0, None, passed=False, note=f"not run: {reason}")
    except Impatient as what:
        return Outcome(1, 0, 0, 0, None, passed=False, note=str(what))
    times = [one.worst_seconds for one in outcomes if one.worst_seconds is not None]
    return Outcome(
        sum(one.runs for one in outcomes),
        sum(one.faults for one in outcomes),
        sum(one.lost for one in outcomes),
        sum(one.doubled for one in outcomes),
        max(times) if times else None,
        all(one.passed for one in outcomes),
        "; ".join(dict.fromkeys(one.note for one in outcomes if one.note)),
    )


def line(trial: Trial, outcome: Outcome) -> str:
    """One row of the table."""
    counts = (outcome.runs, outcome.faults, outcome.lost, outcome.doubled)
    worst = "" if outcome.worst_seconds is None else f"{outcome.worst_seconds:.3g} s"
    verdict = f"{outcome.mark} {outcome.note}".strip().replace("|", "/").replace("\n", " ")
    return f"| {trial.id} | {trial.title} | {' | '.join(f'{n:,}' for n in counts)} | {worst} | {verdict} |"


def run_all(trials: Iterable[Trial], scale: float, seeds: Sequence[int], say: Callable[[str], None]) -> list[str]:
    """Run them one after another; each row is said as soon as it is there."""
    rows = []
    for trial in trials:
        began = time.monotonic()
        row = line(trial, run(trial, scale, seeds))
        rows.append(row)
        say(f"{row}  ({time.monotonic() - began:.1f} s)")
    return rows


def written(page: str, rows: Sequence[str], how: str) -> str:
    """The README with this table between its markers; they must be there."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join((how, "", *HEAD, *rows))
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def merged(page: str, rows: Sequence[str], order: Sequence[str]) -> str:
    """The README with these rows in its table, new or in the place of older ones; the rest stays as it was measured."""
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    kept, fresh = {_id_of(row): row for row in table.splitlines() if row.startswith("| ")}, {_id_of(r): r for r in rows}
    told = table.splitlines()[1] if len(table.splitlines()) > 1 else ""
    body = [row for name in order if (row := fresh.get(name, kept.get(name, "")))]
    return f"{before}{BEGIN}\n" + "\n".join((told, "", *HEAD, *body)) + f"\n{END}{after}"


def _id_of(row: str) -> str:
    return row.strip("|").split("|")[0].strip()


def claims(page: str) -> dict[str, tuple[str, str]]:
    """What the README says: trial → (title, verdict)."""
    if BEGIN not in page:
        return {}
    table = page.split(BEGIN)[1].split(END, maxsplit=1)[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines() if row.startswith("| ")]
    return {cells[0]: (cells[1], cells[-1]) for cells in rows if cells[0] != "Trial"}
