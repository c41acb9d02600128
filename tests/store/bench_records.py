"""How fast contacts are taken in: ``python -m tests.store.bench_records [contacts]``. A figure, never a test.

28 of 60 properties are not empty, a batch is a transaction of 1,000. CPU seconds stand beside the wall's, since the
machine may be busy.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator

from connector.model.records import Snapshot
from connector.store import Store, records
from tests import databases

BATCH = 1000
T0 = 1_795_000_000_000
NAMES = [f"property_name_{n:02}" for n in range(24)]
EMPTY = dict.fromkeys(f"empty_property_{n:02}" for n in range(32))


def contact(number: int, content: int, modified: int) -> Snapshot:
    told = dict.fromkeys(NAMES, f"value {number % 977} {content} abc{number}")
    stamp = f"2026-11-22T10:11:12.{modified:03}Z"
    told |= {"email": f"Person{number}@example{number % 500}.com", "lifecyclestage": "lead"}
    told |= {"hubspot_owner_id": str(number % 50 + 1), "lastmodifieddate": stamp}
    return Snapshot("contacts", number * 7 + 100, told | EMPTY, T0 + number, T0 + modified)


def batches(contacts: int, content: int, modified: int) -> Iterator[list[Snapshot]]:
    for first in range(0, contacts, BATCH):
        yield [contact(number, content, modified) for number in range(first, first + BATCH)]


def measure(store: Store, label: str, contacts: int, content: int, modified: int) -> None:
    wall = cpu = 0.0
    for batch in batches(contacts, content, modified):
        began, burnt = time.perf_counter(), time.process_time()
        with store.unit() as u:
            records.upsert(u, 1, "contacts", batch, T0 + 100_000 + modified)
        wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - burnt
    print(f"  {label:16} {contacts / wall:8,.0f} contacts/s   ({contacts / cpu:8,.0f} per second of our own CPU)")


def main(contacts: int) -> None:
    for kind in databases.KINDS:
        print(kind)
        url = databases.fresh_url(kind)
        store = Store.open(url)
        for label, content, modified in (("first fill", 1, 1), ("unchanged", 1, 1), ("only the time", 1, 2)):
            measure(store, label, contacts, content, modified)
        measure(store, "all changed", contacts, 3, 3)
        store.close()
        databases.drop(url)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
