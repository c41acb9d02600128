"""Mirror → ``Circle``: colleagues with what they did, and deals, for rules that look beside a contact.

Nothing is read unless a rule asks for it. Only the company that counts for a contact counts here, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.model.judgement import Circle, Colleague, DealState
from connector.model.records import Activity, Properties
from connector.rules.needs import circle_of, colleague_kinds
from connector.store import Unit, activities, associations, cursors, history, records
from connector.sync.context import Context

MOST_COLLEAGUES = 50


@dataclass(frozen=True, slots=True)
class Beside:
    """What the rules ask for beside a contact, and whether the portal's deals are read at all."""

    portal_id: int
    wanted: frozenset[str]
    kinds: frozenset[str]
    deals_off: str

    @classmethod
    def of(cls, ctx: Context, u: Unit) -> Beside:
        scoring = ctx.rulebook.rules.documents.scoring
        wanted = circle_of(scoring)
        state = (cursors.get(u, ctx.portal_id, "deals") or {}) if "deals" in wanted else {}
        off = "deals are not mirrored" if state.get("off") or "since_ms" not in state else ""
        return cls(ctx.portal_id, wanted, colleague_kinds(scoring), off)

    def circles(
        self, u: Unit, contacts: Sequence[int], company_of: Mapping[int, int], at_ms: int, *, past: bool = False
    ) -> dict[int, Circle]:
        """The circle of each contact, as of that minute; nobody where no rule asks. Links are those of today."""
        if not self.wanted or not contacts:
            return {}
        people = self._people(u, company_of, at_ms) if "colleagues" in self.wanted else {}
        deals = self._deals(u, contacts, at_ms, past=past) if "deals" in self.wanted and not self.deals_off else {}
        return {contact: self._circle(contact, company_of.get(contact), people, deals) for contact in contacts}

    def _circle(
        self,
        contact: int,
        company: int | None,
        people: Mapping[int, tuple[tuple[Colleague, ...], bool]],
        deals: Mapping[int, tuple[DealState, ...]],
    ) -> Circle:
        colleagues: tuple[Colleague, ...] | None = None
        cut = False
        if "colleagues" in self.wanted and company is not None:
            everybody, cut = people.get(company, ((), False))
            colleagues = tuple(one for one in everybody if one.contact_id != contact)
        states = deals.get(contact, ()) if "deals" in self.wanted and not self.deals_off else None
        return Circle(colleagues, states, "no company", cut, self.deals_off or "not read")

    def _people(
        self, u: Unit, company_of: Mapping[int, int], at_ms: int
    ) -> dict[int, tuple[tuple[Colleague, ...], bool]]:
        """The live people of each company, and whether it has more than are looked at."""
        linked = associations.contacts_of(u, self.portal_id, sorted(set(company_of.values())))
        few = {company: contacts[: MOST_COLLEAGUES + 1] for company, contacts in linked.items()}
        ids = sorted({contact for contacts in few.values() for contact in contacts})
        found = records.get_many(u, self.portal_id, "contacts", ids)
        living = {ident for ident, record in found.items() if not record.archived and record.merged_into is None}
        acts = activities.of(u, self.portal_id, sorted(living), until_ms=at_ms) if self.kinds else {}
        return {
            company: (
                tuple(Colleague(one, self._counted(acts.get(one, ()))) for one in contacts if one in living),
                len(linked[company]) > len(contacts),
            )
            for company, contacts in few.items()
        }

    def _counted(self, acts: Iterable[Activity]) -> tuple[Activity, ...]:
        return tuple(act for act in acts if act.kind in self.kinds)

    def _deals(self, u: Unit, contacts: Sequence[int], at_ms: int, *, past: bool) -> dict[int, tuple[DealState, ...]]:
        linked = associations.leading_to(u, self.portal_id, "deals", "contacts", contacts)
        ids = sorted({deal for deals in linked.values() for deal in deals})
        living = {
            ident: one for ident, one in records.get_many(u, self.portal_id, "deals", ids).items() if not one.archived
        }
        states = {
            ident: state_of(history.values_at(u, self.portal_id, "deals", ident, at_ms) if past else one.properties)
            for ident, one in living.items()
        }
        return {contact: tuple(states[deal] for deal in deals if deal in states) for contact, deals in linked.items()}


def state_of(deal: Properties) -> DealState:
    """Open, won or lost, as HubSpot itself says it of any pipeline; unknown where that was not read."""
    closed, won = (deal.get("hs_is_closed") or "").lower(), (deal.get("hs_is_closed_won") or "").lower()
    if won == "true":
        return "won"
    if closed == "true":
        return "lost" if won == "false" else "unknown"
    return "open" if closed == "false" else "unknown"
