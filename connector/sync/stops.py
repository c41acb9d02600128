"""What stands in the way of a decision beyond the rules: a refusal of today, a missing option, a frozen property.

Each turns the decision into a ``Hold`` with its reason (promise 6). Pure; ``react`` gathers what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.model.judgement import Decision, Hold, MoveStage, SetProperty
from connector.model.plan import PortalView
from connector.store.flips import Frozen

Refusals = Mapping[tuple[int, str, str], str]
STAGE = "lifecyclestage"


class Stops:
    """What may not be sent now: by refusal (contact, property, value → reason) and by freezing."""

    def __init__(self, refused: Refusals, frozen: Iterable[Frozen] = ()) -> None:
        self._refused = refused
        self._frozen = {(one.contact_id, one.property): one for one in frozen}

    def checked(self, decision: Decision, view: PortalView) -> Decision:
        """The decision, or the hold that takes its place."""
        if isinstance(decision, MoveStage):
            return self._if_frozen(decision.contact_id, STAGE, "stage") or decision
        if not isinstance(decision, SetProperty):
            return decision
        effect = f"write:{decision.property}"
        held = self._if_frozen(decision.contact_id, decision.property, effect)
        if held is not None or not decision.value:
            return held or decision
        why = self._refused.get((decision.contact_id, decision.property, decision.value))
        if why is not None:
            said = f"HubSpot refused it: {why}"
            return Hold(decision.contact_id, effect, "refused", said, "Mend it in HubSpot; retried daily")
        return decision if _is_offered(decision, view) else _lacking(decision, effect)

    def _if_frozen(self, contact_id: int, name: str, effect: str) -> Hold | None:
        one = self._frozen.get((contact_id, name))
        if one is None:
            return None
        why = f"Two writers keep turning {name}: {one.writers}"
        return Hold(contact_id, effect, "frozen", why, "Let one of them go, then: leadwright held retry NAME --frozen")


def _is_offered(decision: SetProperty, view: PortalView) -> bool:
    """Whether the portal's drop-down has the value; one without options is filled from elsewhere."""
    options = view.property_options.get(decision.property)
    return options is None or decision.value in options or view.property_types.get(decision.property) != "enumeration"


def _lacking(decision: SetProperty, effect: str) -> Hold:
    why = f"The drop-down of {decision.property} lacks the option it needs"
    return Hold(decision.contact_id, effect, "option", why, "Add the option in HubSpot")
