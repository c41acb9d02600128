"""What happened to a contact, said in sentences: the lines of its timeline. Where it comes from is not here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.admin import plain
from connector.admin.words import Words
from connector.reports.timeline import Happening
from connector.rules.documents.kinds import CATALOGUE

Mask = Callable[[str], str]
MaskValue = Callable[[str, str | None], str | None]
ENDINGS = {
    "planned": ("info", "on its way"), "unknown": ("warn", "asked, answer not known"), "sent": ("good", "written"),
    "confirmed": ("good", "written and read back"), "refused": ("bad", "refused by HubSpot"),
    "dropped": ("warn", "not done"),
}  # fmt: skip
VERDICTS = {"machine": "by a machine, not counted", "unsure": "perhaps by a machine"}


@dataclass(frozen=True, slots=True)
class Told:
    """One line: when, what, details below it; ``url`` only where it is safe to follow; ``ours``: we did it."""

    at_ms: int
    title: str
    detail: str = ""
    url: str = ""
    link: bool = False
    badge: tuple[str, str] | None = None
    values: tuple[tuple[str, str, str], ...] = ()
    ours: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells happenings in one language, with what is private hidden or not."""

    words: Words
    mask: Mask
    mask_value: MaskValue

    def told(self, one: Happening) -> Told:
        ways: dict[str, Callable[[Happening], Told]] = {
            "activity": self._activity, "property": self._property, "verdict": self._verdict, "write": self._write,
            "merge": self._merge,
        }  # fmt: skip
        return ways[one.kind](one)

    def _activity(self, one: Happening) -> Told:
        facts = one.facts
        known = CATALOGUE.get(facts["kind"])
        title = known.label(self.words.language) if known else facts["kind"] or facts["type"] or facts["source"]
        about = facts["title"] or facts["asset"]
        url = self.mask(facts["url"])
        doubt = VERDICTS.get(facts["verdict"])
        return Told(
            one.at_ms, title, self.mask(about), url, link=url.startswith(("https://", "http://")), kind="activity",
            badge=("warn", self.words.t(doubt)) if doubt else None,
        )  # fmt: skip

    def _property(self, one: Happening) -> Told:
        facts = one.facts
        w = self.words
        who = w.t("by Leadwright") if facts["ours"] else w.t("in HubSpot")
        values = (facts["property"], self._value(facts["property"], facts["before"]),
                  self._value(facts["property"], facts["after"]))  # fmt: skip
        return Told(one.at_ms, w.t("{property} changed {who}", property=facts["property"], who=who), values=(values,),
                    ours=facts["ours"], kind="property")  # fmt: skip

    def _value(self, name: str, value: str | None) -> str:
        return self.mask_value(name, value) or self.words.t("empty")

    def _verdict(self, one: Happening) -> Told:
        w, facts = self.words, one.facts
        was: dict[str, Any] | None = facts["was"]
        now = w.t("{points} points, grade {grade}, {stage}", points=facts["score"], grade=facts["grade"],
                  stage=plain.stage(w, facts["stage"]))  # fmt: skip
        if was is None:
            title = w.t("First judged: {verdict}", verdict=now)
        elif was["stage"] != facts["stage"]:
            title = w.t("Stage {before} → {after}: {verdict}", before=plain.stage(w, was["stage"]),
                        after=plain.stage(w, facts["stage"]), verdict=now)  # fmt: skip
        else:
            moved = facts["score"] - was["score"]
            title = w.t("{points}: now {verdict}", points=w.points(moved), verdict=now)
        detail = w.t("Model {name}, version {version}", name=facts["model"], version=facts["version"])
        return Told(one.at_ms, title, detail, ours=True, kind="verdict")

    def _write(self, one: Happening) -> Told:
        w, facts = self.words, one.facts
        kind, ending = ENDINGS.get(facts["state"], ("info", facts["state"]))
        badge = (kind, w.t(ending))
        detail = plain.why(w, self.mask(facts["reason"])) if facts["reason"] else ""
        if facts["effect"] == "enrol":
            title = w.t("Enrolment in a workflow, run {run}", run=facts["run"])
            return Told(one.at_ms, title, detail, badge=badge, ours=True, kind="write")
        title = w.t("Write-back, run {run}", run=facts["run"])
        return Told(one.at_ms, title, detail, badge=badge, values=tuple(self._written(facts)), ours=True, kind="write")

    def _written(self, facts: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        for name, after in facts["payload"].get("properties", {}).items():
            yield name, self._value(name, facts["before"].get(name)), self._value(name, after)

    def _merge(self, one: Happening) -> Told:
        title = self.words.t("Contact {id} was merged into this one in HubSpot", id=one.facts["old"])
        return Told(one.at_ms, title, kind="merge")
