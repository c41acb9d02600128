"""Each row of a mapping as a plain sentence, in English and German: what stands beside it on the screen (P26)."""

from __future__ import annotations

from connector.rules.documents.fields import FIELDS, FieldObject
from connector.rules.documents.mapping import Row
from connector.rules.documents.steps import name_of

_OBJECTS: dict[str, dict[FieldObject, str]] = {
    "en": {"contact": "contact", "company": "company"},
    "de": {"contact": "Kontakt", "company": "Unternehmen"},
}
_TEXTS = {
    "en": {
        "read": "{label} is read from the {object} property {property}{fallbacks}{steps}{values}.",
        "write": "{label} is not read; it is only written to the {object} property {property}.",
        "else": ", or else from {names}",
        "steps": ", after: {names}",
        "values": ", with {count} of the portal's words translated",
        "identifier": "It says who the record is and is never written.",
        "never": "HubSpot is never changed.",
        "overwrite": "Where they differ, Leadwright's value replaces the one in HubSpot.",
        "fill_if_empty": "It is written to HubSpot only while the property there is empty.",
        "keep": "When the field becomes empty, HubSpot keeps its value.",
        "clear": "When the field becomes empty, the property in HubSpot is cleared too.",
        "hold": "When the field becomes empty, somebody is asked before HubSpot's value is cleared.",
        "unknown_hold": "A word that is not in the table is put aside until somebody maps it.",
        "unknown_drop": "A word that is not in the table is left out.",
        "unknown_keep": "",
        "unknown_create_option": "A word the portal's list lacks is added to it.",
    },
    "de": {
        "read": "{label} kommt aus der Eigenschaft {property} ({object}){fallbacks}{steps}{values}.",
        "write": "{label} wird nicht gelesen, nur in die Eigenschaft {property} ({object}) geschrieben.",
        "else": ", ersatzweise aus {names}",
        "steps": ", nach: {names}",
        "values": ", dabei übersetzte Wörter des Portals: {count}",
        "identifier": "Daran wird der Datensatz erkannt; geschrieben wird es nie.",
        "never": "HubSpot wird nie verändert.",
        "overwrite": "Bei Unterschieden ersetzt der Wert von Leadwright den in HubSpot.",
        "fill_if_empty": "Nach HubSpot wird nur geschrieben, solange die Eigenschaft dort leer ist.",
        "keep": "Wird das Feld leer, behält HubSpot seinen Wert.",
        "clear": "Wird das Feld leer, wird auch die Eigenschaft in HubSpot geleert.",
        "hold": "Wird das Feld leer, wird erst gefragt, bevor HubSpots Wert geleert wird.",
        "unknown_hold": "Ein Wort, das nicht in der Tabelle steht, wird zurückgestellt, bis es jemand zuordnet.",
        "unknown_drop": "Ein Wort, das nicht in der Tabelle steht, entfällt.",
        "unknown_keep": "",
        "unknown_create_option": "Ein Wort, das in der Liste des Portals fehlt, wird dort angelegt.",
    },
}


def sentence(row: Row, lang: str = "en") -> str:
    """What the row does, for people: where the value comes from, whether HubSpot changes, what emptying means."""
    words = _TEXTS.get(lang, _TEXTS["en"])
    parts = [_source(row, lang, words)]
    if row.direction == "read" and row.mode != "identifier":
        parts.append(words["never"])
    else:
        parts.append(words[row.mode])
    if row.writes():
        parts.append(words[row.clear])
    if row.values or row.unknown in ("drop", "create_option"):
        parts.append(words[f"unknown_{row.unknown}"])
    return " ".join(part for part in parts if part)


def _source(row: Row, lang: str, words: dict[str, str]) -> str:
    others = [f"{name}" if where == row.where() else f"{where}.{name}" for where, name in row.sources()[1:]]
    steps = [name_of(step) for step in row.transforms]
    return words["write" if row.direction == "write" else "read"].format(
        label=FIELDS[row.field].label(lang),
        object=_OBJECTS.get(lang, _OBJECTS["en"])[row.where()],
        property=row.property,
        fallbacks=words["else"].format(names=", ".join(others)) if others else "",
        steps=words["steps"].format(names=", ".join(steps)) if steps else "",
        values=words["values"].format(count=len(row.values)) if row.values else "",
    )
