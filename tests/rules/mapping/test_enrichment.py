"""The block `enrichment`: its faults in plain words, whom it asks about, and how an answer becomes a field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.model.enrichment import Told
from connector.model.judgement import Known, Unknown
from connector.rules.documents.enrichment import OF_A_COMPANY
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import properties_used
from connector.rules.enrichment import bare_domain, domain_of, good, lacks, picked
from connector.rules.mapping import compile_mapping, to_fields
from connector.rules.write_back import write_back
from tests.rules.mapping.portal import document

AT = 1_795_348_800_000  # 2026-11-22
HEAD = "enrichment:\n  provider: firms\n  address: https://api.firms.example/v1/{domain}\n"
FIELDS_ASKED = "  fields: {company_size: size.employees, industry: branch, legal_form: form}\n"
ROWS = """\
rows:
  - {field: email, property: email}
  - {field: company_size, property: numberofemployees, direction: both, mode: fill_if_empty}
  - {field: industry, property: industry, fallbacks: [contact.branche]}
"""
VALUES = {"size.employees": "1250", "branch": "Maschinenbau", "form": "GmbH"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["size", "employees", "branch", "name"]), inner),
)
TOLD = Told("firms", "works.example", AT, VALUES, frozenset(VALUES), AT, AT + 1000)


def mapping(block: str = HEAD + FIELDS_ASKED):
    return document("mapping", ROWS + block)


def fields(contact, company, told: Told | None = TOLD):
    return to_fields(compile_mapping(mapping()), contact, company, told=told).fields


class TestTheBlock:
    @pytest.mark.parametrize(("line", "message"), [
        ("address: http://api.firms.example/{domain}", "The address is not https"),
        ("address: https://api.firms.example/", "where the domain goes"),
        ("address: 'https://{domain}.firms.example/'", "where the domain goes"),
        ("address: https://api.firms.example/{domain}/{domain}", "where the domain goes"),
        ("address: https://me:secret@api.firms.example/{domain}", "it holds a user"),
        ("address: https://api.firms.example/{domain}#x", "a fragment"),
        ("address: 'https://api.firms.example/{domain} x'", "blanks"),
        ("address: 'https://api.firms.example:99999/{domain}'", "cannot be read"),
        ("address: 'file:///etc/{domain}'", "no host"),
        ("dry: ../secrets", "no name of a table"),
    ])  # fmt: skip
    def test_a_source_that_cannot_be_asked_is_refused(self, line: str, message: str) -> None:
        with pytest.raises(DocumentInvalid, match=message):
            mapping(f"enrichment:\n  provider: firms\n  {line}\n{FIELDS_ASKED}")

    @pytest.mark.parametrize(("block", "message"), [
        (HEAD + "  dry: companies\n" + FIELDS_ASKED, "either an address or a dry table"),
        ("enrichment:\n  provider: firms\n" + FIELDS_ASKED, "either an address or a dry table"),
        (HEAD + "  fields: {}\n", "fields"),
        (HEAD + "  fields: {phone: phone}\n", "speaks of a person"),
        (HEAD + "  fields: {compny_size: size}\n", "is no field"),
        (HEAD + "  fields: {company_size: 'a b'}\n", "is no path"),
        (HEAD + "  header: Host\n" + FIELDS_ASKED, "cannot carry the secret"),
        (HEAD + "  header: 'X: y'\n" + FIELDS_ASKED, "cannot carry the secret"),
        (HEAD + "  timeout_seconds: 60\n" + FIELDS_ASKED, "timeout_seconds"),
        (HEAD + "  secret: abc\n" + FIELDS_ASKED, "secret"),
    ])  # fmt: skip
    def test_every_fault_says_what_is_wrong(self, block: str, message: str) -> None:
        with pytest.raises(DocumentInvalid, match=message):
            mapping(block)

    def test_this_machine_may_be_named_and_is_still_only_asked_where_the_operator_allows_it(self) -> None:
        block = mapping(HEAD.replace("https://api.firms.example", "http://127.0.0.1:8080") + FIELDS_ASKED).enrichment
        assert block.origin == "http://127.0.0.1:8080"

    def test_its_defaults(self) -> None:
        block = mapping().enrichment
        assert (block.timeout_seconds, block.valid_days, block.nothing_days) == (2.0, 30, 7)
        assert block.origin == "https://api.firms.example:443"
        assert block.paths == frozenset(VALUES)

    def test_only_fields_of_a_company_can_be_asked_for(self) -> None:
        assert {n for n, one in FIELDS.items() if one.object == "company"} | {"company_name", "website"} == OF_A_COMPANY

    def test_what_tells_the_domain_is_read_from_the_portal(self) -> None:
        used = properties_used(mapping())
        assert "domain" in used["companies"]
        assert "domain" not in properties_used(mapping(""))["companies"]


class TestTheDomain:
    @pytest.mark.parametrize(("email", "company", "domain"), [
        ("anna@works.example", None, "works.example"),
        ("anna@works.example", {"domain": "https://www.Holding.example/de"}, "holding.example"),
        ("anna@works.example", {"domain": ""}, "works.example"),
        ("anna@works.example", {"domain": "gmx.de"}, "works.example"),
        ("anna@gmx.de", None, ""),
        ("anna@GoogleMail.com", {}, ""),
        ("anna@localhost", None, ""),
        ("anna@10.0.0.1", None, ""),
        ("works.example", None, ""),
        (None, None, ""),
        ("anna@bücher.example", None, "xn--bcher-kva.example"),
        ("anna@" + "a" * 300 + ".example", None, ""),
    ])  # fmt: skip
    def test_it_is_the_companys_or_that_of_the_address(self, email, company, domain) -> None:
        assert domain_of({"email": email}, company) == domain

    @given(st.text(max_size=40))
    def test_nothing_but_a_domain_of_the_wire_is_ever_asked_for(self, text: str) -> None:
        found = bare_domain(text)
        assert found == "" or set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        assert "@" not in found


class TestFields:
    def test_what_is_empty_is_filled_and_says_who_told_it_and_when(self) -> None:
        found = fields({"email": "anna@works.example"}, None)
        assert found["company_size"] == Known(1250, "provider firms, 2026-11-22", AT, told=True)
        assert found["industry"] == Known("Maschinenbau", "provider firms, 2026-11-22", AT, told=True)
        assert found["legal_form"] == Known("GmbH", "provider firms, 2026-11-22", AT, told=True)

    @pytest.mark.parametrize("company", [{"numberofemployees": "90", "industry": "IT"}])
    def test_what_people_entered_always_wins(self, company) -> None:
        found = fields({"branche": "Bau"}, company)
        assert (found["company_size"].value, found["company_size"].source) == (90, "company.numberofemployees")
        assert found["industry"].value == "IT"
        assert not found["industry"].told
        assert fields({"branche": "Bau"}, {})["industry"] == Known("Bau", "branche")

    def test_what_people_entered_and_nobody_can_read_is_not_papered_over(self) -> None:
        found = fields({}, {"numberofemployees": "many, many"})["company_size"]
        assert isinstance(found, Unknown)
        assert found.raw == "many, many"

    def test_an_answer_that_is_no_number_is_none(self) -> None:
        found = fields({}, {}, replace(TOLD, values={"size.employees": "rather large"}))
        assert found["company_size"] == Unknown("empty")

    def test_numbers_are_read_as_machines_write_them(self) -> None:
        german = document("mapping", ROWS + HEAD + FIELDS_ASKED + "locale: {languages: [de]}\n")
        told = replace(TOLD, values={"size.employees": "1.5"})
        assert to_fields(compile_mapping(german), {}, {}, told=told).fields["company_size"].value == 1.5

    def test_the_rows_own_words_count_for_answers_too(self) -> None:
        row = "rows:\n  - {field: industry, property: industry, values: {maschinenbau: MACHINERY}, unknown: drop}\n"
        compiled = compile_mapping(document("mapping", row + HEAD + FIELDS_ASKED))

        def industry(said: str):
            return to_fields(compiled, {}, {}, told=replace(TOLD, values={"branch": said})).fields["industry"]

        assert industry("Maschinenbau").value == industry("MACHINERY").value == "MACHINERY"
        assert industry("Blumen") == Unknown("empty")

    def test_without_an_answer_or_without_the_block_nothing_changes(self) -> None:
        bare = compile_mapping(mapping(""))
        for company in (None, {}, {"industry": "IT"}):
            assert fields({}, company, None) == to_fields(bare, {}, company).fields
            assert to_fields(bare, {}, company, told=TOLD) == to_fields(bare, {}, company)

    def test_it_is_never_written_back(self) -> None:
        compiled = compile_mapping(mapping())
        told = to_fields(compiled, {}, {}, told=TOLD).fields
        entered = to_fields(compiled, {}, {"numberofemployees": "90"}, told=TOLD).fields
        assert write_back(compiled, told, {}, object_type="company").properties == {}
        assert write_back(compiled, entered, {}, object_type="company").properties == {"numberofemployees": "90"}


RECORDS = st.fixed_dictionaries({}, optional={
    "numberofemployees": st.sampled_from(["", "9", "many", "50-200"]), "industry": st.sampled_from(["", " ", "IT"]),
    "branche": st.sampled_from(["", "Bau"]), "email": st.sampled_from(["", "a@works.example", "a@b"]),
})  # fmt: skip
SAID = st.fixed_dictionaries({}, optional={
    "size.employees": st.sampled_from(["5", "lots", ""]), "branch": st.text(max_size=5), "form": st.just("GmbH"),
})  # fmt: skip


@given(RECORDS, st.none() | RECORDS, SAID)
def test_for_any_portal_and_any_answer_only_what_is_open_is_filled(contact, company, said) -> None:
    told = replace(TOLD, values=said)
    before, found = to_fields(compile_mapping(mapping()), contact, company), fields(contact, company, told)
    compiled = compile_mapping(mapping())
    assert to_fields(compiled, contact, company, told=told).faults == before.faults
    for name, was in before.fields.items():
        now = found[name]
        if now != was:
            assert isinstance(was, Unknown)
            assert not (was.raw or "").strip()
            assert now.told
            assert name in compiled.document.enrichment.fields
    assert lacks(compiled, contact, company) == any(
        isinstance(before.fields[name], Unknown) and not (before.fields[name].raw or "").strip()
        for name in compiled.document.enrichment.fields
    )


class TestWhoIsAskedFor:
    def test_who_lacks_at_least_one_field(self) -> None:
        compiled = compile_mapping(mapping())
        assert lacks(compiled, {}, {"numberofemployees": "90", "industry": "IT"})  # nobody reads the legal form
        some = compile_mapping(mapping(HEAD + "  fields: {company_size: size, industry: branch}\n"))
        assert not lacks(some, {}, {"numberofemployees": "90", "industry": "IT"})
        assert not lacks(some, {}, {"numberofemployees": "many", "industry": "IT"})
        assert lacks(some, {}, {"industry": "IT"})
        assert not lacks(compile_mapping(mapping("")), {}, {})

    def test_an_answer_is_good_until_its_time_and_for_what_was_looked_for(self) -> None:
        assert good(TOLD, TOLD.names, AT + 999)
        assert not good(TOLD, TOLD.names, AT + 1000)
        assert good(TOLD, frozenset({"branch"}), AT)
        assert not good(TOLD, TOLD.names | {"new"}, AT)
        assert not good(None, frozenset(), AT)


class TestWhatIsKept:
    def test_only_what_was_asked_for(self) -> None:
        body = {
            "size": {"employees": 1250, "people": ["Anna Berg"]},
            "branch": " Bau ",
            "contact": "anna@works.example",
        }
        assert picked(body, VALUES) == {"size.employees": "1250", "branch": "Bau"}

    @pytest.mark.parametrize("value", [None, "", "   ", [], ["a"], {}, {"a": 1}, "x" * 501])
    def test_what_is_no_single_short_value_falls(self, value) -> None:
        assert picked({"branch": value}, VALUES) == {}

    def test_yes_and_no_are_words(self) -> None:
        assert picked({"branch": False}, VALUES) == {"branch": "false"}

    @given(JSON)
    def test_whatever_is_answered_gives_texts_by_path(self, body) -> None:
        kept = picked(body if isinstance(body, dict) else {}, VALUES)
        assert set(kept) <= set(VALUES)
        assert all(isinstance(text, str) and text for text in kept.values())
