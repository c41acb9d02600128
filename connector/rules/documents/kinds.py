"""The catalogue of activity kinds: what the ``activities`` document may call an event, and what rules count.

``conversion`` tells micro from macro conversions (L40), ``phase`` and ``depth`` are what a kind has unless a rule says
otherwise (L69, L30). A portal's own kinds begin with ``custom_``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Phase = Literal["", "TOFU", "MOFU", "BOFU"]
Conversion = Literal["", "micro", "macro"]

_CUSTOM = re.compile(r"custom_[a-z0-9_]{1,50}\Z")


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """One kind. ``depth`` counts from 0 (nothing was read) to 4 (somebody wants to talk)."""

    name: str
    en: str
    de: str
    conversion: Conversion = ""
    phase: Phase = ""
    depth: int = 0

    def label(self, lang: str) -> str:
        return self.de if lang == "de" else self.en


_ROWS: tuple[ActivityKind, ...] = (
    ActivityKind("site_visit", "Site visit", "Seitenbesuch", "micro", "TOFU", 1),
    ActivityKind("blog_post", "Blog post read", "Blogbeitrag gelesen", "micro", "TOFU", 1),
    ActivityKind("product_page", "Product page", "Produktseite", "micro", "MOFU", 2),
    ActivityKind("price_page", "Price page", "Preisseite", "micro", "BOFU", 3),
    ActivityKind("career_page", "Career page", "Karriereseite", "", "", 0),
    ActivityKind("landing_page", "Landing page", "Landingpage", "micro", "TOFU", 1),
    ActivityKind("cta_clicked", "Call to action clicked", "CTA geklickt", "micro", "TOFU", 1),
    ActivityKind("white_paper", "White paper", "White Paper", "macro", "TOFU", 2),
    ActivityKind("e_book", "E-book", "E-Book", "macro", "TOFU", 2),
    ActivityKind("checklist", "Checklist", "Checkliste", "macro", "TOFU", 2),
    ActivityKind("data_sheet", "Data sheet", "Datenblatt", "macro", "TOFU", 2),
    ActivityKind("download", "Download", "Download", "macro", "TOFU", 2),
    ActivityKind("newsletter_subscribed", "Newsletter subscribed", "Newsletter abonniert", "micro", "TOFU", 1),
    ActivityKind("newsletter_cancelled", "Newsletter cancelled", "Newsletter abbestellt"),
    ActivityKind("contact_request", "Contact request", "Kontaktanfrage", "macro", "BOFU", 4),
    ActivityKind("demo_request", "Demo request", "Demo-Anfrage", "macro", "BOFU", 4),
    ActivityKind("offer_request", "Request for an offer", "Angebotsanfrage", "macro", "BOFU", 4),
    ActivityKind("trial_request", "Trial", "Testzugang", "macro", "BOFU", 4),
    ActivityKind("incentive", "Voucher or other incentive", "Gutschein oder anderer Anreiz", "macro", "BOFU", 3),
    ActivityKind("form_submitted", "Form submitted", "Formular abgeschickt", "micro", "", 1),
    ActivityKind("webinar_registered", "Webinar: registered", "Webinar: angemeldet", "micro", "MOFU", 2),
    ActivityKind("webinar_attended", "Webinar: attended", "Webinar: teilgenommen", "macro", "MOFU", 3),
    ActivityKind("webinar_missed", "Webinar: missed", "Webinar: nicht erschienen"),
    ActivityKind("webinar_cancelled", "Webinar: cancelled", "Webinar: abgemeldet"),
    ActivityKind("mail_sent", "Mail sent", "E-Mail gesendet"),
    ActivityKind("mail_delivered", "Mail delivered", "E-Mail zugestellt"),
    ActivityKind("mail_opened", "Mail opened", "E-Mail geöffnet", "micro", "", 0),
    ActivityKind("mail_clicked", "Link in mail clicked", "Link in E-Mail geklickt", "micro", "", 1),
    ActivityKind("mail_bounced", "Mail bounced", "E-Mail unzustellbar"),
    ActivityKind("mail_replied", "Mail replied to", "E-Mail beantwortet", "macro", "", 3),
    ActivityKind("spam_reported", "Reported as spam", "Als Spam gemeldet"),
    ActivityKind("sales_mail", "One-to-one mail", "Persönliche E-Mail"),
    ActivityKind("meeting_booked", "Meeting booked", "Termin gebucht", "macro", "BOFU", 4),
    ActivityKind("meeting_held", "Meeting held", "Termin gehalten", "macro", "BOFU", 4),
    ActivityKind("meeting_missed", "Meeting missed", "Termin ausgefallen"),
    ActivityKind("call_held", "Call", "Telefonat", "", "", 3),
    ActivityKind("call_attempted", "Call attempted", "Anrufversuch"),
    ActivityKind("note", "Note", "Notiz"),
    ActivityKind("task", "Task", "Aufgabe"),
    ActivityKind("list_added", "Added to a list", "In Liste aufgenommen"),
)

CATALOGUE: dict[str, ActivityKind] = {kind.name: kind for kind in _ROWS}

SYNONYMS: dict[str, str] = {
    "blog_visit": "blog_post", "product_visit": "product_page", "price_visit": "price_page",
    "career_visit": "career_page", "newsletter_signup": "newsletter_subscribed", "email_sent": "mail_sent",
    "email_delivered": "mail_delivered",
    "email_opened": "mail_opened", "email_clicked": "mail_clicked", "email_bounced": "mail_bounced",
    "email_replied": "mail_replied",
}  # fmt: skip
"""Other words a document may use; rules only ever see the catalogue's."""


def canonical(name: str) -> str | None:
    """The catalogue's word for a kind, or None if it is no kind at all."""
    if name in CATALOGUE or _CUSTOM.match(name):
        return name
    return SYNONYMS.get(name)
