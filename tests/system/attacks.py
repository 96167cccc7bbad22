#!/usr/bin/python3
"""Peers that break the rules of HTTP/2 and gRPC on purpose, each row of tests/attacks/table.py:
it ends as it has to, segeld lives and keeps within its memory, and an honest client is served."""
import os
import sys

import rig

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../attacks"))
import ground  # noqa: E402
import table  # noqa: E402


def claims_of(gateway, honest):
    for row in table.rows:
        def holds(row=row):
            wrong, _ = ground.try_one(gateway, honest, row)
            rig.expect(wrong is None, wrong)
        holds.__name__ = row[0]
        rig.claim(holds)


def main():
    the_rig = rig.Rig("attacks", "seal-demo:p-256")
    with the_rig.gateway() as gateway:
        honest = gateway.client()
        honest.sign()
        claims_of(gateway, honest)
        return rig.run()


if __name__ == "__main__":
    sys.exit(main())
