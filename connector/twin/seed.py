"""A world from a seed: companies, people, what they did, and who bought. Nothing here runs after the start.

Each person has a hidden wish to buy, made of fit (title, size, industry) and luck; it shows in behaviour (price page,
demo request, webinar) in the months before the purchase, which is what a score is meant to find.
"""

from __future__ import annotations

import gc
import math
import random

from connector.twin.activity import Activity
from connector.twin.behaviour import HOUR, SMALL, Behaviour, Life
from connector.twin.clock import DAY, iso
from connector.twin.definitions import load_yaml
from connector.twin.names import NameBook, NewCompany, NewPerson
from connector.twin.records import Record
from connector.twin.state import State

HISTORY = 540 * DAY
SIZES = (3, 8, 18, 40, 85, 140, 260, 480, 900, 2400, 11000)


class Seeder:
    """Fills one empty portal."""

    def __init__(self, state: State, activity: Activity, seed: int, as_of: int) -> None:
        self._state = state
        self._activity = activity
        self._rng = random.Random(seed)
        self._r = self._rng.random
        self._as_of = as_of - as_of % DAY
        self._book = NameBook(self._rng)
        self._behaviour = Behaviour(activity, self._rng, self._as_of)
        self._companies: list[tuple[Record, NewCompany]] = []
        self._owner_ids = [str(o["id"]) for o in load_yaml("world.yaml")["owners"]]
        self.buyers: dict[int, int] = {}

    def grow(self, contacts: int) -> None:
        """The whole world."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            for at in range(max(1, contacts // 4) if contacts else 0):
                self._add_company(at)
            for at, created in enumerate(self._births(contacts)):
                self._add_contact(at, created)
            self._activity.settle()
            self._scar(contacts)
        finally:
            if collecting:
                gc.enable()

    def _births(self, contacts: int) -> list[int]:
        """Creation times, oldest first; imports make clusters."""
        births = []
        for _ in range(contacts):
            if self._r() < 0.15:
                births.append(
                    self._as_of - HISTORY + int(self._rng.choice((30, 200, 390)) * DAY) + int(self._r() * 900_000)
                )
            else:
                births.append(self._as_of - int(self._r() * HISTORY))
        return sorted(births)

    def _gap(self, kind: str) -> int:
        """Ids are large, unevenly spread, in clusters."""
        chance = self._r()
        if chance < 0.55:
            return 1 if kind == "contacts" else 7
        if chance < 0.93:
            return 1 + int(self._r() * 90)
        return 1 + int(self._r() ** 3 * 4_000_000)

    # -- companies -----------------------------------------------------------------------------------------------

    def _add_company(self, at: int) -> None:
        company = self._book.company(at)
        created = self._as_of - HISTORY - int(self._r() * 200 * DAY)
        table = self._state.table("companies")
        size = int(SIZES[int(self._r() ** 1.3 * len(SIZES))] * (0.7 + 0.6 * self._r())) + 1
        props = {
            "name": company.name, "domain": company.domain, "website": f"https://www.{company.domain}",
            "industry": company.industry, "numberofemployees": str(size), "city": company.city, "zip": company.zip,
            "country": company.country, "rechtsform": company.form,
            "annualrevenue": str(size * (90 + int(self._r() * 200)) * 1000),
            "hubspot_owner_id": self._owner_ids[at % len(self._owner_ids)], "lifecyclestage": "lead",
        }  # fmt: skip
        if self._r() < 0.15:
            del props["annualrevenue"]
        if self._r() < 0.08:
            del props["numberofemployees"]
        company.size = size
        record = Record(table.next_id(self._gap("companies")), props, created, created + int(self._r() * 300 * DAY))
        table.add(record)
        self._companies.append((record, company))

    # -- contacts ------------------------------------------------------------------------------------------------

    def _add_contact(self, at: int, created: int) -> None:
        company = None
        if self._r() > 0.14:
            company = self._companies[int(self._r() ** 1.4 * len(self._companies))]
        person = self._book.person(at, company[1] if company else None)
        life = self._life(created, person, company[1] if company else None)
        table = self._state.table("contacts")
        record = Record(table.next_id(self._gap("contacts")), self._card(person, at), created, created)
        number = self._activity.person(record.id, record.props.get("email", ""))
        if "email" in record.props:
            self._behaviour.mails(record, number, life)
        self._behaviour.surf(record, number, life)
        self._behaviour.submit(record, number, life, person)
        if company:
            self._state.links.make_primary(record.id, company[0].id)
            record.props["associatedcompanyid"] = str(company[0].id)
        self._sell(record, life, company[0] if company else None)
        self._stage(record, life, person)
        record.updated = max(created, min(life.last, self._as_of))
        table.add(record)
        if "email" in record.props:
            record.props["hs_email_domain"] = record.props["email"].rpartition("@")[2].lower()

    def _life(self, created: int, person: NewPerson, company: NewCompany | None) -> Life:
        fit = person.seniority * 0.55 - (1.6 if person.seniority == 0 else 0)
        if company:
            fit += 0.8 if 80 <= company.size <= 3000 else -0.5
            fit += 0.7 if company.branch in ("maschinenbau", "automotive", "logistik") else 0
        else:
            fit -= 1.2
        wish = 1 / (1 + math.exp(-(fit - 3.1 + self._rng.gauss(0, 0.8))))
        buys = None
        if self._r() < wish * 0.45:
            buys = created + int((40 + 420 * self._r()) * DAY)
            buys = buys if buys < self._as_of + 90 * DAY else None
        return Life(created, wish, buys, created)

    def _card(self, person: NewPerson, at: int) -> dict[str, str]:
        props = person.props
        if self._r() < 0.7:
            props["hubspot_owner_id"] = self._owner_ids[int(self._r() * len(self._owner_ids))]
        props["hs_analytics_source"] = self._rng.choice(
            (
                "ORGANIC_SEARCH",
                "DIRECT_TRAFFIC",
                "EMAIL_MARKETING",
                "OFFLINE",
                "REFERRALS",
                "PAID_SEARCH",
                "SOCIAL_MEDIA",
            )
        )
        props["hs_marketable_status"] = "true" if self._r() < 0.85 else "false"
        if self._r() < 0.6:
            props["hs_legal_basis"] = "Freely given consent from contact"
            props["hs_emailconfirmationstatus"] = "Confirmed"
        if at % 211 == 3:
            props["umsatz_text"] = "1.234,50"
        return props

    # -- sales ---------------------------------------------------------------------------------------------------

    def _sell(self, record: Record, life: Life, company: Record | None) -> None:
        r = self._r
        if life.buys_at is not None:
            self.buyers[record.id] = life.buys_at
        contacted = life.buys_at is not None or r() < 0.12
        begin = min(self._as_of - DAY, max(life.created, (life.buys_at or self._as_of) - int((20 + 60 * r()) * DAY)))
        if contacted and begin >= life.created:
            self._talk(record, life, begin)
        if life.buys_at is not None and begin > life.created:
            stage = (
                "closedwon"
                if life.buys_at < self._as_of
                else self._rng.choice(("qualifiedtobuy", "presentationscheduled", "contractsent"))
            )
            self._deal(record, life, company, begin, stage)
        elif r() < 0.03 and begin > life.created:
            self._deal(record, life, company, begin, "closedlost" if r() < 0.7 else "appointmentscheduled")

    def _talk(self, record: Record, life: Life, begin: int) -> None:
        count, last = 0, 0
        for kind in ("calls", "meetings", "notes", "emails", "tasks"):
            if self._r() < 0.45:
                at = min(begin + int(self._r() * 10 * DAY), self._as_of - HOUR)
                self._engage(kind, record, at)
                count, last = count + (kind != "tasks"), max(last, at)
        if count:
            life.last = max(life.last, last)
            record.props |= {
                "num_notes": SMALL[count], "notes_last_updated": iso(last), "notes_last_contacted": iso(last),
                "num_contacted_notes": SMALL[count], "hs_sa_first_engagement_date": iso(begin),
            }  # fmt: skip

    def _engage(self, kind: str, record: Record, at: int) -> None:
        props = {"hs_timestamp": iso(at), **ENGAGEMENT_PROPS[kind]}
        if kind == "meetings":
            props |= {"hs_meeting_start_time": iso(at), "hs_meeting_end_time": iso(at + HOUR)}
            record.props["engagements_last_meeting_booked"] = iso(at)
        table = self._state.table(kind)
        made = Record(table.next_id(self._gap(kind)), props, at, at)
        table.add(made)
        self._state.links.add("contacts", record.id, kind, made.id)

    def _deal(self, record: Record, life: Life, company: Record | None, begin: int, stage: str) -> None:
        amount = str(int(4000 + self._r() ** 2 * 180_000))
        closes = min(life.buys_at or self._as_of - DAY, self._as_of + 90 * DAY)
        props = {
            "dealname": f"Anlage {record.props.get('company', record.props.get('lastname', ''))}".strip(),
            "amount": amount,
            "dealstage": stage, "pipeline": "default", "closedate": iso(closes), "dealtype": "newbusiness",
            "hubspot_owner_id": record.props.get("hubspot_owner_id", self._owner_ids[0]),
            "hs_is_closed": str(stage in ("closedwon", "closedlost")).lower(),
            "hs_is_closed_won": str(stage == "closedwon").lower(),
        }  # fmt: skip
        table = self._state.table("deals")
        updated = min(closes, self._as_of) if stage.startswith("closed") else begin
        deal = Record(table.next_id(self._gap("deals")), props, begin, max(begin, updated))
        table.add(deal)
        self._state.links.add("contacts", record.id, "deals", deal.id)
        if company:
            self._state.links.make_primary(deal.id, company.id, "deals")
        record.props |= {
            "num_associated_deals": "1", "hs_num_associated_open_deals": "0" if stage.startswith("closed") else "1",
            "first_deal_created_date": iso(begin),
        }  # fmt: skip
        if stage == "closedwon":
            record.props |= {
                "recent_deal_amount": amount,
                "recent_deal_close_date": iso(closes),
                "total_revenue": amount,
                "closedate": iso(closes),
            }
            life.last = max(life.last, closes)

    def _stage(self, record: Record, life: Life, person: NewPerson) -> None:
        """Lifecycle as this portal's people keep it: roughly right, often behind."""
        props, created = record.props, life.created
        steps = ["subscriber"] if self._r() < 0.35 else ["lead"]
        if "num_associated_deals" in props:
            steps += ["salesqualifiedlead", "opportunity"]
        elif "num_notes" in props and self._r() < 0.6:
            steps += ["marketingqualifiedlead", "salesqualifiedlead"]
        elif life.wish > 0.3 and person.seniority > 1 and self._r() < 0.4:
            steps.append("marketingqualifiedlead")
        if "total_revenue" in props:
            steps.append("customer")
        if self._r() < 0.02:
            return
        span = max(1, life.last - created)
        for at, stage in enumerate(steps):
            moment = iso(created + span * at // len(steps))
            props[f"hs_lifecyclestage_{stage}_date"] = moment
            props[f"hs_v2_date_entered_{stage}"] = moment
        props["lifecyclestage"] = steps[-1]
        if "num_notes" in props:
            props["hs_lead_status"] = self._rng.choice(("OPEN", "IN_PROGRESS", "CONNECTED", "ATTEMPTED_TO_CONTACT"))

    # -- what time leaves ----------------------------------------------------------------------------------------

    def _scar(self, contacts: int) -> None:
        """Some contacts were archived, some merged."""
        table = self._state.table("contacts")
        ids = [ident for ident in table.order if ident not in self.buyers]
        for at in range(contacts // 200):
            record = table.records[ids[(at * 173 + 7) % len(ids)]]
            if record.archived is None:
                record.archived = record.updated
                table.unindex(record)
        for at in range(contacts // 250):
            self._merge_old(ids[(at * 191 + 11) % len(ids)], ids[(at * 191 + 60) % len(ids)])

    def _merge_old(self, keep: int, lose: int) -> None:
        table = self._state.table("contacts")
        primary, loser = table.records.get(keep), table.records.get(lose)
        if primary is None or loser is None or primary is loser or primary.archived or loser.archived:
            return
        table.drop(lose)
        table.aliases[lose] = keep
        self._state.links.move("contacts", lose, keep)
        primary.props["hs_merged_object_ids"] = str(lose)
        primary.props["hs_calculated_merged_vids"] = f"{lose}:{primary.updated}"
        if "email" in loser.props and "email" in primary.props:
            primary.props["hs_additional_emails"] = loser.props["email"].lower()
        table.index(primary)


ENGAGEMENT_PROPS = {
    "calls": {"hs_call_title": "Erstgespräch", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED",
        "hs_call_duration": "420000"},
    "meetings": {"hs_meeting_title": "Vorstellung vor Ort", "hs_meeting_outcome": "COMPLETED",
        "hs_meeting_location": "Kunde"},
    "notes": {"hs_note_body": "<p>Interesse an Fördertechnik, Entscheidung im nächsten Quartal.</p>"},
    "emails": {"hs_email_direction": "EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Ihre Anfrage"},
    "tasks": {"hs_task_subject": "Nachfassen", "hs_task_status": "NOT_STARTED", "hs_task_type": "CALL",
        "hs_task_priority": "MEDIUM"},
}  # fmt: skip
