"""The people who may sign in, and their roles: one a portal, and one for everywhere. Whether they may is not decided
here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from connector.model.people import EVERYWHERE, Role, User
from connector.store.people_schema import ROLES, USERS
from connector.store.unit import AnyRow, Unit
from connector.store.values import clean, dumps, loads

_C = USERS.c


def add(u: Unit, email: str, now_ms: int, *, name: str = "") -> User:
    """A new person without a password and without a role. The address is folded by the caller."""
    u.own_installation()
    number = u.number(sa.select(sa.func.max(_C.id))) + 1
    u.run(sa.insert(USERS).values(id=number, email=clean(email), name=clean(name), created_ms=now_ms))
    return User(number, clean(email), clean(name), "en", "UTC", now_ms)


def by_email(u: Unit, email: str) -> User | None:
    return _one(u, _C.email == clean(email))


def by_id(u: Unit, user_id: int) -> User | None:
    return _one(u, _C.id == user_id)


def every(u: Unit) -> tuple[User, ...]:
    """All of them by address, the disabled ones last."""
    order = (_C.disabled_ms.is_not(None), _C.email)
    held: dict[int, dict[int, Role]] = {}
    for portal_id, user_id, role in u.rows(sa.select(ROLES.c.portal_id, ROLES.c.user_id, ROLES.c.role)):
        held.setdefault(user_id, {})[portal_id] = role
    return tuple(_user(row, held.get(row.id, {})) for row in u.rows(sa.select(USERS).order_by(*order)))


def any_at_all(u: Unit) -> bool:
    """Whether anybody was ever let in here."""
    return u.scalar(sa.select(_C.id).limit(1)) is not None


def owners(u: Unit) -> frozenset[int]:
    """Those who own the whole installation and can sign in."""
    query = (
        sa.select(ROLES.c.user_id)
        .join(USERS, _C.id == ROLES.c.user_id)
        .where(ROLES.c.portal_id == EVERYWHERE, ROLES.c.role == "owner", _C.disabled_ms.is_(None))
    )
    return frozenset(row[0] for row in u.rows(query))


def change(u: Unit, user_id: int, **values: Any) -> None:
    """Set columns of one person; ``recovery`` comes as a sequence."""
    if "recovery" in values:
        values["recovery"] = dumps(list(values["recovery"]))
    told = {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
    u.change(sa.update(USERS).where(_C.id == user_id).values(told))


def take_step(u: Unit, user_id: int, step: int) -> bool:
    """A code of the second factor is good once: False when this one, or a later one, was taken already."""
    newer = (_C.id == user_id) & (_C.totp_step < step)
    return u.change(sa.update(USERS).where(newer).values(totp_step=step)) == 1


def take_recovery(u: Unit, user_id: int, digest: str) -> bool:
    """A recovery code is good once: False when it is none of theirs."""
    u.own_installation()
    found = u.scalar(sa.select(_C.recovery).where(_C.id == user_id))
    left = loads(found) if found is not None else []
    if digest not in left:
        return False
    change(u, user_id, recovery=[one for one in left if one != digest])
    return True


def set_roles(u: Unit, user_id: int, roles: Mapping[int, Role]) -> None:
    """These roles and no other."""
    u.own_installation()
    u.change(sa.delete(ROLES).where(ROLES.c.user_id == user_id, ROLES.c.portal_id >= EVERYWHERE))
    for portal_id, role in sorted(roles.items()):
        u.run(sa.insert(ROLES).values(portal_id=portal_id, user_id=user_id, role=role))


def sealed(u: Unit) -> tuple[tuple[int, bytes], ...]:
    """Every second factor that is kept: whose, and the sealed secret."""
    query = sa.select(_C.id, _C.totp_sealed).where(_C.totp_sealed.is_not(None)).order_by(_C.id)
    return tuple((row[0], bytes(row[1])) for row in u.rows(query))


def disable_all(u: Unit, emails: Iterable[str], now_ms: int) -> int:
    """Nobody of these may sign in any more; how many could until now."""
    able = u.among(_C.email, emails) & _C.disabled_ms.is_(None)
    return u.change(sa.update(USERS).where(able).values(disabled_ms=now_ms))


def disabled(u: Unit) -> tuple[str, ...]:
    return tuple(row[0] for row in u.rows(sa.select(_C.email).where(_C.disabled_ms.is_not(None)).order_by(_C.email)))


def _one(u: Unit, which: sa.ColumnElement[bool]) -> User | None:
    row = u.first(sa.select(USERS).where(which))
    if row is None:
        return None
    held = u.rows(sa.select(ROLES.c.portal_id, ROLES.c.role).where(ROLES.c.user_id == row.id))
    return _user(row, {portal_id: role for portal_id, role in held})  # noqa: C416 - rows are no pairs to mypy


def _user(row: AnyRow, roles: Mapping[int, Role]) -> User:
    sealed_now = bytes(row.totp_sealed) if row.totp_sealed is not None else None
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        language="de" if row.language == "de" else "en",
        time_zone=row.time_zone,
        created_ms=row.created_ms,
        disabled_ms=row.disabled_ms,
        password_ms=row.password_ms,
        password_hash=row.password_hash,
        totp_sealed=sealed_now,
        totp_step=row.totp_step,
        recovery=tuple(loads(row.recovery)),
        roles=roles,
    )
