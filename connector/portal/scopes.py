"""Which scopes a portal is asked for at consent, and why: a person reads these reasons before saying yes.

Needed ones must be granted; an optional one that is refused switches its feature off and nothing else. What a token
can really do is found out by ``connector/portal/account.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of HubSpot's and what it is for."""

    name: str
    reason: str
    needed: bool = False


# HubSpot docs: scopes. The app's own settings must name the needed ones as required, the others as optional.
SCOPES = (
    Scope("oauth", "says which portal the connection belongs to", needed=True),
    Scope("crm.objects.contacts.read", "reads the contacts that are judged", needed=True),
    Scope("crm.schemas.contacts.read", "reads which properties contacts have", needed=True),
    Scope("crm.objects.contacts.write", "writes scores and lifecycle stages back, once you allow it"),
    Scope("crm.schemas.contacts.write", "creates the properties that scores are written to, once you allow it"),
    Scope("crm.objects.companies.read", "reads the companies of contacts: industry, size, country"),
    Scope("crm.objects.deals.read", "reads deals, so that customers are not scored like leads"),
    Scope("crm.objects.owners.read", "names the people whom leads are handed to"),
    Scope("forms", "reads which forms a contact sent"),
    Scope("content", "reads opens and clicks of marketing e-mails"),
    Scope("crm.objects.marketing_events.read", "reads who came to a webinar"),
    Scope("communication_preferences.read", "reads consent, so that nobody is written to without it"),
    Scope("crm.lists.read", "reads who is on the lists that your rules name"),
    Scope("automation", "puts contacts into workflows, once you allow it"),
)
NEEDED = tuple(scope.name for scope in SCOPES if scope.needed)
OPTIONAL = tuple(scope.name for scope in SCOPES if not scope.needed)


def missing(granted: frozenset[str]) -> tuple[Scope, ...]:
    """Which of ours were not granted; nothing granted at all means that HubSpot did not tell."""
    return tuple(scope for scope in SCOPES if granted and scope.name not in granted)
