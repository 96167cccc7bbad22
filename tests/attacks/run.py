"""`make attacks`: every attack of table.py by itself, then all floods together for a minute,
beside a client that behaves. Rewrites the tables of docs/ATTACKS.md. Exit code 1 when an
attack ends as it must not; the figure of the flood is told, and is not a verdict.

    run.py [--seconds S] [--docs FILE]
"""
import argparse
import datetime
import json
import os
import sys

import flood
import ground
import table
from ground import rig

BEGIN, END = "<!-- made by make attacks -->", "<!-- end -->"


def one_by_one(gateway, honest):
    results = []
    for row in table.rows:
        wrong, grown = ground.try_one(gateway, honest, row)
        print(f"{'FAIL' if wrong else 'ok':5} {row[0]}"
              + (f": {wrong}" if wrong else f"  (+{max(grown, 0):.0f} MiB)"), flush=True)
        results.append({"attack": row[0], "source": row[1], "ends": row[3],
                        "bound_mib": row[4], "grown_mib": round(max(grown, 0), 1),
                        "wrong": wrong})
    return results


def end_in_words(end):
    codes = {"1": "PROTOCOL_ERROR", "3": "FLOW_CONTROL_ERROR", "5": "STREAM_CLOSED",
             "6": "FRAME_SIZE_ERROR", "9": "COMPRESSION_ERROR", "11": "ENHANCE_YOUR_CALM"}
    word, _, value = end.partition(":")
    return {"goaway": f"GOAWAY {codes.get(value, value)}", "closed": "closed",
            "status": f"status {value}", "reset": f"RST_STREAM {codes.get(value, value)}",
            "served": "nothing: it costs nothing"}[word]


def tables(results, storm):
    lines = ["", "| attack | source | how it ends | memory, MiB | bound |",
             "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r['attack']} | {r['source']} | "
              f"{' or '.join(map(end_in_words, r['ends']))} | {r['grown_mib']:.0f} | "
              f"{r['bound_mib']} |" for r in results]
    day = datetime.date.today().isoformat()
    lines += ["", f"{day}: {len(results)} attacks, "
              f"{sum(1 for r in results if r['wrong'])} ended as they must not.", "",
              "| flood | figure |", "| --- | --- |",
              f"| length | {storm['seconds']} s, {flood.ATTACKERS} processes, "
              f"{storm['attacks']} attacks |",
              f"| p99 of the client that behaves, before | {storm['calm_p99_ms']:.1f} ms |",
              f"| during | {storm['storm_p99_ms']:.1f} ms, {storm['ratio']:.2f} times |",
              f"| signed during the flood, failed | {storm['signed']}, {storm['failed']} |",
              f"| processor of segeld | {storm['segeld_cpu']:.2f} of "
              f"{os.cpu_count()} cores |",
              f"| memory of segeld | +{storm['grown_mib']:.0f} MiB |", ""]
    return "\n".join(lines)


def rewrite(path, text):
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    head, rest = whole.split(BEGIN)
    tail = rest.split(END)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + "\n" + text + "\n" + END + tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--docs", metavar="FILE")
    asked = parser.parse_args()
    the_rig = rig.Rig("attacks-all", "seal-demo:p-256")
    with the_rig.gateway() as gateway:
        honest = gateway.client()
        honest.sign()
        results = one_by_one(gateway, honest)
        storm = flood.run(the_rig, gateway, asked.seconds)
        healthy = gateway.process.poll() is None and honest.sign().signature
    print(json.dumps(storm))
    text = tables(results, storm)
    print(text)
    if asked.docs:
        rewrite(asked.docs, text)
    failed = sum(1 for r in results if r["wrong"]) + (0 if healthy else 1)
    print(f"{len(results) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
