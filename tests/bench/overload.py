"""`make overload`: ten times as much work as the HSM can do, four fifths of it from one of
five callers, for OVERLOAD_SECONDS (60). Each signature takes a set time, so that the
capacity is known. To the terminal and to $BUILD/overload.json: what is signed a second
alone and under overload, each caller's part, how evenly the others were served (Jain's
index), and how long those that were taken waited, of the time that they had."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import fairness  # noqa: E402  (the same crowd as in the system test)
import rig  # noqa: E402

SECONDS = float(os.environ.get("OVERLOAD_SECONDS") or 60)


def jain(values):
    return sum(values) ** 2 / (len(values) * sum(v * v for v in values))


def waits(floods):
    """Sorted; of the time that the job had."""
    return sorted((done - asked) / fairness.TIMEOUT_S
                  for f in floods.values() for done, _, asked, _ in f.signed)


def figures(crowd, gateway):
    peak, got, floods = fairness.overload_figures(crowd, gateway, SECONDS)
    fairness.no_late_signatures(crowd, floods)
    others, took = [got[n] for n in fairness.BACKENDS[1:]], waits(floods)
    calls = sum(len(f.calls) for f in floods.values())
    expired = sum(c.code() == fairness.LATE for f in floods.values() for c in f.errors)
    return {
        "seconds": SECONDS, "capacity": fairness.CAPACITY, "peak": peak,
        "asked": calls / SECONDS, "signed": sum(got.values()), "callers": got,
        "goodput": sum(got.values()) / peak, "jain_others": jain(others),
        "least_share": min(others) / (peak / len(got)), "expired": expired,
        "expired_of_taken": expired / max(1, expired + len(took)),
        "wait_p50": took[len(took) // 2], "wait_p99": took[len(took) * 99 // 100],
    }


def main():
    crowd = fairness.Crowd("overload")
    with crowd.slow() as gateway:
        found = figures(crowd, gateway)
    print(f"""
asked {found["asked"]:.0f}/s of an HSM that does {found["capacity"]}/s, for {SECONDS:g} s
signed {found["signed"]:.1f}/s, alone {found["peak"]:.1f}/s: {found["goodput"]:.1%} of the peak
callers, a second: {", ".join(f"{n} {v:.1f}" for n, v in found["callers"].items())}
the least of the others has {found["least_share"]:.1%} of its fair share; Jain {found["jain_others"]:.4f}
wait, of the deadline: p50 {found["wait_p50"]:.2f}, p99 {found["wait_p99"]:.2f}
taken and expired in the queue: {found["expired"]} ({found["expired_of_taken"]:.1%}); signed late: 0""")
    path = os.path.join(rig.BUILD, "overload.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
        file.write("\n")
    print(f"Written to {os.path.relpath(path)}.")


if __name__ == "__main__":
    try:
        main()
    except rig.Failed as failed:
        sys.exit(f"overload: {failed}")
