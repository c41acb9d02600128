"""KPI 4: how mails are opened and clicked, by whom and what, humans apart from machines (L78)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connector.reports.figures import Figure, Section, none, ratio
from connector.reports.stories import Ground, Story
from connector.store.study import Act

MOST_MAILS = 30


@dataclass
class Mail:
    """One mail to one contact. ``machine``: opened by a machine; ``unsure``: by nobody knows whom."""

    contact_id: int
    name: str
    sent_ms: int
    delivered: bool = True
    opened_ms: int | None = None
    clicked_ms: int | None = None
    machine: bool = False
    unsure: bool = False


def mails(contact_id: int, acts: Sequence[Act]) -> list[Mail]:
    """The mails a contact got with what became of each, oldest first."""
    found: list[Mail] = []
    last: dict[str, Mail] = {}
    for act in acts:
        if act.source != "email_event":
            continue
        about = act.ref or act.title
        if act.kind == "mail_sent":
            last[about] = Mail(contact_id, act.asset or act.title or act.ref, act.at_ms)
            found.append(last[about])
        elif about in last:
            _befall(last[about], act)
    return found


def _befall(mail: Mail, act: Act) -> None:
    if act.kind == "mail_bounced":
        mail.delivered = False
    elif act.kind in ("mail_opened", "mail_clicked"):
        if act.verdict != "human":
            mail.machine |= act.verdict == "machine"
            mail.unsure |= act.verdict == "unsure"
            return
        mail.opened_ms = act.at_ms if mail.opened_ms is None else mail.opened_ms  # a click cannot be without an open
        if act.kind == "mail_clicked" and mail.clicked_ms is None:
            mail.clicked_ms = act.at_ms


@dataclass
class Sent:
    """What was sent under one name, or altogether."""

    delivered: int = 0
    bounced: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    clicked: list[int] = field(default_factory=list)
    machine: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)

    def add(self, mail: Mail) -> None:
        if not mail.delivered:
            self.bounced.append(mail.contact_id)
            return
        self.delivered += 1
        if mail.opened_ms is not None:
            self.opened.append(mail.contact_id)
        elif mail.unsure:
            self.unsure.append(mail.contact_id)
        elif mail.machine:
            self.machine.append(mail.contact_id)
        if mail.clicked_ms is not None:
            self.clicked.append(mail.contact_id)

    def rate(self, key: str, which: list[int], label: str = "", **values: object) -> Figure:
        return ratio(key, len(which), self.delivered, label, which, **values)


class Mails:
    """KPI 4. Mails sent within the span, whenever they were opened; each counts once a contact."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._all = Sent()
        self._by_name: dict[str, Sent] = {}

    def see(self, story: Story) -> None:
        for mail in mails(story.id, story.acts):
            if mail.sent_ms in self._ground.span:
                self._all.add(mail)
                self._by_name.setdefault(mail.name, Sent()).add(mail)

    def sections(self) -> tuple[Section, ...]:
        if "email_event" in self._ground.off:
            off = tuple(none(key, "mails_off", "share") for key in ("open_rate", "click_rate"))
            return (Section("mails", "period", off),)
        whole = self._all
        sent = whole.delivered + len(whole.bounced)
        figures = (
            Figure("delivered", whole.delivered),
            whole.rate("open_rate", whole.opened),
            whole.rate("click_rate", whole.clicked),
            ratio("click_to_open", len(whole.clicked), len(whole.opened), who=whole.clicked),
            whole.rate("unsure_only", whole.unsure),
            whole.rate("machine_only", whole.machine),
            ratio("mail_bounce", len(whole.bounced), sent, who=whole.bounced),
        )
        return (
            Section("mails", "period", figures),
            Section("by_mail", "period", tuple(self._rows()), row="mail"),
        )

    def _rows(self) -> Iterator[Figure]:
        """A click rate a mail, the one most people got first."""
        for name, sent in sorted(self._by_name.items(), key=lambda one: (-one[1].delivered, one[0]))[:MOST_MAILS]:
            yield sent.rate(name, sent.clicked, "mail_row", mail=name, opened=len(sent.opened))
