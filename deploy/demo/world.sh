#!/usr/bin/env bash
# world.sh DIR: what a rehearsal of a ceremony needs, below DIR: all of setup.sh, and four
# officers and two reviewers as callers with client folders. Their keys and the quorum file
# are made by `segel ceremony run --rehearse`, which calls this; everything is removed at
# its end. BIN: folder of the programs.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
people='officer-1 officer-2 officer-3 officer-4 reviewer-1 reviewer-2'

"$here/setup.sh" "$dir"
for name in $people; do
    home=$dir/clients/$name
    [ "$name" = officer-1 ] || printf '  - {name: %s, match: "URI:urn:segel:caller:%s", roles: [%s], keys: []}\n' \
        "$name" "$name" "${name%-*}" >>"$dir/segeld.yaml"
    [ ! -d "$home" ] || continue
    mkdir -p "$home"
    "$here/pki.sh" client "$dir/pki" "$name" "$home/cert"
    mv "$home/cert.key" "$home/key.pem"
    cp "$dir/pki/tls-ca.pem" "$home/ca.pem"
    cp "$dir/pki/root.pem" "$home/anchors.pem"
    cp "$dir/log.vkey" "$home/log.vkey"
done
sed -i 's/^lanes:$/officers: {quorum: quorum}\nlanes:/' "$dir/segeld.yaml"
