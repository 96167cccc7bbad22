#!/usr/bin/env bash
# man.sh BIN OUT: manual pages of the programs in BIN, made from what each says itself with
# --help, below OUT: segel(1) and a page for each of its commands, segel-verify(1), segeld(8),
# segel-hsm(8).
set -eu
bin=$1
out=$2
rm -rf "$out"
mkdir -p "$out/man1" "$out/man8"

version=$("$bin/segel" --version | awk '{ print $NF; exit }')

page() { # PROGRAM SECTION NAME SUMMARY [HELP-WORDS]
    # The words of a command are words: unquoted.
    "$bin/$1" ${5:---help} | awk -v name="$3" -v section="$2" -v summary="$4" \
        -v version="$version" -f "$(dirname "$0")/man.awk" >"$out/man$2/$3.$2"
}

commands() { # NAME<tab>SUMMARY, from the list of the general help
    "$bin/segel" --help | awk '
        /^Commands:/ { list = 1; next }
        /^$/ { list = 0 }
        list {
            at = match($0, /  +[^ ]/)
            line = substr($0, 3)
            at = match(line, /  +/)
            if (at == 0) { at = 17; RLENGTH = 0 }
            print substr(line, 1, at - 1) "\t" substr(line, at + RLENGTH)
        }'
}

page segel 1 segel 'sign letters through a Segel gateway and check its log'
page segel-verify 1 segel-verify 'check an exported transparency log, offline'
page segeld 8 segeld 'signing gateway in front of an HSM'
page segel-hsm 8 segel-hsm 'the part of Segel that uses the keys of an HSM'
commands | while IFS=$'\t' read -r name summary; do
    # 'segel verify' is not the program segel-verify.
    [ "$name" != verify ] || name='verify letter'
    page segel 1 "segel-${name// /-}" "${summary:-$name}" "${name% letter} --help"
done
