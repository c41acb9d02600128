"""A receipt as the JSON that ``explain --json`` gives and the store keeps, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.model.judgement import (
    Gate,
    Level,
    Line,
    ModelScore,
    NextStep,
    PersonaMatch,
    Receipt,
    UnknownLine,
)

Plain = Line | UnknownLine | Gate | NextStep | Level | PersonaMatch | ModelScore
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt with plain keys; the points of ``lines`` add up to ``score``."""
    return _told(receipt, lambda values: [_plain(one) for one in values])


def receipt_tree(receipt: Receipt) -> dict[str, Any]:
    """The same for an encoder that writes dataclasses itself, many times as fast as Python takes them apart."""
    return _told(receipt, list)


def _told(receipt: Receipt, each: Callable[[Sequence[Plain]], list[Any]]) -> dict[str, Any]:
    return {
        "contact": str(receipt.contact_id),
        "at": _iso(receipt.at_ms),
        "model": {"name": receipt.model, "version": receipt.version},
        "score": receipt.score,
        "fit": receipt.fit,
        "engagement": receipt.engagement,
        "grade": receipt.grade,
        "families": dict(receipt.families),
        "lines": each(receipt.lines),
        "unknown": each(receipt.unknown),
        "stage": receipt.stage,
        "gates": each(receipt.gates),
        "next": each(receipt.next_steps),
        "levels": each(receipt.levels),
        "persona": _plain(receipt.persona) if receipt.persona else None,
        "models": [_model_told(model, each) for model in receipt.models],
    }


def _model_told(model: ModelScore, each: Callable[[Sequence[Plain]], list[Any]]) -> dict[str, Any]:
    return {
        **_plain(model),
        "families": dict(model.families),
        "lines": each(model.lines),
        "unknown": each(model.unknown),
        "levels": each(model.levels),
        "persona": _plain(model.persona) if model.persona else None,
    }


def _plain(value: Plain) -> dict[str, Any]:
    """The fields of a flat value; ``dataclasses.asdict`` copies deeply, which costs more than the judging."""
    return {name: getattr(value, name) for name in value.__slots__}


def receipt_from_json(data: Mapping[str, Any]) -> Receipt:
    """The receipt that ``receipt_json`` wrote."""
    return Receipt(
        contact_id=int(data["contact"]),
        at_ms=_millis(data["at"]),
        model=data["model"]["name"],
        version=data["model"]["version"],
        score=data["score"],
        fit=data["fit"],
        engagement=data["engagement"],
        grade=data["grade"],
        families=dict(data["families"]),
        lines=tuple(Line(**line) for line in data["lines"]),
        unknown=tuple(UnknownLine(**line) for line in data["unknown"]),
        stage=data["stage"],
        gates=tuple(Gate(**gate) for gate in data["gates"]),
        next_steps=tuple(NextStep(**step) for step in data["next"]),
        # Receipts that were kept before there were several thresholds and models lack these.
        levels=tuple(Level(**level) for level in data.get("levels", ())),
        persona=PersonaMatch(**said) if (said := data.get("persona")) else None,
        models=tuple(_model(model) for model in data.get("models", ())),
    )


def _model(data: Mapping[str, Any]) -> ModelScore:
    return ModelScore(
        **{
            **data,
            "lines": tuple(Line(**line) for line in data["lines"]),
            "unknown": tuple(UnknownLine(**line) for line in data["unknown"]),
            "levels": tuple(Level(**level) for level in data["levels"]),
            "persona": PersonaMatch(**data["persona"]) if data["persona"] else None,
        }
    )


def _iso(millis: int) -> str:
    return (EPOCH + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _millis(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)
