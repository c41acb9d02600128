"""``python -m connector.twin --port 8100 --contacts 5000``: the simulated portal in a process of its own."""

from __future__ import annotations

import argparse
import sys
import time

from connector.twin.dials import Dials
from connector.twin.server import serve_twin
from connector.twin.twin import Twin


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m connector.twin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--contacts", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--search-lag", type=float, default=0.0)
    parser.add_argument("--no-limits", action="store_true", help="no burst, search or daily limit")
    parser.add_argument("--webhooks", metavar="URL", help="call this address back")
    parser.add_argument("--portal-id", type=int, help="two twins are two portals only with ids of their own")
    args = parser.parse_args(argv)
    dials = Dials(latency=args.latency_ms / 1000, search_lag=args.search_lag)
    if args.no_limits:
        dials.turn({"burst": None, "search_per_second": None, "daily": None})
    begun = time.perf_counter()
    twin = Twin.from_seed(args.seed, args.contacts, dials=dials, portal_id=args.portal_id)
    with serve_twin(twin, host=args.host, port=args.port, threads=args.threads) as url:
        took = time.perf_counter() - begun
        if args.webhooks:
            twin.webhooks.target(args.webhooks)
        print(f"{url} token {twin.token} portal {twin.portal_id} contacts {args.contacts} in {took:.1f} s", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
