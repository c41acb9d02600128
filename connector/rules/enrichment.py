"""Which company a contact belongs to by its domain, what is missing of it, and what of an answer is kept. Pure.

Not here: asking (``connector/provider``), reading answers into fields (``connector/rules/mapping.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from connector.model.enrichment import Told
from connector.model.judgement import Unknown
from connector.model.records import Properties
from connector.rules.documents.steps import DomainStep
from connector.rules.mapping import UNSAID, CompiledMapping, read_row
from connector.rules.transforms import find
from connector.rules.transforms.base import Locale

T = TypeVar("T")
Person = tuple[int, Properties, Properties | None]
"""A contact's id, its properties, and those of its company."""
LONGEST = 500
_DOMAIN = find("domain")
_PLAIN = Locale(("en",), ("en",), "", "", "UTC")


def domain_of(contact: Properties, company: Properties | None) -> str:
    """The domain of the contact's company, else that of its address unless anybody can have such a one; or ''."""
    own = bare_domain(company.get("domain") or "") if company is not None else ""
    if own:
        return own
    _, at, behind = (contact.get("email") or "").rpartition("@")
    return bare_domain(behind) if at else ""


@lru_cache(maxsize=8192)
def bare_domain(text: str) -> str:
    """A domain as it is asked for: small, without www, in the letters of the wire; '' for free mail and for none."""
    found = _DOMAIN.apply(text, DomainStep(step="domain", free_mail="drop"), _PLAIN)
    if not isinstance(found, str):
        return ""
    try:
        return found.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def by_person(
    mapping: CompiledMapping, people: Iterable[Person], look_up: Callable[[str, Collection[str]], Mapping[str, T]]
) -> Mapping[int, T]:
    """By contact what ``look_up`` holds of its domain from the mapping's provider; nothing where there is none."""
    spec = mapping.document.enrichment
    if spec is None:
        return {}
    domains = {ident: domain for ident, contact, company in people if (domain := domain_of(contact, company))}
    known = look_up(spec.provider, set(domains.values()))
    return {ident: known[domain] for ident, domain in domains.items() if domain in known}


def lacks(mapping: CompiledMapping, contact: Properties, company: Properties | None) -> bool:
    """Whether the portal holds nothing at all for one of the fields that the provider is asked for."""
    for row in mapping.rows:
        if row.answered is not None:
            found = read_row(row, contact, company, mapping.locale.region, [])
            if isinstance(found, Unknown) and found.why in UNSAID:
                return True
    return False


def picked(body: Mapping[str, Any], paths: Iterable[str]) -> dict[str, str]:
    """What of an answer is kept: the values that were asked for, as text. All else falls, whatever it is."""
    told: dict[str, str] = {}
    for path in sorted(paths):
        value: Any = body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if (text := _text(value)) and len(text) <= LONGEST:
            told[path] = text
    return told


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def good(told: Told | None, paths: frozenset[str], now_ms: int) -> bool:
    """Whether an answer need not be asked for again yet: it is young enough, and everything was looked for."""
    return told is not None and now_ms < told.until_ms and paths <= told.names
