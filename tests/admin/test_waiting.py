"""Work that a page does not wait for: done once, looked at again, tried again when it failed."""

from __future__ import annotations

import threading

import pytest

from connector.admin.waiting import REMEMBERED, Waiting
from connector.errors import StoreError


def test_quick_work_is_there_at_once_and_done_only_once():
    room, done = Waiting(), []
    for _ in range(3):
        task = room.ask("key", lambda task: done.append(1) or "result", patience=5)
        assert (task.over.is_set(), task.result, task.fault) == (True, "result", None)
    assert done == [1]
    assert room.known("key").result == "result"
    assert room.known("other") is None


def test_slow_work_tells_how_far_it_is():
    room, go, seen = Waiting(), threading.Event(), threading.Event()

    def work(task):
        task.start("counting", 10)
        task.advance("counting", 4)
        seen.set()
        assert go.wait(10)
        return "result"

    task = room.ask("key", work, patience=0)
    assert seen.wait(10)
    assert (task.over.is_set(), task.done, task.total) == (False, 4, 10)
    assert room.known("key") is None
    go.set()
    assert room.ask("key", work, patience=10).result == "result"


def test_what_failed_is_told_and_tried_again():
    room, times = Waiting(), []

    def work(task):
        times.append(1)
        if len(times) == 1:
            raise StoreError("The database is locked.")
        return "result"

    assert room.ask("key", work, patience=10).fault.message == "The database is locked."
    assert room.known("key") is None
    assert room.ask("key", work, patience=10).result == "result"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_broke_ends_with_a_sentence_and_nothing_of_the_inside():
    task = Waiting().ask("key", lambda task: {}["secret"], patience=10)
    assert task.over.is_set()
    assert "secret" not in str(task.fault)
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.daemon and "_run" in thread.name:
            thread.join(10)


def test_no_more_is_remembered_than_room_is_for():
    room = Waiting()
    for number in range(REMEMBERED + 5):
        room.ask(number, lambda task: "x", patience=10)
    assert room.known(0) is None
    assert room.known(REMEMBERED + 4) is not None


def test_one_at_a_time():
    room, at_work, most = Waiting(), [], []

    def work(task):
        at_work.append(1)
        most.append(len(at_work))
        at_work.pop()
        return "x"

    tasks = [room.ask(number, work, patience=0) for number in range(8)]
    assert all(task.over.wait(10) for task in tasks)
    assert max(most) == 1
