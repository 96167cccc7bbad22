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
people='officer-1 officer-2 officer-3 officer-4 officer-5 reviewer-1 reviewer-2'
slots='seal-new:ecdsa seal-next:rsa-pkcs1'

make_home() { # NAME
    local home=$dir/clients/$1
    mkdir -p "$home"
    "$here/pki.sh" client "$dir/pki" "$1" "$home/cert"
    mv "$home/cert.key" "$home/key.pem"
    cp "$dir/pki/tls-ca.pem" "$home/ca.pem"
    cp "$dir/pki/root.pem" "$home/anchors.pem"
    cp "$dir/log.vkey" "$home/log.vkey"
}

make() {
    "$here/setup.sh" "$dir"
    for name in $people; do
        [ ! -d "$dir/clients/$name" ] || continue
        printf '  - {name: %s, match: "URI:urn:segel:caller:%s", roles: [%s], keys: []}\n' \
            "$name" "$name" "${name%-*}" >>"$dir/segeld.yaml"
        make_home "$name"
    done
    for slot in $slots; do
        sed -i "s/^keys:\$/keys:\n  - {name: ${slot%:*}, class: seal, scheme: ${slot#*:}, hash: sha256}/
            s/keys: \[seal-demo/keys: [seal-demo, ${slot%:*}/" "$dir/segeld.yaml"
    done
    sed -i 's/^lanes:$/officers: {quorum: quorum}\nlanes:/' "$dir/segeld.yaml"
}

issue() { # CSR OUT
    "$here/pki.sh" seal "$dir/pki" "$1" "$2"
    cat "$dir/issuing.pem" >>"$2"
}

"$command" "${@:3}"
