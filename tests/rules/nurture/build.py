"""Nurtures on a virtual clock: documents, contacts and courses for the tests, in the words of the trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.model.judgement import Enrol, Facts, Field, Hold, Known, SetProperty, Unknown
from connector.model.nurture import NurtureDecision, Place, Progress
from connector.model.plan import PortalView
from connector.model.records import Activity
from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document
from connector.rules.nurture.advance import advance
from connector.rules.nurture.graph import Book, open_book
from tests.rules.judging.build import MAILABLE, PORTAL, documents

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = "2026-11-02 10:00"
PROPERTIES = ("hs_lead_status", "nurture_topic", "nurture_last_asset", "nurture_key")
NAMES: dict[str, Field] = {
    "first_name": Known("Anna", "firstname"),
    "last_name": Known("Berg", "lastname"),
    "interests": Unknown("empty"),
}


def ms(text: str) -> int:
    """A wall time in Berlin, ``2026-11-02 10:00``."""
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


def presets(*names: str) -> dict[str, Any]:
    """These shipped presets laid together and switched on, each workflow with an id of its own."""
    together: dict[str, Any] = {"workflows": [], "assets": [], "nurtures": []}
    for name in names:
        data: Any = load_yaml(preset_text("workflows", name), f"{name}.yaml")[0]
        for part in together:
            together[part] += data.get(part, [])
    return {
        "workflows": [{**one, "workflow_id": str(100 + at)} for at, one in enumerate(together["workflows"])],
        "assets": together["assets"],
        "nurtures": [{**one, "enabled": True} for one in together["nurtures"]],
    }


MAIL = {"name": "mail", "do": "enrol", "label": "Mail", "workflow": "one"}
DONE = {"name": "done", "do": "end"}


def nurture(*steps: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    """A small nurture of these steps, started by a white paper, a draft as far as the questions go."""
    return {"name": "small", "starts": [{"did": ["white_paper"]}], "steps": [*steps, DONE], **keys}


def paper(*nurtures: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    """A document with three workflows and two assets."""
    return {
        "workflows": [
            {"name": "one", "workflow_id": "101", "on": "nurture"},
            {"name": "two", "workflow_id": "102", "on": "nurture"},
            {"name": "listed", "on": "nurture", "by": "list", "list_id": "9"},
            {"name": "keyed", "on": "nurture", "by": "property", "property": "nurture_key"},
        ],
        "assets": [
            {"name": "guide", "kind": "white_paper", **SAID},
            {"name": "seminar", "kind": "webinar_attended", **SAID},
        ],
        "nurtures": list(nurtures),
        **keys,
    }


SAID = {"call": "Get it", "landing_page": "https://example.com", "delivery": "By mail"}


def parsed(data: Mapping[str, Any]) -> Any:
    return parse_document("workflows", {"name": "test", **data}, {(): 1}, "test.yaml")


def book(data: Mapping[str, Any], *, version: int = 1, switch_on: bool = True, **more: Any) -> Book:
    """The document compiled. ``switch_on`` lets nurtures run that leave planning questions open."""
    made = documents()
    document = parsed(data)
    if switch_on:
        on = tuple(one.model_copy(update={"enabled": True}) for one in document.nurtures)
        document = document.model_copy(update={"nurtures": on})
    made = replace(made, workflows=document, versions={"workflows": version})
    known = {one.workflow_id: (one.name, True) for one in document.workflows if one.workflow_id}
    portal = more.pop("portal", None) or replace(PORTAL, writable=PORTAL.writable | set(PROPERTIES), workflows=known)
    return open_book(made, portal, **{"zone": BERLIN, **more})


@dataclass
class Course:
    """One contact on a virtual clock: acts and values arrive, time goes from one due instant to the next."""

    book: Book
    start: str = MONDAY
    properties: dict[str, str | None] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    contact_id: int = 1
    missing: frozenset[str] = frozenset()
    lists: dict[str, bool] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    acts: list[Activity] = field(default_factory=list)
    log: list[tuple[int, NurtureDecision]] = field(default_factory=list)
    last: Progress = field(default_factory=lambda: Progress(()))
    done: dict[str, int] = field(default_factory=dict)
    trail: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now = ms(self.start)

    def at(self, day: float, clock: str | None = None) -> int:
        """The instant so many days of the calendar after the start."""
        begin = datetime.fromisoformat(self.start)
        moment = begin + timedelta(days=day)
        if clock:
            hour, minute = clock.split(":")
            moment = moment.replace(hour=int(hour), minute=int(minute))
        return round(moment.replace(tzinfo=BERLIN).timestamp() * 1000)

    def facts(self) -> Facts:
        known = tuple(sorted((act for act in self.acts if act.at_ms <= self.now), key=lambda act: act.at_ms))
        values = {**MAILABLE, "lifecyclestage": "lead", **self.properties}
        named = {**NAMES, **self.fields}
        return Facts(
            self.contact_id, self.now, named, values, known, missing_sources=self.missing, lists=dict(self.lists)
        )

    def did(self, kind: str, about: str = "", day: float = 0, clock: str | None = None, verdict: Any = "human") -> None:
        at_ms = self.at(day, clock)
        number = f"{kind}-{len(self.acts)}"
        self.acts.append(
            Activity(self.contact_id, at_ms, number, kind, "page_view", kind, asset=about, title=about, verdict=verdict)
        )

    def look(self) -> Progress:
        """Advance at the present instant; what is asked for happens at once, until nothing is asked for any more."""
        for _ in range(100):
            self.last = advance(self.facts(), self.places, self.book, self.done)
            self.places = self.last.places
            self.trail.update(self.last.passed)
            for one in self.last.decisions:
                self.log.append((self.now, one))
                self.done[one.cause] = self.now
                if isinstance(one, SetProperty):
                    self.properties[one.property] = one.value
            if not self.last.decisions:
                break
        return self.last

    def run(self, until_day: float, also: Iterable[int] = ()) -> Course:
        """Look now, whenever an act arrives or time is due, and at the end."""
        end = self.at(until_day)
        stops = sorted({*also, *(act.at_ms for act in self.acts if act.at_ms > self.now)})
        while True:
            due = self.look().due_ms
            ahead = [one for one in (*stops, due) if one is not None and self.now < one <= end]
            if not ahead:
                break
            self.now = min(ahead)
        self.now = end
        self.look()
        return self

    def day_of(self, at_ms: int) -> int:
        there = datetime.fromtimestamp(at_ms / 1000, BERLIN).date()
        return (there - datetime.fromisoformat(self.start).date()).days

    def told(self) -> list[str]:
        """What was done, as people read it: ``day 3: enrol welcome_posts``."""
        return [f"day {self.day_of(at_ms)}: {_said(one)}" for at_ms, one in self.log]

    def endings(self) -> dict[str, str]:
        """Nurture → how the last stay ended; the step where it has not."""
        return {one.nurture: one.ended or f"at {one.step}" for one in sorted(self.places, key=lambda one: one.entry)}

    def gates(self) -> dict[str, str]:
        return {one.effect: one.gate for one in self.last.refusals}


WORDS = {"enrol": "enrol", "leave": "leave", "join": "add to", "part": "take off"}


def _said(decision: NurtureDecision) -> str:
    if isinstance(decision, Enrol):
        return f"{WORDS[decision.act]} {decision.workflow}"
    return f"set {decision.property} = {decision.value}"


def started(data: Mapping[str, Any], **keys: Any) -> Course:
    """A course whose contact has just taken the white paper."""
    course = Course(book(data), **keys)
    course.did("white_paper", "something")
    return course


def causes(course: Course) -> Sequence[str]:
    return [one.cause for _, one in course.log]


def refused(course: Course) -> Hold:
    """The one refusal there is."""
    (only,) = course.last.refusals
    return only


def portal_without(name: str) -> PortalView:
    return replace(PORTAL, writable=PORTAL.writable | (set(PROPERTIES) - {name}))
