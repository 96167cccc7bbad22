#!/usr/bin/env bash
# setup.sh DIR [NAME:TYPE…]: makes everything that a gateway on a software token needs, and
# the client folders that go with it, below DIR. Demo, bench and system tests start here.
#
# NAME:TYPE is one seal key, by default seal-demo:rsa-2048; TYPE as in segel-hsm keygen, with
# "/pss" behind it for RSA-PSS. NAME:slot/SCHEME is an empty slot that officers fill.
#   DIR/segeld.yaml      configuration (port 0: the gateway says in its log which it took)
#   DIR/clients/NAME     folders for `segel --home`: e-office, reviewer, officer-1
#   DIR/pki              the test authorities (pki.sh)
#   DIR/log.vkey         public key of the transparency log, taken from the token
# BIN: folder of the programs. POLICY: policy file. THREADS: sessions of the lane. LOG_TYPE:
# type of the log key, ed25519 or p-256.
# ACTIVATION: "enforce", the policy is taken as it is; by default its rules about activation
# are in shadow. PEOPLE: more officers and reviewers, named ROLE-NUMBER; the configuration then
# names DIR/quorum, which is somebody else's to write (quorum.sh).
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mkdir -p "$1" && cd "$1" && pwd)
shift
BIN=${BIN:-$here/../../build/bin}
POLICY=${POLICY:-$here/../policies/bsre-seal.yaml}
ACTIVATION=${ACTIVATION:-shadow}
PEOPLE=${PEOPLE:-}
MODULE=${MODULE:-/usr/lib/softhsm/libsofthsm2.so}
ORIGIN=${ORIGIN:-segel.example.go.id/log}
LOG_TYPE=${LOG_TYPE:-ed25519}
TOKEN=segel-demo
[ $# -gt 0 ] || set -- seal-demo:rsa-2048

hsm() { # COMMAND ARGUMENTS…
    local command=$1
    shift
    "$BIN/segel-hsm" "$command" --module "$MODULE" "$@"
}

json_field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

# --- Token ---------------------------------------------------------------------------------
make_token() {
    mkdir -p "$dir/tokens"
    printf '%s\n' "directories.tokendir = $dir/tokens" 'objectstore.backend = file' \
        'log.level = ERROR' 'slots.removable = false' >"$dir/softhsm2.conf"
    export SOFTHSM2_CONF=$dir/softhsm2.conf
    openssl rand -hex 12 >"$dir/pin"
    openssl rand -hex 12 >"$dir/so-pin"
    hsm init-token --label "$TOKEN" --so-pin-file "$dir/so-pin" --pin-file "$dir/pin" \
        >"$dir/token.json"
}

keygen() { # NAME TYPE [SCHEME]; prints the id
    hsm keygen --token "$TOKEN" --pin-file "$dir/pin" --type "$2" --name "$1" \
        ${3:+--scheme "$3"} >"$dir/$1.json"
    json_field id <"$dir/$1.json"
}

# C2SP vkey: <origin>+<first 4 bytes of SHA-256(origin, LF, 01, key)>+<base64(01, key)>, and
# of ECDSA <origin>+<first 4 bytes of SHA-256(SPKI)>+<base64(02, SPKI)>
log_vkey() {
    local raw=$dir/.log-key id
    hsm public --token "$TOKEN" --pin-file "$dir/pin" --id "$log_id" --out "$raw.pem"
    openssl pkey -pubin -in "$raw.pem" -outform DER >"$raw.der"
    case $LOG_TYPE in
    ed25519)
        { printf '\001' && tail -c 32 "$raw.der"; } >"$raw"
        id=$({ printf '%s\n' "$ORIGIN" && cat "$raw"; } | openssl dgst -sha256 -r)
        ;;
    *)
        { printf '\002' && cat "$raw.der"; } >"$raw"
        id=$(openssl dgst -sha256 -r "$raw.der")
        ;;
    esac
    printf '%s+%.8s+%s\n' "$ORIGIN" "$id" "$(openssl base64 -A -in "$raw")"
    rm -f "$raw" "$raw.pem" "$raw.der"
}

# --- Keys with their certificates ----------------------------------------------------------
make_key() { # NAME TYPE SCHEME HASH; appends to the list of keys
    local id rsa=
    case $2 in rsa-*) rsa=$3 ;; esac
    id=$(keygen "$1" "$2" $rsa)
    [ -n "$id" ] || { echo "setup: segel-hsm keygen told no id" >&2 && exit 1; }
    hsm csr --token "$TOKEN" --pin-file "$dir/pin" --id "$id" \
        --subject "/C=ID/O=Pemerintah Kota Contoh (TEST)/CN=$1" --out "$dir/$1.csr" \
        ${rsa:+--scheme "$rsa"}
    "$here/pki.sh" seal "$dir/pki" "$dir/$1.csr" "$dir/$1.pem"
    cat >>"$dir/keys.yaml" <<YAML
  - name: $1
    class: seal
    lane: lane0
    id: "$id"
    certificate: $1.pem
    chain: issuing.pem
    scheme: $3
    hash: $4
    allowed_classes: [surat_keterangan, surat_tugas]
YAML
    names="${names:+$names, }$1"
}

make_slot() { # NAME SCHEME
    cat >>"$dir/keys.yaml" <<YAML
  - {name: $1, class: seal, scheme: $2, hash: sha256, allowed_classes: [surat_keterangan, surat_tugas]}
YAML
    names="${names:+$names, }$1"
}

make_keys() {
    : >"$dir/keys.yaml"
    names=
    for spec in "$@"; do
        local type=${spec#*:} scheme=ecdsa hash=sha256
        case $type in
        slot/*) make_slot "${spec%%:*}" "${type#*/}" && continue ;;
        */pss) scheme=rsa-pss ;;
        rsa-*) scheme=rsa-pkcs1 ;;
        p-384) hash=sha384 ;;
        esac
        make_key "${spec%%:*}" "${type%/pss}" "$scheme" "$hash"
    done
}

# --- Certificates and client folders -------------------------------------------------------
make_client() { # NAME
    local home=$dir/clients/$1
    mkdir -p "$home"
    "$here/pki.sh" client "$dir/pki" "$1" "$home/cert"
    mv "$home/cert.key" "$home/key.pem"
    cp "$dir/pki/tls-ca.pem" "$home/ca.pem"
    cp "$dir/pki/root.pem" "$home/anchors.pem"
    cp "$dir/log.vkey" "$home/log.vkey"
}

callers() { # NAME…; the lines of people, whose role is their name's first word
    for name in "$@"; do
        printf '  - {name: %s, match: "URI:urn:segel:caller:%s", roles: [%s], keys: []}\n' \
            "$name" "$name" "${name%-*}"
    done
}

make_pki() {
    "$here/pki.sh" init "$dir/pki"
    "$here/pki.sh" server "$dir/pki" "$dir/server"
    cp "$dir/pki/root.pem" "$dir/anchors.pem"
    cp "$dir/pki/issuing.pem" "$dir/issuing.pem"
    cp "$dir/pki/tls-ca.pem" "$dir/clients.pem"
}

make_config() {
    # Nobody is there who could activate a key: what asks for that is only noted.
    case $ACTIVATION in
    shadow) "$here/shadow.sh" <"$POLICY" ;;
    *) cat "$POLICY" ;;
    esac >"$dir/policy.yaml"
    cat >"$dir/segeld.yaml" <<YAML
# Configuration of the demo gateway. Paths are relative to this file.
node: gw1
listen: {address: 127.0.0.1, port: ${PORT:-0}}
tls: {certificate: server.pem, private_key: server.key, client_ca: clients.pem}
io: {loops: ${LOOPS:-1}}
log: {level: info, format: json}
ledger: {path: ledger.db, origin: $ORIGIN, checkpoint_s: 1, checkpoint_leaves: 4096}
policy: {file: policy.yaml, anchors: anchors.pem}
networks:
  - {name: server_vlan, addresses: [127.0.0.0/8, "::1"]}
${PEOPLE:+officers: {quorum: quorum\}
}lanes:
  - name: lane0
    module: $MODULE
    token: $TOKEN
    pin_file: pin
    threads: ${THREADS:-2}
    canary: "$canary_id"
    read_only: [tokens]
    environment: {SOFTHSM2_CONF: softhsm2.conf}
log_key: {lane: lane0, id: "$log_id"}
keys:
$(cat "$dir/keys.yaml")
callers:
  - {name: e-office, match: "URI:urn:segel:caller:e-office", roles: [backend], keys: [$names]}
$(callers reviewer officer-1 $PEOPLE)
YAML
    rm "$dir/keys.yaml"
}

make_token
log_id=$(keygen log "$LOG_TYPE")
canary_id=$(keygen canary p-256)
log_vkey >"$dir/log.vkey"
make_pki
make_keys "$@"
for name in e-office reviewer officer-1 $PEOPLE; do make_client "$name"; done
make_config
