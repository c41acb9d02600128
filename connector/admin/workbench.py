"""The workbench: one row's chain of steps, taken apart over real and pasted values, until it is taken into the draft.

What is tried lives in the form alone; nothing is kept before "Use this chain", which saves the mapping's draft the way
its editor does. Not here: what steps do (``connector/rules``), which values there are (``connector/reports/chain``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response
from werkzeug.datastructures import MultiDict

from connector.admin import mapping
from connector.admin.documents import BAD
from connector.admin.doors import Door
from connector.admin.drafts import Work, key_of, number_or_404, work_of
from connector.admin.frame import Ask
from connector.admin.mapping_form import filled, steps_of
from connector.admin.waiting import Task, waiting
from connector.errors import DocumentInvalid, Fault, UnknownPortal
from connector.reports.chain import MOST, ChainReport, chain_report, glance
from connector.reports.wording import masked_value
from connector.rules.chain_trace import Trace, source_of, trace
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import OBJECTS, MappingDocument, Row
from connector.rules.mapping import Source, locale_of
from connector.rules.step_menu import menu
from connector.rules.transforms.base import Ambiguous, Invalid, Nothing
from connector.sync import library, previewing
from connector.sync.mapping_text import rewritten
from connector.sync.rulebook import parse_text

KIND = mapping.KIND
PASTED, LONGEST, STEPS = 50, 1000, 20
PATIENCE = 0.05
KINDS: Mapping[str, tuple[str, ...]] = {
    "phone": ("phone", "trim", "replace"),
    "country": ("country", "collapse_spaces", "lookup"),
    "name": ("title_case", "collapse_spaces", "unescape", "strip_html"),
    "date": ("date", "datetime"),
    "number": ("number", "range"),
}
Steps = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One value on the page: what every step gave, in words."""

    raw: str
    holders: int
    verdict: str
    cells: Sequence[tuple[str, str, str]]
    result: str
    reason: str


@dataclass(slots=True)
class Bench:
    """Everything the page shows of one chain."""

    at: int
    plain: Mapping[str, Any]
    steps: Steps
    pasted: str = ""
    faults: Sequence[Fault] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    row: Row | None = None
    source: Source | None = None
    told: ChainReport | None = None
    counting: bool = False
    lines: Sequence[Line] = ()
    own: Sequence[Line] = ()


def view(ask: Ask, number: str) -> Response:
    """The chain as the draft has it."""
    work, at, plain = _row(ask, number)
    return _page(ask, work, at, plain, steps_of(plain))


def attempt(ask: Ask, number: str) -> Response:
    """The chain as the form has it, after what its button asks for; nothing is saved."""
    work, at, plain = _row(ask, number)
    return _page(ask, work, at, plain, _moved(_typed(ask.form), ask.form.get("act", "")))


def use(ask: Ask, number: str) -> Response:
    """Into the draft, by the very saving of the mapping's editor; a chain with faults stays on the page."""
    work, at, plain = _row(ask, number)
    steps = _typed(ask.form)
    bench = _tried(work, at, plain, steps)
    if bench.faults or bench.errors:
        return _page(ask, work, at, plain, steps, status=BAD)
    form = MultiDict({name: ask.form.get(name, "") for name in ("base", "seen")})
    was = ask.form.get("was", "") or json.dumps(plain, ensure_ascii=False)
    form |= {f"r{at}-field": str(plain.get("field", "")), f"r{at}-was": was} | _fields(f"r{at}-", steps)
    return mapping.save(replace(ask, form=form))


def _row(ask: Ask, number: str) -> tuple[Work, int, Mapping[str, Any]]:
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
    at = number_or_404(number)
    try:
        rows = mapping.plain_rows(work.text)
    except DocumentInvalid:
        rows = []
    if at >= len(rows):
        raise UnknownPortal("There is no such row in the mapping.")
    return work, at, rows[at]


def _typed(form: Mapping[str, str]) -> Steps:
    found = [(form.get(f"step{n}", "").strip(), form.get(f"with{n}", "").strip()) for n in range(STEPS + 1)]
    return [one for one in found if one[0]][:STEPS]


def _moved(steps: Steps, act: str) -> Steps:
    """``up-2``, ``down-0``, ``out-1`` and ``add-trim``; anything else leaves the chain alone."""
    what, _, which = act.partition("-")
    if what == "add":
        named = next((one for one in menu() if one.name == which), None)
        options = steps_of({"transforms": [{"step": which, **named.options}]})[0][1] if named is not None else ""
        return [*steps, (which, options)] if named is not None else steps
    at = int(which) if which.isascii() and which.isdecimal() else len(steps)
    if what not in ("up", "down", "out") or at >= len(steps):
        return steps
    left = steps[:at] + steps[at + 1 :]
    if what == "out":
        return left
    place = max(0, at - 1) if what == "up" else at + 1
    return [*left[:place], steps[at], *left[place:]]


def _fields(prefix: str, steps: Steps) -> dict[str, str]:
    told = {f"{prefix}step0": ""}
    for n, (name, options) in enumerate(steps):
        told |= {f"{prefix}step{n}": name, f"{prefix}with{n}": options}
    return told


def _tried(work: Work, at: int, plain: Mapping[str, Any], steps: Steps) -> Bench:
    """The row with this chain: its faults, or the row ready to be read."""
    bench = Bench(at, plain, steps)
    form = {f"r{at}-field": str(plain.get("field", ""))} | _fields(f"r{at}-", steps)
    rows = mapping.plain_rows(work.text)
    told = filled(rows, form)
    bench.errors = {name.partition("-")[2]: said for name, said in told.errors.items()}
    text = rewritten(work.text, told.changed) if not told.errors else work.text
    bench.faults = library.faults_of(KIND, text)
    if not bench.errors and not bench.faults:
        document: MappingDocument = parse_text(KIND, text, "draft")
        bench.row = document.rows[at]
    return bench


def _page(
    ask: Ask, work: Work, at: int, plain: Mapping[str, Any], steps: Steps, *, status: int = 200
) -> Response:  # fmt: skip
    bench = _tried(work, at, plain, steps)
    bench.pasted = ask.form.get("pasted", "").replace("\r\n", "\n")
    if bench.row is not None:
        _read(ask, work, bench, bench.row)
    ours = FIELDS.get(str(plain.get("field", "")))
    groups = [(kind, [one for name in names for one in menu() if one.name == name]) for kind, names in KINDS.items()]
    return ask.page(
        "workbench.html", status=status, work=work, bench=bench, groups=groups, menu=menu(), most=MOST,
        label=ours.label(ask.words.language) if ours is not None else plain.get("field", ""),
        was=ask.form.get("was", "") or json.dumps(plain, ensure_ascii=False), base=ask.form.get("base", work.base),
        seen=ask.form.get("seen", work.seen), may_edit=ask.may("editor"), pasted_most=PASTED,
    )  # fmt: skip


def _read(ask: Ask, work: Work, bench: Bench, row: Row) -> None:
    """The values of the mirror and the pasted ones through the chain."""
    with ask.frame.store.view() as u:
        known = previewing.known_to(u, ask.portal.id)
    document: MappingDocument = parse_text(KIND, work.text, "draft")
    bench.source = source_of(row, document, known if known.get("contacts") else None)
    if bench.source is None:
        return
    source, locale, store, portal = bench.source, locale_of(document.locale), ask.frame.store, ask.portal.id
    kind = OBJECTS[row.where()]

    def count(_task: Task) -> ChainReport:
        with store.view() as u:
            return chain_report(u, portal, kind, source, locale)

    key = key_of(ask, "chain", KIND, f"{bench.at}\n{row!r}\n{document.locale!r}")
    task = waiting(store).ask(key, count, patience=PATIENCE)
    bench.counting = not task.over.is_set()
    if task.over.is_set() and task.fault is not None:
        raise task.fault
    if bench.counting:
        with store.view() as u:
            bench.told = glance(u, portal, kind, source, locale)
    else:
        bench.told = task.result
    hide = not ask.may("editor")
    bench.lines = [
        _line(ask, row, one, holders, hide=hide) for one, holders in (bench.told.traces if bench.told else ())
    ]
    values = dict.fromkeys(one.strip()[:LONGEST] for one in bench.pasted.split("\n") if one.strip())
    bench.own = [_line(ask, row, trace(source, one, locale), 0, hide=False) for one in list(values)[:PASTED]]


def _line(ask: Ask, row: Row, told: Trace, holders: int, *, hide: bool) -> Line:
    """``hide``: addresses and numbers of people are masked, as on the pages of contacts."""

    def said(value: object) -> str:
        text = _said(ask, value)
        return masked_value(row.property, text) or "" if hide else text

    cells = [
        (one.step, said(one.after), "bad" if isinstance(one.after, Invalid) else "warn" if _ends(one.after) else
         "changed" if one.changed else "")
        for one in told.passed
    ]  # fmt: skip
    result = said(told.result) if told.verdict == "fine" else ""
    return Line(said(told.raw), holders, told.verdict, cells, result, ask.t(told.reason) if told.reason else "")


def _ends(value: object) -> bool:
    return isinstance(value, Ambiguous | Nothing)


def _said(ask: Ask, value: object) -> str:
    if isinstance(value, Ambiguous | Invalid):
        return ask.t(value.reason)
    if isinstance(value, Nothing):
        return ask.t(value.why)
    if isinstance(value, bool):
        return ask.t("yes") if value else ask.t("no")
    return "; ".join(value) if isinstance(value, tuple) else str(value)


BASE = "/portals/<portal>/mapping/chain/<number>"
DOORS = (
    Door("GET", BASE, "analyst", view),
    Door("POST", BASE, "analyst", attempt),
    Door("POST", f"{BASE}/use", "editor", use),
)
