"""`make attacks`: every row of the table by itself, then all floods together for a minute,
beside a client that behaves. Rewrites the tables of docs/ATTACKS.md. Exit code 1 when an
attack ends as it must not; the figure of the flood is told, and is not a verdict.

    run.py [--seconds S] [--docs FILE] [--only WORDS]
"""
import argparse
import datetime
import json
import os
import sys

import flood
import ground
import table

BEGIN, END = "<!-- made by make attacks -->", "<!-- end -->"
CODES = {0: "NO_ERROR", table.PROTOCOL: "PROTOCOL_ERROR", table.FLOW: "FLOW_CONTROL_ERROR",
         table.CLOSED: "STREAM_CLOSED", table.SIZE: "FRAME_SIZE_ERROR",
         table.COMPRESSION: "COMPRESSION_ERROR", table.CALM: "ENHANCE_YOUR_CALM"}


def one_by_one(pairs, rows):
    results = []
    for row in rows:
        wrong, grown, waited = ground.try_one(pairs, row)
        print(f"{'FAIL' if wrong else 'ok':5} {row.name}"
              + (f": {wrong}" if wrong else f"  (+{grown:.0f} MiB, an honest client "
                                            f"waited {waited * 1000:.0f} ms)"), flush=True)
        results.append((row, wrong, grown, waited))
    return results


def end_in_words(end):
    word, _, value = end.partition(":")
    if word == "status" and value.startswith(":"):
        return f"HTTP {value[1:]}"
    name = CODES.get(int(value)) if word in ("goaway", "reset") else value
    return {"goaway": f"GOAWAY {name}", "reset": f"RST_STREAM {name}", "closed": "closed",
            "status": f"status {value}", "served": "nothing; it costs little"}[word]


def line(result):
    row, wrong, grown, _ = result
    ends = " or ".join(map(end_in_words, row.ends))
    if row.signed != (0, 0):
        low, high = row.signed
        ends += f"; signed: {low}" + (f" to {high}" if high > low else "")
    return (f"| {row.name} | {row.source} | {ends}{' **no**' if wrong else ''} | {grown:.0f} "
            f"of {row.mib} |")


def tables(results, storm):
    lines = [""]
    for module, title in ground.FAMILIES.items():
        own = [r for r in results if r[0].function.__module__ == module]
        lines += [f"### {title}", "", f"`tests/attacks/{module}.py`", "",
                  "| attack | source | how it ends | MiB |", "| --- | --- | --- | --- |"]
        lines += [line(r) for r in own] + [""]
    longest = max(waited for *_, waited in results)
    lines += [f"{datetime.date.today().isoformat()}: {len(results)} attacks, "
              f"{sum(1 for r in results if r[1])} ended as they must not. An honest client "
              f"waited {longest * 1000:.0f} ms at most, for a signature and a new connection.",
              ""]
    return "\n".join(lines + flood_table(storm))


def flood_table(storm):
    return ["### The flood", "", "| what | figure |", "| --- | --- |",
            f"| length | {storm['seconds']} s, {flood.ATTACKERS} processes, "
            f"{storm['attacks']} attacks |",
            f"| p99 of the client that behaves, before, on an idle machine | "
            f"{storm['calm_p99_ms']:.1f} ms |",
            f"| before, on one that is busy with nothing | {storm['busy_p99_ms']:.1f} ms |",
            f"| during | {storm['storm_p99_ms']:.1f} ms: {storm['ratio']:.2f} times that of the "
            f"busy machine, {storm['calm_ratio']:.2f} times that of the idle one |",
            f"| signed during the flood, failed | {storm['signed']}, {storm['failed']} |",
            f"| processor: segeld, attackers | {storm['segeld_cpu']:.2f} and "
            f"{storm['attackers_cpu']:.2f} of {os.cpu_count()} cores |",
            f"| memory of segeld | +{storm['grown_mib']:.0f} MiB |", ""]


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
    parser.add_argument("--only", metavar="WORDS", help="rows with these words; no flood")
    asked = parser.parse_args()
    rows = [row for row in table.rows if (asked.only or "") in row.name]
    with ground.gateways("attacks-all") as pairs:
        results = one_by_one(pairs, rows)
        failed = sum(1 for r in results if r[1])
        if asked.only is None:
            gateway, honest = pairs[False]
            storm = flood.run(gateway.rig, gateway, asked.seconds)
            alive = gateway.process.poll() is None and honest.sign().signature
            failed += 0 if alive else 1
            print(json.dumps(storm))
            text = tables(results, storm)
            print(text)
            if asked.docs:
                rewrite(asked.docs, text)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
