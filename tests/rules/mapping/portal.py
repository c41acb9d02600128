"""Shipped documents, compiled, and property definitions to test against."""

from __future__ import annotations

from pathlib import Path

from connector.model.records import PropertyDefinition, PropertyOption
from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document

CASES = Path(__file__).parent / "cases"


def cases(name: str):
    return load_yaml((CASES / name).read_text(encoding="utf-8"), name)[0]


def preset(kind: str, name: str):
    return parse_document(kind, *load_yaml(preset_text(kind, name), name), name)


def document(kind: str, text: str):
    return parse_document(kind, *load_yaml(text, "test.yaml"), "test.yaml")


def mapping(*rows: str, locale: str = "{}"):
    lines = "\n".join(f"  - {row}" for row in rows)
    return document("mapping", f"locale: {locale}\nrows:\n{lines}\n")


def definition(name: str, type_: str = "string", field_type: str = "text", options=(), object_type="contacts", **more):
    listed = tuple(PropertyOption(value, value.title(), at) for at, value in enumerate(options))
    return PropertyDefinition(object_type, name, name, type_, field_type, options=listed, **more)
