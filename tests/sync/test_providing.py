"""Secrets of providers: closed for one portal and one origin, and worth nothing anywhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import ConfigError, SecretKeyMissing
from connector.model.records import PortalIdentity
from connector.provider.http import HttpProvider
from connector.provider.table import TableProvider
from connector.rules.documents.enrichment import Enrichment
from connector.store import Store, enrichments, portals
from connector.sync.providing import Providing, closed_for, seal_again
from connector.vault import Vault
from tests import databases

SPEC = Enrichment(provider="firms", address="https://api.firms.example/v1/{domain}", fields={"industry": "branch"})
OLD, NEW = Vault.new_key(), Vault.new_key()


@pytest.fixture
def store():
    url = databases.fresh_url("sqlite")
    opened = Store.open(url)
    yield opened
    opened.close()
    databases.drop(url)


@pytest.fixture
def row(store):
    return joined(store, "acme", 1)


@pytest.fixture
def house(store):
    return Providing(store, Vault(OLD))


def joined(store: Store, name: str, number: int):
    with store.unit() as u:
        identity = PortalIdentity(number, "UTC", "EUR", "", "", "v3")
        return portals.add(u, name, "https://a.example", b"", identity, 1)


def at(address: str, **more) -> Enrichment:
    return SPEC.model_copy(update={"address": address, **more})


def secret_of(provider) -> str:
    assert isinstance(provider, HttpProvider)
    return provider.secret


def test_it_is_opened_for_its_address(house, row):
    house.keep_secret(row, SPEC, "Bearer hush")
    made = house.provider(row, SPEC)
    assert (secret_of(made), made.header, made.timeout_s, made.local) == ("Bearer hush", "Authorization", 2.0, False)


@pytest.mark.parametrize(("address", "same"), [
    ("https://api.firms.example/v2/other/{domain}", True),
    ("https://API.firms.example:443/v1/{domain}", True),
    ("https://api.firms.example:8443/v1/{domain}", False),
    ("https://evil.example/v1/{domain}", False),
    ("https://api.firms.example.evil.example/{domain}", False),
    ("http://localhost/v1/{domain}", False),
])  # fmt: skip
def test_another_path_is_the_same_address_another_host_or_port_is_not(house, row, address, same):
    house.keep_secret(row, SPEC, "hush")
    assert secret_of(house.provider(row, at(address))) == ("hush" if same else "")


def test_another_portal_has_none(house, store, row):
    house.keep_secret(row, SPEC, "hush")
    assert secret_of(house.provider(joined(store, "other", 2), SPEC)) == ""


def test_a_closed_secret_carried_elsewhere_does_not_open(house, store, row):
    house.keep_secret(row, SPEC, "hush")
    other = joined(store, "other", 2)
    with store.unit() as u:
        sealed = enrichments.secret(u, row.id, SPEC.origin)
        enrichments.keep_secret(u, other.id, SPEC.origin, sealed)
        enrichments.keep_secret(u, row.id, "https://evil.example:443", sealed)
    for whose, spec in ((other, SPEC), (row, at("https://evil.example/{domain}"))):
        with pytest.raises(SecretKeyMissing):
            house.provider(whose, spec)


def test_without_the_key_it_says_so(house, store, row):
    house.keep_secret(row, SPEC, "hush")
    with pytest.raises(SecretKeyMissing, match="secret key"):
        replace(house, vault=Vault(NEW)).provider(row, SPEC)


def test_a_new_one_takes_the_place_of_the_old_one(house, row):
    house.keep_secret(row, SPEC, "old")
    house.keep_secret(row, SPEC, "new")
    assert secret_of(house.provider(row, SPEC)) == "new"


def test_sealed_again_with_the_first_key_it_needs_no_other(house, store, row):
    house.keep_secret(row, SPEC, "hush")
    with store.unit() as u:
        assert seal_again(u, Vault(f"{NEW},{OLD}")) == 1
        assert seal_again(u, Vault(f"{NEW},{OLD}")) == 0
    assert secret_of(replace(house, vault=Vault(NEW)).provider(row, SPEC)) == "hush"


def test_the_dry_provider_takes_none_and_needs_no_address(house, row):
    dry = at("", dry="example")
    assert isinstance(house.provider(row, dry), TableProvider)
    with pytest.raises(ConfigError, match="takes no secret"):
        house.keep_secret(row, dry, "hush")


def test_the_operators_folder_and_switch_reach_the_provider(house, row, tmp_path):
    (tmp_path / "enrichment").mkdir()
    (tmp_path / "enrichment" / "mine.yaml").write_text("a.example: {branch: X}\n")
    made = replace(house, folder=Path(tmp_path), local=True)
    assert made.provider(row, at("", dry="mine")).answers == {"a.example": {"branch": "X"}}
    assert made.provider(row, SPEC).local


def test_what_it_is_closed_for_names_portal_and_origin():
    assert closed_for("acme", SPEC.origin) == "acme enrichment https://api.firms.example:443"
