"""What a contact did and has, as nurtures ask for it: answers, silence, assets it holds, the day of a moment.

Only what a human did counts. Not here: conditions (``connector/rules/conditions.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from connector.model.judgement import Known
from connector.model.nurture import Place
from connector.model.records import Activity
from connector.rules import values
from connector.rules.documents.nurture import Asset, Moment
from connector.rules.first_interest import FIRST_INTEREST
from connector.rules.lifecycle import PASSIVE
from connector.rules.view import ANY_BEHAVIOUR, EPOCH_DAY, View

Assets = Mapping[str, Asset]


def did(
    view: View, kinds: tuple[str, ...], about: tuple[str, ...], assets: Assets, since_ms: int
) -> Iterator[Activity]:
    """Human acts of these kinds from then on, in time order; with ``about`` only those about one of these assets."""
    for act in view.did(kinds):
        if act.verdict != "human" or act.at_ms < since_ms:
            continue
        if not about or any(_is(act, assets[name]) for name in about):
            yield act


def has(view: View, places: Iterable[Place], asset: Asset) -> bool:
    """Whether the contact took the asset already, or was offered it before."""
    taken = any(act.verdict == "human" and _is(act, asset) for act in view.did((asset.kind,)))
    return taken or any(asset.name in one.offers for place in places for one in place.sent)


def _is(act: Activity, asset: Asset) -> bool:
    wanted = (asset.match or asset.name).casefold()
    return wanted in (act.asset.casefold(), act.title.casefold(), act.ref.casefold())


def last_human(view: View) -> int | None:
    """When the contact last did anything itself; None when it never did or nobody can know."""
    if ANY_BEHAVIOUR & view.missing:
        return None
    return max((act.at_ms for act in view.facts.activities if _active(act)), default=None)


def _active(act: Activity) -> bool:
    return act.verdict == "human" and bool(act.kind) and act.kind not in PASSIVE


def last_asset(view: View) -> str:
    """The title of what the contact last took, '' for none."""
    found = [act.title or act.asset for act in view.facts.activities if _active(act) and (act.asset or act.title)]
    return found[-1] if found else ""


def first_interest(view: View) -> str:
    """What it was interested in at first: the first of its interests, else the topic of what it first took, else
    that itself."""
    said = view.fields.get("interests")
    if isinstance(said, Known):
        words = said.value if isinstance(said.value, tuple) else (str(said.value),)
        if words and words[0]:
            return words[0]
    topic = text_of(view, FIRST_INTEREST)
    return topic or next((act.title or act.asset for act in view.facts.activities if _active(act) and act.asset), "")


def text_of(view: View, name: str) -> str:
    """A canonical field as text, '' when it is not known."""
    found = view.fields.get(name)
    if not isinstance(found, Known):
        return ""
    return "; ".join(found.value) if isinstance(found.value, tuple) else values.plain(found.value)


def day_of(view: View, moment: Moment) -> date | None:
    """The day of a moment for this contact; None when it is not known."""
    if moment.date is not None:
        return date.fromisoformat(moment.date)
    if moment.field is not None:
        found = view.fields.get(moment.field)
        days = values.day(found.value) if isinstance(found, Known) else None
    else:
        said = view.properties.get(str(moment.property))
        days = values.day(said) if said else None
    if days is None or not 0 < days + EPOCH_DAY < date.max.toordinal() - 1000:
        return None
    return date.fromordinal(days + EPOCH_DAY)
