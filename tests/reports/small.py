"""A small portal told in a few words, kept in a real database, and asked for its reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from connector.model.records import Activity, Association, Pipeline, Snapshot, Stage
from connector.presets import load_yaml, preset_text
from connector.reports.figures import span
from connector.reports.reporting import Asked, report
from connector.rules.documents import parse_document
from connector.store import Store, activities, associations, definitions, documents, portals, records
from tests import databases
from tests.store.builders import IDENTITY

LIFECYCLE = parse_document("lifecycle", *load_yaml(preset_text("lifecycle", "standard"), "lifecycle"), "lifecycle")
PORTAL_VALUE = {"mql": "marketingqualifiedlead", "sql": "salesqualifiedlead"}
SOURCE = {
    "page": "page_view", "mail": "email_event", "call": "call", "meeting": "meeting", "newsletter": "subscription",
    "sales": "email",
}  # fmt: skip
PAGES = {"blog_post", "product_page", "price_page", "site_visit"}
SALES = (
    Stage("open", "Open", 1, closed=False, probability=0.4),
    Stage("won", "Won", 2, closed=True, probability=1.0),
    Stage("lost", "Lost", 3, closed=True, probability=0.0),
)


def ms(text: str) -> int:
    """``04-01`` or ``04-01 09:30`` of 2026, in UTC; a whole ISO time as it is."""
    full = text if text.startswith("20") else f"2026-{text}"
    return round(datetime.fromisoformat(full).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass
class Small:
    """One portal in the making. Contacts are called by their first names."""

    store: Store
    portal: int
    now: str = "06-30 12:00"
    off: frozenset[str] = frozenset()
    ids: dict[str, int] = field(default_factory=dict)
    number: int = 1000

    def next(self) -> int:
        self.number += 1
        return self.number

    def contact(
        self, name: str, created: str, *, stages: Mapping[str, str] | None = None, stage: str = "", **props: Any
    ) -> int:
        """``stages``: ours → when it was entered; the contact stands in the last one, unless ``stage`` says."""
        ident = self.ids[name] = self.next()
        entered = {PORTAL_VALUE.get(one, one): at for one, at in (stages or {}).items()}
        side = {one: entered.pop(one) for one in ("recycled", "disqualified") if one in entered}
        current = stage or (list(entered)[-1] if entered else "")
        values: dict[str, str | None] = {
            "firstname": name, "lastname": "Muster", "email": f"{name.lower()}@werk.example", "company": "Werk GmbH",
            "lifecyclestage": PORTAL_VALUE.get(current, current) or None, "leadwright_stage": None, **props,
        }  # fmt: skip
        values |= {
            f"hs_v2_date_entered_{value}": datetime.fromtimestamp(ms(at) / 1000, UTC).isoformat()
            for value, at in entered.items()
        }
        self._keep(Snapshot("contacts", ident, values, ms(created), ms(created)))
        for one, at in side.items():  # these have no value in the portal: Leadwright keeps them
            self.change(name, at, leadwright_stage=one)
        return ident

    def _keep(self, *snapshots: Snapshot) -> None:
        with self.store.unit() as u:
            records.upsert(u, self.portal, snapshots[0].object_type, snapshots, ms(self.now))

    def change(self, name: str, at: str, **props: str | None) -> None:
        """The portal said something else from then on."""
        self._keep(Snapshot("contacts", self.ids[name], props, None, ms(at)))

    def act(self, name: str, at: str, kind: str, asset: str = "", **more: str) -> None:
        """One act; mails of one name belong together."""
        source = "page_view" if kind in PAGES else SOURCE.get(kind.partition("_")[0], "form_submission")
        source = "email_event" if kind == "spam_reported" else more.pop("source", source)
        ref = more.pop("ref", asset if source == "email_event" else "")
        ident = f"{kind}-{self.next()}"
        one = Activity(
            self.ids[name], ms(at), ident, kind, source, kind, ref, asset, "", asset, more.pop("verdict", "human")
        )  # type: ignore[arg-type]
        with self.store.unit() as u:
            activities.add(u, self.portal, [one])

    def deal(self, name: str, created: str, stage: str, closed: str = "", amount: str = "") -> int:
        ident = self.next()
        values = {"pipeline": "default", "dealstage": stage, "amount": amount or None}
        values["closedate"] = datetime.fromtimestamp(ms(closed) / 1000, UTC).isoformat() if closed else None
        self._keep(Snapshot("deals", ident, values, ms(created), ms(closed or created)))
        link = {ident: (Association("contacts", self.ids[name]),)}
        with self.store.unit() as u:
            associations.replace(u, self.portal, "deals", link, "contacts", ms(self.now))
        return ident

    def publish(self, kind: str, body: str, at: str) -> None:
        parse_document(kind, *load_yaml(body, kind), kind)
        with self.store.unit() as u:
            documents.publish(u, self.portal, kind, body, "ann", "as agreed", ms(at))

    def report(
        self,
        what: str,
        first: str = "2026-04-01",
        last: str = "2026-06-30",
        language: str = "en",
        listed: str | None = None,
    ) -> dict[str, Any]:
        with self.store.view() as u:
            row = next(one for one in portals.every(u) if one.id == self.portal)
            days = span("UTC", ms(self.now), date.fromisoformat(first), date.fromisoformat(last))
            asked = Asked(what, days, ms(self.now), language, listed)  # type: ignore[arg-type]
            return report(u, row, LIFECYCLE, self.off, asked)  # type: ignore[arg-type]

    def figures(self, what: str, **asked: Any) -> dict[str, dict[str, Any]]:
        """``section/figure`` → figure."""
        body = self.report(what, **asked)
        return {one["list"]: one for section in body["sections"] for one in section["figures"]}

    def who(self, what: str, listed: str, **asked: Any) -> list[str]:
        """Whom a number counts, by first name."""
        found = self.report(what, listed=listed, **asked)["list"]["contacts"]
        names = {str(ident): name for name, ident in self.ids.items()}
        return sorted(names[one["contact"]] for one in found)


@contextmanager
def small(kind: str = "sqlite") -> Iterator[Small]:
    """An empty portal with a sales pipeline, in a database of its own."""
    url = databases.fresh_url(kind)
    store = Store.open(url)
    try:
        with store.unit() as u:
            row = portals.add(u, "acme", "https://api.hubapi.com", b"sealed", IDENTITY, ms("2026-01-01"))
            definitions.replace_pipelines(
                u, row.id, "deals", [Pipeline("deals", "default", "Sales", SALES)], ms("01-01")
            )
        yield Small(store, row.id)
    finally:
        store.close()
        databases.drop(url)
