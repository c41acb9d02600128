"""Marketing and sales approve a model together: who signed a text, who has to, and publishing refused without both.

A portal asks for it in its published ``lifecycle`` (``signatures: marketing_and_sales``), so that switching it off
needs both signatures, too. A signature is over one text: a draft that is changed has none. What both sides signed once
may be published again. Not here: drafts and versions, which are what people sign (``drafting``, ``library``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from connector.errors import ConfigError
from connector.presets import load_yaml
from connector.store import Unit, documents, signatures
from connector.store.documents import DocumentRow
from connector.store.portals import PortalRow
from connector.store.signatures import Signature

Side = Literal["marketing", "sales"]
SIDES: tuple[Side, ...] = get_args(Side)
SIGNED = ("scoring", "lifecycle")
UNSIGNED, REFUSED = "unsigned", "signature_refused"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a text stands: whether signatures are asked for, which it has, and which sides are missing."""

    asked: bool
    given: tuple[Signature, ...] = ()

    @property
    def missing(self) -> tuple[Side, ...]:
        """The sides that have to sign yet; none where nobody asks."""
        have = {one.side for one in self.given}
        return tuple(side for side in SIDES if side not in have) if self.asked else ()

    def of(self, who: str) -> Signature | None:
        """This person's signature."""
        return next((one for one in self.given if _same(one.who, who)), None)


def asked(u: Unit, row: PortalRow, kind: str) -> bool:
    """Whether the portal asks for two signatures under this kind. Read from the YAML: it must hold in any release."""
    found = documents.current(u, row.id, "lifecycle") if kind in SIGNED else None
    if found is None:
        return False
    data, _ = load_yaml(found.body, "lifecycle")
    return isinstance(data, dict) and data.get("signatures") == "marketing_and_sales"


def standing(u: Unit, row: PortalRow, kind: str, text: str) -> Standing:
    """Who signed this very text, and who has to."""
    if not asked(u, row, kind):
        return Standing(asked=False)
    return Standing(True, signatures.under(u, row.id, kind, documents.hash_of(text)))


def sign(
    u: Unit, row: PortalRow, kind: str, text: str, side: Side, who: str, remark: str, now_ms: int
) -> dict[str, Any]:
    """Sign a text for one side. Nobody signs for both; the same signature twice is one."""
    u.own(row.id)
    now = standing(u, row, kind, text)
    _refuse(row, kind, now, side, who)
    one = Signature(kind, documents.hash_of(text), side, who.strip(), now_ms, remark.strip())
    if now.of(who) is None:
        signatures.put(u, row.id, one)
        now = Standing(True, (*now.given, one))
    rest = f"Missing yet: {', '.join(now.missing)}." if now.missing else "Both sides have signed: it can be published."
    return {
        "portal": row.name, "kind": kind, "hash": one.hash, "side": side, "who": one.who, **told(now),
        "text": f"{one.who} signed this {kind} for {side}. {rest}",
    }  # fmt: skip


def _refuse(row: PortalRow, kind: str, now: Standing, side: Side, who: str) -> None:
    if not who.strip():
        raise ConfigError("A signature needs a name.", remedy="Say who signs.", reason=REFUSED)
    if not now.asked:
        raise ConfigError(
            f"{row.name} asks for no signatures under {kind}.",
            remedy="Publish a lifecycle with `signatures: marketing_and_sales`; it holds for scoring and lifecycle.",
            reason=REFUSED,
        )
    mine = now.of(who)
    if mine is not None and mine.side != side:
        raise ConfigError(
            f"{mine.who} signed this text for {mine.side} already, and nobody signs for both sides.",
            remedy=f"Have somebody of {side} sign.",
            reason=REFUSED,
        )
    theirs = next((one for one in now.given if one.side == side), None)
    if theirs is not None and mine is None:
        raise ConfigError(
            f"{theirs.who} signed this text for {side} already.",
            remedy="One signature a side is enough.",
            reason=REFUSED,
        )


def refuse_unsigned(u: Unit, row: PortalRow, kind: str, text: str) -> None:
    """Publishing ends here while a signature is missing. What is in force already may be said again."""
    missing = standing(u, row, kind, text).missing
    current = documents.current(u, row.id, kind) if missing else None
    if not missing or (current is not None and current.hash == documents.hash_of(text)):
        return
    raise ConfigError(
        f"{row.name} publishes {kind} with the signatures of marketing and sales; "
        f"under this text {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
        remedy=f"Save it as a draft and have it signed, on its page or by: "
        f"leadwright config sign {row.name} {kind} --for {missing[0]}",
        reason=UNSIGNED,
    )


def told(now: Standing) -> dict[str, Any]:
    """Signatures as programs read them."""
    return {"signatures": [shown(one) for one in now.given], "missing": list(now.missing)}


def shown(one: Signature) -> dict[str, Any]:
    return {"side": one.side, "who": one.who, "at_ms": one.at_ms, "remark": one.remark}


def of_versions(
    u: Unit, row: PortalRow, kind: str, versions: tuple[DocumentRow, ...]
) -> dict[int, tuple[Signature, ...]]:
    """The signatures under which each version was published; those given later are not its own."""
    given = signatures.every(u, row.id, kind)
    return {
        one.version: tuple(s for s in given if s.hash == one.hash and s.at_ms <= (one.published_ms or 0))
        for one in versions
    }


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
