"""Wrong token, missing scopes, wrong names, broken documents, foreign databases: a sentence, a remedy, no secrets."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.errors import (
    ConfigError,
    ConnectorError,
    DatabaseNewer,
    DocumentInvalid,
    MissingScope,
    SecretKeyMissing,
    StoreError,
    SyncError,
    TokenRejected,
    UnknownContact,
    UnknownPortal,
)
from connector.presets import preset_text
from connector.service import Service
from connector.vault import Vault
from tests.journeys.steps import people, stream, wrong
from tests.rig import Rig, rig, settings_for


@pytest.fixture
def r(tmp_path):
    """An installation with nothing connected yet."""
    with rig(tmp_path, connect=False) as made:
        people(made, 3)
        yield made


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Iterator[Rig]:
    """The same for those who only look, or are refused."""
    with rig(tmp_path_factory.mktemp("bare"), connect=False) as made:
        people(made, 3)
        yield made


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Rig]:
    """A mirrored live portal, for those who only look, or are refused."""
    with rig(tmp_path_factory.mktemp("desk")) as made:
        people(made, 3)
        made.run("sync")
        made.run("live")
        yield made


def told(fault: pytest.ExceptionInfo[ConnectorError], r: Rig, *, code: int) -> str:
    """What the person reads: one sentence and a remedy, without anything private."""
    text = str(fault.value)
    assert fault.value.exit_code == code
    assert fault.value.message.endswith((".", ")"))
    assert fault.value.remedy
    assert "Traceback" not in text
    for private in (r.twin.token, "pat-eu1", "kunde1.example", "Müller"):
        assert private not in text
    return text


def add(r: Rig, token: str, name: str = "acme"):
    with r.service() as service:
        return service.add_portal(name, token, r.url)


@pytest.mark.parametrize("token", ["pat-eu1-falsch", "x", "pat eu1", "ü" * 20, "a\nb"])
def test_a_wrong_token_connects_nothing(bare, token):
    with pytest.raises(TokenRejected) as fault:
        add(bare, token)
    told(fault, bare, code=1)
    with bare.service() as service:
        assert service.list_portals()["portals"] == []


def test_a_token_without_contacts_connects_nothing(r):
    with pytest.raises(MissingScope) as fault:
        add(r, r.twin.add_token("schmal", {"crm.objects.deals.read"}))
    assert "crm.objects.contacts.read" in told(fault, r, code=1)


@pytest.mark.parametrize("name", ["", "Acme GmbH", "acme/../x", "a" * 41, "-a", "ümlaut"])
def test_a_name_that_is_none(bare, name):
    before = bare.twin.ledger.count()
    with pytest.raises(ConfigError) as fault:
        add(bare, bare.twin.token, name)
    told(fault, bare, code=2)
    assert bare.twin.ledger.count() == before


def test_the_same_portal_under_another_name(r):
    add(r, r.twin.token)
    with pytest.raises(ConfigError) as fault:
        add(r, r.twin.token, "anders")
    told(fault, r, code=2)


def test_the_same_portal_again_takes_the_new_token(r):
    """A token that was rotated is replaced; the mirror stays."""
    add(r, r.twin.token)
    r.run("sync")
    contacts = len(r.mirrored())
    add(r, r.twin.add_token("rotated"))
    r.run("sync")
    assert len(r.mirrored()) == contacts


@pytest.mark.parametrize("address", ["ftp://x", "nonsense", "http://", "http://127.0.0.1:1"])
def test_an_address_where_no_portal_is(bare, address):
    with bare.service() as service, pytest.raises(ConnectorError) as fault:
        service.add_portal("acme", bare.twin.token, address)
    assert bare.twin.token not in str(fault.value)
    assert fault.value.exit_code in (1, 2)


def test_optional_scopes_that_are_missing_switch_off_only_themselves(r):
    """P15 and promise 3: off with the scope's name; what hangs on them is unknown, not zero."""
    narrow = r.twin.add_token("schmal", {"crm.objects.contacts.read", "crm.schemas.contacts.read"})
    made = add(r, narrow)
    off = {row["feature"]: row for row in made["features"] if row["ok"] is False}
    assert {"deals", "owners", "forms", "email events"} <= off.keys()
    assert off["forms"]["scope"] == "forms"
    assert made["warnings"]
    result = r.run("sync")
    assert wrong(r) == []
    assert stream(result, "forms")["off"]
    assert "forms" in stream(result, "forms")["off"]
    bill = r.run("explain", "p1@kunde1.example")
    assert bill["unknown"]
    checked = r.run("check_portal")
    assert checked["ok"]
    assert {"deals", "owners", "forms"} <= set(checked["off"])
    assert r.run("verify")["complete"]


def test_a_token_that_was_taken_back(r):
    add(r, r.twin.token)
    r.run("sync")
    r.twin.access.tokens.clear()
    before = r.twin.ledger.count()
    for command in ("sync", "cycle", "verify"):
        with pytest.raises(TokenRejected) as fault:
            r.run(command)
        told(fault, r, code=1)
    assert r.twin.ledger.count() - before <= 6
    check = r.run("check_portal")
    assert (check["ok"], check["checks"][0]["check"], check["checks"][0]["ok"]) == (False, "token", False)
    assert len(r.mirrored()) == 3
    assert r.run("explain", "p1@kunde1.example")["contact"]


@pytest.mark.parametrize(
    ("command", "args"),
    [("sync", ()), ("plan", ()), ("apply", ()), ("cycle", ()), ("verify", ()), ("explain", ("1",)), ("live", ()),
     ("pause", ()), ("remove", ()), ("check_portal", ()), ("provision", ()), ("undo", ("apply-1",)), ("best", ()),
     ("config_show", ("scoring",))],
)  # fmt: skip
def test_a_portal_nobody_knows(bare, command, args):
    with pytest.raises(UnknownPortal) as fault:
        bare.run(command, *args)
    assert "acme" in told(fault, bare, code=2)


@pytest.mark.parametrize("who", ["4711", "a@nirgends.example", "", "9" * 23, "²", "0", "' OR 1=1"])
def test_a_contact_nobody_knows(desk, who):
    with pytest.raises(UnknownContact) as fault:
        desk.run("explain", who)
    assert "nirgends" not in told(fault, desk, code=2)


@pytest.mark.parametrize("what", ["", "kontakte", "contacts; DROP TABLE contacts"])
def test_an_export_of_something_else(desk, what):
    with pytest.raises(ConfigError) as fault:
        desk.rows(what)
    assert "contacts" in told(fault, desk, code=2)


@pytest.mark.parametrize(("run", "contact"), [("apply-99", None), ("", None), ("pull-1", None), ("apply-1", "4711")])
def test_an_undo_of_nothing(desk, run, contact):
    with pytest.raises(ConfigError) as fault:
        desk.run("undo", run, contact)
    told(fault, desk, code=2)


def test_an_invalid_document_is_refused_with_all_its_faults_and_lines(r, tmp_path):
    """All at once, each with file, line and remedy; the published one stays."""
    add(r, r.twin.token)
    text = preset_text("scoring", "standard-b2b", None)
    broken = text.replace("name: standard-b2b", "name: standard-b2b\nunbekannt: 1\nthreshhold: 50", 1)
    file = tmp_path / "scoring.yaml"
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(DocumentInvalid) as fault:
        r.run("config_publish", file, "ich", "weil")
    faults = fault.value.faults
    lines = broken.splitlines()
    assert len(faults) >= 2
    assert all(one.line > 0 and one.remedy and one.file for one in faults)
    named = {lines[one.line - 1].split(":")[0] for one in faults}
    assert {"unbekannt", "threshhold"} <= named
    with r.service() as service:
        assert service.config_validate([file])["ok"] is False
    assert r.run("config_show", "scoring")["version"] == 1


@pytest.mark.parametrize(
    "text", ["", "[", "a: b: c", "- 1\n- 2", "\x00", "!!python/object:os.system x", "name: &a [*a]", "ü" * 9]
)
def test_a_file_that_is_no_document(desk, tmp_path, text):
    file = tmp_path / "scoring.yaml"
    file.write_bytes(text.encode("latin-1" if "ü" in text else "utf-8"))
    with pytest.raises(ConfigError) as fault:
        desk.run("config_publish", file, "ich", "weil")
    assert fault.value.exit_code == 2
    assert "Traceback" not in str(fault.value)
    assert desk.run("config_show", "scoring")["version"] == 1


def test_a_document_that_is_not_there(desk, tmp_path):
    with pytest.raises(ConfigError) as fault:
        desk.run("config_publish", tmp_path / "nirgends.yaml", "ich", "weil")
    told(fault, desk, code=2)


def test_a_database_of_a_newer_leadwright(r, tmp_path):
    with sqlite3.connect(tmp_path / "leadwright.db") as connection:
        connection.execute("UPDATE leadwright_revision SET version_num = '9999'")
    connection.close()
    for act in (lambda: Service.open(r.settings), lambda: Service.db_upgrade(r.settings)):
        with pytest.raises(DatabaseNewer) as fault:
            act()
        told(fault, r, code=2)


def test_no_database_yet(tmp_path):
    settings = settings_for(tmp_path / "leer")
    with pytest.raises(ConfigError) as fault:
        Service.open(settings)
    assert "init" in fault.value.remedy
    assert not (tmp_path / "leer").exists()


def test_a_file_that_is_no_database(r, tmp_path):
    (tmp_path / "leadwright.db").write_bytes(b"das ist keine Datenbank" * 100)
    for extra in ("-wal", "-shm"):
        (tmp_path / f"leadwright.db{extra}").unlink(missing_ok=True)
    with pytest.raises((ConfigError, StoreError)) as fault:
        Service.open(r.settings)
    assert fault.value.remedy


@pytest.mark.parametrize("key", [None, "", "kurz", "a b c", "ü"])
def test_a_secret_key_that_is_none(bare, key):
    settings = bare.settings.model_copy(update={"secret_key": None if key is None else SecretStr(key)})
    with pytest.raises(SecretKeyMissing) as fault:
        Service.open(settings)
    told(fault, bare, code=2)


def test_another_secret_key_opens_no_token(r):
    add(r, r.twin.token)
    other = r.settings.model_copy(update={"secret_key": SecretStr(Vault.new_key())})
    before = r.twin.ledger.count()
    with Service.open(other, clock=r.clock) as service, pytest.raises(SecretKeyMissing) as fault:
        service.sync("acme")
    told(fault, r, code=2)
    assert r.twin.ledger.count() == before
    with Service.open(other, clock=r.clock) as service:
        assert service.list_portals()["portals"][0]["portal"] == "acme"


@contextmanager
def nobody() -> Iterator[None]:
    """As an ordinary user, since root may write everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_database_that_may_not_be_written():
    """Read-only for us: said so with a remedy, and the portal is not even asked."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, rig(Path(folder)) as r:
        people(r, 3)
        r.run("sync")
        for file in Path(folder).iterdir():
            file.chmod(0o444)
        Path(folder).chmod(0o555)
        before = r.twin.ledger.count()
        try:
            with nobody(), pytest.raises(StoreError) as fault:
                r.run("sync")
        finally:
            Path(folder).chmod(0o755)
        assert "write access" in told(fault, r, code=1)
        assert r.twin.ledger.count() == before


def test_whatever_is_raised_is_ours(desk):
    """The root of all errors has an exit code; nothing else comes out of the service for bad input."""
    for act in (
        lambda s: s.sync("acme", only=("kontakte",)),
        lambda s: s.config_show("acme", "unbekannt"),
        lambda s: s.config_rollback("acme", "scoring", 77, "ich"),
        lambda s: s.explain("acme", "x" * 10_000),
    ):
        with desk.service() as service, pytest.raises(ConfigError) as fault:
            act(service)
        assert fault.value.exit_code == 2
        assert not isinstance(fault.value, SyncError)
