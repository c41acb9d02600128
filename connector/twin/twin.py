"""The twin itself: one simulated HubSpot portal, its Python side (what a person does in HubSpot's UI) and its app."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from connector.twin.access import Access, Token
from connector.twin.account import ZONE, AccountRoutes
from connector.twin.actions import Actions
from connector.twin.activity import KIND_NUMBER, Activity, Submission
from connector.twin.automation import Workflows
from connector.twin.clock import Clock, TwinClock, from_ms, to_ms
from connector.twin.consent import Consent
from connector.twin.counters import Counters
from connector.twin.definitions import load_yaml, object_name
from connector.twin.dials import Dials
from connector.twin.errors import JSON
from connector.twin.feed import APP_ID, form_source
from connector.twin.ledger import Ledger
from connector.twin.limits import Limits
from connector.twin.lists import Lists
from connector.twin.notifier import Notifier
from connector.twin.portal import make_app
from connector.twin.records import Record
from connector.twin.seed import Seeder
from connector.twin.state import PERSON, State, plain_props
from connector.twin.subscriptions import Subscriptions

STATIC_TOKEN = "pat-eu1-7d0a2c1e-5b1f-4a0e-9c55-2741806300aa"  # noqa: S105 - the simulated portal's


class Twin:
    """A stateful simulated portal. Python-side edits are those of a person in HubSpot's UI."""

    def __init__(
        self, *, clock: Clock | None = None, dials: Dials | None = None, seed: int = 0, portal_id: int | None = None
    ) -> None:
        """Two twins of one test are two portals only if each has a ``portal_id`` of its own."""
        self.clock: Clock = clock or TwinClock()
        self.dials = dials or Dials()
        self.portal_id: int = portal_id or load_yaml("world.yaml")["portal"]["id"]
        self.token = STATIC_TOKEN
        self.lock = threading.RLock()
        self.state = State(self.clock, self.dials, self.portal_id, seed)
        self.access = Access(self.portal_id, self.clock, self.dials)
        self.access.tokens[self.token] = Token("static")
        self.limits = Limits(self.dials, self.portal_id, ZoneInfo(ZONE))
        self.account = AccountRoutes(self.state, self.limits)
        self.activity = Activity(self.state, self.state.now_ms())
        self.counters = Counters(self.state)
        self.consent = Consent(self.state)
        self.lists = Lists(self.state)
        self.workflows = Workflows(self.state)
        self.purchases: dict[int, datetime] = {}
        self.subscriptions = Subscriptions(self.state)
        secret = lambda: self.access.client_secret  # noqa: E731 - it may be rotated
        self.actions = Actions(self.state, secret, self.lock)
        self.webhooks = Notifier(self.state, self.subscriptions, secret, self.lock, self.settle)

    @classmethod
    def empty(cls, *, clock: Clock | None = None, dials: Dials | None = None, portal_id: int | None = None) -> Twin:
        """Definitions, owners and pipelines, but nobody in it."""
        return cls(clock=clock, dials=dials, portal_id=portal_id)

    @classmethod
    def from_seed(
        cls, seed: int = 7, contacts: int = 5000, *, clock: Clock | None = None, dials: Dials | None = None,
        portal_id: int | None = None,
    ) -> Twin:  # fmt: skip
        """A grown portal; the same seed and day give the same world."""
        twin = cls(clock=clock, dials=dials, seed=seed, portal_id=portal_id)
        seeder = Seeder(twin.state, twin.activity, seed, twin.state.now_ms())
        seeder.grow(contacts)
        twin.purchases = {contact_id: from_ms(at) for contact_id, at in seeder.buyers.items()}
        return twin

    # -- what others see -----------------------------------------------------------------------------------------

    @property
    def buyers(self) -> frozenset[int]:
        """Hidden truth: who bought or will buy within ninety days of the start."""
        return frozenset(self.purchases)

    @property
    def ledger(self) -> Ledger:
        return self.state.ledger

    @property
    def changes(self) -> list[JSON]:
        """Every change in webhook shape, oldest first."""
        return self.state.changes

    def reset_ledger(self) -> None:
        with self.lock:
            self.state.ledger.clear()

    def app(self) -> Flask:
        return make_app(self)

    def add_token(self, name: str, scopes: Any = None, expires_at: datetime | None = None) -> str:
        """A further credential of its own app, with these scopes (None: all)."""
        with self.lock:
            number = len(self.access.tokens)
            secret, asked = f"pat-eu1-{name}-{number:04d}", None if scopes is None else frozenset(scopes)
            self.access.tokens[secret] = Token(name, asked, expires_at, app_id=APP_ID + number)
            return secret

    def uninstall(self) -> None:
        """Somebody disconnects the app in the portal's settings: nothing it was granted works any more."""
        with self.lock:
            self.access.uninstall()

    def settle(self) -> None:
        """Let overdue counters arrive."""
        with self.lock:
            self.counters.settle()

    # -- reading -------------------------------------------------------------------------------------------------

    def get(self, object_type: str, record_id: int | str) -> dict[str, str] | None:
        """A live record's properties (a merged-away id gives the survivor's); None when there is none."""
        with self.lock:
            self.settle()
            record = self.state.table(object_name(object_type)).live(int(record_id))
            return None if record is None else dict(record.props)

    def ids(self, object_type: str = "contacts") -> list[int]:
        with self.lock:
            table = self.state.table(object_name(object_type))
            return [ident for ident in table.order if table.records[ident].archived is None]

    def truth(self, object_type: str = "contacts") -> dict[int, dict[str, str]]:
        """All live records: id → properties that are set."""
        with self.lock:
            self.settle()
            return {record.id: dict(record.props) for record in self.state.table(object_name(object_type)).all_live()}

    def links(self, object_type: str, record_id: int, other: str) -> dict[int, tuple[int, ...]]:
        """Associated ids with their association type ids."""
        with self.lock:
            return dict(self.state.links.of(object_name(object_type), record_id, object_name(other)))

    def _record(self, object_type: str, record_id: int | str) -> Record:
        record = self.state.table(object_name(object_type)).live(int(record_id))
        if record is None:
            raise KeyError(f"no live record {record_id} of {object_type}")
        return record

    # -- what a person does --------------------------------------------------------------------------------------

    def create(self, object_type: str, props: dict[str, Any]) -> int:
        """Values are taken as they are, unchecked."""
        with self.lock:
            given = {name: value for name, value in plain_props(props).items() if value is not None}
            return self.state.create(object_name(object_type), given, PERSON).id

    def create_contact(self, props: dict[str, Any]) -> int:
        """With the portal's default stage, unless one is given."""
        return self.create("contacts", self._with_stage(props))

    def _with_stage(self, props: dict[str, Any]) -> dict[str, Any]:
        stage = {"lifecyclestage": self.dials.default_stage} if self.dials.default_stage else {}
        return {**stage, **props}

    def edit(self, object_type: str, record_id: int | str, props: dict[str, Any]) -> None:
        """Set (None or ``""``: clear) properties; in the UI a lifecycle stage may go backwards."""
        with self.lock:
            kind = object_name(object_type)
            self.state.write(kind, self._record(kind, record_id), plain_props(props), PERSON)

    def bulk_touch(self, ids: list[int], props: dict[str, Any]) -> None:
        """The same change to many contacts within one millisecond."""
        with self.lock:
            at = self.state.now_ms()
            for record_id in ids:
                self.state.write("contacts", self._record("contacts", record_id), plain_props(props), PERSON, at)

    def delete(self, object_type: str, record_id: int | str) -> None:
        with self.lock:
            kind = object_name(object_type)
            self.state.archive(kind, self._record(kind, record_id), PERSON)

    def restore(self, object_type: str, record_id: int | str) -> None:
        with self.lock:
            kind = object_name(object_type)
            self.state.restore(kind, self.state.table(kind).records[int(record_id)], PERSON)

    def gdpr_delete(self, contact_id: int | str) -> None:
        with self.lock:
            self.state.erase(self.state.table("contacts").records[int(contact_id)], PERSON)

    def merge(self, primary_id: int, other_id: int, object_type: str = "contacts") -> int:
        """The survivor's id."""
        with self.lock:
            kind = object_name(object_type)
            primary, loser = self._record(kind, primary_id), self._record(kind, other_id)
            return self.state.merge(kind, primary, loser, PERSON).id

    def associate(self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool = True) -> None:
        """``primary`` matters between a contact or deal and a company."""
        with self.lock:
            kind, other = object_name(from_type), object_name(to_type)
            if primary and other == "companies" and kind in ("contacts", "deals"):
                self.state.links.make_primary(from_id, to_id, kind)
                if kind == "contacts":
                    self.state.name_company(self.state.table(kind).records[from_id], to_id)
            else:
                self.state.links.add(kind, from_id, other, to_id)
            self.state.tell_link(kind, from_id, other, to_id, PERSON, removed=False, primary=primary)
            self.follow_link(kind, from_id, other, to_id)

    def dissociate(self, from_type: str, from_id: int, to_type: str, to_id: int) -> None:
        with self.lock:
            kind, other = object_name(from_type), object_name(to_type)
            if self.state.links.remove(kind, from_id, other, to_id):
                if kind == "contacts" and other == "companies":
                    record = self.state.table(kind).records[from_id]
                    self.state.name_company(record, self.state.links.primary_company(from_id))
                self.state.tell_link(kind, from_id, other, to_id, PERSON, removed=True)

    def follow_link(self, kind: str, left: int, other: str, right: int) -> None:
        """Deals roll up onto their contacts."""
        if {kind, other} == {"contacts", "deals"}:
            self.counters.dealt(left if kind == "contacts" else right)

    # -- activity ------------------------------------------------------------------------------------------------

    def _moment(self, at: datetime | None) -> int:
        return self.state.now_ms() if at is None else to_ms(at)

    def submit_form(
        self, form_id: str, email: str, values: dict[str, Any] | None = None, at: datetime | None = None
    ) -> int:
        """A form by GUID or name; an unknown address makes a new contact, as in HubSpot. Returns the contact's id."""
        with self.lock:
            form = self.activity.form(form_id)
            if form is None:
                raise KeyError(f"no form {form_id}")
            fields = {"email": email, **{name: str(value) for name, value in (values or {}).items()}}
            known = {name: value for name, value in fields.items() if self.state.definitions.find("contacts", name)}
            contact_id = self.state.table("contacts").by_email.get(email.lower())
            by = form_source(form["id"])
            if contact_id is None:
                given = {n: v for n, v in plain_props(self._with_stage(known)).items() if v is not None}
                contact_id = self.state.create("contacts", given, by).id
            else:
                known.pop("email")
                self.state.write("contacts", self._record("contacts", contact_id), plain_props(known), by)
            moment = self._moment(at)
            person = self.activity.person(contact_id, email)
            self.activity.add_submission(form["id"], Submission(moment, person, fields))
            self.counters.converted(contact_id, form["name"], form["title"], moment)
            return contact_id

    def email_event(
        self, contact_id: int, kind: str, campaign: str | int | None = None, at: datetime | None = None
    ) -> None:
        """SENT, DELIVERED, OPEN, CLICK, BOUNCE … (``OPEN_MACHINE``, ``CLICK_MACHINE``: by a scanner)."""
        with self.lock:
            record = self._record("contacts", contact_id)
            number, moment = self.activity.campaign_number(campaign), self._moment(at)
            person = self.activity.person(record.id, record.props.get("email", ""))
            self.activity.add_mail(moment, person, number, KIND_NUMBER[kind])
            self.counters.mailed(record.id, kind, self.activity.catalogue.campaigns[number]["name"], moment)

    def page_view(self, contact_id: int, url: str, at: datetime | None = None) -> None:
        with self.lock:
            record = self._record("contacts", contact_id)
            moment = self._moment(at)
            self.activity.add_view(self.activity.person(record.id, record.props.get("email", "")), moment, url)
            self.counters.viewed(record.id, url, moment)

    def attend(
        self, marketing_event_id: int | str, contact_id: int, state: str = "ATTENDED", at: datetime | None = None
    ) -> None:
        """REGISTERED, ATTENDED, CANCELLED or NO_SHOW at a webinar, by id or name."""
        with self.lock:
            webinar = self.activity.webinar(marketing_event_id)
            if webinar is None:
                raise KeyError(f"no marketing event {marketing_event_id}")
            record = self._record("contacts", contact_id)
            webinar.rows.append(
                (self._moment(at), self.activity.person(record.id, record.props.get("email", "")), state)
            )

    def log_engagement(
        self, object_type: str, contact_id: int, props: dict[str, Any] | None = None, at: datetime | None = None
    ) -> int:
        """A call, meeting, note, e-mail or task on a contact. Returns its id."""
        with self.lock:
            kind = object_name(object_type)
            moment = self._moment(at)
            made = self.create(kind, {"hs_timestamp": from_ms(moment), **(props or {})})
            self.state.links.add("contacts", contact_id, kind, made)
            self.state.tell_link(kind, made, "contacts", contact_id, PERSON, removed=False)
            if kind != "tasks":
                self.counters.engaged(contact_id, kind, moment)
            return made

    def set_subscription(self, contact_id: int, subscription_id: int, status: str) -> None:
        """SUBSCRIBED, UNSUBSCRIBED or NOT_SPECIFIED for one subscription type, by the person itself."""
        with self.lock:
            self.consent.set(self._record("contacts", contact_id), int(subscription_id), status, own_wish=True)
