"""What is read out of addresses and bodies: nothing is guessed, nothing silently changed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.api.shapes import ContactCursor, Day, Flag, Hash, Ident, In, Moment, Number, Out, Text, place

FIRST, LAST = datetime(1971, 1, 1), datetime(8999, 1, 1)  # noqa: DTZ001 - hypothesis wants them without a zone


class Everything(In):
    """One of each."""

    number: Number | None = None
    ident: Ident | None = None
    flag: Flag | None = None
    day: Day | None = None
    moment: Moment | None = None
    text: Text | None = None
    hash: Hash | None = None
    cursor: ContactCursor | None = None


def read(**told):
    return getattr(Everything.model_validate(told, strict=True), next(iter(told)))


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"number": "0"}, 0),
        ({"number": "-5"}, -5),
        ({"number": "007"}, 7),
        ({"ident": "123456789012345678"}, 123456789012345678),
        ({"flag": "true"}, True),
        ({"flag": "false"}, False),
        ({"day": "2026-02-28"}, date(2026, 2, 28)),
        ({"moment": "2026-11-22"}, 1795305600000),
        ({"moment": "2026-11-22T09:30"}, 1795339800000),
        ({"moment": "2026-11-22T10:30:00+01:00"}, 1795339800000),
        ({"moment": "2026-11-22T09:30:00Z"}, 1795339800000),
        ({"text": "Zwölf 🦡"}, "Zwölf 🦡"),
        ({"hash": "3f9c"}, "3f9c"),
        ({"cursor": "-3.4711"}, "-3.4711"),
    ],
)
def test_what_fits(told, value):
    assert read(**told) == value


@pytest.mark.parametrize(
    "told",
    [
        *(
            {"number": one}
            for one in ("", " 1", "1 ", "1.0", "1e3", "+1", "٣", "1_0", "0x1", "1" * 10, "true", 5, True)
        ),
        *({"ident": one} for one in ("", "-1", "1" * 19, "٣", "1.0", 5)),
        *({"flag": one} for one in ("", "True", "1", "yes", "0", "on", True, 1)),
        *({"day": one} for one in ("", "2026-2-1", "2026-02-30", "20260201", "2026-02-01T00:00", "٢٠٢٦-02-01", 5)),
        *({"moment": one} for one in ("", "soon", "0001-01-01", "9999-12-31T23:59:59-23:59", "2026-13-01", 5, True)),
        *({"text": one} for one in ("a\x00b", "\ud800", 5, True, ["a"])),
        *({"hash": one} for one in ("", "a b", "'", "x" * 129, "a\n", 5)),
        *({"cursor": one} for one in ("", "1", "1.", ".1", "1.2.3", "1.-2", "x.1", "1" * 17 + ".1", "1.1\n")),
        {"another": "x"},
    ],
    ids=repr,
)
def test_what_does_not(told):
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(told, strict=True)
    assert {one["loc"][0] for one in caught.value.errors()} == set(told)


@given(st.text(max_size=25))
def test_no_text_at_all_breaks_any_of_them(told):
    for name in Everything.model_fields:
        with suppress(ValidationError):
            assert read(**{name: told}) is not None


@given(st.datetimes(FIRST, LAST))
def test_a_moment_is_read_as_it_was_written(moment):
    exact = moment.replace(microsecond=0, tzinfo=UTC)
    assert read(moment=exact.isoformat()) == round(exact.timestamp() * 1000)


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**17))
def test_a_cursor_gives_back_its_place(key, ident):
    assert place(read(cursor=f"{key}.{ident}")) == (key, ident)


def test_no_cursor_is_the_beginning():
    assert place(None) is None


def test_what_we_answer_may_have_more_but_nothing_of_another_kind():
    class Answer(Out):
        """One member."""

        count: int

    assert Answer.model_validate({"count": 1, "more": "x"}).model_dump() == {"count": 1, "more": "x"}
    for wrong in (True, "1", 1.0, None):
        with pytest.raises(ValidationError):
            Answer.model_validate({"count": wrong})
