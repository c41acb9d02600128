"""Our custom workflow actions as HubSpot wants them defined, made here from one table of words. Pure.

A definition says where HubSpot calls, what comes back, and which sentence a workflow's history shows when nothing
did. No property of the contact is asked to be sent along: what we need we read ourselves. HubSpot's schema is that of
its developer docs, "custom workflow actions"; who answers is ``connector/serving/actions.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.model.judgement import SIDE_STAGES, STAGES
from connector.rules.decide import STAGE_LABELS

ACTIONS_PATH: Final = "/webhooks/hubspot/actions"
RESCORE: Final = "rescore"
NAMES: Final = (RESCORE,)

# code → what a workflow's history says, in English and German.
FAILURES: Final[Mapping[str, tuple[str, str]]] = {
    "UNKNOWN_PORTAL": (
        "This HubSpot account is not connected to Leadwright.",
        "Dieses HubSpot-Konto ist nicht mit Leadwright verbunden.",
    ),
    "PAUSED": (
        "This portal is paused in Leadwright.",
        "Dieses Portal ruht in Leadwright.",
    ),
    "NOT_MIRRORED": (
        "Leadwright has not read this portal completely yet.",
        "Leadwright hat dieses Portal noch nicht vollständig gelesen.",
    ),
    "UNKNOWN_CONTACT": (
        "Leadwright does not know this contact, or it was erased.",
        "Leadwright kennt diesen Kontakt nicht, oder er wurde gelöscht.",
    ),
    "NO_CONTACT": (
        "Leadwright scores contacts only.",
        "Leadwright bewertet nur Kontakte.",
    ),
    "UNREADABLE": (
        "Leadwright could not read for whom it was asked.",
        "Leadwright konnte nicht lesen, für wen gefragt wurde.",
    ),
    "BROKEN": (
        "Leadwright could not do it; its log says why.",
        "Leadwright konnte es nicht tun; sein Protokoll sagt, warum.",
    ),
}
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "actionName": "Score the contact anew",
        "actionDescription": "Leadwright judges the contact as it is now and gives score, grade and stage back.",
        "actionCardContent": "Score the contact anew",
        "appDisplayName": "Leadwright",
        "leadwright_score": "Leadwright score",
        "leadwright_grade": "Leadwright grade",
        "leadwright_stage": "Leadwright stage",
        "leadwright_reason": "Why there is no score",
    },
    "de": {
        "actionName": "Kontakt neu bewerten",
        "actionDescription": "Leadwright beurteilt den Kontakt, wie er jetzt ist: Punkte, Note und Stufe.",
        "actionCardContent": "Kontakt neu bewerten",
        "appDisplayName": "Leadwright",
        "leadwright_score": "Leadwright-Punkte",
        "leadwright_grade": "Leadwright-Note",
        "leadwright_stage": "Leadwright-Stufe",
        "leadwright_reason": "Warum es keine Punkte gibt",
    },
}
_OUTPUTS: Final = ("leadwright_score", "leadwright_grade", "leadwright_stage", "leadwright_reason")


def address(public_url: str, name: str = RESCORE) -> str:
    """Where HubSpot calls; '' while nobody said under which address we are reached."""
    base = public_url.rstrip("/")
    return f"{base}{ACTIONS_PATH}/{name}" if base else ""


def definition(public_url: str) -> dict[str, Any]:
    """The definition of ``rescore``, published."""
    return {
        "actionUrl": address(public_url),
        "objectTypes": ["CONTACT"],
        "published": True,
        "inputFields": [],
        "outputFields": [
            _output("leadwright_score", "number", "number", {"type": "INTEGER"}, ()),
            _output("leadwright_grade", "enumeration", "select", {"type": "STRING"}, [(one, one) for one in "ABCD"]),
            _output(
                "leadwright_stage",
                "enumeration",
                "select",
                {"type": "STRING"},
                [(stage, STAGE_LABELS[stage]) for stage in (*STAGES, *SIDE_STAGES)],
            ),
            _output("leadwright_reason", "string", "text", {"type": "STRING"}, ()),
        ],
        "labels": {language: _labels(language, number) for number, language in enumerate(_LABELS)},
        "executionRules": [{"labelName": code, "conditions": {"errorCode": code}} for code in FAILURES],
        "functions": [],
    }


def _output(
    name: str, kind: str, field: str, schema: Mapping[str, str], options: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    listed = [{"value": value, "label": label, "displayOrder": at} for at, (value, label) in enumerate(options)]
    told = {"name": name, "type": kind, "fieldType": field, "options": listed, "schema": dict(schema)}
    return {"typeDefinition": {**told, "externalOptions": False, "useChirp": False}}


def _labels(language: str, number: int) -> dict[str, Any]:
    words = _LABELS[language]
    told = {name: text for name, text in words.items() if name not in _OUTPUTS}
    return {
        **told,
        "inputFieldLabels": {},
        "outputFieldLabels": {name: words[name] for name in _OUTPUTS},
        "executionRules": {code: sentences[number] for code, sentences in FAILURES.items()},
    }


def fits(wanted: object, present: object) -> bool:
    """Whether all that we say stands there; what HubSpot adds of its own does not matter, and empty is absent."""
    if not wanted:
        return not present
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(fits(value, present.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(present, list) or len(present) != len(wanted):
            return False
        return all(fits(one, other) for one, other in zip(wanted, present, strict=True))
    return wanted == present
