"""The token goes away under the lane and comes back: p11-kit's server, through which the
lane reaches its token, is killed and started again."""
import os
import signal
import subprocess
import time

from figures import Progress
from ground import MODULE, Ground, Job, Stream, rig, told

CLIENT = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"
AWAY_S, BACK_S, GIVE_UP_S = 1.0, 2.0, 30


class Server:
    """p11-kit's server with all that it forks, on a socket."""

    def __init__(self, ground):
        self.ground, self.process = ground, None
        self.socket = ground.rig.path("p11.sock")

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "p11-kit", "server", "-f", "--provider", MODULE,
             "-n", self.socket, "pkcs11:token=segel-demo"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "SOFTHSM2_CONF": self.ground.rig.path("softhsm2.conf")})
        end = time.monotonic() + 10
        while not os.path.exists(self.socket):
            rig.expect(time.monotonic() < end, "p11-kit's server did not start")
            time.sleep(0.005)

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


class Pulled:
    def __init__(self):
        self.back, self.problems = [], []
        self.refused = self.released = 0
        self.downs = self.ups = 0


def pull(ground, gateway, server, report):
    """One outage; notes how long after the token's return the first job is signed."""
    since = ground.size()
    with Stream(ground, gateway, 0.05) as stream:
        server.kill()
        time.sleep(AWAY_S)
        server.start()
        returned = time.monotonic()
        client = rig.Client(gateway, "e-office")
        job = Job(ground, client).until_signed(GIVE_UP_S)
        report.back.append(time.monotonic() - returned)
    done = [job] + [j for j in stream.jobs if j.result is not None]
    report.released += len(done)
    report.refused += len(stream.jobs) + 1 - len(done)
    report.problems += [f for f in (j.fault() for j in done) if f]
    kinds = [r["type"] for _, r in ground.rows(since)]
    report.downs = max(report.downs, kinds.count("lane.down"))
    report.ups = max(report.ups, kinds.count("lane.up"))


def run(count, name="pulled"):
    ground = Ground(name, real=CLIENT, second=True)  # Ed25519 does not pass p11-kit
    address = f"unix:path={ground.rig.path('p11.sock')}"
    ground.conf = ground.rig.write("pulled.yaml", ground.rig.read("spoiled.yaml").replace(
        "FAULTS_REAL:", f'P11_KIT_SERVER_ADDRESS: "{address}", FAULTS_REAL:'))
    server, report = Server(ground), Pulled()
    progress = Progress("pulled token", count)
    try:
        server.start()
        with ground.gateway() as gateway:
            for _ in range(count):
                pull(ground, gateway, server, report)
                progress.step(f"{len(told(gateway, 'lane.down'))} outages")
    except (rig.Failed, OSError) as failed:
        report.problems.append(str(failed))
    finally:
        server.kill()
    return report


def note(count, report, figures):
    figures.exactly("token pulled and put back", count, len(report.back))
    figures.at_most("token is back: until a job is signed", BACK_S, report.back, "s")
    figures.note("token pulled: records of an outage, most", "1 down, 1 up",
                 f"{report.downs} down, {report.ups} up",
                 report.downs == 1 and report.ups == 1)
    figures.exactly("token pulled: wrong signatures, or broken off", 0,
                    len(report.problems))
    for problem in report.problems:
        print(f"  pulled: {problem}")
