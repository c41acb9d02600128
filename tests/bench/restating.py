"""One process that does nothing but give everybody the score of another model: what ``plan`` does first of all.

Run in the folder of an installation by ``judging.py``; prints one JSON document.
"""

from __future__ import annotations

import json
import time

from connector.progress import Silent
from connector.service import Service
from connector.settings import Settings
from connector.store import receipts
from connector.sync import ahead


def main() -> None:
    with Service.open(Settings(), progress=Silent()) as service, service._context("bench", offline=True) as ctx:
        rules, now = ctx.rulebook.rules, ctx.clock.now_ms()
        began = time.monotonic()
        ahead.scores_first(ctx, ahead.MANY, now)
        seconds = time.monotonic() - began
        with ctx.store.view() as u:
            old = receipts.of_other_models(u, ctx.portal_id, rules.name, rules.version)
            everybody = receipts.distribution(u, ctx.portal_id).total
    print(json.dumps({"seconds": seconds, "restated": everybody - old}))


if __name__ == "__main__":
    main()
