"""Contacts, portals and documents for the tests, in the words of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from connector.model.judgement import Facts, Field, Hold, Judgement, Known, MoveStage, Unknown
from connector.model.plan import PortalView
from connector.model.records import Activity
from connector.presets import load_yaml, preset_text
from connector.rules.compiled import Compiled, Documents, compile_documents
from connector.rules.decide import ALL_PROPERTIES
from connector.rules.documents import Document, parse_document
from connector.rules.judge import judge

DAY = 86_400_000
HOUR = 3_600_000
NOW = 1_795_348_800_000  # 2026-11-22T12:00Z
PRESETS = {"scoring": "standard-b2b", "lifecycle": "standard", "workflows": "standard", "consent": "standard"}
OPTIONS = (
    ("subscriber", "Subscriber", 0), ("lead", "Lead", 1), ("marketingqualifiedlead", "MQL", 2),
    ("salesqualifiedlead", "SQL", 3), ("opportunity", "Opportunity", 4), ("customer", "Customer", 5),
    ("evangelist", "Evangelist", 6), ("4711", "Partner", 7),
)  # fmt: skip
PORTAL = PortalView(
    live=True,
    lifecycle_options=OPTIONS,
    writable=frozenset({"lifecyclestage", *ALL_PROPERTIES}),
    has_provisioned=True,
    workflows={"77": ("Welcome", True), "78": ("Sleeping", False)},
)
FULL: dict[str, Field] = {
    "last_name": Known("Berg", "lastname"),
    "company_name": Known("Berg Machines", "company"),
    "email": Known("anna@berg.example", "email"),
    "age": Known(44, "age"),
    "role_level": Known("head", "jobtitle"),
    "company_size": Known(200, "numberofemployees"),
    "industry": Known("AUTOMOTIVE", "industry"),
    "location": Known("DE", "country"),
}
NAMELESS: dict[str, Field] = {
    **{name: FULL[name] for name in ("last_name", "company_name", "email")},
    **dict.fromkeys(("age", "role_level", "company_size", "industry", "location", "country"), Unknown("empty")),
}
MAILABLE: dict[str, str | None] = {
    "email": "anna@berg.example", "lifecyclestage": "lead", "hs_email_optout": None, "hs_email_bad_address": None,
    "hs_email_quarantined": None, "hs_email_hard_bounce_reason_enum": None, "hs_marketable_status": "true",
}  # fmt: skip
ONCE_EACH = (
    "mail_opened", "mail_clicked", "site_visit", "white_paper", "e_book", "webinar_attended", "newsletter_subscribed",
)  # fmt: skip


def did(kind: str, days_ago: float = 1, times: int = 1, apart_days: float = 0.04, **more: Any) -> list[Activity]:
    """The act, so many times, the newest so many days ago."""
    title = more.pop("title", kind.replace("_", " "))
    return [
        Activity(
            1,
            NOW - int((days_ago + apart_days * (times - 1 - index)) * DAY),
            f"{kind}-{days_ago}-{index}",
            kind,
            more.get("source", "page_view"),
            kind.upper(),
            title=title,
            **{"ref": f"{kind}-{days_ago}-{index}", **{key: value for key, value in more.items() if key != "source"}},
        )
        for index in range(times)
    ]


def contact(
    *acts: list[Activity],
    fields: Mapping[str, Field] | None = None,
    properties: Mapping[str, str | None] | None = None,
    **more: Any,
) -> Facts:
    together = sorted((one for act in acts for one in act), key=lambda one: (one.at_ms, one.id))
    return Facts(
        1, NOW, FULL if fields is None else fields, {**MAILABLE, **(properties or {})}, tuple(together), **more
    )


@lru_cache(maxsize=1)
def _preset_data() -> dict[str, tuple[Any, Any]]:
    return {kind: load_yaml(preset_text(kind, name), f"{kind}.yaml") for kind, name in PRESETS.items()}


def document(kind: str, data: Any) -> Document:
    return parse_document(kind, data, {(): 1}, f"{kind}.yaml")


def documents(**changes: Mapping[str, Any]) -> Documents:
    """The shipped documents, with top-level keys of each kind changed."""
    made = {kind: document(kind, {**data, **changes.get(kind, {})}) for kind, (data, _) in _preset_data().items()}
    return Documents(**made)  # type: ignore[arg-type]


def model(*rules: Mapping[str, Any], **top: Any) -> Compiled:
    """A scoring model of these rules alone, beside the other shipped documents."""
    return compile_documents(documents(scoring={"rules": list(rules), **top}))


def activity_rule(**keys: Any) -> dict[str, Any]:
    return {"name": "rule", "kind": "activity", "family": "engagement", "points": 10, "activities": ["e_book"], **keys}


def property_rule(when: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    return {"name": "rule", "kind": "property", "family": "demographic", "points": 10, "when": when, **keys}


STANDARD = compile_documents(documents())


def judged(facts: Facts, compiled: Compiled = STANDARD, portal: PortalView = PORTAL) -> Judgement:
    """The judgement, after checking what must hold for every receipt."""
    judgement = judge(facts, compiled, portal)
    receipt = judgement.receipt
    assert sum(line.points for line in receipt.lines) == receipt.score
    assert sum(receipt.families.values()) == receipt.score
    assert receipt.fit + receipt.engagement == receipt.score
    for other in receipt.models:
        assert sum(line.points for line in other.lines) == other.score == sum(other.families.values())
        assert other.fit + other.engagement == other.score
    return judgement


def moves(judgement: Judgement) -> list[MoveStage]:
    return [one for one in judgement.decisions if isinstance(one, MoveStage)]


def holds(judgement: Judgement) -> dict[str, str]:
    """Effect → the gate that said no."""
    return {one.effect: one.gate for one in judgement.decisions if isinstance(one, Hold)}


def gate_of(judgement: Judgement, name: str) -> bool | None:
    return next(gate.met for gate in judgement.receipt.gates if gate.name == name)


def later(facts: Facts, millis: int) -> Facts:
    return replace(facts, now_ms=facts.now_ms + millis)
