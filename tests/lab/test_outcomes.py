"""What became of contacts, and buyers known from elsewhere."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.lab.outcomes import Outcome, known, read_buyers

NOV_22 = 1_795_305_600_000


class TestAnOutcome:
    """With its instant, or without one."""

    def test_keeps_the_first_instant(self) -> None:
        one = Outcome("won")
        for at in (None, 30, 20, 40, None):
            one.of(7, at)
        assert one.at == {7: 20}

    @pytest.mark.parametrize(("at", "inside"), [(10, False), (11, True), (20, True), (21, False), (None, True)])
    def test_within_is_after_the_beginning_up_to_the_end(self, at: int | None, inside: bool) -> None:
        assert Outcome("won", {7: at}).within(7, 10, 20) is inside

    def test_of_somebody_else_is_never_within(self) -> None:
        assert not Outcome("won", {7: 15}).within(8, 10, 20)

    @pytest.mark.parametrize(("at", "before"), [(9, True), (10, True), (11, False), (None, False)])
    def test_before_is_up_to_an_instant_and_needs_a_date(self, at: int | None, before: bool) -> None:
        assert Outcome("won", {7: at}).before(7, 10) is before


class TestBuyersFromElsewhere:
    """CSV or JSON, ids or addresses, with a day or without."""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("who,day\n4711,2026-11-22\nA@x.example,\n", [("4711", NOV_22), ("A@x.example", None)]),
            ("4711\n4712\n", [("4711", None), ("4712", None)]),
            ("\ufeffe-mail;x\n", []),
            ('["4711", "a@x.example"]', [("4711", None), ("a@x.example", None)]),
            ('{"4711": "2026-11-22T00:00:00Z", "4712": null}', [("4711", NOV_22), ("4712", None)]),
            ("", []),
        ],
    )
    def test_are_read(self, text: str, found: list[tuple[str, int | None]]) -> None:
        assert read_buyers(text, "b") == found

    @pytest.mark.parametrize(
        ("text", "said"), [("[4711", "neither JSON"), ("4711,22.11.26", "no day"), ('{"1": "x"}', "no day")]
    )
    def test_what_cannot_be_read_is_told(self, text: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            read_buyers(text, "b.csv")

    def test_are_found_by_id_or_address_and_the_others_are_named(self) -> None:
        buyers = [("4711", 5), ("A@X.example", None), ("99", None), ("b@x.example", None), ("²", None)]
        outcome, missing = known(buyers, {"a@x.example": 12}, {4711, 12})
        assert (outcome.at, missing) == ({4711: 5, 12: None}, ["99", "b@x.example", "²"])
