"""What was measured beside what was wanted: one table, one verdict a row."""
import json
import statistics
import sys


class Figures:
    def __init__(self):
        self.rows = []

    def note(self, what, wanted, seen, good, unit=""):
        """good: True, False, or None for what is only told."""
        self.rows.append({"what": what, "wanted": wanted, "seen": seen, "unit": unit,
                          "verdict": {True: "ok", False: "MISSED", None: "-"}[good]})
        return good

    def at_most(self, what, limit, values, unit):
        """The largest of the values counts; median and p99 are told beside it."""
        if not values:
            return self.note(what, f"at most {limit} {unit}", "nothing was measured", False)
        middle = [f"median {statistics.median(values):.3g}"]
        if len(values) >= 100:
            middle.append(f"p99 {sorted(values)[len(values) * 99 // 100]:.3g}")
        seen = f"{max(values):.3g} {unit} ({', '.join(middle)})"
        return self.note(what, f"at most {limit} {unit}", seen, max(values) <= limit, unit)

    def exactly(self, what, wanted, seen):
        return self.note(what, str(wanted), str(seen), seen == wanted)

    def missed(self):
        return [r for r in self.rows if r["verdict"] == "MISSED"]

    def show(self):
        widths = [max([len(r[c]) for r in self.rows] + [len(c)])
                  for c in ("what", "wanted", "seen")]
        head = ("what", "wanted", "seen", "verdict")
        for row in [dict(zip(head, head))] + self.rows:
            print("  ".join(row[c].ljust(w) for c, w in zip(head, widths)) + "  "
                  + row["verdict"])

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"figures": self.rows}, file, indent=1)
            file.write("\n")


class Progress:
    """A bar where somebody looks, a line now and then where nobody does."""

    def __init__(self, title, total):
        self.title, self.total, self.done, self.told = title, total, 0, 0
        self.bar = sys.stderr.isatty()

    def step(self, note=""):
        self.done += 1
        if self.bar:
            full = 30 * self.done // self.total
            end = "\n" if self.done == self.total else ""
            sys.stderr.write(f"\r{self.title:16} [{'#' * full}{'.' * (30 - full)}] "
                             f"{self.done}/{self.total} {note:40.40}{end}")
            sys.stderr.flush()
        elif self.done * 5 // self.total > self.told:
            self.told = self.done * 5 // self.total
            print(f"  {self.title}: {self.done} of {self.total}", file=sys.stderr, flush=True)
