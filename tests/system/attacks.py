#!/usr/bin/python3
"""Peers that break the rules of TLS, HTTP/2 and gRPC on purpose, each row of tests/attacks:
it ends as it has to, segeld lives and keeps within its memory, nothing is signed that should
not be, and an honest client is served meanwhile."""
import concurrent.futures
import os
import sys

import rig

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../attacks"))
import ground  # noqa: E402
import table  # noqa: E402


def claims_of(pairs, pool):
    """Those that wait for time to pass do so beside the others: they have a gateway of
    their own."""
    waiting = {}

    def begin():
        asked = {claim.__name__ for claim in rig.claims}
        waiting.update((row.name, pool.submit(ground.try_one, pairs, row))
                       for row in table.rows if row.slow and row.name in asked)

    for row in sorted(table.rows, key=lambda row: row.slow):
        def holds(row=row):
            if not waiting:
                begin()
            wrong, _, _ = (waiting[row.name].result() if row.slow
                           else ground.try_one(pairs, row))
            rig.expect(wrong is None, wrong)
        holds.__name__ = row.name
        rig.claim(holds)


def main():
    with ground.gateways("attacks") as pairs, \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        claims_of(pairs, pool)
        return rig.run()


if __name__ == "__main__":
    sys.exit(main())
