#!/usr/bin/env bash
# `make demo`: a whole signing gateway on this machine, for one minute. Makes a software token
# and officers with keys; they make the seal's key, accept its certificate, open it and give
# e-office a mandate for 200 letters; these are signed through segeld, and every one is checked
# by two independent judges; shows refusals, the status and the log. What it makes lies in
# build/demo, only the loopback interface is used, and nothing is left running. KEEP=1 leaves
# the gateway up.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
LETTERS=${LETTERS:-200}
KEEP=${KEEP:-0}
# As in world.sh: what it makes is its own, whatever is in the environment.
unset MODULE POLICY ORIGIN PORT ACTIVATION LOG_TYPE THREADS LOOPS SEAL_EXT SEAL_SUBJECT SEAL_DAYS
demo=${DEMO:-$BUILD/demo}
bin=$PWD/$BUILD/bin
case $BUILD in /*) bin=$BUILD/bin ;; esac
log=$demo/demo.log
home=$demo/clients
fixtures=${bin%/bin}/tests/fixtures
gateway='' tsa=''
# shellcheck source=deploy/demo/ceremony.sh
. deploy/demo/ceremony.sh

if [ -t 1 ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' dim='' plain=''
fi

step() { printf '%s… %s%s\n' "$dim" "$*" "$plain"; }

fail() { # SENTENCE
    printf 'demo: %s\n' "$1" >&2
    [ ! -s "$log" ] || { printf '      The last lines of %s:\n' "$log" >&2 && tail -n 12 "$log" >&2; }
    exit 1
}

stop() { # PROCESS
    [ -z "$1" ] || { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null; } || true
}

stop_gateway() {
    stop "$gateway"
    stop "$tsa"
    gateway='' tsa=''
}

# Whether that process is this program with this file or folder as its last word. By its command
# line: what a gateway has open, and its /proc/PID/exe, nobody but root may see.
runs() { # PROCESS PROGRAM PATH
    local words=()
    { mapfile -d '' -t words <"/proc/$1/cmdline"; } 2>/dev/null && [ "${#words[@]}" -gt 1 ] &&
        [ "${words[0]}" = "$2" ] && [ "${words[-1]}" -ef "$3" ]
}

# What an earlier KEEP=1 left behind, and only that.
stop_earlier() { # PROGRAM PATH PID-FILE
    local pid
    pid=$(cat "$3" 2>/dev/null) || return 0
    runs "$pid" "$1" "$2" || return 0
    kill "$pid" 2>/dev/null || return 0
    step "${1##*/} of an earlier demo, process $pid, is ended"
    for _ in $(seq 200); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "$1 of an earlier demo, process $pid, does not end"
}

# Its certificates are marked TEST, and its keys end with it.
start_tsa() {
    setsid "$fixtures/tsa" "$demo/tsa" </dev/null >>"$log" 2>&1 &
    tsa=$!
    echo "$tsa" >"$demo/tsa.pid"
    for _ in $(seq 100); do
        [ ! -s "$demo/tsa/url" ] || break
        sleep 0.1
    done
    [ -s "$demo/tsa/url" ] || fail "the time stamp authority did not start"
    printf 'tsa: {urls: "%s", anchors: tsa/root.pem}\n' "$(cat "$demo/tsa/url")" \
        >>"$demo/segeld.yaml"
}

set_up() {
    BIN=$bin ACTIVATION=enforce PEOPLE='officer-2 officer-3 reviewer-1' \
        deploy/demo/setup.sh "$demo" seal-demo:slot/rsa-pkcs1 &&
        BIN=$bin deploy/demo/quorum.sh "$demo"
}

start_gateway() {
    : >"$demo/segeld.log" # it is read before the gateway opens it
    setsid "$bin/segeld" --config "$demo/segeld.yaml" >"$demo/segeld.out" 2>"$demo/segeld.log" &
    gateway=$!
    echo "$gateway" >"$demo/segeld.pid"
    for _ in $(seq 300); do
        address=$(sed -n '/"event": *"ready"/s/.*"address": *"\([^"]*\)".*/\1/p' \
            "$demo/segeld.log")
        [ -z "$address" ] || break
        kill -0 "$gateway" 2>/dev/null || { log=$demo/segeld.log && fail "the gateway ended"; }
        sleep 0.1
    done
    [ -n "$address" ] || { log=$demo/segeld.log && fail "the gateway did not get ready"; }
    for client in "$home"/*; do echo "$address" >"$client/gateway"; done
}

segel() { # CLIENT ARGUMENTS…
    "$bin/segel" --home "$home/$1" "${@:2}"
}

sign_class() { # CLASS; the summary of `segel sign --json` is its last line
    segel e-office sign --json --key seal-demo --profile pades-b-t --class "$1" \
        --approval ND-2026/001 --mandate "$mandate" -o "$demo/signed" --page 1 \
        --stamp block --rect 259,275,264,120 --title "PEJABAT CONTOH KOTA CONTOH" \
        --name "Pejabat Rekaan, S.Contoh." --location "Kota Contoh" \
        "$demo/letters/$1"/*.pdf >"$demo/$1.jsonl" 2>>"$log" ||
        fail "signing $1 failed"
    tail -n 1 "$demo/$1.jsonl"
}

number() { # FIELD JSON
    sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" <<<"$2"
}

rate() { # JSON: what `segel sign` counted, a second
    awk -v n="$(number signed "$1")" -v s="$(number seconds "$1")" \
        'BEGIN { printf "%d letters in %.1f s: %.0f a second\n", n, s, (s > 0 ? n / s : 0) }'
}

# From the log itself: microseconds from the durable intent to the signature.
latency() {
    segel reviewer log show --json --type outcome 2>>"$log" |
        sed -n 's/.*"lat_us": *\([0-9]*\).*/\1/p' | sort -n | awk '
            { v[NR] = $1 }
            END {
                if (NR == 0) { print "not told"; exit }
                printf "median %.1f ms, the slowest of a hundred %.1f ms\n",
                    v[int((NR + 1) / 2)] / 1000, v[int(NR * 0.99) + (NR < 100)] / 1000
            }'
}

# poppler and NSS know nothing of Segel: one line a letter, four claims each.
check_with_pdfsig() {
    mkdir -p "$demo/nss"
    certutil -N -d "sql:$demo/nss" --empty-password
    certutil -A -d "sql:$demo/nss" -n root -t CT,C,C -i "$demo/anchors.pem"
    find "$demo/signed" -name '*.pdf' | sort | xargs -P 2 -n 1 sh -c '
        text=$(pdfsig -nssdir "sql:$0" "$1" 2>/dev/null)
        for claim in "Signature is Valid" "Certificate is Trusted" "Total document signed" \
            "ETSI.CAdES.detached"; do
            case $text in *"$claim"*) ;; *) echo "$1: no \"$claim\"" && exit 0 ;; esac
        done
        echo "$1: good"' "$demo/nss" >"$demo/pdfsig.txt"
    grep -c ': good$' "$demo/pdfsig.txt" || true
}

refused() { # RULE WHAT ARGUMENTS…: the letter more must not be signed; the gateway's sentence
    segel e-office sign --key seal-demo --profile pades-b-t --notice-shown -o "$demo/denied" \
        "${@:3}" "$more" >"$demo/denial.txt" 2>&1 && fail "$2 was signed: it must be denied"
    grep -q "^refused .*(rule $1," "$demo/denial.txt" ||
        { log=$demo/denial.txt && fail "$2 was not refused by rule $1"; }
    sed -n '1s/^refused [^:]*: //p' "$demo/denial.txt" | fold -s -w 86 |
        sed 's/ *$//; s/^/    /'
}

# A letter more than the mandate is for; it is in the folder of its class.
put_aside_one_more() {
    local path
    path=$(find "$demo/letters" -name "$(printf '%04d' "$((LETTERS + 1))").pdf")
    more_class=$(basename "$(dirname "$path")")
    more=$demo/one-more.pdf
    mv "$path" "$more"
}

# The page's first lines, and its lines on signing, requests, the key and the log. Its exit
# code says whether something needs a person; so do its lines.
show_status() {
    segel officer-1 status >"$demo/status.txt" 2>>"$log" || [ -s "$demo/status.txt" ] ||
        fail "segel status failed"
    sed -n '1,2p; /^SIGNING/p; /^REQUESTS/p; /^  seal-demo/p; /^LOG/p' "$demo/status.txt" |
        sed '/^  seal-demo/s/   */  /2g; s/ *$//; s/^/  /'
}

# --- The run -------------------------------------------------------------------------------
begun=$(date +%s)
stop_earlier "$bin/segeld" "$demo/segeld.yaml" "$demo/segeld.pid"
stop_earlier "$fixtures/tsa" "$demo/tsa" "$demo/tsa.pid"
rm -rf "$demo"
mkdir -p "$demo/tsa"
trap stop_gateway EXIT
trap 'exit 130' INT TERM

step "token, test certificates, officers with keys, the quorum file"
set_up >>"$log" 2>&1 || fail "the set-up failed"
start_tsa
step "gateway, with an empty slot for the seal's key"
start_gateway
step "the first ceremony: a key, its backup, its certificate"
make_seal_key || fail "the key was not made"
accept_certificate >>"$log" 2>&1 || fail "the certificate was not accepted"
step "the key is opened, e-office gets a mandate"
open_key || fail "the key was not opened"
mandate=$(open_mandate) || fail "the mandate was not opened"
before=$(balance)
step "$LETTERS letters, signed"
"$BUILD/tests/fixtures/letters" "$((LETTERS + 1))" "$demo/letters"
put_aside_one_more
one=$(sign_class surat_keterangan)
two=$(sign_class surat_tugas)
step "every letter checked, by pdfsig and by segel verify"
good=$(check_with_pdfsig)
signed=$(find "$demo/signed" -name '*.pdf' | wc -l)
verified=no
segel e-office verify "$demo"/signed/*.pdf >"$demo/verify.txt" 2>>"$log" && verified=yes
after=$(balance)
[ "$after" = "$LETTERS of $LETTERS signatures used, 0 reserved, 0 left" ] ||
    fail "the mandate says: $after"
over=$(refused CP-4.5-05 "a letter more than the mandate allows" --mandate "$mandate" \
    --class "$more_class" --approval ND-2026/001)
denial=$(refused CP-1.4-02 "a procurement contract" --class kontrak_pengadaan \
    --approval ND-2026/002)
step "the log, checked from its first record"
sleep 1.5 # a checkpoint a second: the last records are to be covered too
segel reviewer log verify >"$demo/log-verify.txt" 2>&1 ||
    { log=$demo/log-verify.txt && fail "the log does not verify"; }
[ "$good" = "$LETTERS" ] && [ "$signed" = "$LETTERS" ] && [ "$verified" = yes ] ||
    fail "of $LETTERS letters $signed were signed, pdfsig found $good good, segel verify: $verified"
status=$(show_status)
took=$(($(date +%s) - begun))

cat <<PAGE

${bold}$LETTERS letters signed, $good of $LETTERS checked, in $took seconds.${plain}

${bold}What happened${plain}
  A token in software (SoftHSM) holds the seal's key. It was made there and cannot leave.
  The gateway, segeld, started segel-hsm: the only process that knows the PIN.
  A client, segel, wrote $LETTERS letters' digests to the gateway over mutual TLS. The letters
  themselves never left it. Each job was judged by the Certificate Policy, written to the
  log, signed in the token, checked, written again, stamped with the time by an authority
  (a test one, on this machine), and only then answered.

${bold}What it took${plain} (officer-1 asked, officer-2 and officer-3 signed; reviewer-1 was the witness)
  key.generate           made in the token, which refused to misuse it in $(refusals) ways; backed up
  cert.accept            the certificate of the demo's CA for the key's own request
  key.activate           open for eight hours, or until half an hour goes by without a letter
  mandate.open           e-office may have $LETTERS signatures, in two classes of letters
    before the letters   $before
    after them           $after

${bold}How fast${plain} (client and gateway on this machine, $(nproc) cores, a software token)
  surat_keterangan       $(rate "$one")
  surat_tugas            $(rate "$two")
  decision to signature  $(latency)

${bold}What was checked${plain}
  pdfsig (poppler, NSS)  $good valid, trusted, covering the whole document, PAdES
  segel verify           all $signed: $(tail -n 1 "$demo/verify.txt")
  segel log verify       $(grep '^jobs' "$demo/log-verify.txt" | sed 's/^jobs *//')
                         $(grep -i '^sound' "$demo/log-verify.txt")

${bold}What was refused${plain}
  a letter more than the mandate is for
$over
  a procurement contract
$denial

${bold}How it stands${plain} (from segel status)
$status

${bold}Where things are${plain}
  $demo/signed          the signed letters: open one in a PDF viewer
  $demo/segeld.yaml     the gateway's configuration    $demo/policy.yaml  the policy
  $demo/ledger.db       the transparency log           $demo/segeld.log   the gateway's log
  $demo/quorum          who approves what              $demo/demo.log     what officers saw
  Every certificate is marked TEST. A city's real seal needs an HSM and a certificate of
  the agency itself; docs/ARCHITECTURE.md says what this arrangement promises. Officers'
  passphrases lie beside their keys here; docs/OFFICERS.md says how it is done for good.
PAGE

if [ "$KEEP" = 1 ]; then
    kept="$gateway $tsa"
    gateway='' tsa=''
    cat <<PAGE

${bold}The gateway is still running at $address. Try next${plain}
  $BUILD/bin/segel --home $home/reviewer log show --decision deny
  $BUILD/bin/segel --home $home/officer-1 request list --all
  $BUILD/bin/segel --home $home/officer-1 status
  $BUILD/bin/segel --home $home/e-office signer seal-demo
  $BUILD/bin/segel --home $home/e-office verify $demo/signed/0001.pdf
Stop it:  kill $kept
PAGE
fi
