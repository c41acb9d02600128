"""HubSpot's own counters on contacts: they follow activity, perhaps late, and move the modification time."""

from __future__ import annotations

from collections.abc import Callable

from connector.twin.clock import iso
from connector.twin.records import Record
from connector.twin.state import SYSTEM, State
from connector.twin.values import sortable_moment

Values = dict[str, str | None]
Change = Callable[[Record], Values]
VISIT_GAP = 1_800_000
CONTACTED = ("calls", "emails", "meetings")


def plus(record: Record, name: str, by: int = 1) -> str:
    return str(int(float(record.props.get(name, "0"))) + by)


def latest(record: Record, name: str, at: int) -> str:
    before = sortable_moment(record.props.get(name, "")) or 0
    return iso(max(before, at))


def earliest(record: Record, name: str, at: int) -> str:
    before = sortable_moment(record.props.get(name, ""))
    return iso(at if before is None else min(before, at))


class Counters:
    """Applies counter changes now, or when the counters' lag has passed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pending: list[tuple[int, int, Change]] = []

    def later(self, contact_id: int, change: Change) -> None:
        lag = int(self._state.dials.counters_lag * 1000)
        if lag <= 0 and not self._pending:
            self._apply(contact_id, change, self._state.now_ms())
            return
        self._pending.append((self._state.now_ms() + lag, contact_id, change))
        self.settle()

    def settle(self) -> None:
        """Carry out what is due."""
        now = self._state.now_ms()
        while self._pending and self._pending[0][0] <= now:
            due, contact_id, change = self._pending.pop(0)
            self._apply(contact_id, change, due)

    def _apply(self, contact_id: int, change: Change, at: int) -> None:
        record = self._state.table("contacts").live(contact_id)
        if record is not None:
            self._state.write("contacts", record, change(record), SYSTEM, at)

    # -- one for each kind of activity ---------------------------------------------------------------------------

    def mailed(self, contact_id: int, kind: str, campaign: str, at: int) -> None:
        self.later(contact_id, lambda record: _mail_values(record, kind, campaign, at))

    def viewed(self, contact_id: int, url: str, at: int) -> None:
        self.later(contact_id, lambda record: _view_values(record, url, at))

    def converted(self, contact_id: int, form: str, title: str, at: int) -> None:
        self.later(contact_id, lambda record: _form_values(record, form, title, at))

    def engaged(self, contact_id: int, kind: str, at: int) -> None:
        self.later(contact_id, lambda record: _engagement_values(record, kind, at))

    def dealt(self, contact_id: int) -> None:
        self.later(contact_id, lambda record: deal_values(self._state, record))


def _mail_values(record: Record, kind: str, campaign: str, at: int) -> Values:
    kind = kind.removesuffix("_MACHINE")
    if kind == "SENT":
        return {
            "hs_email_first_send_date": earliest(record, "hs_email_first_send_date", at),
            "hs_email_last_send_date": latest(record, "hs_email_last_send_date", at),
            "hs_email_last_email_name": campaign,
            "hs_email_sends_since_last_engagement": plus(record, "hs_email_sends_since_last_engagement"),
        }
    if kind == "DELIVERED":
        return {"hs_email_delivered": plus(record, "hs_email_delivered")}
    if kind == "BOUNCE":
        return {
            "hs_email_bounce": plus(record, "hs_email_bounce"),
            "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER",
        }
    if kind == "OPEN":
        return {
            "hs_email_open": plus(record, "hs_email_open"), "hs_email_sends_since_last_engagement": "0",
            "hs_email_first_open_date": earliest(record, "hs_email_first_open_date", at),
            "hs_email_last_open_date": latest(record, "hs_email_last_open_date", at),
        }  # fmt: skip
    if kind == "CLICK":
        return {
            "hs_email_click": plus(record, "hs_email_click"), "hs_email_sends_since_last_engagement": "0",
            "hs_email_last_click_date": latest(record, "hs_email_last_click_date", at),
        }  # fmt: skip
    return {}


def _view_values(record: Record, url: str, at: int) -> Values:
    seen = sortable_moment(record.props.get("hs_analytics_last_timestamp", "")) or 0
    values: Values = {"hs_analytics_num_page_views": plus(record, "hs_analytics_num_page_views")}
    if at - seen > VISIT_GAP:
        values["hs_analytics_num_visits"] = plus(record, "hs_analytics_num_visits")
        values["hs_analytics_last_visit_timestamp"] = latest(record, "hs_analytics_last_visit_timestamp", at)
    if at >= seen:
        values["hs_analytics_last_timestamp"] = iso(at)
        values["hs_analytics_last_url"] = url
    if "hs_analytics_first_timestamp" not in record.props:
        values |= {
            "hs_analytics_first_timestamp": iso(at), "hs_analytics_first_visit_timestamp": iso(at),
            "hs_analytics_first_url": url,
        }  # fmt: skip
    return values


def _form_values(record: Record, form: str, title: str, at: int) -> Values:
    trail = record.props.get("hs_calculated_form_submissions", "")
    named = f"{title}: {form}"
    known = {part.partition("::")[0] for part in trail.split(";") if part}
    values: Values = {
        "num_conversion_events": plus(record, "num_conversion_events"),
        "num_unique_conversion_events": str(len(known | {form})),
        "hs_calculated_form_submissions": ";".join(part for part in (trail, f"{form}::{at}") if part),
    }
    if at >= (sortable_moment(record.props.get("recent_conversion_date", "")) or 0):
        values |= {"recent_conversion_date": iso(at), "recent_conversion_event_name": named}
    if "first_conversion_date" not in record.props:
        values |= {"first_conversion_date": iso(at), "first_conversion_event_name": named}
    return values


def _engagement_values(record: Record, kind: str, at: int) -> Values:
    values: Values = {
        "num_notes": plus(record, "num_notes"), "notes_last_updated": latest(record, "notes_last_updated", at),
        "hs_sa_first_engagement_date": earliest(record, "hs_sa_first_engagement_date", at),
    }  # fmt: skip
    if kind in CONTACTED:
        values["num_contacted_notes"] = plus(record, "num_contacted_notes")
        values["notes_last_contacted"] = latest(record, "notes_last_contacted", at)
    if kind == "meetings":
        values["engagements_last_meeting_booked"] = latest(record, "engagements_last_meeting_booked", at)
    return values


def deal_values(state: State, contact: Record) -> Values:
    """Roll-ups of a contact's deals."""
    table = state.table("deals")
    deals = [d for ident in state.links.of("contacts", contact.id, "deals") if (d := table.live(ident)) is not None]
    if not deals:
        return {"num_associated_deals": None, "hs_num_associated_open_deals": None}
    won = [deal for deal in deals if deal.props.get("dealstage") == "closedwon"]
    still_open = [deal for deal in deals if deal.props.get("dealstage") not in ("closedwon", "closedlost")]
    values: Values = {
        "num_associated_deals": str(len(deals)), "hs_num_associated_open_deals": str(len(still_open)),
        "first_deal_created_date": iso(min(deal.created for deal in deals)),
    }  # fmt: skip
    if won:
        last = max(won, key=lambda deal: deal.props.get("closedate", ""))
        values["recent_deal_amount"] = last.props.get("amount")
        values["recent_deal_close_date"] = last.props.get("closedate")
        values["total_revenue"] = f"{sum(float(deal.props.get('amount', 0)) for deal in won):g}"
    return values
