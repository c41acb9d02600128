"""What sales is given with a contact: why now, the score's parts, the last acts, interests, open questions, consent,
what to send next. Pure: a value, and that value as the text of a note or a task.

Not here: who gets it (``routing.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from connector.model.judgement import FAMILIES, Facts, Known, Receipt
from connector.model.records import Activity
from connector.rules.documents.consent import ConsentDocument
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.evidence import evidence_file
from connector.rules.lifecycle import PASSIVE
from connector.rules.view import day_text
from connector.rules.words import Language, reason, translate

LAST_ACTS = 10
STRONGEST = 5
TITLES: dict[str, tuple[str, str]] = {
    "why_now": ("Why now", "Warum jetzt"),
    "score": ("Score", "Score"),
    "acts": ("Last acts", "Letzte Aktivitäten"),
    "interests": ("Interests", "Interessen"),
    "questions": ("Open questions", "Offene Fragen"),
    "consent": ("Consent", "Einwilligung"),
    "next": ("Next content", "Nächster Inhalt"),
}
"""The sections in their order, in English and German."""
SUBJECT: dict[Language, str] = {"en": "Hand-over: ready for sales", "de": "Übergabe: bereit für den Vertrieb"}
NOTHING = ("Nothing on record", "Nichts vermerkt")
# Where somebody stands in the funnel and what leads on from there (L69).
ONWARD: dict[str, tuple[str, ...]] = {
    "TOFU": ("webinar_attended", "data_sheet"),
    "MOFU": ("demo_request", "trial_request", "offer_request"),
    "BOFU": ("meeting_booked", "offer_request"),
}


@dataclass(frozen=True, slots=True)
class Package:
    """The sections by name, each a few lines of text; an empty one says so in words."""

    contact_id: int
    language: Language
    sections: dict[str, tuple[str, ...]]

    def text(self) -> str:
        return "\n\n".join(f"{title}\n" + "\n".join(f"- {line}" for line in lines) for title, lines in self._shown())

    def html(self) -> str:
        """For a note in HubSpot. Whatever a visitor typed is text, never markup."""
        parts = [
            f"<strong>{escape(title)}</strong><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
            for title, lines in self._shown()
        ]
        return "".join(parts)

    def _shown(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        spoken = 1 if self.language == "de" else 0
        for name, title in TITLES.items():
            yield title[spoken], self.sections[name] or (NOTHING[spoken],)


def package(receipt: Receipt, facts: Facts, consent: ConsentDocument, language: Language = "en") -> Package:
    """The hand-over of a contact as it stands at ``facts.now_ms``."""
    acts = [act for act in facts.activities if act.verdict == "human" and act.kind and act.kind not in PASSIVE]
    sections = {
        "why_now": _why_now(receipt, acts, language),
        "score": _score(receipt, language),
        "acts": tuple(_told(act, language) for act in reversed(acts[-LAST_ACTS:])),
        "interests": tuple(_interests(facts, acts)),
        "questions": tuple(translate(gate.why, language) for gate in receipt.gates if gate.met is None),
        "consent": tuple(
            f"{one.about}: {one.says}" + (f" ({day_text(one.at_ms)})" if one.at_ms is not None else "")
            for one in evidence_file(facts, consent)
        ),
        "next": _next(acts, language),
    }
    return Package(facts.contact_id, language, sections)


def _why_now(receipt: Receipt, acts: Sequence[Activity], language: Language) -> tuple[str, ...]:
    """The last converting act with its time (L100), and the gate that the score passed."""
    macro = [act for act in acts if act.kind in CATALOGUE and CATALOGUE[act.kind].conversion == "macro"]
    passed = [translate(gate.why, language) for gate in receipt.gates if gate.name == "threshold" and gate.met]
    return (*[_told(act, language) for act in macro[-1:]], *passed)


def _score(receipt: Receipt, language: Language) -> tuple[str, ...]:
    """The whole, its two parts and the families, which add up; then what weighs most."""
    total = f"{receipt.score} = {receipt.fit} + {receipt.engagement} ({receipt.grade})"
    families = [f"{translate(f, language)}: {receipt.families[f]}" for f in FAMILIES if receipt.families.get(f)]
    strongest = sorted(receipt.lines, key=lambda line: -abs(line.points))[:STRONGEST]
    return (total, *families, *[f"{reason(line, language)} {line.points:+d}" for line in strongest if line.points])


def _told(act: Activity, language: Language) -> str:
    kind = CATALOGUE[act.kind].label(language) if act.kind in CATALOGUE else act.kind
    what = act.asset or act.title
    return f"{day_text(act.at_ms)} {kind}" + (f": {what}" if what else "")


def _interests(facts: Facts, acts: Iterable[Activity]) -> Iterator[str]:
    """What the contact said, then what it took, each once."""
    said = facts.fields.get("interests")
    told = said.value if isinstance(said, Known) else ()
    found = [*(told if isinstance(told, tuple) else (str(told),)), *[act.asset for act in acts if act.asset]]
    yield from dict.fromkeys(found)


def _next(acts: Sequence[Activity], language: Language) -> tuple[str, ...]:
    """What leads on from the furthest phase that was reached, without what it had already (L74)."""
    phases = {CATALOGUE[act.kind].phase for act in acts if act.kind in CATALOGUE}
    furthest = next((phase for phase in ("BOFU", "MOFU", "TOFU") if phase in phases), "TOFU")
    had = {act.kind for act in acts}
    return tuple(CATALOGUE[kind].label(language) for kind in ONWARD[furthest] if kind not in had)
