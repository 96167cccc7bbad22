"""`make bench`, the part about letters: what one costs to prepare, by size; how many a second
`segel sign` brings through a gateway to a token, beside what the token can do in a loop, what
token and letters could do that share these processors and need nothing else, and what @signpdf
does alone; and how much memory the program needs for all of them.

BENCH_SECONDS a measurement, BENCH_ROUNDS, BENCH_LETTERS (2000) in each run, BENCH_KEYS. All of
it shares this machine: client, gateway, token, disk. No letter is removed before the last one
is measured: ext4 passes over the inodes of files that were deleted within five minutes, one by
one, for each new file of the folder's group."""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import bench
from bench import rig

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(rig.BUILD, "bench", "node")
PACED = os.path.join(rig.BUILD, "tests/fixtures/faults.so")
PACED_THREADS, PACE_MS = 4, 7  # some 520 signatures a second
TOOL = os.path.join(rig.BUILD, "tests/bench/letters")
FOLDER = os.path.join(rig.BUILD, "bench", "letters")
REMOVED = os.path.join(rig.BUILD, "bench", "letters.removed")
RECENT_S = 300  # so long ext4 looks at files that were deleted (RECENTCY_DIRTY)
LETTERS = int(os.environ.get("BENCH_LETTERS") or 2000)
KEYS = [key for key in bench.KEYS if key != "rsa-3072"]
SIGN = ["--key", "seal-demo", "--class", "surat_keterangan", "--approval", "ND-2026/001",
        "--json", "--force", "--page", "1", "--rect", "60,30,400,70", "--name", "Kepala Dinas",
        "--reason", "Persetujuan"]


def slowly(ms):
    return f"C_Sign@1+=slow={ms}"


class Letters:
    """One key: its gateway, the letters, and the figures so far. pace: the token takes so many
    milliseconds more for a signature, in which the processors are free: as an HSM, which has
    its own."""

    def __init__(self, key, pace=0):
        self.bench, self.pace = bench.Bench(key), pace
        self.rounds = []
        self.folder = os.path.join(FOLDER, self.name(), "letters")
        os.makedirs(self.folder)
        self.paths = [self.write(number) for number in range(LETTERS)]

    def write(self, number):
        path = os.path.join(self.folder, f"{number:05}.pdf")
        if number == 0:
            subprocess.run([TOOL, "write", "65kB", path], check=True)
            with open(path, "rb") as file:
                self.first = file.read()
        else:  # another letter, as long as the first
            with open(path, "wb") as file:
                file.write(self.first.replace(b"/ID [<00112233", b"/ID [<%08d" % number))
        return path

    def sign(self, number):
        """Letters a second, processor time a letter in µs, and the largest memory in MiB. Into
        a folder of each round's own: some file systems are slow where files just went."""
        out = os.path.join(FOLDER, self.name(), f"signed-{number}")
        said = self.bench.rig.path("said.json")
        with open(said, "wb") as file:
            started = time.monotonic()
            child = subprocess.Popen(
                [os.path.join(rig.BIN, "segel"), "--home",
                 self.bench.rig.path("clients", "e-office"), "sign", *SIGN, "-o", out,
                 *self.paths], stdout=file, stderr=file)
            _, status, usage = os.wait4(child.pid, 0)
            spent = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0 or len(os.listdir(out)) != LETTERS:
            raise rig.Failed("segel sign: " + self.bench.rig.read("said.json")[-600:])
        return {"per_second": LETTERS / spent, "client_mib": usage.ru_maxrss / 1024,
                "client_cpu_us": (usage.ru_utime + usage.ru_stime) * 1e6 / LETTERS}

    def round(self, number):
        """One run, beside the token alone, and beside both: token and letters, each as cheap
        as it is alone, and no processor idle. That leaves out the gateway, the connection and
        the disk."""
        top = self.ceiling()
        alone = tool("1", "65kB")[0]
        letter_us = alone["prepare_us"] + alone["embed_us"]
        both = (os.cpu_count() or 1) * 1e6 / (top["cpu_us"] + letter_us)
        both = min(both, top["per_second"])
        row = self.sign(number)
        return {**row, "ceiling": top["per_second"], "ratio": row["per_second"] / top["per_second"],
                "letter_us": letter_us, "token_us": top["cpu_us"], "both": both,
                "ratio_of_both": row["per_second"] / both}

    def name(self):
        return self.bench.key + (" paced" if self.pace else "")

    def ceiling(self):
        if not self.pace:
            return self.bench.ceiling(self.bench.threads["ceiling"])
        return self.bench.ceiling(PACED_THREADS, PACED, {"FAULTS": slowly(self.pace)})

    def begin(self):
        if not self.pace:
            self.bench.choose_threads()
            return None
        return self.bench.rig.config(
            (r"module: .*", "module: " + PACED), (r"threads: 2", f"threads: {PACED_THREADS}"),
            (r"environment: \{(.*)\}", r"environment: {\1, FAULTS: " + slowly(self.pace) + "}"))

    def measure(self):
        config = self.begin()
        with self.bench.rig.gateway(config) as gateway:
            gateway.client("e-office")  # writes where the gateway listens
            for number in range(bench.ROUNDS):
                print(f"  letters, {self.name()}: round {number + 1} of {bench.ROUNDS}",
                      flush=True)
                self.rounds.append(self.round(number))
        names = self.rounds[0]
        return {"key": self.name(), "letters": LETTERS,
                **{n: round(statistics.median(r[n] for r in self.rounds), 3) for n in names}}


def tool(*arguments, show_it=False):
    """By size of the letter: what the tool of this folder says."""
    result = subprocess.run([TOOL, *arguments], check=True, capture_output=True, text=True)
    if show_it:
        print(result.stdout.rsplit("\n", 2)[0])
    return json.loads(result.stdout.splitlines()[-1])["letters"]


def make_folder():
    """Empty, and known to be new to the file system, or said not to be."""
    os.makedirs(os.path.dirname(REMOVED), exist_ok=True)
    if os.path.exists(FOLDER):
        remove_folder()
    if os.path.exists(REMOVED) and time.time() - os.path.getmtime(REMOVED) < RECENT_S:
        print("Letters of an earlier run were removed less than five minutes ago: on ext4 that "
              "is measured, too.")
    os.makedirs(FOLDER)


def remove_folder():
    shutil.rmtree(FOLDER)
    with open(REMOVED, "w", encoding="ascii"):
        os.utime(REMOVED)


def install():
    """None, or why @signpdf cannot be had. What package-lock.json says is installed; nothing
    of it is run meanwhile."""
    os.makedirs(NODE, exist_ok=True)
    for path in glob.glob(f"{HERE}/node/*") + [f"{HERE}/node/.npmrc"]:
        shutil.copy(path, NODE)
    try:
        done = subprocess.run(
            ["npm", "ci", "--loglevel=error"], cwd=NODE, capture_output=True, text=True,
            check=False, timeout=300,
            env={**os.environ, "npm_config_userconfig": os.path.expanduser("~/.npmrc")})
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else " ".join(done.stderr.split())[:160]


def other():
    """@signpdf on the same letter, with a key in a file; None with a sentence why not."""
    why = install()
    if why:
        print(f"@signpdf was not measured: npm's registry gave nothing ({why}).")
        return None
    letter, key, cert, p12 = (os.path.join(NODE, n) for n in (
        "letter.pdf", "key.pem", "cert.pem", "key.p12"))
    subprocess.run([TOOL, "write", "65kB", letter], check=True)
    for command in (["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                     cert, "-subj", "/CN=bench", "-days", "2"],
                    ["pkcs12", "-export", "-legacy", "-inkey", key, "-in", cert, "-passout",
                     "pass:", "-out", p12]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    result = subprocess.run(["node", "signpdf.mjs", letter, p12, str(bench.SECONDS)], cwd=NODE,
                            check=True, capture_output=True, text=True, timeout=300)
    return json.loads(result.stdout)


def show(rows, rival, sizes):
    print(f"\n{'letters of 65 kB':18}{'a second':>10}{'ceiling':>10}{'ratio':>8}"
          f"{'both':>8}{'of both':>9}{'client CPU µs':>15}{'client MiB':>12}")
    for row in rows:
        print(f"{row['key']:18}{row['per_second']:10.0f}{row['ceiling']:10.0f}"
              f"{row['ratio']:8.3f}{row['both']:8.0f}{row['ratio_of_both']:9.3f}"
              f"{row['client_cpu_us']:15.0f}{row['client_mib']:12.0f}")
    if rival:
        print(f"{'@signpdf':18}{rival['per_second']:10.1f}")
        plain = next(s for s in sizes if s["letter"] == "65kB-invisible")
        print(f"\n@signpdf: invisible, RSA-2048 in a file, one core; it prepares in "
              f"{rival['prepare_us']:.0f} µs, segel in {plain['prepare_us']:.0f}. Through the "
              f"gateway segel signs {rows[0]['per_second'] / rival['per_second']:.0f} letters "
              "while it signs one.")
    print(f"{LETTERS} letters, with stamp and QR code; medians of {bench.ROUNDS} rounds. "
          "Ceiling: the token's signatures alone; paced: of one that leaves the processors free "
          "most of the time, as an HSM does. Both: what these processors could do if token "
          "and letters (prepared, filled in) took what each takes alone, and nothing else took "
          "anything.")


def main():
    sizes = tool(f"{max(1, round(bench.SECONDS / 4))}", show_it=True)
    rival = other()
    make_folder()
    rows = [Letters(key).measure() for key in KEYS]
    rows += [Letters(key, PACE_MS).measure() for key in KEYS if key == "rsa-2048"]
    remove_folder()
    show(rows, rival, sizes)
    path = os.path.join(rig.BUILD, "bench-letters.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"letters": sizes, "rows": rows, "signpdf": rival}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    try:
        main()
    except rig.Failed as failed:
        sys.exit(f"letters: {failed}")
