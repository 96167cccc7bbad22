#!/usr/bin/env bash
# What a rehearsal of a ceremony needs, made by `segel ceremony run --rehearse`, which calls
# this and removes everything at its end.
#
#   world.sh make DIR           all of setup.sh, five officers and two reviewers as callers with
#                               client folders, and slots for new keys, below DIR
#   world.sh issue DIR CSR OUT  the certificate that the made-up issuer gives for a request
#
# BIN: folder of the programs.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
command=$1
dir=$2
# What setup.sh and pki.sh would take from the caller's own: another module has other tokens,
# perhaps real ones.
unset MODULE POLICY ORIGIN PORT ACTIVATION LOG_TYPE THREADS LOOPS SEAL_EXT SEAL_SUBJECT SEAL_DAYS
people='officer-2 officer-3 officer-4 officer-5 reviewer-1 reviewer-2'

make() {
    PEOPLE=$people "$here/setup.sh" "$dir" seal-demo:rsa-2048 seal-new:slot/ecdsa \
        seal-next:slot/rsa-pkcs1
}

issue() { # CSR OUT
    "$here/pki.sh" seal "$dir/pki" "$1" "$2"
    cat "$dir/issuing.pem" >>"$2"
}

"$command" "${@:3}"
