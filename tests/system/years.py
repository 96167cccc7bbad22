"""Logs of more than a year that never were, and what they come to, counted by other means
than the product's: whole records, Python's calendar, no tables that grow with the log."""
import collections
import datetime
import hashlib
import json
import random

from bundles import leaf, lines, node

WIB = datetime.timezone(datetime.timedelta(hours=7))
UTC = datetime.timezone.utc
SERIAL = "21E44D99539494A53A3FF260A44424"
FACTS = {
    "key.id": "seal-setda", "key.class": "seal", "key.assurance": "hardware",
    "key.type": "rsa", "key.rsa_bits": 3072, "token.manufacturer": "Contoh HSM",
    "token.model": "X-100", "token.serial": "0012", "token.firmware": "3.1",
    "cert.serial": SERIAL, "cert.subject_o": "Pemerintah Kota Contoh",
    "cert.subject_cn": "Segel Elektronik Kota Contoh", "cert.issuer": "CN=CA,O=Contoh,C=ID",
    "cert.not_before": "2025-10-01T00:00:00.000000Z",
    "cert.not_after": "2027-10-01T00:00:00.000000Z",
    "agreement.from": "2025-09-30T17:00:00.000000Z",
    "agreement.until": "2029-09-30T17:00:00.000000Z",
    "cert.policy_oids": ["2.16.360.1.1.1.3.12"],
    "cert.key_usage": ["digitalSignature", "nonRepudiation"]}
RULES = [("CP-1.4-01", "1.4.1", "USE_NOT_ALLOWED"), ("CP-6.3-01", "6.3.2", "CERT_EXPIRED"),
         ("CP-4.5-04", "4.5.1", "NO_CONSENT_REF")]


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(record):
    return datetime.datetime.strptime(record["ts"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=UTC)


class Log:
    """Records in the order they are added; each is dated by whoever adds it."""

    def __init__(self):
        self.records = []

    def add(self, moment, record_type, **body):
        self.records.append({"v": 1, "seq": len(self.records), "ts": stamp(moment),
                             "node": "gw1", "type": record_type, **body})
        return len(self.records) - 1

    def boot(self, moment, version="0.1.0"):
        self.add(moment, "boot", version=version)
        self.add(moment, "policy.load", subject="seal", version="1", source="start",
                 policy_rev="sha256:" + "ab" * 32, requester="administrator")
        self.add(moment, "key.facts", subject="seal-setda", facts=FACTS)

    def job(self, moment, caller="e-office", doc_class="surat_tugas", outcome="signed",
            document=None, shadow=(), notice=False, later=1, key="seal-setda", serial=SERIAL,
            excepted=(), name=None, attempt=1):
        """notice, excepted: None as of an earlier gateway, which did not tell."""
        number = len(self.records)
        digest = hashlib.sha256(str(document or number).encode()).hexdigest()
        same = {"caller": caller, "job": name or f"r{number}", "key": key,
                "digest": f"sha256:{digest}"}
        rules = {"pass": 30, **({"shadow_fail": list(shadow)} if shadow else {}),
                 **({"excepted": list(excepted)} if excepted is not None else {})}
        at = self.add(moment, "intent", **same, attempt=attempt, doc_class=doc_class,
                      cert_serial=serial, decision="allow", rules=rules,
                      policy_rev="sha256:" + "ab" * 32,
                      facts={"job.notice": notice} if notice is not None else {})
        end = moment + datetime.timedelta(seconds=later)
        code = {} if outcome == "signed" else {"code": "HSM"}
        self.add(end, "outcome", **same, intent=at, attempt=attempt, outcome=outcome,
                 **code)

    def deny(self, moment, rules, caller="e-office", doc_class="surat_tugas", by=None):
        fail = [dict(zip(("rule", "cp", "code"), r)) for r in rules]
        self.add(moment, "deny", caller=caller, job=f"r{len(self.records)}",
                 key="seal-setda", doc_class=doc_class, decision="deny", fail=fail,
                 rules={"pass": 3}, **({"by": by} if by else {}))

    def lines(self):
        return lines(self.records)


def some_year(seed=1):
    """November 2025 to January 2027, by chance, with jobs on both sides of each end of 2026
    in Jakarta and of each in UTC."""
    chance, log = random.Random(seed), Log()
    at = datetime.datetime(2025, 11, 3, 8, tzinfo=WIB)
    log.boot(at)
    end = datetime.datetime(2027, 1, 20, tzinfo=WIB)
    edges = [datetime.datetime(year, 1, 1, hour, tzinfo=WIB) + datetime.timedelta(seconds=s)
             for year in (2026, 2027) for hour in (0, 7) for s in (-5, 0, 5)]
    while at < end:
        following = at + datetime.timedelta(seconds=chance.randrange(3600, 40000))
        for edge in sorted(e for e in edges if at < e <= following):
            log.job(edge, doc_class="tepi")
        at = following
        something(log, chance, at)
    return log


def clock_ahead(log):
    """The same log, with two records of the year, from May and from August on, whose clock was
    a year ahead; the indexes of both."""
    other, places = Log(), []
    other.records = [dict(record) for record in log.records]
    for month in (5, 8):
        since = datetime.datetime(2026, month, 1, tzinfo=WIB)
        record = next(r for r in other.records if since <= moment_of(r) < year(2026)[1]
                      and r["type"] not in ("intent", "outcome", "deny"))
        record["ts"] = stamp(moment_of(record) + datetime.timedelta(days=365))
        places.append(record["seq"])
    return other, places


def something(log, chance, at):
    caller = chance.choice(["e-office", "siup", "capil"])
    doc_class = chance.choice(["surat_tugas", "akta", "izin"] +
                              (["jarang"] if chance.random() < 0.01 else []))
    kind = chance.random()
    if kind < 0.1:
        log.deny(at, chance.sample(RULES, chance.choice([1, 1, 2])), caller, doc_class)
    elif kind < 0.12:
        log.deny(at, [("", "", "IDEMPOTENCY_CONFLICT")], caller, doc_class, by="gateway")
    elif kind < 0.14:
        log.add(at, chance.choice(["replay", "explain", "status.refresh", "moon.phase"]))
    else:
        outcome = chance.choices(["signed", "failed", "indeterminate"], [95, 3, 2])[0]
        log.job(at, caller, doc_class, outcome, document=chance.randrange(900),
                shadow=["CP-4.9-02"] if chance.random() < 0.05 else [],
                notice=chance.random() < 0.7)


class Count:
    """What a report of [begin, end) has to say, from whole records."""

    def __init__(self, records, begin, end, zone=WIB):
        self.begin, self.end, self.zone = begin, end, zone
        self.all = records
        self.inside = [r for r in records if begin <= moment_of(r) < end]
        self.intents = {r["seq"]: r for r in records if r["type"] == "intent"}
        self.outcomes = [r for r in self.inside if r["type"] == "outcome"]
        self.denials = [r for r in self.inside if r["type"] == "deny"]

    def month(self, record):
        return moment_of(record).astimezone(self.zone).strftime("%Y-%m")

    def intent(self, outcome):
        return self.intents[outcome["intent"]]

    def fates(self, outcomes):
        counter = collections.Counter(r["outcome"] for r in outcomes)
        return {fate: counter[fate] for fate in ("signed", "failed", "indeterminate")}

    def months(self):
        found = []
        at = self.begin.astimezone(self.zone).replace(day=1)
        while at < self.end:
            name = at.strftime("%Y-%m")
            mine = [r for r in self.inside if self.month(r) == name]
            found.append({"month": name, **self.fates(r for r in mine
                                                      if r["type"] == "outcome"),
                          "denied": sum(r["type"] == "deny" for r in mine),
                          "records": len(mine)})
            at = (at + datetime.timedelta(days=32)).replace(day=1)
        return found

    def grouped(self, name):
        """{key: fates} of outcomes by a function of outcome and intent."""
        groups = collections.defaultdict(list)
        for outcome in self.outcomes:
            groups[name(outcome, self.intent(outcome))].append(outcome)
        return {key: self.fates(group) for key, group in groups.items()}

    def use(self):
        groups = self.grouped(lambda o, i: (self.month(o), i["caller"], i["key"],
                                            i["doc_class"]))
        return [{**dict(zip(("month", "system", "key", "class"), key)), **groups[key]}
                for key in sorted(groups)]

    def classes(self):
        return {key: fates for key, fates in
                self.grouped(lambda o, i: i["doc_class"]).items()}

    def systems(self):
        names = sorted({r["caller"] for r in self.outcomes + self.denials})
        signed = [o for o in self.outcomes if o["outcome"] == "signed"]
        return [{"system": name, "signed": sum(o["caller"] == name for o in signed),
                 "notice": sum(o["caller"] == name and self.intent(o)["facts"]["job.notice"]
                               for o in signed),
                 "denied": sum(d["caller"] == name for d in self.denials)}
                for name in names]

    def refusals(self):
        decided, part = collections.Counter(), collections.Counter()
        for denial in self.denials:
            for place, failure in enumerate(denial["fail"]):
                key = (failure["rule"], failure["cp"], failure["code"],
                       denial.get("by", "policy"))
                part[key] += 1
                decided[key] += place == 0
        return [{**dict(zip(("rule", "cp", "code", "by"), key)), "decided": decided[key],
                 "part": part[key]}
                for key in sorted(part, key=lambda k: (-decided[k], k))]

    def refusals_by_month(self):
        counter = collections.Counter((self.month(d), d["caller"], d["fail"][0]["rule"])
                                      for d in self.denials)
        return [{**dict(zip(("month", "system", "rule"), key)), "denied": counter[key]}
                for key in sorted(counter)]

    def shadows(self):
        counter = collections.Counter(
            rule for r in self.inside if r["type"] == "intent"
            for rule in r["rules"].get("shadow_fail", []))
        return [{"rule": rule, "jobs": counter[rule]}
                for rule in sorted(counter, key=lambda k: (-counter[k], k))]

    def documents(self):
        return len({r["digest"] for r in self.outcomes if r["outcome"] == "signed"})

    def days(self):
        return collections.Counter(
            moment_of(r).astimezone(self.zone).strftime("%Y-%m-%d")
            for r in self.outcomes if r["outcome"] == "signed")

    def balance(self):
        inside = {r["seq"] for r in self.inside if r["type"] == "intent"}
        begun = {o["intent"] for o in self.outcomes}
        ended = {r["intent"] for r in self.all if r["type"] == "outcome"}
        return {"intents": len(inside), "outcomes": len(self.outcomes),
                "carried_in": len(begun - inside),
                "carried_out": len((inside & ended) - begun), "open": len(inside - ended),
                "complete": True}


def year(number, zone=WIB):
    return (datetime.datetime(number, 1, 1, tzinfo=zone),
            datetime.datetime(number + 1, 1, 1, tzinfo=zone))


# --- RFC 6962 section 2.1.2, by its own words --------------------------------------------

def consistency_holds(old, old_root, new, new_root, proof):
    """The verification of RFC 9162 section 2.1.4.2."""
    if old in (0, new):
        return not proof and (old == 0 or old_root == new_root)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for value in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(value, fr), node(value, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, value)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (old_root, new_root)


def leaves(records):
    return [leaf(r) for r in records]


def parsed(lines_of):
    return [json.loads(line) for line in lines_of]
