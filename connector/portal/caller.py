"""From a logical operation to JSON: picks the path of the portal's generation, encodes the query, reads the body.

The only way the rooms of this package reach the transport. Not here: HTTP itself and the shapes of bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from connector.errors import FatalError, FeatureOff, SkippableError
from connector.portal.bodies import JsonValue
from connector.portal.transport import Call, Transport, encoded
from connector.portal.versions import DATED, OLD, OPERATIONS, Operation

# Below HubSpot's own ceiling (about 16,300 characters) and below the 8 KB of many proxies in between.
URL_LIMIT = 7_500

T = TypeVar("T")
Query = Mapping[str, str | int | bool | Sequence[str] | None]


def query_string(query: Query) -> str:
    """Only what is not None; several values repeat their key. Commas stay readable: HubSpot takes lists with them."""
    pairs = ((key, value) for key, many in query.items() for value in _values(many))
    return "&".join(f"{quote(key, safe='')}={quote(value, safe=',')}" for key, value in pairs)


def family(operation: Operation) -> str:
    """What moves together from one generation of paths to the next: ``/crm/v3/objects``, ``/crm/v4/associations`` …"""
    return "/".join(operation.old.split("/")[:4])


def _values(value: str | int | bool | Sequence[str] | None) -> Sequence[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (str(value),) if isinstance(value, (str, int)) else value


class Caller:
    """Asks a portal logical questions. ``generation`` is settled once, by the first look at the account.

    ``marketing_events`` is the operation that lists them here, once it is known not to be the usual one.
    """

    def __init__(self, transport: Transport, generation: str) -> None:
        self.transport = transport
        self.configured = generation != "auto"
        self.settled = self.configured
        self.generation = generation if self.configured else OLD
        self.settle: Callable[[], object] | None = None
        self.marketing_events = ""
        self._families: dict[str, str] = {}

    def ask(
        self,
        name: str,
        *,
        path: Mapping[str, object] | None = None,
        query: Query | None = None,
        body: object = None,
        live: bool = False,
        object_type: str = "contacts",
    ) -> JsonValue:
        """The operation's JSON answer; None where it answers with nothing."""
        operation = OPERATIONS[name].for_object(object_type)
        values = {"object_type": object_type, **(path or {})}

        return self.anywhere(operation, lambda: self._ask(operation, values, query or {}, body, live))

    def anywhere(self, operation: Operation, call: Callable[[], T]) -> T:
        """A call in the generation its operation was found in; where its path is missing, in the other one."""
        try:
            return self._either(call)
        except FeatureOff as fault:
            if not (fault.absent and self._look_elsewhere(operation)):
                raise
            return self._elsewhere(operation, call)

    def _look_elsewhere(self, operation: Operation) -> bool:
        """Whether the path of the other generation is worth a try: of the CRM's own calls, and nobody has tried.

        Other features may be missing for good, and asking for them twice would cost a call in every cycle.
        """
        moved = operation.old.startswith("/crm/") and operation.dated not in (None, operation.old)
        return moved and not self.configured and family(operation) not in self._families

    def _elsewhere(self, operation: Operation, call: Callable[[], T]) -> T:
        """Once more in the other generation; what is found there is looked for there from now on.

        Portals move their calls one by one, and proxies in front of them know only some.
        """
        here = self.generation_of(operation)
        self._families[family(operation)] = DATED if here == OLD else OLD
        try:
            return call()
        except FeatureOff:
            self._families[family(operation)] = here
            raise

    def generation_of(self, operation: Operation) -> str:
        """The generation this operation's paths are taken from."""
        return self._families.get(family(operation), self.generation)

    def knock(self) -> None:
        """One try at the account, never repeated: is anybody there? Any answer that can be understood will do."""
        operation = OPERATIONS["account.details"]
        where = operation.path(self.generation, {}), operation.template(self.generation)
        try:
            self.transport.attempt(Call(operation, *where, "", None, True), 1)
        except (SkippableError, FatalError):
            return

    def _either(self, call: Callable[[], T]) -> T:
        """A call in the generation assumed so far; where its path is missing, the account is looked at once."""
        try:
            return call()
        except FeatureOff:
            if not self._settle_generation():
                raise
            return call()

    def length(self, name: str, path: Mapping[str, object], query: Query) -> int:
        """How long the encoded address of a call would be."""
        where = OPERATIONS[name].path(self.generation_of(OPERATIONS[name]), path)
        return len(self.transport.base_url) + len(where) + 1 + len(query_string(query))

    def _ask(
        self, operation: Operation, path: Mapping[str, object], query: Query, body: object, live: bool
    ) -> JsonValue:
        generation = self.generation_of(operation)
        call = Call(
            operation,
            operation.path(generation, path),
            operation.template(generation),
            query_string(query),
            None if body is None else encoded(body),
            live,
        )
        return self.transport.call(call).data

    def _settle_generation(self) -> bool:
        """True when looking at the account changed the generation of the paths."""
        if self.settled or self.settle is None:
            return False
        before = self.generation
        self.settle()
        return self.generation != before
