"""Bodies that break careless readers: each is one item as bytes, and a word of the reason it must be refused with."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from tests.webhooks.items import association, item, merge, plain

Poison = tuple[str, bytes, str]

WRONG = ["501", "", 1.5, True, [], {}, -1, 0, 1 << 63, [501], {"id": 501}]


def _spelt(name: str, value: str) -> bytes:
    """An item whose field ``name`` is spelt exactly so, JSON or not."""
    return orjson.dumps(item(**{name: "HERE"})).replace(b'"HERE"', value.encode("utf-8", "surrogatepass"))


def _ids() -> Iterator[Poison]:
    for field in ("portalId", "objectId", "subscriptionId"):
        for wrong in WRONG:
            yield f"{field} is {wrong!r}"[:60], orjson.dumps(item(**{field: wrong})), field
    for field in ("primaryObjectId", "newObjectId", "objectId"):
        for wrong in (-5, "900", True, [900]):
            yield f"merge: {field} is {wrong!r}", orjson.dumps(merge(**{field: wrong})), field
    for wrong in ("502", [502, "503"], [True], {"0": 502}, [-1], list(range(1, 5_000))):
        yield f"merged are {wrong!r}"[:40], orjson.dumps(merge(mergedObjectIds=wrong)), "mergedObjectIds"
    for field in ("fromObjectId", "toObjectId"):
        for wrong in ("1", -1, 2.0, False):
            yield f"association: {field} is {wrong!r}", orjson.dumps(association(**{field: wrong})), field
    yield "association without records", orjson.dumps(association(fromObjectId=None, toObjectId=None)), "fromObjectId"
    for told in ("contact.creation", "contact.deletion", "contact.restore", "contact.privacyDeletion"):
        yield f"{told} of nobody", orjson.dumps(plain(told, objectId=None)), "objectId"


def _values() -> Iterator[Poison]:
    for wrong in (-1, int(9e15), 0, 1_795_305_600, "1795305600000", 1.7e12, True, None, "now", []):
        yield f"occurredAt is {wrong!r}", orjson.dumps(item(occurredAt=wrong)), "occurredAt"
    for field in ("subscriptionType", "changeSource", "propertyName", "propertyValue"):
        for wrong in (17, 1.5, True, ["a"], {"a": 1}, "a\x00b"):
            yield f"{field} is {wrong!r}", orjson.dumps(item(**{field: wrong})), field
    for field in ("associationRemoved", "isPrimaryAssociation"):
        for wrong in (1, "true", [True]):
            yield f"{field} is {wrong!r}", orjson.dumps(association(**{field: wrong})), field
    yield "endless property name", orjson.dumps(item(propertyName="x" * 10_000)), "propertyName"
    yield "no property name", orjson.dumps(item(propertyName=...)), "propertyName"
    yield "empty property name", orjson.dumps(item(propertyName="")), "propertyName"
    yield "no type", orjson.dumps(item(subscriptionType=...)), "subscriptionType"
    yield "association type is a number", orjson.dumps(association(associationType=3)), "associationType"
    yield "object type is a number", orjson.dumps(plain("object.creation", objectTypeId=1)), "objectTypeId"
    for wrong in (None, 17, "text", [], [[]], True, ""):
        yield f"the item is {wrong!r}", orjson.dumps(wrong), "not an object"


def _spellings() -> Iterator[Poison]:
    deep = "[" * 100_000
    yield "depth 100,000, never closed", _spelt("propertyValue", deep), "deep"
    yield "depth 100,000, closed", _spelt("propertyValue", deep + "]" * 100_000), "deep"
    yield "depth 100,000 of objects", _spelt("propertyValue", '{"a":' * 100_000 + "1" + "}" * 100_000), "deep"
    yield "depth 600", _spelt("propertyValue", "[" * 600 + "]" * 600), "deep"
    yield "an id of 5,000 digits", _spelt("objectId", "7" * 5_000), "JSON"
    yield "an id of 30 digits", _spelt("objectId", "7" * 30), "objectId"
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "0x1F", "01", "+1", "'x'", "None", "undefined", "1_000"):
        yield f"a value spelt {value}", _spelt("propertyValue", value), "JSON"
    yield "half a surrogate pair", _spelt("propertyValue", r'"\ud800"'), "JSON"
    yield "half a pair as bytes", _spelt("propertyValue", '"\ud800"'), "JSON"
    yield "bytes that are no UTF-8", _spelt("propertyValue", '"x"').replace(b'"x"', b'"\xff\xfe"'), "JSON"
    yield "a raw newline in a text", _spelt("propertyValue", '"a\nb"'), "JSON"
    yield "an unknown escape", _spelt("propertyValue", r'"\q"'), "JSON"
    yield "a text that never ends", _spelt("propertyValue", '"never ends'), "JSON"
    yield "a bracket that never closes", _spelt("propertyValue", "[1, 2"), "JSON"
    yield "a bracket of the other kind", _spelt("propertyValue", "[1, 2}"), "JSON"
    yield "an object that never closes", _spelt("propertyValue", '{"a": 1'), "JSON"
    yield "two values without a comma", _spelt("propertyValue", "1 2"), "JSON"
    yield "a comment", _spelt("propertyValue", '"x" /* note */'), "JSON"
    yield "a trailing comma", orjson.dumps(item())[:-1] + b",}", "JSON"
    yield "no colon", b'{"portalId" 987654}', "JSON"
    yield "nothing between two commas", b"", "JSON"
    yield "a name given twice", orjson.dumps(item())[:-1] + b',"objectId":502}', "twice"
    yield "a name given twice, once escaped", orjson.dumps(item())[:-1] + rb',"object\u0049d":502}', "twice"
    yield "a portal given twice", orjson.dumps(item())[:-1] + b',"portalId":1}', "twice"
    yield "a control byte", _spelt("propertyValue", '"a\x01b"'), "JSON"
    yield "NUL between two items", b"\x00", "JSON"


def corpus() -> list[Poison]:
    """Every poison with a name of its own."""
    found = [*_ids(), *_values(), *_spellings()]
    assert len({name for name, _, _ in found}) == len(found)
    return found
