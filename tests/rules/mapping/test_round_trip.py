"""For any mapping: there and back touches only mapped properties of the same record, and loses nothing (P27)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.model.judgement import Known
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import MappingDocument, Row
from connector.rules.mapping import compile_mapping, to_fields
from connector.rules.write_back import write_back
from tests.rules.mapping.portal import definition

PROPERTIES = [f"p{number}" for number in range(8)]
WORDS = st.text(alphabet="abcXYZäß 019", min_size=1, max_size=8).map(str.strip).filter(bool)
CONTACT_FIELDS = [name for name, field in FIELDS.items() if field.object == "contact"]
TYPES = {
    "text": ("string", "text", WORDS),
    "multi": ("enumeration", "checkbox", st.lists(st.sampled_from("abc"), unique=True, min_size=1).map(";".join)),
    "boolean": ("bool", "booleancheckbox", st.sampled_from(["true", "false"])),
    "date": ("date", "date", st.dates().filter(lambda day: day.year > 1000).map(lambda day: day.isoformat())),
    "number": ("number", "number", st.integers(-10**12, 10**12).map(str)
               | st.decimals(-10**6, 10**6, places=3, allow_nan=False).map(str)),
    "phone": ("string", "phonenumber", st.integers(1000000, 99999999).map(lambda figures: f"+4989{figures}")),
    "country": ("string", "text", st.sampled_from(["DE", "AT", "Schweiz", "France"])),
    "email": ("string", "text", st.sampled_from(["a@firma.de", "b.c@firma.at"])),
    "domain": ("string", "text", st.sampled_from(["firma.de", "shop.firma.at"])),
    "level": ("string", "text", st.sampled_from(["head", "c_level"])),
}  # fmt: skip


@st.composite
def mappings(draw):
    """A mapping of some contact fields to some properties, each row in any direction and mode the document allows."""
    fields = draw(st.lists(st.sampled_from(CONTACT_FIELDS), unique=True, min_size=1, max_size=6))
    names = draw(st.permutations(PROPERTIES))
    rows = []
    for field, name in zip(fields, names, strict=False):
        direction = draw(st.sampled_from(["read", "both", "write"]))
        modes = {"read": ["never", "identifier"], "both": ["never", "overwrite", "fill_if_empty"]}
        mode = draw(st.sampled_from(modes.get(direction, ["overwrite", "fill_if_empty"])))
        writes = mode in ("overwrite", "fill_if_empty")
        clear = draw(st.sampled_from(["keep", "clear", "hold"])) if writes else "keep"
        rows.append(Row(field=field, property=name, direction=direction, mode=mode, clear=clear))
    return MappingDocument(rows=tuple(rows))


def definitions_for(doc):
    options = ["a", "b", "c"]
    return {row.property: definition(row.property, *TYPES[FIELDS[row.field].type][:2], options) for row in doc.rows}


def values_for(doc, draw):
    drawn = {row.property: draw(TYPES[FIELDS[row.field].type][2]) for row in doc.rows}
    return {name: drawn.get(name, "nicht zugeordnet") for name in PROPERTIES}


@given(doc=mappings(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_there_and_back_touches_only_what_may_be_written(doc, data):
    known = definitions_for(doc)
    compiled = compile_mapping(doc, {"contacts": known.values(), "companies": []})
    ours, theirs = values_for(doc, data.draw), values_for(doc, data.draw)
    fields = to_fields(compiled, ours, None).fields
    may_write = {row.property for row in doc.rows if row.mode in ("overwrite", "fill_if_empty")}
    writes = write_back(compiled, fields, theirs)
    assert set(writes.properties) <= may_write
    after = {**theirs, **writes.properties}
    assert {name: after[name] for name in PROPERTIES if name not in may_write} == {
        name: theirs[name] for name in PROPERTIES if name not in may_write
    }
    assert write_back(compiled, fields, after).properties == {}, "a second write would change nothing"


@given(doc=mappings(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_again_as_the_same(doc, data):
    known = definitions_for(doc)
    compiled = compile_mapping(doc, {"contacts": known.values(), "companies": []})
    fields = to_fields(compiled, values_for(doc, data.draw), None).fields
    writes = write_back(compiled, fields, {})
    assert not writes.held
    read_again = to_fields(compiled, writes.properties, None).fields
    for row in doc.rows:
        if row.reads() and row.property in writes.properties:
            left, right = fields[row.field], read_again[row.field]
            assert isinstance(right, Known)
            assert right.value == left.value


@given(doc=mappings(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_an_untouched_contact_in_hubspots_own_form_is_never_written(doc, data):
    """The form HubSpot keeps is the form we write: no ping-pong."""
    known = definitions_for(doc)
    compiled = compile_mapping(doc, {"contacts": known.values(), "companies": []})
    values = values_for(doc, data.draw)
    settled = {**values, **write_back(compiled, to_fields(compiled, values, None).fields, values).properties}
    assert write_back(compiled, to_fields(compiled, settled, None).fields, settled).properties == {}
