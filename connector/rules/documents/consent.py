"""The ``consent`` document: who must not be mailed, beyond what HubSpot itself says.

Not here: the gate (``connector/rules/gate.py``). The most restrictive side wins; nothing here can loosen an opt-out, a
hard bounce, a bad address or a quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document
from connector.rules.documents.workflows import MessageClass

SubscriptionId = Annotated[str, Field(pattern=r"^\d+$")]


class ConsentDocument(Document):
    """What a mail needs.

    ``double_opt_in``: ``when_used`` holds contacts whose confirmation is pending, ``required`` all that are not
    confirmed, ``ignored`` neither. ``subscriptions`` names HubSpot's subscription ids for each class of message: who
    left one of them gets no message of that class. ``marketable_only``: HubSpot mails marketing contacts alone.
    """

    version_label: Annotated[str, Field(max_length=80)] = ""
    marketable_only: bool = True
    double_opt_in: Literal["ignored", "when_used", "required"] = "when_used"
    legal_basis_required: bool = False
    subscriptions: Mapping[MessageClass, tuple[SubscriptionId, ...]] = {}
