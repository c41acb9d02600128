"""The vault: closes for one context, opens with any of its keys, says what to do when it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import SecretKeyMissing
from connector.vault import Vault

KEY = Vault.new_key()


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_context(secret, context):
    vault = Vault(KEY)
    assert vault.open(vault.seal(secret, context), context) == secret


@given(st.text(), st.text())
def test_and_in_no_other(one, other):
    vault = Vault(KEY)
    if one == other:
        return
    with pytest.raises(SecretKeyMissing, match="does not belong"):
        vault.open(vault.seal("token", one), other)


def test_the_same_secret_never_looks_the_same():
    vault = Vault(KEY)
    assert vault.seal("token", "a") != vault.seal("token", "a")
    assert b"token" not in vault.seal("token", "a")


def test_rotation_the_first_key_seals_and_all_open():
    old, new = Vault.new_key(), Vault.new_key()
    sealed = Vault(old).seal("token", "a")
    both = Vault(f"{new}, {old}")
    assert both.open(sealed, "a") == "token"
    assert not both.current(sealed)
    again = both.seal("token", "a")
    assert both.current(again)
    assert Vault(new).open(again, "a") == "token"
    with pytest.raises(SecretKeyMissing):
        Vault(old).open(again, "a")


NO_KEYS = {
    "empty": "",
    "commas": " , ",
    "short": "short",
    "umlauts": "ü" * 43,
    "zeros": "A" * 43,
    "a word": "secret" * 8,
    "cut": KEY[:-5],
}


@pytest.mark.parametrize("key", NO_KEYS.values(), ids=list(NO_KEYS))
def test_a_key_that_is_none_is_told_with_a_remedy(key):
    with pytest.raises(SecretKeyMissing) as caught:
        Vault(key)
    assert "LEADWRIGHT_SECRET_KEY" in caught.value.remedy
    assert caught.value.exit_code == 2
    if key.strip():
        assert key not in str(caught.value)


@given(st.binary(max_size=80))
def test_garbage_is_never_opened(garbage):
    with pytest.raises(SecretKeyMissing):
        Vault(KEY).open(garbage, "a")


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_flipped_byte_is_noticed(place, flip):
    sealed = bytearray(Vault(KEY).seal("pat-eu1-some-token-text", "a"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(SecretKeyMissing):
        Vault(KEY).open(bytes(sealed), "a")


def test_the_vault_shows_no_key():
    assert KEY not in repr(Vault(KEY)) + str(vars(Vault(KEY)))
