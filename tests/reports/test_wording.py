"""What pages may say: no command to type, no address and no telephone number of anybody."""

from __future__ import annotations

import pytest

from connector.reports.wording import masked, masked_email, masked_phone, masked_value, without_commands


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("A storm: 9 records changed. Nothing is written. See leadwright plan acme; then apply it.",
         "A storm: 9 records changed. Nothing is written."),
        ("Go on with: leadwright portal resume acme", ""),
        ("HubSpot does not accept the token.", "HubSpot does not accept the token."),
        ("The portal lacks Leadwright's properties", "The portal lacks Leadwright's properties"),
        ("", ""),
    ],
)  # fmt: skip
def test_sentences_that_name_a_command_are_left_out(told, left):
    assert without_commands(told) == left


@pytest.mark.parametrize(
    ("email", "hidden"),
    [
        ("anna@werk.example", "a***@werk.example"),
        ("x@y.example", "x***@y.example"),
        ("not an address", "***"),
        ("", ""),
    ],
)
def test_of_an_address_its_first_letter_and_its_domain_are_left(email, hidden):
    assert masked_email(email) == hidden


def test_of_a_number_two_digits_are_left():
    assert masked_phone("+49 30 1234567") == "***67"
    assert masked_phone("123") == "***"
    assert masked_phone("") == ""


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail to anna.b+x@werk.example, soon", "mail to a***@werk.example, soon"),
        ("call +49 (30) 123-4567 now", "call ***67 now"),
        ("call 030/1234567", "call ***67"),
        ("/blog/neues on 2026-08-26, the newest of 2", "/blog/neues on 2026-08-26, the newest of 2"),
        ("company_size=2860 (from company.numberofemployees)", "company_size=2860 (from company.numberofemployees)"),
        ("contact 85997552, 94 of 50 points", "contact 85997552, 94 of 50 points"),
        ("https://x.example/?e=anna%40werk.example&n=anna@werk.example",
         "https://x.example/?e=anna%40werk.example&n=a***@werk.example"),
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_hidden_wherever_they_stand(text, hidden):
    assert masked(text) == hidden


def test_a_property_that_is_an_address_or_a_number_is_hidden_whatever_its_value():
    assert masked_value("email", "ANNA@WERK.EXAMPLE") == "A***@WERK.EXAMPLE"
    assert masked_value("mobilephone", "0049 151 22 33 44") == "***44"
    assert masked_value("phone", "1512233") == "***33"
    assert masked_value("hs_additional_emails", "a@x.example;b@y.example") == "a***@x.example; b***@y.example"
    assert masked_value("leadwright_score", "63") == "63"
    assert masked_value("hs_email_optout", "true") == "true"
    assert masked_value("city", None) is None
