"""Mapping and scoring rules as a spreadsheet on the pages: down, edited, up again into the person's draft."""

from __future__ import annotations

import ast
import csv
import html
import inspect
import io
import re
from dataclasses import replace
from typing import Any

import pytest

from connector import sheet as sheet_module
from connector.admin.sheet_words import PHRASES
from connector.admin.sheets import MOST_BYTES
from connector.admin.words import catalogue
from connector.sheet import USUAL
from connector.store import documents, drafts
from connector.sync.sheets import documents as documents_module
from connector.sync.sheets import words as words_module
from tests.admin.conftest import ANNA, CSRF, House
from tests.admin.desk import as_shipped, standing_house
from tests.admin.hands import follow, text

BASE = "/portals/acme/documents"
ROW = "white_paper,White paper downloaded,activity,product_interest,15"


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house):
    return as_shipped(lasting_house)


def down(house: House, kind: str = "scoring", query: str = "") -> Any:
    answer = house.browser.get(f"/admin{BASE}/{kind}/sheet.csv{query}")
    assert answer.status_code == 200
    return answer


def sheet(house: House, kind: str = "scoring", *changes: tuple[str, str], query: str = "") -> bytes:
    """The sheet of the page with some of its text replaced."""
    told = down(house, kind, query).data.decode("utf-8-sig")
    for before, after in changes:
        assert before in told, told
        told = told.replace(before, after)
    return told.encode("utf-8-sig")


def send(house: House, path: str, fields: dict[str, Any]) -> Any:
    """A form with a file in it, as a browser sends it."""
    answer = house.browser.post(f"/admin{path}", data=fields, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # the test client leaves a large one open
    return answer


def up(house: House, data: bytes | None, kind: str = "scoring", status: int = 303, **form: Any) -> Any:
    """Send a file as a browser's form does, by what the page shows of the draft."""
    page = house.get(f"{BASE}/{kind}/sheet")
    seen = re.search(r'name="seen" value="(\d+)"', page)
    fields = {"csrf": CSRF, "seen": seen[1] if seen else "0", **form}
    if data is not None:
        fields["sheet"] = (io.BytesIO(data), form.get("name", "rules.csv"), "text/csv")
    answer = send(house, f"{BASE}/{kind}/sheet", fields)
    assert answer.status_code == status, f"{answer.status_code}\n{answer.text[:3000]}"
    return answer


def draft(house: House, kind: str = "scoring") -> drafts.Draft | None:
    with house.service.store.view() as u:
        return drafts.of(u, 1, kind, ANNA.email)


def published(house: House, kind: str = "scoring") -> str:
    with house.service.store.view() as u:
        return documents.current(u, 1, kind).body


def more(body: str) -> str:
    """The document with ten points more for a white paper."""
    head, name, rest = body.partition("white_paper")
    assert "points: 15" in rest
    return head + name + rest.replace("points: 15", "points: 25", 1)


def told(answer: Any) -> str:
    return text(html.unescape(answer.text))


class TestDown:
    """What the page shows, as a file that spreadsheets open and that no cell of can run."""

    @pytest.mark.parametrize("kind", ["mapping", "scoring"])
    def test_it_is_the_commands_sheet(self, house, kind, tmp_path):
        answer = down(house, kind)
        assert answer.content_type == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="acme-{kind}-version-1.csv"'
        assert answer.headers["Cache-Control"] == "no-store"
        house.service.config_export_csv("acme", kind, tmp_path / "x.csv")
        assert answer.data == (tmp_path / "x.csv").read_bytes()

    def test_for_a_german_excel(self, house, tmp_path):
        house.service.config_export_csv("acme", "scoring", tmp_path / "x.csv", semicolon=True)
        assert down(house, query="?marks=semicolon").data == (tmp_path / "x.csv").read_bytes()

    def test_of_the_draft_where_there_is_one_and_still_of_what_is_published(self, house):
        up(house, sheet(house, "scoring", (ROW, ROW.replace("15", "25"))))
        mine = down(house)
        assert ROW.replace("15", "25").encode() in mine.data
        assert mine.headers["Content-Disposition"] == 'attachment; filename="acme-scoring-draft-1.csv"'
        assert ROW.encode() in down(house, query="?of=published").data
        page = house.get(f"{BASE}/scoring/sheet")
        assert "Download my draft as a spreadsheet" in page
        assert "sheet.csv?of=published" in page

    def test_a_value_that_could_run_is_disarmed(self, house):
        body = published(house, "mapping").replace("rows:", "rows:\n  - {field: nickname, property: '=1+1'}", 1)
        house.post(f"{BASE}/mapping/edit", text=body, base=1, seen=0)
        table = io.StringIO(down(house, "mapping").data.decode("utf-8-sig"), newline="")
        cells = [cell for line in csv.reader(table) for cell in line]
        assert "'=1+1" in cells
        assert [cell for cell in cells if re.match(r"[=@\t\r]|[+-](?!\d)", cell)] == []

    @pytest.mark.parametrize("kind", ["mapping", "scoring"])
    def test_both_pages_offer_both_ways_and_others_do_not(self, house, kind):
        pages = [house.get(f"{BASE}/{kind}"), *([house.get("/portals/acme/mapping")] if kind == "mapping" else [])]
        for page in pages:
            assert f'href="/admin{BASE}/{kind}/sheet.csv"' in page
            assert re.search(
                rf'<form method="post" action="/admin{BASE}/{kind}/sheet" enctype="multipart/form-data">', page
            )
        assert "sheet.csv" not in house.get(f"{BASE}/lifecycle")
        house.get(f"{BASE}/lifecycle/sheet", 404)
        house.get(f"{BASE}/lifecycle/sheet.csv", 404)
        house.post(f"{BASE}/lifecycle/sheet", 404)

    def test_of_a_draft_that_is_no_list_of_rows_says_what_to_do(self, house):
        house.post(f"{BASE}/mapping/edit", text="rows: 5\n", base=1, seen=0)
        page = house.get(f"{BASE}/mapping/sheet.csv", 422)
        assert "Mend it as YAML first" in page
        assert b"email" in down(house, "mapping", "?of=published").data
        assert "Mend it as YAML first" in told(
            up(house, sheet(house, "mapping", query="?of=published"), "mapping", 422)
        )


class TestUp:
    """A draft with its difference, by the very library that the command uses."""

    def test_an_edited_sheet_is_the_draft_and_its_difference_is_shown(self, house):
        before = published(house)
        answer = up(house, sheet(house, "scoring", (ROW, ROW.replace("15", "25"))))
        found = draft(house)
        assert answer.headers["Location"] == f"/admin{BASE}/scoring/drafts/{found.id}"
        page = text(follow(house, answer))
        assert "The sheet is in your draft; nothing is published. Rows changed: 1, added: 0, taken out: 0." in page
        assert "- points: 15" in page
        assert "+ points: 25" in page
        assert published(house) == before
        assert found.body == more(before)
        assert house.porter.booked == [
            ("Saved a draft of scoring", 1, "", "1 rows changed by a spreadsheet, saving 1")
        ]  # fmt: skip

    def test_it_is_what_the_command_makes_of_it(self, house, tmp_path):
        data = sheet(house, "mapping", ("city,city,", "city,town,"))
        up(house, data, "mapping")
        (tmp_path / "x.csv").write_bytes(data)
        house.service.config_import_csv("acme", "mapping", tmp_path / "x.csv", "kim")
        assert draft(house, "mapping").body == house.service.config_draft_show("acme", "mapping", "kim")["body"]

    def test_over_the_open_draft_what_it_does_not_touch_stays(self, house):
        house.post(
            f"{BASE}/scoring/edit", text=published(house).replace("threshold: 50", "threshold: 60"), base=1, seen=0
        )
        up(house, sheet(house, "scoring", (ROW, ROW.replace("15", "25"))))
        found = draft(house)
        assert found.revision == 2
        assert "threshold: 60" in found.body
        assert "points: 25" in found.body

    def test_a_sheet_nobody_changed_saves_nothing(self, house):
        answer = up(house, sheet(house))
        assert "nothing was saved" in follow(house, answer)
        assert draft(house) is None
        assert house.porter.booked == []

    def test_from_an_older_version_the_draft_says_it_was_overtaken(self, house):
        data = sheet(house, "scoring", (ROW, ROW.replace("15", "25")))
        with house.service.store.view() as u:
            body = documents.current(u, 1, "scoring").body
        house.post(f"{BASE}/scoring/edit", text=body.replace("threshold: 50", "threshold: 60"), base=1, seen=0)
        house.post(f"{BASE}/scoring/drafts/{draft(house).id}/publish", seen=1, reason="harder")
        page = follow(house, up(house, data))
        assert "Overtaken." in page
        assert "What they changed" in page
        assert draft(house).base == 1

    @pytest.mark.parametrize(
        "write",
        [
            lambda s: s.encode("utf-8"),
            lambda s: s.encode("utf-8-sig"),
            lambda s: s.replace("\r\n", "\n").encode(),
            lambda s: ("sep=;\r\n" + s).encode("utf-8-sig"),
            lambda s: s.replace("true", "WAHR").replace("false", "FALSCH").encode("utf-8-sig"),
        ],
        ids=["utf-8", "with mark", "unix lines", "sep=", "German words"],
    )
    def test_as_an_excel_with_semicolons_saves_it(self, house, write):
        semicolons = down(house, query="?marks=semicolon").data.decode("utf-8-sig")
        row = ROW.replace(",", ";")
        assert row in semicolons
        up(house, write(semicolons.replace(row, row.replace("15", "25,0"))))
        assert draft(house).body == more(published(house))


class TestFaults:
    """All at once, with line, cell and remedy; nothing is half-done."""

    def nothing(self, house: House) -> None:
        assert draft(house) is None
        assert draft(house, "mapping") is None
        assert house.porter.booked == []

    def test_all_of_them_at_their_cells(self, house):
        rows = ((ROW, ROW.replace("15", "many")), ("age,Age,property,demographic", "age,Age,property,demografic"))
        answer = up(house, sheet(house, "scoring", *rows), status=422)
        page = told(answer)
        assert "2 faults in the sheet; nothing was kept." in page
        lines = sheet(house, "scoring", *rows).decode("utf-8-sig").splitlines()
        for start, cell, said in (
            ("white_paper", "points (E{})", '"many" is no number.'),
            ("age", "family (D{})", "demographic"),
        ):
            line = next(at for at, one in enumerate(lines, start=1) if one.startswith(f"{start},"))
            assert re.search(rf"{line} {re.escape(cell.format(line))} .*{re.escape(said)}", page), page
        assert 'role="alert"' in answer.text
        assert 'aria-invalid="true"' in answer.text
        self.nothing(house)

    def test_windows_1252_is_told_how_to_be_saved_again(self, house):
        data = sheet(house, "scoring", ("White paper downloaded", "Weißbuch")).decode("utf-8-sig").encode("cp1252")
        page = told(up(house, data, status=422))
        assert "no UTF-8 text, perhaps Windows or Latin-1" in page
        assert "CSV UTF-8 (comma delimited)" in page
        self.nothing(house)

    def test_a_sheet_of_the_other_kind(self, house):
        assert "This is a sheet of the mapping document." in told(up(house, sheet(house, "mapping"), status=422))
        assert "This is a sheet of the scoring document." in told(up(house, sheet(house), "mapping", 422))
        self.nothing(house)

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "The file is empty."),
            (b"name\n", "The sheet holds no rows."),
            (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "zero bytes"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no UTF-8 text"),
            (b"\xff\xfen\x00a\x00m\x00e\x00", "UTF-16"),
            (b'name,points\n"a,1\n', "cannot be read as CSV"),
            (b"name\n" + b"a\n" * (USUAL.rows + 2), "more than 5,000 rows"),
            (b"x" * (USUAL.bytes + 1), "larger than 2 MB"),
        ],
        ids=["empty", "no rows", "an .xlsx", "an .xls", "UTF-16", "quotes", "rows", "bytes"],
    )
    def test_what_is_no_sheet(self, house, data, said):
        assert said in told(up(house, data, status=422))
        self.nothing(house)

    def test_no_file(self, house):
        assert "Choose a file first." in told(up(house, None, status=422))
        answer = house.post(f"{BASE}/scoring/sheet", 422, seen="0", sheet="name,points")
        assert "Choose a file first." in told(answer)

    def test_far_too_large_is_not_even_read(self, house):
        answer = up(house, b"x" * (MOST_BYTES + 1), status=413)
        assert "That is too large" in answer.text
        assert "At most 2 MB can be sent here." in told(answer)
        self.nothing(house)

    def test_no_other_form_takes_so_much(self, house):
        data = {"csrf": CSRF, "text": (io.BytesIO(b"x" * 1_200_000), "x.yaml")}
        answer = send(house, f"{BASE}/scoring/edit", data)
        assert answer.status_code == 413
        assert "At most 500 kB" in told(answer)
        answer = house.browser.post(f"/admin{BASE}/scoring/edit", data={"csrf": CSRF, "text": "x" * 500_001})
        assert (answer.status_code, "At most 500 kB" in told(answer)) == (413, True)

    def test_a_version_that_never_was(self, house):
        data = sheet(house, "scoring", ("acme version 1", "acme version 77"), (ROW, ROW.replace("15", "25")))
        assert "a version this portal never had" in told(up(house, data, status=422))
        self.nothing(house)

    def test_a_name_that_means_mischief_is_only_a_name(self, house):
        answer = up(house, b"name\n", status=422, name="../../<script>alert(1)</script>.csv")
        assert "<script>alert" not in answer.text

    def test_hundreds_are_not_shown_without_end(self, house):
        rows = "".join(f"rule_{n},x\r\n" for n in range(600))
        page = told(up(house, f"name,points\r\n{rows}".encode(), status=422))
        assert re.search(r"… and [\d,]+ more\.", page)


class TestWhoMay:
    """The roles of drafts, the token of forms, and nobody over another window's saving."""

    def knock(self, house: House, **form: Any) -> Any:
        data = {"seen": "0", "sheet": (io.BytesIO(b"name,points\nage,5\n"), "x.csv"), **form}
        return send(house, f"{BASE}/scoring/sheet", data)

    @pytest.mark.parametrize("role", ["viewer", "analyst"])
    def test_who_may_not_draft_is_told_there_is_no_such_page(self, house, role):
        house.signed_in(role, "acme")
        assert self.knock(house, csrf=CSRF).status_code == 404
        assert draft(house) is None

    def test_who_may_read_documents_may_download_them_and_is_offered_no_upload(self, house):
        house.signed_in("viewer", "acme")
        house.get(f"{BASE}/scoring/sheet.csv", 404)
        house.signed_in("analyst", "acme")
        assert down(house).data
        for page in (
            house.get(f"{BASE}/scoring/sheet"),
            house.get(f"{BASE}/scoring"),
            house.get("/portals/acme/mapping"),
        ):
            assert "sheet.csv" in page
            assert 'type="file"' not in page

    def test_an_editor_may(self, house):
        data = sheet(house, "scoring", (ROW, ROW.replace("15", "25")))
        house.signed_in("editor", "acme")
        up(house, data)
        assert draft(house).open

    @pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "x" * 20}], ids=["none", "empty", "another"])
    def test_without_the_token_of_this_session_nothing_is_read(self, house, form):
        assert self.knock(house, **form).status_code == 403
        assert draft(house) is None

    def test_a_saving_of_another_window_is_not_overwritten(self, house):
        data = sheet(house, "scoring", (ROW, ROW.replace("15", "25")))
        house.post(f"{BASE}/scoring/edit", text=published(house) + "# theirs\n", base=1, seen=0)
        page = told(up(house, data, status=422, seen="0"))
        assert "was saved in another window" in page
        assert draft(house).revision == 1
        up(house, data)
        assert draft(house).body.endswith("# theirs\n")


FAULTY = [
    (b"", "Die Datei ist leer."),
    (b"name\n", "Laden Sie sie noch einmal herunter"),
    ("name\nWeißbuch\n".encode("cp1252"), "CSV UTF-8 (durch Trennzeichen getrennt)"),
    (b"PK\x00", "Speichern Sie die Tabelle als CSV."),
    (b"\xff\xfen\x00", "Die Datei ist UTF-16-Text."),
    (b"x" * (USUAL.bytes + 1), "Die Datei ist größer als 2 MB."),
    (b"name\n" + b"a\n" * (USUAL.rows + 2), "Die Tabelle hat mehr als 5.000 Zeilen."),
    (b'name,points\n"a,1\n', "Achten Sie auf die Anführungszeichen"),
    (b"name,name\na,b\n", "Die Spalte „name“ steht hier zweimal."),
    (b"name\nage,stray\n", "Benennen Sie die Spalte, oder leeren Sie die Zelle."),
    (b"name,label\nage," + b"x" * 50_001 + b"\n", "Kürzen Sie sie."),
    (b"name;points\nage;1.000\n", "Schreiben Sie 1000 oder 1,0000."),
    (b"name;points\nage;1.000.000\n", "Schreiben Sie 1000000."),
    (b"name,points\nage,many\n", "„many“ ist keine Zahl. Schreiben Sie nur Ziffern"),
    (b"name,points\nage,1.5\n", "„1.5“ ist keine ganze Zahl."),
    (b"name,enabled\nage,perhaps\n", "„perhaps“ ist weder Ja noch Nein. Schreiben Sie WAHR oder FALSCH."),
    (b"field,property,mode\nemail,email,never\n", "Das ist eine Tabelle des Dokuments mapping."),
    (b"name,pionts\nage,5\n", "Eine Spalte „pionts“ gibt es nicht. Meinten Sie „points“? Spalten: name,"),
    (b"label\nAge\n", "Die Spalte „name“ fehlt. Nennen Sie sie in der ersten Zeile: name."),
    (b"name,when\nage,whenever\n", "„whenever“ ist keine Bedingung. Schreiben Sie es so: industry in"),
    (b"name,decay\nage,slowly\n", "„slowly“ ist kein Verfall."),
    (b'name,activities\nage,"a, ""b"\n', "Die Liste lässt sich nicht lesen."),
]


@pytest.mark.parametrize(("data", "said"), FAULTY, ids=[said for _, said in FAULTY])
def test_a_sheets_own_faults_are_told_in_german(house, data, said):
    house.signed_in("owner", language="de")
    assert said in told(up(house, data, status=422))


def test_the_phrases_that_are_said_anew_are_the_ones_that_are_said():
    """Whoever rewords a fault of a sheet rewords its phrase too, or the German is gone."""
    there = set()
    for module in (sheet_module, documents_module, words_module):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.JoinedStr):
                there.add("".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                there.add(node.value)
    made = {  # of parts, so they stand nowhere as they are
        'Did you mean "{}"? Columns: {}.', "Columns: {}.", "Write it like: {}", "Write {} or {}.", "Write {}.",
    }  # fmt: skip
    phrases = {re.sub(r"\{\w+\}", "{}", phrase) for phrase in PHRASES}
    assert phrases - made - there == set()


def test_in_german_every_sentence_of_it_is(house):
    house.signed_in("owner", language="de")
    house.porter.who = replace(house.porter.who, language="de")
    seen = told(up(house, sheet(house, "scoring", (ROW, ROW.replace("15", "viele"))), status=422))
    assert "1 Fehler in der Tabelle; es wurde nichts behalten." in seen
    assert "Als Tabelle herunterladen" in seen
    german = catalogue("de")
    for name in ("document_sheet.html", "sheet_parts.html"):
        source = house.app.jinja_env.loader.get_source(house.app.jinja_env, f"admin/{name}")[0]
        found = re.findall(r'\bt\("([^"]+)"', source)
        assert found
        assert [one for one in found if one not in german] == []
