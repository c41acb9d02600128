"""Advice about names: what is sensitive (L15), what the portal or the other documents do not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connector.rules.documents.fields import FIELDS
from connector.rules.documents.kinds import CATALOGUE, SYNONYMS, canonical
from connector.rules.documents.scoring import models_of
from connector.rules.documents.shape import Place
from connector.rules.documents.wording import did_you_mean
from connector.rules.lint.advice import Advice, Papers, gate_leaves, scoring_leaves
from connector.rules.needs import kinds_of

SENSITIVE: Final = re.compile(
    r"(^|_)(age|alter|birth|birthday|birthdate|geburtsdatum|geburtstag|sex|gender|geschlecht|salutation|anrede|income"
    r"|einkommen|gehalt|salary|religion|konfession|ethnic|ethnicity|nationality|nationalitaet|staatsangehoerigkeit"
    r"|disability|behinderung|marital|familienstand|pregnant|health|gesundheit)(_|$)|date_of_birth",
    re.IGNORECASE,
)


def sensitive(papers: Papers) -> Iterator[Advice]:
    """Judging people by age, sex, income and the like."""
    targets = {name: one for _, m in models_of(papers.scoring) for p in m.personas for name, one in p.targets.items()}
    for place, rule, leaf in (*scoring_leaves(papers),):
        if "personas" in place:
            continue
        looked = targets[leaf.target] if leaf.target else leaf
        for name in dict.fromkeys(one for one in (looked.field, looked.property) if one):
            if SENSITIVE.search(name):
                message = f'The rule "{rule}" judges people by {name}, which equal-treatment law restricts.'
                yield Advice("L15", "scoring", place[:-1], message, "Make sure you may, or write `enabled: false`.")


def strange_names(papers: Papers) -> Iterator[Advice]:
    """Properties the portal lacks, fields nothing feeds, kinds of act that no event is ever called."""
    for kind, leaves in (("scoring", scoring_leaves(papers)), ("lifecycle", gate_leaves(papers))):
        for place, name, leaf in leaves:
            if leaf.property:
                yield from _property(papers, kind, place, leaf.property)
            if leaf.field:
                yield from _field(papers, kind, place, name, leaf.field)
            for act in leaf.did or ():
                yield from _act(papers, kind, place, act)
    yield from _written(papers)
    yield from _identity(papers)
    for place, model in models_of(papers.scoring):
        for index, rule in enumerate(model.rules):
            if rule.enabled:
                for act in kinds_of(rule):
                    yield from _act(papers, "scoring", (*place, "rules", index), act)
    for act in papers.lifecycle.mql.depth.activities:
        yield from _act(papers, "lifecycle", ("mql", "depth", "activities"), act)


def _property(papers: Papers, kind: str, place: Place, name: str) -> Iterator[Advice]:
    known = papers.known.get("contacts")
    if known and name not in known and not name.startswith("leadwright_"):
        remedy = f"{did_you_mean(name, known)}Use its internal name, or create it in HubSpot."
        yield Advice("unknown", kind, place, f'The portal has no contact property "{name}".', remedy)


def _field(papers: Papers, kind: str, place: Place, rule: str, name: str) -> Iterator[Advice]:
    if papers.mapping is None:
        return
    rows = [row for row in papers.mapping.rows if row.field == name and row.reads()]
    label = FIELDS[name].en
    if not rows:
        message = f'"{rule}" looks at {name} ({label}), which the mapping feeds from nothing: it is always unknown.'
        yield Advice("unknown", kind, place, message, f"Add a row for {name} to the mapping document.")
        return
    plural = {"contact": "contacts", "company": "companies"}
    sources = [(plural[where], prop) for row in rows for where, prop in row.sources()]
    if papers.known.get("contacts") and not any(prop in papers.known.get(where, ()) for where, prop in sources):
        told = ", ".join(prop for _, prop in sources)
        message = f'"{rule}" looks at {name} ({label}), but the portal has none of its properties ({told}).'
        yield Advice("unknown", kind, place, message, "Map it onto a property the portal has.")


def _act(papers: Papers, kind: str, place: Place, act: str) -> Iterator[Advice]:
    word = canonical(act)
    if word is None:
        remedy = f"{did_you_mean(act, (*CATALOGUE, *SYNONYMS))}A portal's own kinds begin with custom_."
        yield Advice("unknown", kind, place, f'"{act}" is no kind of activity.', remedy)
    elif word != act:
        yield Advice("unknown", kind, place, f'No event is ever called "{act}".', f'Write "{word}".')
    elif papers.activities is not None and act not in {rule.kind for rule in papers.activities.rules}:
        message = f'The activities document calls no event "{act}": it never happens.'
        yield Advice("unknown", kind, place, message, f"Add a rule with `kind: {act}` to the activities document.")


def _written(papers: Papers) -> Iterator[Advice]:
    for index, model in enumerate(papers.scoring.models):
        if model.property:
            yield from _property(papers, "scoring", ("models", index, "property"), model.property)


def _identity(papers: Papers) -> Iterator[Advice]:
    for key, entries in papers.lifecycle.mql.identity.items():
        for name in entries:
            if name not in FIELDS:
                yield from _property(papers, "lifecycle", ("mql", "identity", key), name)
