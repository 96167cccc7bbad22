"""A strict reader of Prometheus' text format 0.0.4: whatever is not exactly as the format
and its habits ask is an error. It knows nothing of the gateway's tables."""
import re

from rig import Failed, equal, expect

HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)+)")
TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\d+(?:\.\d{6})?)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\\\|\\"|\\n)*)"')
ESCAPE = re.compile(r'\\(["\\n])')


class Family:
    def __init__(self, kind, help_text):
        self.kind, self.help, self.samples, self.label_names = kind, help_text, {}, None
        self.series = {}  # of a histogram: labels without le -> what it says


class Page:
    """value("segel_lane_up", lane="lane0")"""

    def __init__(self, families):
        self.families = families

    def value(self, name, /, **labels):
        samples = self.families[name].samples
        key = frozenset(labels.items())
        expect(key in samples, f"{name} has no sample {labels}: {samples}")
        return samples[key]


def labels_of(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        expect(match and match.group(1) not in labels, f"labels: {text}")
        labels[match.group(1)] = ESCAPE.sub(
            lambda m: "\n" if m.group(1) == "n" else m.group(1), match.group(2))
        at = match.end()
        if at < len(text):
            expect(text[at] == "," and at + 1 < len(text), f"between labels: {text}")
            at += 1
    return labels


def add_to_histogram(family, line, match):
    """Buckets in rising order up to +Inf, then sum, then count, which agrees with it."""
    suffix = match.group(1).removeprefix(family.name)
    labels = labels_of(match.group(2) or "")
    bound = labels.pop("le", None)
    expect(family.label_names in (None, list(labels)), f"other labels than before: {line}")
    family.label_names = list(labels)
    expect((bound is None) == (suffix != "_bucket"), f"le stands in buckets only: {line}")
    one = family.series.setdefault(frozenset(labels.items()), {"le": [], "counts": []})
    if suffix == "_bucket":
        expect("sum" not in one, f"a bucket behind the sum: {line}")
        one["le"].append(float(bound.replace("+Inf", "inf")))
        one["counts"].append(float(match.group(3)))
        expect(one["le"] == sorted(set(one["le"])), f"bounds do not rise: {line}")
        expect(one["counts"] == sorted(one["counts"]), f"counts do not rise: {line}")
    elif suffix == "_sum":
        expect(one["le"][-1] == float("inf"), f"no last bucket before: {line}")
        one["sum"] = float(match.group(3))
    else:
        expect(suffix == "_count" and "sum" in one, f"not of a histogram: {line}")
        equal(float(match.group(3)), one["counts"][-1], "count of " + line)
        family.samples[frozenset(labels.items())] = one["counts"][-1]


def add_sample(family, line):
    match = SAMPLE.fullmatch(line)
    if family.kind == "histogram":
        expect(match and match.group(1).startswith(family.name), f"not of it: {line}")
        add_to_histogram(family, line, match)
        return
    expect(match and match.group(1) == family.name, f"not a sample of {family.name}: {line}")
    labels = labels_of(match.group(2) or "")
    expect(match.group(2) != "", f"empty braces: {line}")
    key = frozenset(labels.items())
    expect(key not in family.samples, f"the series stands twice: {line}")
    expect(family.label_names in (None, list(labels)), f"other labels than before: {line}")
    family.label_names = list(labels)
    family.samples[key] = float(match.group(3))


def parse(text):
    expect(text.endswith("\n"), "the last line has no end")
    families, lines, at = {}, text[:-1].split("\n"), 0
    while at < len(lines):
        head, kind = HELP.fullmatch(lines[at]), TYPE.fullmatch(lines[at + 1])
        if not head or not kind or head.group(1) != kind.group(1):
            raise Failed(f"HELP and TYPE of one metric are due: {lines[at:at + 2]}")
        name = head.group(1)
        expect(name not in families, f"{name} stands twice")
        expect(name.endswith("_total") == (kind.group(2) == "counter"), f"name of {name}")
        family = families[name] = Family(kind.group(2), head.group(2))
        family.name = name
        at += 2
        while at < len(lines) and not lines[at].startswith("#"):
            add_sample(family, lines[at])
            at += 1
        expect(family.samples, f"{name} has no sample")
    return Page(families)
