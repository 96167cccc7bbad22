#!/usr/bin/python3
"""bundle.py [--records N]: how fast segel-verify reads a bundle of N made records, each as
long as a real intent or outcome; best of three, the files in the page cache."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import bundles  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))


def records(count):
    """An intent has about 900 bytes, its outcome about 330."""
    for i, record in enumerate(bundles.lawful(count)):
        if record["type"] == "boot":
            yield json.dumps(record, separators=(",", ":")).encode()
            continue
        size = 530 if record["type"] == "intent" else 20
        job = record.get("intent", i)
        record.update(caller="e-office", job=f"r{job}", key="seal-setda",
                      digest=f"sha256:{job:064x}")
        record["facts"] = "f" * size
        record["ts"] = bundles.moment(i // 100)
        yield json.dumps(record, separators=(",", ":")).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=300000)
    asked = parser.parse_args()
    folder = os.path.join(BUILD, "bench", "bundle")
    shutil.rmtree(folder, ignore_errors=True)
    key = bundles.Key()
    bundle = bundles.Bundle(list(records(asked.records)), [key])
    bundle.write(folder)
    size = sum(len(data) for data in bundle.files.values())
    best = None
    for _ in range(3):
        before, start = os.times(), time.monotonic()
        result = subprocess.run([os.path.join(BUILD, "bin", "segel-verify"), "--json",
                                 "--log-key", key.vkey, folder], capture_output=True,
                                text=True, check=False)
        took, after = time.monotonic() - start, os.times()
        cpu = (after.children_user - before.children_user
               + after.children_system - before.children_system)
        if result.returncode != 0:
            sys.exit(result.stdout + result.stderr)
        best = min(best or (took, cpu), (took, cpu))
    print(f"{asked.records} records, {size / 1e6:.0f} MB: {best[0]:.2f} s, "
          f"{asked.records / best[0]:,.0f} records/s, of processor time "
          f"{asked.records / best[1]:,.0f}/s")
    shutil.rmtree(folder)


main()
