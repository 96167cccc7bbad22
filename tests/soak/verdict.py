"""What is made of a soak's samples and errors. Knows nothing of gateways; tests/system/soak.py
gives it samples that were made up."""
import collections
import statistics

GRACE_S = 2.0        # after a fault is over: what was begun in it may end yet
WARM_UP = 0.25       # of the time; caches and heaps fill
BOUND_FROM_MIN = 30  # shorter runs tell a slope, but are held to none
SLOPE_MIB_H = 1.0
SPAN_S = 300         # over which a slope is taken; the verdict is on their median
STEPS_MIB = 6.0      # in all: pools of jobs and messages, by steps
INDEX_CACHE = 2 * 2**20  # of SQLite over the index of the log: gateway/ledger/index.c
# The index of the log is opened for its first question behind its first full block, and stays
# open: the file itself, -wal and -shm. Some questions open the ledger for a moment; SQLite keeps
# the descriptor while the process has another lock on that file, and opens with it the next time.
SPARE_DESCRIPTORS, SPARE_THREADS = 4, 0

LANE_GONE = frozenset(("UNAVAILABLE", "DEADLINE_EXCEEDED", "EXIT_1", "EXIT_3"))
# What may go wrong for a client while a fault is under way; empty: nothing. Exit codes are
# those of `segel sign`.
EXCUSES = {
    "lane killed": LANE_GONE,
    "C_Sign hangs": LANE_GONE,
    "module dies": LANE_GONE,
    "device error": LANE_GONE,
    "session lost": frozenset(("UNAVAILABLE", "EXIT_1", "EXIT_3")),
    "slow token": frozenset(("RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED")),
    "reload": frozenset(),
    "out of rotation": frozenset(),
}
# Kinds that no fault of a lane may disturb: they need no key.
UNTOUCHED = ("explain", "watch", "connect", "log show", "slow log show", "verify letters")

# since, until: of the fault; until None while it is under way
Window = collections.namedtuple("Window", "fault since until")
Error = collections.namedtuple("Error", "kind since at code words")


def errors_of(event):
    """Those of a line of the callers' history."""
    return [Error(event["kind"], event["since"], event["at"], code, words)
            for code, words in event.get("errors", [])]


def excuse(error, windows):
    """The fault that explains it, or None."""
    if error.kind in UNTOUCHED:
        return None
    for window in windows:
        until = float("inf") if window.until is None else window.until + GRACE_S
        if (error.code in EXCUSES[window.fault] and error.at >= window.since
                and error.since <= until):
            return window.fault
    return None


def sort_errors(errors, windows):
    """(Counter of (fault, kind, code), those that nothing explains)."""
    explained, unexplained = collections.Counter(), []
    for error in errors:
        fault = excuse(error, windows)
        if fault is None:
            unexplained.append(error)
        else:
            explained[fault, error.kind, error.code] += 1
    return explained, unexplained


# --- Samples: {"at": seconds, "processes": {name: {"pid", "rss", "threads", "descriptors"}}} ---

def last_life(samples, name):
    """(seconds, what was seen) of the process that has this name at the end, warm-up left
    off. A lane is another process after a fault."""
    seen = [(s["at"], s["processes"][name]) for s in samples if name in s["processes"]]
    seen = [(at, p) for at, p in seen if p["pid"] == seen[-1][1]["pid"]]
    if not seen:
        return []
    begin, end = seen[0][0], seen[-1][0]
    return [(at, p) for at, p in seen if at >= begin + WARM_UP * (end - begin)]


def slope(points):
    """Least squares: units an hour of (seconds, units); None for fewer than three."""
    if len(points) < 3:
        return None
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    if spread == 0:
        return None
    return 3600 * sum((at - middle) * (value - mean) for at, value in points) / spread


def rss_points(samples, name):
    return [(at, p["rss"] / 2**20) for at, p in last_life(samples, name)]


def rss_slope(samples, name):
    """MiB an hour, and over how many samples."""
    points = rss_points(samples, name)
    return slope(points), len(points)


def steady_slope(samples, name):
    """The median of the slopes of spans, one behind the other, and how many there are. What is
    kept for the next burst (jobs, messages, connections) grows by a step when more was under way
    at one time than ever before, as on a machine that stood still for a second; such a step
    makes a slope of its own span alone. What leaks leaks in each of them."""
    points = rss_points(samples, name)
    spans = {}
    for at, value in points:
        spans.setdefault(int((at - points[0][0]) // SPAN_S), []).append((at, value))
    slopes = [found for found in map(slope, spans.values()) if found is not None]
    return (statistics.median(slopes) if slopes else None), len(slopes)


def rss_growth(samples, name):
    """MiB, from the first span to the last: what many steps together may not exceed."""
    points = rss_points(samples, name)
    if not points or points[-1][0] - points[0][0] < 2 * SPAN_S:
        return None
    first = [value for at, value in points if at < points[0][0] + SPAN_S]
    last = [value for at, value in points if at > points[-1][0] - SPAN_S]
    return statistics.mean(last) - statistics.mean(first)


def without_cache(samples):
    """The same samples with the RSS of segeld less what the cache of the index may hold: the
    whole index until it is full, which takes some hundred thousand signatures."""
    def less(sample):
        processes = dict(sample["processes"])
        if "segeld" in processes:
            held = min(sample["index"], INDEX_CACHE)
            processes["segeld"] = {**processes["segeld"],
                                   "rss": processes["segeld"]["rss"] - held}
        return {**sample, "processes": processes}
    return [less(sample) for sample in samples]


def growth(before, after, what):
    """Per process: how many more there are at rest behind the load than at rest before it.
    Where the system does not tell of one, it is left out."""
    return {name: after[name][what] - before[name][what] for name in before
            if name in after and None not in (before[name][what], after[name][what])}
