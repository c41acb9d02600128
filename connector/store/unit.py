"""One transaction and the few tools every query is built with. What the queries say stands in the family modules."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from connector.errors import StoreError
from connector.store.schema import TENANT_LOCK

# SQLAlchemy keeps the count of an INSERT only when told to.
COUNTED = {"preserve_rowcount": True}
FOR_EVER = (1 << 63) - 1

ReadSets = dict[int, tuple[str, ...]]
# Of a portal's kind of record: when its property definitions were read, and what they say.
Definitions = dict[tuple[int, str], tuple[int, dict[str, Any]]]
AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]
Scalar: TypeAlias = Any


class Unit:
    """One transaction on one connection. Inner code never commits; ``Store`` does, at the edge."""

    def __init__(self, connection: sa.Connection, read_sets: ReadSets, definitions: Definitions) -> None:
        self.connection = connection
        self.definitions = definitions
        self.sqlite = connection.dialect.name == "sqlite"
        self.read_sets = read_sets
        self.stored_sets: set[tuple[int, int]] = set()
        self.graves: dict[int, frozenset[int] | None] = {}
        self._owned: set[int] = set()

    def run(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(statement, parameters)

    def rows(self, statement: sa.Executable) -> Sequence[AnyRow]:
        return self.connection.execute(statement).all()

    def first(self, statement: sa.Executable) -> AnyRow | None:
        return self.connection.execute(statement).first()

    def scalar(self, statement: sa.Executable) -> Scalar:
        return self.connection.execute(statement).scalar()

    def number(self, statement: sa.Executable) -> int:
        """The one number a count or maximum gives; 0 for none."""
        return int(self.connection.execute(statement).scalar() or 0)

    def change(self, statement: sa.Executable) -> int:
        """Run a change; how many rows it touched."""
        return max(0, self.connection.execute(statement, execution_options=COUNTED).rowcount)

    def own(self, portal_id: int) -> None:
        """Be the only writer of that portal until the end of the transaction.

        SQLite has one writer anyway. On PostgreSQL read-compare-write needs it; one lock per portal, taken before
        anything else is written, cannot deadlock.
        """
        check_portal(portal_id)
        if self.sqlite or portal_id in self._owned:
            return
        self.run(sa.select(sa.func.pg_advisory_xact_lock(TENANT_LOCK, zlib.crc32(str(portal_id).encode()) >> 1)))
        self._owned.add(portal_id)

    def own_installation(self) -> None:
        """Be the only writer of what belongs to no portal (people, the audit log) until the end of the transaction."""
        if not self.sqlite:
            self.run(sa.select(sa.func.pg_advisory_xact_lock(TENANT_LOCK, 0)))

    def given(self, values: Iterable[int | str]) -> str | list[int | str]:
        """Values as the one parameter that ``among_given`` takes."""
        wanted = list(values)
        return orjson.dumps(wanted).decode() if self.sqlite else wanted

    def among(self, column: sa.ColumnElement[Any], values: Iterable[int | str]) -> sa.ColumnElement[bool]:
        """``column IN values`` with one parameter, however many there are, so that the statement stays the same."""
        wanted = list(values)
        if self.sqlite:
            each = sa.func.json_each(orjson.dumps(wanted).decode()).table_valued("value")
            return column.in_(sa.select(each.c.value))
        kind: Any = sa.Text() if isinstance(column.type, sa.String) else sa.BigInteger()
        return column == sa.any_(sa.literal(wanted, ARRAY(kind)))


def among_given(sqlite: bool, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """``column IN`` the values that come as parameter ``name`` (see ``Unit.given``): for statements built only once."""
    if sqlite:
        each = sa.func.json_each(sa.bindparam(name, type_=sa.Text())).table_valued("value")
        return column.in_(sa.select(each.c.value))
    kind: Any = sa.Text() if isinstance(column.type, sa.String) else sa.BigInteger()
    return column == sa.any_(sa.bindparam(name, type_=ARRAY(kind)))


def check_portal(portal_id: int) -> None:
    """Every query carries its portal; a missing one is refused rather than widened."""
    if not isinstance(portal_id, int) or isinstance(portal_id, bool) or portal_id <= 0:
        raise StoreError("A query without a portal was refused.", reason="no_portal")


def mine(table: sa.Table, portal_id: int, **equal: str | int | bool) -> sa.ColumnElement[bool]:
    """The condition every query starts with: this portal's rows, and where named, only those with these values."""
    check_portal(portal_id)
    conditions = [table.c[name] == value for name, value in equal.items()]
    return sa.and_(table.c.portal_id == portal_id, *conditions)
