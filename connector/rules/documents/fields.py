"""The canonical schema: every field rules can speak of, with its type and its names. A fixed list.

Rows L11 and L12 of the domain table name the person's five and the company's eight fields; the others are what
scoring, gates and routing ask for. Not here: which HubSpot property feeds a field (the ``mapping`` document).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "text", "email", "phone", "country", "domain", "number", "date", "datetime", "boolean", "multi", "level"
]
FieldObject = Literal["contact", "company"]

LEVELS = ("managing_director", "c_level", "head", "team_lead", "specialist", "assistant", "intern")
"""Role levels from the top down; a title nobody recognises is unknown, not a level."""


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of the schema. ``source`` is the row of the domain table it comes from."""

    name: str
    type: FieldType
    object: FieldObject
    en: str
    de: str
    source: str

    def label(self, lang: str) -> str:
        return self.de if lang == "de" else self.en


_ROWS: tuple[tuple[str, FieldType, FieldObject, str, str, str], ...] = (
    ("first_name", "text", "contact", "First name", "Vorname", "L3"),
    ("last_name", "text", "contact", "Last name", "Nachname", "L3"),
    ("email", "email", "contact", "E-mail", "E-Mail", "L3"),
    ("phone", "phone", "contact", "Phone", "Telefon", "L47"),
    ("country", "country", "contact", "Country", "Land", "L44"),
    ("city", "text", "contact", "City", "Ort", "L44"),
    ("language", "text", "contact", "Language", "Sprache", "L63"),
    ("company_name", "text", "contact", "Company", "Firma", "L3"),
    ("website", "text", "contact", "Website", "Website", "L18"),
    ("email_domain", "domain", "contact", "E-mail domain", "E-Mail-Domain", "L31"),
    ("age", "number", "contact", "Age", "Alter", "L15"),
    ("position", "text", "contact", "Position", "Position", "L11"),
    ("department", "text", "contact", "Department", "Abteilung", "L11"),
    ("buying_role", "multi", "contact", "Role in the buying decision", "Rolle in der Kaufentscheidung", "L11"),
    ("role_level", "level", "contact", "Management level", "Managementebene", "L11"),
    ("interests", "multi", "contact", "Interests", "Interessen", "L11"),
    ("original_source", "text", "contact", "Original source", "Ursprüngliche Quelle", "L9"),
    ("lead_source", "text", "contact", "Lead source", "Herkunft", "L9"),
    ("first_interest", "text", "contact", "First interest", "Erstes Interesse", "L2"),
    ("lifecycle_stage", "text", "contact", "Lifecycle stage", "Lifecycle-Phase", "L42"),
    ("lead_status", "text", "contact", "Lead status", "Lead-Status", "L49"),
    ("owner", "text", "contact", "Owner", "Zuständig", "L48"),
    ("planned_purchase_date", "date", "contact", "Planned purchase date", "Geplantes Kaufdatum", "L17"),
    ("planned_use", "text", "contact", "Planned use", "Geplanter Einsatz", "L17"),
    ("has_budget", "boolean", "contact", "Budget approved", "Budget freigegeben", "L45"),
    ("email_opt_out", "boolean", "contact", "Opted out of e-mail", "Von E-Mails abgemeldet", "L6"),
    ("company_size", "number", "company", "Company size", "Unternehmensgröße", "L12"),
    ("annual_revenue", "number", "company", "Annual revenue", "Jahresumsatz", "L12"),
    ("location", "text", "company", "Location", "Standort", "L12"),
    ("industry", "text", "company", "Industry", "Branche", "L12"),
    ("legal_form", "text", "company", "Legal form", "Rechtsform", "L12"),
    ("group_membership", "text", "company", "Group membership", "Konzernzugehörigkeit", "L12"),
    ("seat_of_management", "text", "company", "Seat of management", "Sitz der Geschäftsleitung", "L12"),
    ("branches", "number", "company", "Number of branches", "Anzahl der Niederlassungen", "L12"),
)

FIELDS: dict[str, CanonicalField] = {row[0]: CanonicalField(*row) for row in _ROWS}
