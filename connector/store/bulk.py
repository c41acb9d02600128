"""Many rows at once, as fast as each database takes them: raw ``executemany`` on SQLite, COPY and merge on PostgreSQL.

Both run ``INSERT … ON CONFLICT`` built from the schema's names; values are always parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from connector.store.unit import COUNTED, Unit, check_portal

OnConflict = Literal["nothing", "update"]

# Below this a temporary table costs more than it saves (measured: even at about 60 rows).
COPY_FROM = 60


def put(
    u: Unit,
    portal_id: int,
    table: sa.Table,
    rows: Sequence[Sequence[Any]],
    *,
    clash: OnConflict = "update",
    keep: tuple[str, ...] = (),
) -> int:
    """Insert full rows, in the order of the table's columns without the portal; how many were written.

    ``update`` replaces a row with the same key but for the columns in ``keep``, ``nothing`` leaves it. With ``update``
    the keys within ``rows`` differ.
    """
    check_portal(portal_id)
    if not rows:
        return 0
    full = [(portal_id, *row) for row in rows]
    ending = _clash(table, clash, keep)
    if u.sqlite or len(full) < COPY_FROM:
        return _many(u, f"{_insert(table)} {ending}", full)
    return _copy(u, table, full, ending)


@lru_cache(maxsize=256)
def _insert(table: sa.Table) -> str:
    marks = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"


def _names(table: sa.Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


@lru_cache(maxsize=256)
def _clash(table: sa.Table, clash: OnConflict, keep: tuple[str, ...]) -> str:
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    others = [column.name for column in table.columns if not column.primary_key and column.name not in keep]
    if clash == "nothing" or not others:
        return "ON CONFLICT DO NOTHING"
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    return f"ON CONFLICT ({key}) DO UPDATE SET {changes}"


def _copy(u: Unit, table: sa.Table, rows: Sequence[Sequence[Any]], ending: str) -> int:
    cursor: Any = u.connection.connection.cursor()  # psycopg's own: it alone knows COPY
    landing = f"landing_{table.name}"
    with cursor:
        cursor.execute(_landing(table, landing))
        names = _names(table)
        copy(u, f"{landing} ({names})", rows)
        merge = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {landing} {ending}"
        cursor.execute(merge.encode())
        written = cursor.rowcount
        cursor.execute(f"TRUNCATE {landing}".encode())
    return max(0, int(written))


def copy(u: Unit, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a table of the connection's own, by PostgreSQL's COPY."""
    cursor: Any = u.connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copying:
        for row in rows:
            copying.write_row(row)


@lru_cache(maxsize=64)
def _landing(table: sa.Table, landing: str) -> bytes:
    # Kept for the life of the connection: making a table for each batch would swell PostgreSQL's catalogue.
    return f"CREATE TEMPORARY TABLE IF NOT EXISTS {landing} (LIKE {table.name}) ON COMMIT DELETE ROWS".encode()


def change_many(u: Unit, statement: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run one change for many parameter rows; ``?`` marks a parameter on both databases."""
    return _many(u, statement, [tuple(row) for row in rows]) if rows else 0


def _many(u: Unit, statement: str, rows: list[tuple[Any, ...]]) -> int:
    text = statement if u.sqlite else statement.replace("?", "%s")
    return max(0, u.connection.exec_driver_sql(text, rows, execution_options=COUNTED).rowcount)
