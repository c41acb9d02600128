"""Which passwords are refused: too short, too plain, too near to the person. A sentence never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.rules.passwords import LONGEST, SHORTEST, TOO_LONG, TOO_NEAR, TOO_PLAIN, TOO_SHORT, weakness

EMAIL = "anna.kowalski@nordlicht-agentur.example"


@pytest.mark.parametrize("password", ["", "a", "elf Zeichen", "x" * (SHORTEST - 1)])
def test_eleven_characters_are_too_few(password):
    assert weakness(password) == TOO_SHORT


def test_a_hundred_and_twenty_eight_are_enough():
    long = "ein sehr langer Satz, den niemand je errät, " * 3
    assert weakness(long[:LONGEST]) == ""
    assert weakness((long * 2)[: LONGEST + 1]) == TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password2026!", "P@ssw0rd2026!!", "passwortpasswort", "Willkommen2026", "Sommer2026!!!",
        "123456789012", "0123456789012345", "098765432109", "abcdefghijkl", "zyxwvutsrqpo", "qwertyuiop12",
        "qwertzuiop123", "asdfghjkl123", "1qaz2wsx3edc4rfv", "1q2w3e4r5t6y", "aaaaaaaaaaaa", "abababababab",
        "abcabcabcabc", "111222111222", "AdminAdmin2026", "letmeinletmein", "iloveyou1234", "leadwright2026",
        "hubspot-hubspot", "changeme12345", "December2026!", "hallohallohallo",
    ],
)  # fmt: skip
def test_the_common_ones_are_refused(password):
    assert weakness(password, EMAIL) == TOO_PLAIN


@pytest.mark.parametrize(
    "password",
    ["anna.kowalski99!", "xx-kowalski-xx", "KOWALSKI im Regen", "nordlicht-agentur7", "anna trinkt Tee um vier"],
)
def test_what_holds_the_name_or_the_address_is_refused(password):
    assert weakness(password, EMAIL) == TOO_NEAR


def test_the_name_counts_as_well_as_the_address():
    assert weakness("mein Freund Thorvald", "t@x.example", "Thorvald Ek") == TOO_NEAR
    assert weakness("mein Freund Thorvald", "t@x.example", "Bo Ek") == ""


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "vier Dachse tanzen", "mDk29-xlq-0Pzz", "Fünf Bären gähnen", "920184736251",
        "im Sommer fahren wir ans Meer", "my password is a long story", "日本語のパスワードです長い",
    ],
)  # fmt: skip
def test_a_sentence_or_chance_is_taken_without_signs_and_digits(password):
    assert weakness(password, EMAIL) == ""


@given(st.text(min_size=SHORTEST, max_size=LONGEST), st.emails())
def test_it_always_answers_with_one_of_its_sentences(password, email):
    assert weakness(password, email) in {"", TOO_PLAIN, TOO_NEAR}


@given(st.text(alphabet="abcdefghjkmnpqrstuvwxyz23456789-", min_size=24, max_size=24))
def test_what_a_password_manager_makes_is_nearly_always_taken(password):
    if len(set(password)) >= 12:
        assert weakness(password, "q@zz.example") == ""
