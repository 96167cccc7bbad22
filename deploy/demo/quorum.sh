#!/usr/bin/env bash
# quorum.sh DIR: keys for the approvals of three officers and two reviewers, each under a
# passphrase of its own, and the quorum file DIR/quorum that names them.
#
# Two officers approve what the third asks for. Three are named, and two reviewers, because
# every task must remain possible without any one person: of N who may, at most N - 1 are
# needed. `lockdown.clear` needs three, so reviewers may approve it as well.
#
# The passphrases are files beside the keys, so that nobody has to type in a demo. In an
# office each person knows the own one, and it is written nowhere.
# BIN: folder of the programs.
set -eu
umask 077
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
BIN=${BIN:-$here/../../build/bin}

make_key() { # NAME; prints the person's line of the quorum file
    local home=$dir/clients/$1
    openssl rand -hex 16 >"$home/passphrase"
    "$BIN/segel" officer key --person "$1" --role "${1%-*}" --name "$1.segel.example.go.id" \
        --out "$home/officer.pem" --passphrase-fd 3 3<"$home/passphrase"
}

{
    for name in officer-1 officer-2 officer-3 reviewer-1 reviewer; do make_key "$name"; done
    cat <<'TEXT'

group two        2   officer-1 officer-2 officer-3
group three      3   officer-1 officer-2 officer-3 reviewer-1 reviewer
group an-officer any officer-1 officer-2 officer-3
group a-reviewer any reviewer-1 reviewer
group anybody    any an-officer a-reviewer
group both       all an-officer a-reviewer

task key.generate   two
task cert.accept    two
task key.activate   two
task mandate.open   two
task key.hold       anybody
task key.release    two
task key.rotate     two
task key.destroy    two
task policy.load    both
task override       two
task lockdown       anybody
task lockdown.clear three
task log.prune      two
task officer.add    two
task officer.remove two
task pin.unlock     two
task pin.change     two
TEXT
} >"$dir/quorum.new"
mv "$dir/quorum.new" "$dir/quorum"
