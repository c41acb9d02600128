"""What one invented person does over the months: mails, page views, forms, webinars, and the counters they leave."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from connector.twin.activity import KIND_NUMBER, Activity, Submission
from connector.twin.clock import DAY, iso
from connector.twin.names import NewPerson
from connector.twin.records import Record

HISTORY = 540 * DAY
SENT, DELIVERED, OPEN, CLICK, BOUNCE = (KIND_NUMBER[k] for k in ("SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE"))
OPEN_MACHINE, CLICK_MACHINE = KIND_NUMBER["OPEN_MACHINE"], KIND_NUMBER["CLICK_MACHINE"]
STATUSCHANGE = KIND_NUMBER["STATUSCHANGE"]
HOUR = 3_600_000
SMALL = [str(n) for n in range(400)]


@dataclass
class Life:
    """What one person did, in numbers: the ground for the counters."""

    created: int
    wish: float
    buys_at: int | None
    last: int = 0
    optout: bool = False


class Behaviour:
    """Lives out months for the seed; warm people do more."""

    def __init__(self, activity: Activity, rng: random.Random, as_of: int) -> None:
        self._activity = activity
        self._rng = rng
        self._r = rng.random
        self._as_of = as_of

    def _heat(self, life: Life, at: int) -> float:
        """How warm somebody is at a time: buyers warm up in the 120 days before, cool down after."""
        if life.buys_at is None:
            return 0.25 + 0.5 * life.wish
        away = (life.buys_at - at) / DAY
        if away < 0:
            return 0.35
        return 0.35 + max(0.0, 1.4 * (1 - away / 120))

    def mails(self, record: Record, person: int, life: Life) -> None:
        add, pack, r = self._activity.mail.append, self._activity.pack_mail, self._r
        delivered = opens = clicks = since = 0
        first = last = opened = first_opened = clicked = 0
        name = ""
        scanner, bounces = r() < 0.06, r() < 0.03
        leaves = life.created + int(r() * 2 * HISTORY) if r() < 0.12 else 0
        if r() < 0.25:
            return
        for number, campaign in enumerate(self._activity.catalogue.campaigns):
            at = campaign["sent"] + (person % 1800) * 1000
            if at <= life.created or at >= self._as_of or r() < 0.45:
                continue
            if leaves and at > leaves:
                add(pack(leaves, person, number, STATUSCHANGE))
                life.optout = True
                break
            first, last, name = first or at, at, campaign["name"]
            add(pack(at, person, number, SENT))
            if bounces:
                add(pack(at + 4000, person, number, BOUNCE))
                record.props |= {"hs_email_bounce": "1", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}
                break
            add(pack(at + 5000, person, number, DELIVERED))
            delivered += 1
            since += 1
            warm = self._heat(life, at)
            if scanner:
                add(pack(at + 9000, person, number, OPEN_MACHINE))
                add(pack(at + 11000, person, number, CLICK_MACHINE))
            if r() < 0.45 * warm + 0.08:
                opened = min(at + int(r() ** 2 * 60 * HOUR) + 60_000, self._as_of - HOUR)
                add(pack(opened, person, number, OPEN))
                opens, since, first_opened = opens + 1, 0, first_opened or opened
                if r() < 0.3 * warm:
                    clicked = opened + 30_000
                    add(pack(clicked, person, number, CLICK))
                    clicks += 1
        if first:
            life.last = max(life.last, last, opened, clicked)
            self._mail_counters(
                record, life, (delivered, opens, clicks, since), (first, last, first_opened, opened, clicked), name
            )

    def _mail_counters(
        self, record: Record, life: Life, counts: tuple[int, int, int, int], times: tuple[int, ...], name: str
    ) -> None:
        delivered, opens, clicks, since = counts
        first, last, first_opened, opened, clicked = times
        found = {
            "hs_email_delivered": SMALL[delivered], "hs_email_first_send_date": iso(first),
            "hs_email_last_send_date": iso(last),
            "hs_email_last_email_name": name, "hs_email_sends_since_last_engagement": SMALL[since],
        }  # fmt: skip
        if opens:
            found |= {
                "hs_email_open": SMALL[opens],
                "hs_email_first_open_date": iso(first_opened),
                "hs_email_last_open_date": iso(opened),
            }
        if clicks:
            found |= {"hs_email_click": SMALL[clicks], "hs_email_last_click_date": iso(clicked)}
        if life.optout:
            found |= {"hs_email_optout": "true", "hs_email_optout_8401": "true"}
        record.props.update(found)

    def surf(self, record: Record, person: int, life: Life) -> None:
        r, groups = self._r, self._activity.catalogue.groups
        if r() < 0.3 and life.buys_at is None:
            return
        career = "Werkstudent" in record.props.get("jobtitle", "") or r() < 0.03
        seen: list[tuple[int, int]] = []
        end = min(self._as_of, (life.buys_at or self._as_of) + 20 * DAY)
        for _ in range(1 + int(r() * (9 if life.buys_at else 4))):
            reach = 0.25 if life.buys_at else 1.0
            at = end - int(r() * reach * max(1, end - life.created)) - 1
            warm = self._heat(life, at)
            for step in range(1 + int(r() * 4)):
                group = self._page_group(warm, career=career)
                pages = groups[group]
                moment, page = at + step * 45_000, pages[int(r() * len(pages))]
                self._activity.views.append(self._activity.pack_view(person, moment, page))
                seen.append((moment, page))
        self._surf_counters(record, life, sorted(seen))

    def _page_group(self, warm: float, *, career: bool) -> str:
        chance = self._r()
        if career and chance < 0.6:
            return "career"
        if chance < 0.10 * warm:
            return "price"
        if chance < 0.14 * warm:
            return "demo"
        if chance < 0.45:
            return "product"
        return "blog" if chance < 0.85 else "home"

    def _surf_counters(self, record: Record, life: Life, seen: list[tuple[int, int]]) -> None:
        times = [at for at, _ in seen]
        life.last = max(life.last, times[-1])
        gaps = [at for before, at in zip([0, *times], times, strict=False) if at - before > 1_800_000]
        record.props |= {
            "hs_analytics_num_page_views": SMALL[len(times)], "hs_analytics_num_visits": SMALL[len(gaps)],
            "hs_analytics_first_timestamp": iso(times[0]), "hs_analytics_first_visit_timestamp": iso(times[0]),
            "hs_analytics_first_url": self._activity.url_of(seen[0][1]),
            "hs_analytics_last_url": self._activity.url_of(seen[-1][1]),
            "hs_analytics_last_timestamp": iso(times[-1]), "hs_analytics_last_visit_timestamp": iso(gaps[-1]),
        }  # fmt: skip

    def submit(self, record: Record, person: int, life: Life, card: NewPerson) -> None:
        """Forms and webinars."""
        if "email" not in record.props:
            return
        r, forms = self._r, self._activity.catalogue.forms
        done: list[tuple[int, int]] = []
        for number, chance in enumerate((0.16, 0.12, 0.3, 0.07, 0.0, 0.03)):
            warm = 2.6 if life.buys_at and number in (0, 3, 5) else 1.0
            if card.seniority == 0 and number in (0, 1):
                warm = 2.5
            if r() < chance * warm:
                end = min(self._as_of - HOUR, life.buys_at or self._as_of)
                at = end - int(r() ** 2 * max(1, end - life.created)) if end > life.created else life.created
                done.append((max(at, life.created), number))
        done += self._webinars(person, life)
        if not done:
            return
        done.sort()
        for at, number in done:
            self._activity.submissions[forms[number]["id"]].append(Submission(at, person))
        self._form_counters(record, life, [(at, forms[number]) for at, number in done])

    def _webinars(self, person: int, life: Life) -> list[tuple[int, int]]:
        done = []
        for webinar in self._activity.catalogue.webinars:
            near = life.buys_at is not None and 0 < life.buys_at - webinar.starts < 150 * DAY
            if webinar.starts <= life.created + 3 * DAY or self._r() > (0.25 if near else 0.012):
                continue
            at = webinar.starts - int(self._r() * 3 * DAY) - HOUR
            webinar.rows.append((at, person, "REGISTERED"))
            done.append((at, 4))
            if webinar.starts < self._as_of:
                came = "ATTENDED" if self._r() < 0.65 else "NO_SHOW"
                webinar.rows.append((webinar.starts, person, came))
        return done

    def _form_counters(self, record: Record, life: Life, done: list[tuple[int, Any]]) -> None:
        first, last = done[0], done[-1]
        life.last = max(life.last, last[0])
        record.props |= {
            "num_conversion_events": SMALL[len(done)],
            "num_unique_conversion_events": SMALL[len({form["name"] for _, form in done})],
            "first_conversion_date": iso(first[0]), "recent_conversion_date": iso(last[0]),
            "first_conversion_event_name": f"{first[1]['title']}: {first[1]['name']}",
            "recent_conversion_event_name": f"{last[1]['title']}: {last[1]['name']}",
            "hs_calculated_form_submissions": ";".join(f"{form['name']}::{at}" for at, form in done),
        }  # fmt: skip
