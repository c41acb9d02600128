"""One row of the mapping as a person sees it: chips, the sentence, findings, three contacts, counts. Only shows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.admin.frame import Ask
from connector.admin.mapping_form import ROOM, shown, steps_of
from connector.errors import Fault
from connector.model.judgement import Field, Known
from connector.model.records import PropertyDefinition
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import OBJECTS, Row
from connector.rules.mapping_check import Finding, findings
from connector.rules.mapping_counts import RowCounts
from connector.rules.mapping_preview import MOVING, Effect, Seen
from connector.sync.previewing import Person

Known_ = Mapping[Any, Mapping[str, PropertyDefinition]]
KINDS: Mapping[Effect, str] = {
    "fill": "good", "change": "info", "clear": "warn", "conflict": "warn", "fail": "bad", "same": "", "nothing": "",
    "unread": "warn",
}  # fmt: skip
_ROW = re.compile(r"rows\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One contact at one row."""

    person: Person
    source: str
    raw: str
    result: str
    now: str
    kind: str
    word: str
    also: str
    reason: str


@dataclass(slots=True)
class RowPage:
    """One row on the page. ``typed`` are the texts of its form fields."""

    at: int
    typed: Mapping[str, str]
    was: str
    label: str
    our_type: str
    their_type: str
    their_label: str
    arrow: str
    sentence: str
    steps: list[tuple[str, str]]
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    counts: list[tuple[str, str]] = field(default_factory=list)
    moving: bool = False
    broken: bool = False


def words(ask: Ask) -> dict[Effect, str]:
    """What happens, in a word."""
    return {
        "fill": ask.t("is filled"), "change": ask.t("changes"), "clear": ask.t("is emptied"),
        "conflict": ask.t("conflict"), "fail": ask.t("fails"), "same": ask.t("stays the same"),
        "nothing": ask.t("nothing there"), "unread": ask.t("not read yet"),
    }  # fmt: skip


def row_pages(
    ask: Ask,
    plain: Sequence[Mapping[str, Any]],
    rows: Sequence[Row],
    known: Known_,
    people: Sequence[Person],
    faults: Sequence[Fault],
    typed: Mapping[str, str] | None = None,
) -> list[RowPage]:
    """All rows. ``rows`` is empty while the document has faults: then there is nothing to preview."""
    pages = [_page(ask, at, one, known, typed or {}) for at, one in enumerate(plain)]
    for fault in faults:
        found = _ROW.match(fault.path)
        if found and int(found[1]) <= len(pages):
            pages[int(found[1]) - 1].faults.append(fault)
    for at, row in enumerate(rows):
        page = pages[at]
        page.sentence = sentence(ask, row)
        page.notes = [note(ask, one) for one in findings(row, known)]
        page.cells = [_cell(ask, row, person, person.rows[at]) for person in people]
        effects = {seen for person in people for seen in (person.rows[at].reads, person.rows[at].writes)}
        page.moving = bool(effects & MOVING)
        page.broken = bool(effects & {"fail", "conflict"}) or bool(page.notes)
    for page in pages:
        page.broken = page.broken or bool(page.faults)
    return pages


def _page(ask: Ask, at: int, plain: Mapping[str, Any], known: Known_, typed: Mapping[str, str]) -> RowPage:
    texts = shown(plain)
    prefix = f"r{at}-"
    texts |= {name.removeprefix(prefix): value for name, value in typed.items() if name.startswith(prefix)}
    ours = FIELDS.get(texts["field"])
    where = texts["object"] or (ours.object if ours is not None else "contact")
    theirs = known.get(OBJECTS["company" if where == "company" else "contact"], {}).get(texts["property"])
    steps = [(texts[f"step{n}"], texts.get(f"with{n}", "")) for n in range(50) if f"step{n}" in texts]
    steps = [step for step in steps if step[0]] or ([] if typed else steps_of(plain))
    return RowPage(
        at=at,
        typed=texts,
        was=json.dumps(plain, ensure_ascii=False),
        label=ours.label(ask.words.language) if ours is not None else texts["field"],
        our_type=ours.type if ours is not None else "",
        their_type=theirs.type if theirs is not None else "",
        their_label=theirs.label if theirs is not None else "",
        arrow={"read": "→", "write": "←", "both": "↔"}.get(texts["direction"], "→"),
        sentence="",
        steps=[*steps, *[("", "")] * ROOM],
    )


def sentence(ask: Ask, row: Row) -> str:
    """What the row does, in plain words: every mode has its own."""
    if not row.writes():
        return ask.t("HubSpot's value is read; nothing is written.")
    said = [
        ask.t("Ours is written wherever HubSpot holds another.")
        if row.mode == "overwrite"
        else ask.t("Ours is written only where HubSpot holds nothing.")
    ]
    said.append(
        {
            "keep": ask.t("When our field becomes empty, HubSpot's value stays."),
            "clear": ask.t("When our field becomes empty, HubSpot's is emptied."),
            "hold": ask.t("When our field becomes empty, a person is asked."),
        }[row.clear]
    )
    said.append(
        {
            "newer": ask.t("If somebody changes it in HubSpot meanwhile, the newer one wins."),
            "ours": ask.t("If somebody changes it in HubSpot meanwhile, ours wins."),
            "theirs": ask.t("If somebody changes it in HubSpot meanwhile, theirs wins."),
        }[row.conflict]
    )
    return " ".join(said)


def note(ask: Ask, one: Finding) -> str:
    """What the portal says against the row, and what to do."""
    if one.kind == "gone":
        told = ask.t("HubSpot has no property {name} here.", name=one.property)
        more = (
            ask.t("Did you mean {name}?", name=one.nearest) if one.nearest else ask.t("Choose another, or create it.")
        )
        return f"{told} {more}"
    if one.kind == "read_only":
        return ask.t("{name} is read-only in HubSpot: choose “only read”.", name=one.property)
    if one.kind == "type":
        theirs, ours = one.names
        return ask.t(
            "{name} is of type {theirs} in HubSpot, our field of type {ours}: add a step or a value map.",
            name=one.property, theirs=theirs, ours=ours,
        )  # fmt: skip
    if one.kind == "option":
        return ask.t(
            "{name} has no option {options} in HubSpot: mend the value map.",
            name=one.property, options=", ".join(one.names),
        )  # fmt: skip
    return ask.t("Properties of companies are only read; this row writes nothing.")


def _cell(ask: Ask, row: Row, person: Person, seen: Seen) -> Cell:
    writes = seen.writes is not None
    effect = seen.effect
    result = said(ask, row, seen.found)
    also = ""
    if writes and seen.reads in MOVING and seen.reads is not None:
        also = ask.t("our field: {word}", word=words(ask)[seen.reads])
    return Cell(
        person=person,
        source=seen.source or row.property,
        raw=seen.raw,
        result=seen.text if writes and seen.text else result,
        now=seen.now if writes else said(ask, row, seen.was),
        kind=KINDS[effect],
        word=words(ask)[effect],
        also=also,
        reason=ask.t(seen.reason) if seen.reason else "",
    )


def said(ask: Ask, row: Row, value: Field) -> str:
    """A field's value as people read it; a dash where there is none."""
    if not isinstance(value, Known):
        return "–"
    found = value.value
    if isinstance(found, bool):
        return ask.t("yes") if found else ask.t("no")
    if isinstance(found, tuple):
        return "; ".join(map(str, found))
    if FIELDS[row.field].type == "datetime" and isinstance(found, int):
        return ask.words.when(found)
    return ask.words.number(found) if isinstance(found, int | float) else str(found)


def count_words(ask: Ask, row: RowCounts) -> list[tuple[str, str]]:
    """The counts of a row over all contacts, each with its colour: what happens first, what stays last."""
    counts = row.writes or row.reads or {}
    told = words(ask)
    found = [(KINDS[effect], f"{ask.words.number(n)} {told[effect]}") for effect, n in counts.items() if n]
    if row.writes is not None and row.reads is not None and (moved := sum(row.reads.get(e, 0) for e in MOVING)):
        found.append(("info", ask.t("our field: {count} change", count=moved)))
    return found
