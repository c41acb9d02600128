"""The one place where commands book what they change: an entry of the audit log for each act, with before and after.

A command speaks to the service as ever; whoever it speaks to is the service with this around it. Acts that book
themselves, because people do them on the pages as well (``people``, ``token``, ``restore``), are not in the table. An
act that fails or is refused leaves no entry. No contact's data and no secret goes into an entry: only what the table
names does, and ids of contacts are not in it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.commands.contract import LeadService


@dataclass(frozen=True, slots=True)
class Act:
    """``what``: the sentence, with the call's arguments in it. ``told``: parts of the result that say what came of it.

    ``switch``: the portal's mode is what was before and after.
    """

    what: str
    told: tuple[str, ...] = ()
    switch: bool = False


ACTS: Mapping[str, Act] = {
    "add_portal": Act("Connected the portal", ("hub_id",), switch=True),
    "connect_link": Act("Made a link to connect a portal by consent"),
    "live": Act("Left observe mode", switch=True),
    "pause": Act("Paused the portal", switch=True),
    "resume": Act("Resumed the portal", switch=True),
    "remove": Act("Removed the portal", ("rows", "revoked"), switch=True),
    "provision": Act("Created the properties for write-back", ("created",)),
    "apply": Act("Applied the plan", ("hash", "run", "written", "enrolled")),
    "import_apply": Act("Wrote what a spreadsheet of contacts says", ("hash", "run", "written")),
    "cycle": Act("Ran a cycle", ("mode",)),
    "enrich": Act("Asked the data provider", ("provider", "asked", "found")),
    "enrich_secret": Act("Entered the secret of the data provider", ("provider", "origin")),
    "undo": Act("Took back run {run}", ("restored", "kept", "calls")),
    "release": Act("Allowed what was taken back of run {run} to be written again", ("released",)),
    "config_publish": Act("Published a document: {reason}", ("kind", "version")),
    "config_rollback": Act("Went back in {kind} to version {version}", ("kind", "version")),
    "config_draft_save": Act("Saved a draft", ("kind", "revision")),
    "config_import_csv": Act("Laid a spreadsheet over the {kind}", ("revision", "rows")),
    "config_draft_publish": Act("Published the draft of {kind}: {reason}", ("kind", "version")),
    "config_sign": Act("Signed {kind} for {side} as {author}: {remark}", ("hash", "missing")),
    "config_draft_discard": Act("Discarded the draft of {kind}", ("author",)),
    "held_retry": Act("Brought back what was put aside", ("retried",)),
    "held_discard": Act("Gave up what was put aside", ("discarded",)),
    "inbox_replay": Act("Had notices handled once more", ("since", "replayed")),
    "erase": Act("Erased a person", ("cause",)),
    "person": Act("Handed out all that is held on one person", ("rows",)),
    "rotate_key": Act("Sealed everything again with the first key"),
    "subscriptions_apply": Act("Changed the app's webhook subscriptions"),
}  # fmt: skip


class Booked:
    """A service whose acts leave an entry each."""

    def __init__(self, service: LeadService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._service, name)
        act = ACTS.get(name)
        return method if act is None else functools.partial(self._done, name, method, act)

    def _done(self, call: str, method: Any, act: Act, *args: Any, **options: Any) -> Any:
        given = _given(call, args, options)
        portal = str(given.get("name", ""))
        before = self._service.stance(portal) if act.switch else ""
        result = method(*args, **options)
        told = [f"{key} {_plain(result[key])}" for key in act.told if result.get(key) not in (None, "")]
        after = ([self._service.stance(portal)] if act.switch else []) + told
        self._service.book_deed(act.what.format_map(given), portal=portal, before=before, after=", ".join(after))
        return result


def _given(call: str, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The call's arguments by the names that the contract gives them."""
    bound = inspect.signature(getattr(LeadService, call)).bind(None, *args, **options)
    bound.apply_defaults()
    return dict(bound.arguments)


def _plain(value: Any) -> str:
    """A count or a name; of a list or of counts by kind, how many."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {count}" for key, count in value.items())
    return str(len(value)) if isinstance(value, list | tuple) else str(value)
