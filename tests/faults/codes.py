"""The matrix: 25 return codes at four calls, once and for as long as it lasts. Each case is
one outage of one lane of a gateway at work."""
import random
import threading
import time

from figures import Progress
from ground import LANE, UNAVAILABLE, Ground, Job, Stream, rig

CODES = {
    "CKR_HOST_MEMORY": 0x02, "CKR_GENERAL_ERROR": 0x05, "CKR_FUNCTION_FAILED": 0x06,
    "CKR_DATA_INVALID": 0x20, "CKR_DEVICE_ERROR": 0x30, "CKR_DEVICE_MEMORY": 0x31,
    "CKR_DEVICE_REMOVED": 0x32, "CKR_KEY_HANDLE_INVALID": 0x60,
    "CKR_KEY_FUNCTION_NOT_PERMITTED": 0x68, "CKR_MECHANISM_INVALID": 0x70,
    "CKR_OBJECT_HANDLE_INVALID": 0x82, "CKR_OPERATION_ACTIVE": 0x90,
    "CKR_OPERATION_NOT_INITIALIZED": 0x91, "CKR_PIN_INCORRECT": 0xa0,
    "CKR_PIN_EXPIRED": 0xa3, "CKR_PIN_LOCKED": 0xa4, "CKR_SESSION_CLOSED": 0xb0,
    "CKR_SESSION_COUNT": 0xb1, "CKR_SESSION_HANDLE_INVALID": 0xb3,
    "CKR_TOKEN_NOT_PRESENT": 0xe0, "CKR_TOKEN_NOT_RECOGNIZED": 0xe1,
    "CKR_USER_NOT_LOGGED_IN": 0x101, "CKR_USER_PIN_NOT_INITIALIZED": 0x102,
    "CKR_BUFFER_TOO_SMALL": 0x150, "CKR_CRYPTOKI_NOT_INITIALIZED": 0x190,
}
CALLS = ("C_OpenSession", "C_Login", "C_SignInit", "C_Sign")
MODES = ("once", "persistent")
AT_START = ("C_OpenSession", "C_Login")
WRONG_PIN = ("a0", "a1", "a2", "a3", "a4")
LATCHING = {0xa0, 0xa3, 0xa4}
# 0x102 is a false answer of some tokens now and then: latched after the third start only.
MAY_LATCH = LATCHING | {0x102}
# What is checked of every case.
KINDS = ("signature", "pin", "session", "record", "recovery", "latch", "answer")
# The HSM is not there; this job cannot be done with this key.
REFUSALS = {UNAVAILABLE, rig.grpc.StatusCode.FAILED_PRECONDITION}
LASTS_S, RECOVERY_S, GIVE_UP_S = 0.6, 1.0, 15.0


class Case:
    def __init__(self, name, call, mode):
        self.name, self.code, self.call, self.mode = name, CODES[name], call, mode
        self.problems, self.recovery, self.latched = [], None, False
        self.released = self.wrong = self.pins = self.downs = self.ups = 0

    def __str__(self):
        return f"{self.call} {self.name} {self.mode}"

    def schedule(self):
        return f"{self.call}@1{'' if self.mode == 'once' else '+'}={self.code:x}"

    def check(self, kind, truth, sentence):
        """kind: one of KINDS."""
        if not truth:
            self.problems.append((KINDS.index(kind), sentence))

    def ran(self):
        return self.released > 0 or self.latched or self.problems != []

    def broken(self, kind):
        return [s for k, s in self.problems if KINDS[k] == kind]


def all_cases():
    return [Case(n, c, m) for n in CODES for c in CALLS for m in MODES]


def sample(seed, each):
    """So many codes of each call and mode."""
    dice = random.Random(seed)
    return [Case(n, c, m) for c in CALLS for m in MODES
            for n in dice.sample(sorted(CODES), each)]


# --- One case -------------------------------------------------------------------------------

def reused(calls):
    """Sessions that were used after an error without having been closed."""
    spoiled, found = set(), []
    for call in calls:
        name = (call.pid, call.session)
        if call.function == "C_CloseSession":
            spoiled.discard(name)
        elif call.session and name in spoiled:
            found.append(call)
        if call.function in ("C_SignInit", "C_Sign") and call.fault != "-":
            spoiled.add(name)
    return found


class Outage:
    """A gateway on its ground, and what has to be done to it for one case."""

    def __init__(self, ground, gateway, can_unlock):
        self.ground, self.gateway, self.can_unlock = ground, gateway, can_unlock
        self.client = rig.Client(gateway, "e-office")

    def run(self, case):
        """True: the gateway goes on; False: it must be restarted to lift the latch."""
        ground = self.ground
        self.mark, self.since = ground.mark(), ground.size()
        ground.schedule(case.schedule())
        if case.call in AT_START:
            ground.kill_lane()
        with Stream(ground, self.gateway) as stream:
            first = ground.wait_fault(self.mark)
            time.sleep(LASTS_S)
            ground.schedule("")
            # A fault that comes once is over when it has been.
            cleared = first.seconds if case.mode == "once" else time.monotonic()
            goes_on = self.recover(case, cleared, stream)
        self.judge(case, stream, cleared, goes_on)
        return goes_on

    def recover(self, case, cleared, stream):
        """Waits for the lane, or lifts its latch. False: only a restart lifts it."""
        if case.code in LATCHING:
            return self.lift_latch(case)
        end = time.monotonic() + GIVE_UP_S
        while not first_good(stream, cleared):
            if time.monotonic() > end:
                case.check("recovery", case.code in MAY_LATCH,
                           f"no good answer in {GIVE_UP_S} s")
                return self.lift_latch(case)
            time.sleep(0.005)
        return True

    def lift_latch(self, case):
        case.latched = True
        mark = self.ground.mark()
        job = Job(self.ground, self.client)
        case.check("latch", not job.send().wait() and job.codes == [UNAVAILABLE],
                   f"a latched lane's answer: {job.codes or 'signed'}")
        time.sleep(0.4)
        logins = [c for c in self.ground.calls(mark) if c.function == "C_Login"]
        case.check("latch", not logins, f"{len(logins)} logins of a latched lane")
        if not self.can_unlock:
            return False
        unlocked = self.ground.rig.segel("officer-1", "token", "unlock", LANE)
        case.check("latch", unlocked.returncode == 0,
                   f"token unlock: {unlocked.stderr.strip()}")
        job.until_signed(GIVE_UP_S)
        return True

    def judge(self, case, stream, cleared, goes_on):
        good = [j for j in stream.jobs if j.result is not None]
        faults = [f for f in (j.fault() for j in good) if f]
        faults += [f for f in (j.fault_by_openssl() for j in good[:1]) if f]
        case.released, case.wrong = len(good), len(faults)
        case.check("signature", not faults, f"wrong signatures: {faults[:1]}")
        codes = {c for j in stream.jobs for c in j.codes}
        calls = list(self.ground.calls(self.mark))
        case.pins = len([c for c in calls if c.function == "C_Login"
                         and c.fault in WRONG_PIN])
        case.check("pin", case.pins <= 1, f"{case.pins} logins with a wrong PIN")
        case.check("session", not reused(calls),
                   f"used after an error: {reused(calls)[:1]}")
        case.check("answer", codes <= REFUSALS,
                   f"answers: {sorted(c.name for c in codes - REFUSALS)}")
        if not case.latched:
            case.recovery = first_good(stream, cleared)
            for _ in range(3 if goes_on else 0):
                job = Job(self.ground, self.client)
                case.check("recovery", job.send().wait() and not job.fault(),
                           "it fails afterwards")
        kinds = [r["type"] for _, r in self.ground.rows(self.since)
                 if r["type"] in ("lane.down", "lane.up")]
        case.downs, case.ups = kinds.count("lane.down"), kinds.count("lane.up")
        case.check("record", case.downs <= 1 and case.ups <= 1,
                   f"records of one outage: {case.downs} lane.down, {case.ups} lane.up")


def first_good(stream, cleared):
    """Seconds from the clearing to the first good answer to a job sent after it."""
    ends = [j.ended - cleared for j in list(stream.jobs)
            if j.sent > cleared and j.ended is not None and j.future.exception() is None]
    return min(ends) if ends else None


# --- All of them ----------------------------------------------------------------------------

def can_unlock(ground):
    """Whether an officer can do it while the gateway runs."""
    return ground.rig.segel("officer-1", "token", "unlock", "--help").returncode == 0


def unlatch(ground):
    """The administrator's way, with the gateway stopped; without it a restart is enough."""
    if "--unlatch" in ground.rig.tool("segeld", "--help").stdout:
        ground.rig.tool("segeld", "--config", ground.conf, "--unlatch", LANE)


class Todo:
    """Hands each case out once, to whichever gateway is ready for it."""

    def __init__(self, cases):
        self.left, self.lock = list(cases), threading.Lock()
        self.progress = Progress("matrix", len(cases))

    def take(self):
        with self.lock:
            if not self.left:
                return None
            self.progress.step(str(self.left[0]))
            return self.left.pop(0)


def live(ground, tried, todo):
    """One gateway, for as many cases as it lives for; tried: with the first, then all."""
    with ground.gateway() as gateway:
        outage = Outage(ground, gateway, can_unlock(ground))
        while outage.run(tried[-1]):
            case = todo.take()
            if case is None:
                return
            tried.append(case)


def work(ground, todo):
    """One gateway after the other. Whatever breaks off is a problem of the case that it
    comes in: nobody would hear of a thread that died."""
    while (case := todo.take()) is not None:
        tried = [case]
        try:
            live(ground, tried, todo)
        except Exception as error:
            tried[-1].check("answer", False, repr(error))
        unlatch(ground)


def run(cases, name="codes"):
    """Two gateways side by side, one with an RSA key, one with a key on a curve."""
    todo = Todo(cases)
    grounds = [Ground(f"{name}-{kind}", kind) for kind in ("rsa-2048", "p-256")]
    threads = [threading.Thread(target=work, args=(g, todo)) for g in grounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return cases


def note(cases, figures):
    figures.exactly("matrix: cases run", len(cases), len([c for c in cases if c.ran()]))
    figures.exactly(f"matrix: wrong signatures of {sum(c.released for c in cases)}", 0,
                    sum(c.wrong for c in cases))
    figures.note("matrix: logins with a wrong PIN, most in a case", "at most 1",
                 str(max(c.pins for c in cases)), max(c.pins for c in cases) <= 1)
    figures.at_most("matrix: recovery after the fault", RECOVERY_S,
                    [c.recovery for c in cases if c.recovery is not None], "s")
    slow = len([c for c in cases if (c.recovery or 0) > RECOVERY_S])
    figures.note("matrix: cases that took longer", "0", str(slow), slow == 0)
    figures.note("matrix: records of an outage, most in a case", "1 down, 1 up",
                 f"{max(c.downs for c in cases)} down, {max(c.ups for c in cases)} up",
                 all(c.downs <= 1 and c.ups <= 1 for c in cases))
    bad = [c for c in cases if c.problems]
    figures.exactly("matrix: cases with a broken rule", 0, len(bad))
    for case in bad:
        print(f"  {case}: {'; '.join(s for _, s in case.problems)}")
