"""Codes of the second factor: the vectors of RFC 6238 and RFC 4226, and what a person may type."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.rules import totp

SEED = b"12345678901234567890"
SEEDS = {
    "sha1": SEED,
    "sha256": b"12345678901234567890123456789012",
    "sha512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
# RFC 6238, appendix B: seconds since 1970, algorithm, eight digits.
VECTORS = [
    (59, "sha1", "94287082"), (59, "sha256", "46119246"), (59, "sha512", "90693936"),
    (1111111109, "sha1", "07081804"), (1111111109, "sha256", "68084774"), (1111111109, "sha512", "25091201"),
    (1111111111, "sha1", "14050471"), (1111111111, "sha256", "67062674"), (1111111111, "sha512", "99943326"),
    (1234567890, "sha1", "89005924"), (1234567890, "sha256", "91819424"), (1234567890, "sha512", "93441116"),
    (2000000000, "sha1", "69279037"), (2000000000, "sha256", "90698825"), (2000000000, "sha512", "38618901"),
    (20000000000, "sha1", "65353130"), (20000000000, "sha256", "77737706"), (20000000000, "sha512", "47863826"),
]  # fmt: skip
# RFC 4226, appendix D: counter 0 to 9, six digits.
COUNTED = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("seconds", "algorithm", "code"), VECTORS)
def test_the_vectors_of_rfc_6238(seconds, algorithm, code):
    step = totp.step_of(seconds * 1000)
    assert totp.code_at(SEEDS[algorithm], step, digits=8, algorithm=algorithm) == code


def test_the_vectors_of_rfc_4226():
    assert [totp.code_at(SEED, counter) for counter in range(10)] == COUNTED


def test_a_clock_that_is_half_a_minute_off_is_forgiven_and_no_more():
    now = 1_234_567_890_000
    step = totp.step_of(now)
    for drift in (-1, 0, 1):
        assert totp.matching_step(SEED, totp.code_at(SEED, step + drift), now) == step + drift
    for drift in (-2, 2):
        assert totp.matching_step(SEED, totp.code_at(SEED, step + drift), now) is None


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1} {2}", "{1}\t{2}"])
def test_blanks_in_it_do_not_matter(typed):
    code = totp.code_at(SEED, 5)
    assert totp.matching_step(SEED, typed.format(code, code[:3], code[3:]), 5 * 30_000) == 5


@given(st.text(max_size=40), st.integers(0, 4_000_000_000_000))
def test_whatever_is_typed_is_a_code_or_none(typed, now):
    found = totp.matching_step(SEED, typed, now)
    assert found is None or totp.code_at(SEED, found) == "".join(typed.split())


def test_the_secret_as_an_app_takes_it():
    text = totp.text_of(SEED)
    assert text == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert base64.b32decode(text.replace(" ", "")) == SEED
    link = totp.link_of(SEED, "anna@agency.example")
    assert link == (
        "otpauth://totp/Leadwright:anna%40agency.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Leadwright&digits=6"
    )
