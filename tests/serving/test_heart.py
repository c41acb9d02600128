"""Beside the requests: signs of life, counts that are kept, and the gap when nobody received (W09)."""

from __future__ import annotations

from connector.serving.heart import Heart
from connector.store import beats, gaps, portals, tallies
from connector.sync.receive import PAUSED, SILENT
from tests.serving.conftest import Place
from tests.store.builders import T0

DAY = 86_400


def standing(place: Place, portal_id: int) -> list[tuple[int, int, str]]:
    with place.parts.store.view() as u:
        return [(gap.from_ms - T0, gap.to_ms - T0, gap.why) for gap in gaps.standing(u, portal_id)]


def test_the_first_start_ever_is_no_gap(place: Place) -> None:
    acme = place.connect("acme", 11)
    place.parts.heart.beat()
    assert standing(place, acme) == []


def test_a_receiver_that_was_down_for_25_hours_books_a_gap_of_25_hours_for_every_portal(place: Place) -> None:
    acme, zeta = place.connect("acme", 11), place.connect("zeta", 22)
    place.parts.heart.beat()
    place.clock.advance(25 * 3_600)
    place.parts.heart.beat()
    assert standing(place, acme) == standing(place, zeta) == [(0, 25 * 3_600_000, SILENT)]
    assert place.numbers()[f'gap_seconds{{portal="{acme}"}}'] == 25 * 3_600


def test_a_restart_within_two_minutes_is_no_gap(place: Place) -> None:
    acme = place.connect("acme", 11)
    place.parts.heart.beat()
    place.clock.advance(119)
    place.parts.heart.beat()
    assert standing(place, acme) == []


def test_another_web_process_that_was_there_leaves_no_gap(place: Place) -> None:
    acme = place.connect("acme", 11)
    place.parts.heart.beat()
    place.clock.advance(DAY)
    place.alive("web")
    place.parts.heart.beat()
    assert standing(place, acme) == []


def test_notices_dropped_for_a_resting_portal_are_booked_with_the_next_beat(place: Place) -> None:
    acme = place.connect("acme", 11)
    with place.parts.store.unit() as u:
        portals.pause(u, acme, "by hand", T0)
    assert place.post(11) == 204
    place.parts.heart.beat()
    assert standing(place, acme) == [(0, 0, PAUSED)]


def test_counts_survive_a_beat_that_failed(place: Place) -> None:
    place.parts.counting("webhooks_refused", "mismatch")
    place.parts.front.close()
    broken = Heart(place.parts.store, _Broken(), place.parts.receiver, place.parts.counting, place.clock)
    broken._safely()
    assert place.parts.counting.peek() == {("webhooks_refused", "mismatch"): 1}
    place.parts.heart.beat()
    with place.parts.front.view() as u:
        assert tallies.every(u) == {("webhooks_refused", "mismatch"): 1}


def test_stopping_keeps_the_last_counts_and_the_last_sign(place: Place) -> None:
    place.parts.heart.start()
    place.parts.counting("webhooks_refused", "mismatch")
    place.clock.advance(5)
    place.parts.heart.stop()
    with place.parts.front.view() as u:
        assert tallies.every(u) == {("webhooks_refused", "mismatch"): 1}
        assert beats.last(u, "web") == T0 + 5_000


class _Broken:
    """A front store whose disk is full."""

    def view(self):
        from connector.errors import DiskFull

        raise DiskFull("No room.")

    unit = view
