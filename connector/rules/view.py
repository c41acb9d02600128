"""One contact as the rules look at it: its facts with the activities sorted by kind, and the day. Values only.

Also which sources a kind of activity comes from, so that a source that is off makes its rules unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import attrgetter

from connector.model.judgement import Facts
from connector.model.records import Activity

DAY = 86_400_000
EPOCH_DAY = date(1970, 1, 1).toordinal()
Groups = Mapping[str, list[Activity]]

MAIL = frozenset({"email_event"})
FORM = frozenset({"form_submission"})
PAGE = frozenset({"page_view"})
EVENT = frozenset({"marketing_event"})
SUBSCRIPTION = frozenset({"subscription"})
KIND_SOURCES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("mail_sent", "mail_delivered", "mail_opened", "mail_clicked", "mail_bounced", "spam_reported"), MAIL
    ),
    **dict.fromkeys(("site_visit", "blog_post", "product_page", "price_page", "career_page", "cta_clicked"), PAGE),
    **dict.fromkeys(
        (
            "white_paper", "e_book", "checklist", "data_sheet", "download", "contact_request", "demo_request",
            "offer_request", "trial_request", "form_submitted",
        ),
        FORM,
    ),
    **dict.fromkeys(("webinar_attended", "webinar_missed", "webinar_cancelled"), EVENT),
    "webinar_registered": EVENT | FORM,
    "newsletter_subscribed": FORM | SUBSCRIPTION,
    "newsletter_cancelled": SUBSCRIPTION,
    **dict.fromkeys(("call_held", "call_attempted"), frozenset({"call"})),
    **dict.fromkeys(("meeting_held", "meeting_booked", "meeting_missed"), frozenset({"meeting"})),
    **dict.fromkeys(("mail_replied", "sales_mail"), frozenset({"email"})),
    "note": frozenset({"note"}),
    "task": frozenset({"task"}),
}  # fmt: skip
ANY_BEHAVIOUR = frozenset({"email_event", "form_submission", "page_view", "custom_event", "marketing_event"})


def sources_of(kinds: Iterable[str], said: tuple[str, ...] | None = None) -> frozenset[str]:
    """The sources that must be readable before "did not happen" may be said of these kinds.

    ``said`` is what the document says. Without it the table above decides; a kind that is not in it could come from any
    behavioural source.
    """
    if said is not None:
        return frozenset(said)
    return frozenset().union(*(KIND_SOURCES.get(kind, ANY_BEHAVIOUR) for kind in kinds))


_when = attrgetter("at_ms")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a condition says: the verdict, what is missing for one, and what it looked at. Compared by identity."""

    verdict: bool | None
    missing: str
    evidence: str


class View:
    """The facts of one contact, prepared once per judgement. ``answers`` are those of the best persona's targets."""

    __slots__ = ("_together", "answers", "day", "facts", "fields", "groups", "missing", "now", "properties")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.answers: Mapping[str, Answer] = {}
        self.now = facts.now_ms
        self.day = facts.now_ms // DAY
        self.fields = facts.fields
        self.properties = facts.properties
        self.missing = facts.missing_sources
        groups: dict[str, list[Activity]] = {}
        for activity in facts.activities:
            kind = activity.kind
            if kind in groups:
                groups[kind].append(activity)
            else:
                groups[kind] = [activity]
        self.groups = groups
        self._together: dict[tuple[str, ...], list[Activity]] = {}

    def did(self, kinds: tuple[str, ...]) -> list[Activity]:
        """All activities of these kinds, in time order; put together once, however many rules ask."""
        known = self._together.get(kinds)
        if known is None:
            found = [self.groups[kind] for kind in kinds if kind in self.groups]
            known = sorted(chain.from_iterable(found), key=_when) if len(found) > 1 else found[0] if found else []
            self._together[kinds] = known
        return known


_DAYS: dict[int, str] = {}


def day_text(millis: int) -> str:
    """The UTC day of an instant: ``2026-11-22``."""
    day = millis // DAY
    text = _DAYS.get(day)
    if text is None:
        if len(_DAYS) > 20_000:
            _DAYS.clear()
        text = _DAYS[day] = date.fromordinal(day + EPOCH_DAY).isoformat()
    return text
