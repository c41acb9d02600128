"""The eight questions (L82), four to eight: how messages are taken, targets, wording, what follows, the interval."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from connector.reports.figures import DAY_MS, Figure, Section, Sentence, count, none, ratio, share
from connector.reports.kpi_mail import Mail, Sent, mails
from connector.reports.stories import MACRO, Ground, Story

FEW_MAILS = 30
SOON_MS = 30 * DAY_MS
WEEK_MS = 7 * DAY_MS
# The gaps between two mails to one contact, in days: up to and with the number; the last is everything longer.
GAPS = (3, 7, 14, 30)
MOST = 30


class Taken:
    """4. How do leads take the messages? Mails of the span: opened, clicked, and what people do against them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._sent = Sent()
        self._got: list[int] = []
        self._against: dict[str, list[int]] = {"newsletter_cancelled": [], "spam_reported": []}

    def see(self, story: Story) -> None:
        span = self._ground.span
        for mail in mails(story.id, story.acts):
            if mail.sent_ms in span:
                self._got.append(story.id)
                self._sent.add(mail)
        for act in story.acts:
            if act.kind in self._against and act.at_ms in span:
                self._against[act.kind].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        if "email_event" in self._ground.off:
            return (Section("q4", "period", (none("opened", "mails_off", "share"),), ("mails_off", {})),)
        sent = self._sent
        figures = (
            count("recipients", self._got),
            sent.rate("opened", sent.opened),
            sent.rate("clicked", sent.clicked),
            sent.rate("unsure_only", sent.unsure),
            sent.rate("machine_only", sent.machine),
            share(
                "cancelled", self._against["newsletter_cancelled"], {*self._got, *self._against["newsletter_cancelled"]}
            ),
            count("spam", self._against["spam_reported"]),
        )
        text: Sentence = ("q4_few", {"count": sent.delivered}) if sent.delivered < FEW_MAILS else ("q4_text", {})
        return (Section("q4", "period", figures, text),)


class _ByMail:
    """Mails of the span by their name."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._by_name: dict[str, Sent] = {}

    def see(self, story: Story) -> None:
        for mail in mails(story.id, story.acts):
            if mail.sent_ms in self._ground.span:
                self._by_name.setdefault(mail.name, Sent()).add(mail)

    def _ranked(self) -> list[tuple[str, Sent]]:
        return sorted(self._by_name.items(), key=lambda one: (-one[1].delivered, one[0]))[:MOST]


class Targeted(_ByMail):
    """5. Is the click rate as targeted? The goals document holds the target; a mail is under it when its band is."""

    def sections(self) -> tuple[Section, ...]:
        target = next((one.at_least for one in self._ground.goals.targets if one.figure == "click_rate"), None)
        whole = Sent()
        for sent in self._by_name.values():
            whole.delivered += sent.delivered
            whole.clicked += sent.clicked
        rate = whole.rate("click_rate", whole.clicked)
        if target is None:
            return (Section("q5", "period", (rate,), ("q5_no_target", {})),)
        rows = tuple(self._rows(target))
        under = sum(1 for row in rows if row.high is not None and row.high < target)
        text: Sentence = ("q5_few", {"count": whole.delivered})
        known: dict[str, object] = {"target": round(100 * target, 1), "under": under}
        if rate.value is not None and whole.delivered >= FEW_MAILS:
            text = ("q5_met" if rate.value >= target else "q5_missed", known)
        head = Figure(
            rate.key, rate.value, rate.unit, rate.who, of=rate.of, low=rate.low, high=rate.high, why=rate.why,
            target=f"≥ {target:g}", met=None if rate.value is None else rate.value >= target,
        )  # fmt: skip
        return (Section("q5", "period", (head, *rows), text),)

    def _rows(self, target: float) -> Iterator[Figure]:
        for name, sent in self._ranked():
            row = sent.rate(name, sent.clicked, "mail_row", mail=name, opened=len(sent.opened))
            met = None if row.low is None or row.high is None or row.low <= target <= row.high else row.low > target
            yield Figure(
                row.key,
                row.value,
                row.unit,
                row.who,
                row.label,
                row.values,
                row.of,
                row.low,
                row.high,
                row.why,
                met=met,
            )


class Wording(_ByMail):
    """6. Is the wording right? Clicks of those who opened; only bands that are apart say anything."""

    def sections(self) -> tuple[Section, ...]:
        rows = [
            ratio(
                name, len(sent.clicked), len(sent.opened), "mail_row", sent.clicked, mail=name, opened=len(sent.opened)
            )
            for name, sent in self._ranked()
        ]
        known = sorted((row for row in rows if row.value is not None), key=lambda row: (-(row.value or 0), row.key))
        text: Sentence = ("q6_few", {})
        if len(known) > 1:
            best, worst = max(known, key=lambda row: row.low or 0), min(known, key=lambda row: row.high or 0)
            apart = (best.low or 0) > (worst.high or 0)
            text = ("q6_apart" if apart else "q6_even", {"best": best.key, "worst": worst.key})
        return (Section("q6", "period", tuple(known), text),)


class Following:
    """7. Is the offer that follows fitting? After a download or request of the span: an act of one's own in 30 days."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._after: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        self._next: dict[str, Counter[str]] = defaultdict(Counter)
        self._young: list[int] = []

    def see(self, story: Story) -> None:
        own, now = story.own, self._ground.now_ms
        for place, act in enumerate(own):
            if act.kind not in MACRO or act.at_ms not in self._ground.span:
                continue
            follower = next((one for one in own[place + 1 :] if (one.kind, one.asset) != (act.kind, act.asset)), None)
            name = act.asset or act.title or act.kind
            if follower is not None and follower.at_ms - act.at_ms <= SOON_MS:
                self._next[name][follower.kind] += 1
                self._after[name][0].append(story.id)
            elif now - act.at_ms < SOON_MS:
                self._young.append(story.id)
                continue
            self._after[name][1].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        every = [who for _, of in self._after.values() for who in of]
        on = [who for hits, _ in self._after.values() for who in hits]
        ranked = sorted(self._after.items(), key=lambda one: (-len(one[1][1]), one[0]))[:MOST]
        rows = (share(name, hits, of, "asset_row", asset=name, next=self._usual(name)) for name, (hits, of) in ranked)
        figures = (share("went_on", on, every), count("too_young", self._young), *rows)
        if len(set(every)) < 10:
            return (Section("q7", "period", figures, ("q7_few", {"count": len(set(every))})),)
        text = "q7_fits" if (figures[0].value or 0) >= 0.5 else "q7_stops"
        return (Section("q7", "period", figures, (text, {"percent": round(100 * (figures[0].value or 0))})),)

    def _usual(self, name: str) -> str:
        """The kind of act that most often came next."""
        found = sorted(self._next[name].items(), key=lambda one: (-one[1], one[0]))
        return found[0][0] if found else ""


class Interval:
    """8. Is the interval right? Opens, and goodbyes within a week, by how long the mail before lay back."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._by_gap: dict[int, Sent] = defaultdict(Sent)
        self._bye: dict[int, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        gone = [act.at_ms for act in story.acts if act.kind in ("newsletter_cancelled", "spam_reported")]
        found = mails(story.id, story.acts)
        for before, mail in pairwise(found):
            if mail.sent_ms in self._ground.span:
                self._add(story.id, before, mail, gone)

    def _add(self, who: int, before: Mail, mail: Mail, gone: list[int]) -> None:
        passed = (mail.sent_ms - before.sent_ms) / DAY_MS
        gap = next((bound for bound in GAPS if passed <= bound), 0)
        self._by_gap[gap].add(mail)
        if any(0 <= at - mail.sent_ms <= WEEK_MS for at in gone):
            self._bye[gap].append(who)

    def sections(self) -> tuple[Section, ...]:
        rows: list[Figure] = []
        for gap in (*GAPS, 0):
            if gap in self._by_gap:
                sent = self._by_gap[gap]
                label = "gap_row" if gap else "gap_longer"
                values = {"days": gap or GAPS[-1], "byes": len(self._bye[gap])}
                rows.append(sent.rate(f"gap_{gap or 'longer'}", sent.opened, label, **values))
        known = [row for row in rows if row.value is not None and (row.of or 0) >= FEW_MAILS]
        text: Sentence = ("q8_few", {})
        if len(known) > 1:
            best, worst = max(known, key=lambda row: row.low or 0), min(known, key=lambda row: row.high or 0)
            apart = (best.low or 0) > (worst.high or 0)
            text = ("q8_apart", {"gap": _named(best.key)}) if apart else ("q8_even", {})
        return (Section("q8", "period", tuple(rows), text),)


def _named(key: str) -> str:
    gap = key.removeprefix("gap_")
    return f"> {GAPS[-1]}" if gap == "longer" else f"≤ {gap}"
