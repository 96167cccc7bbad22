#!/usr/bin/env bash
# A small hierarchy of certificates for demo and tests, shaped like the one that city seals
# come from. Every name is marked TEST; the private keys of its authorities are plain files
# and worth nothing. Never use it for anything else.
#
#   pki.sh init DIR                 root, issuing CA for seals, CA for TLS
#   pki.sh seal DIR CSR OUT         seal certificate, two years, for a request made in the HSM
#   pki.sh server DIR OUT           TLS server: OUT.pem, OUT.key (localhost, 127.0.0.1)
#   pki.sh client DIR NAME OUT      TLS client with URI urn:segel:caller:NAME
#
# DIR: root.pem and issuing.pem (the seal's chain), tls-ca.pem (issuer of server and clients).
# SEAL_DAYS, SEAL_SUBJECT change a seal; SEAL_EXT adds lines to its extensions.
set -eu
umask 077

SUBJECT_ROOT='/C=ID/O=Kementerian Contoh (TEST)/CN=Root CA (TEST)'
SUBJECT_ISSUING='/C=ID/O=Badan Sertifikasi Contoh (TEST)/CN=Contoh CA DS (TEST)'
SUBJECT_TLS='/C=ID/O=Pemerintah Kota Contoh (TEST)/CN=Segel TLS CA (TEST)'
SUBJECT_SEAL='/C=ID/O=Pemerintah Kota Contoh (TEST)/OU=Dinas Komunikasi dan Informatika/CN=Segel Elektronik Kota Contoh (TEST)'

die() {
    echo "pki: $*" >&2
    exit 1
}

# Quiet unless it fails: openssl reports progress on stderr.
quiet() {
    "$@" 2>"$dir/.openssl" || {
        cat "$dir/.openssl" >&2
        die "openssl failed: $*"
    }
}

key() { # TYPE FILE
    case $1 in
    rsa) quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$2" ;;
    ec) quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$2" ;;
    esac
}

serial() { echo "0x$(openssl rand -hex 15)"; }

self_signed() { # SUBJECT KEY OUT
    quiet openssl req -new -x509 -sha256 -days 3650 -set_serial "$(serial)" \
        -subj "$1" -key "$2" -out "$3" -config /dev/stdin <<'CONF'
[req]
distinguished_name = dn
x509_extensions = ext
string_mask = utf8only
[dn]
[ext]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
CONF
}

# Extensions are read from stdin; the request must prove that it holds its key.
issue() { # CSR ISSUER DAYS OUT
    cat >"$dir/.ext"
    quiet openssl x509 -req -sha256 -in "$1" -CA "$dir/$2.pem" -CAkey "$dir/$2.key" \
        -set_serial "$(serial)" -days "$3" -extfile "$dir/.ext" -out "$4"
}

request() { # SUBJECT KEY OUT
    quiet openssl req -new -utf8 -sha256 -subj "$1" -key "$2" -out "$3"
}

init() {
    mkdir -p "$dir"
    key rsa "$dir/root.key"
    key rsa "$dir/issuing.key"
    key ec "$dir/tls-ca.key"
    self_signed "$SUBJECT_ROOT" "$dir/root.key" "$dir/root.pem"
    self_signed "$SUBJECT_TLS" "$dir/tls-ca.key" "$dir/tls-ca.pem"
    request "$SUBJECT_ISSUING" "$dir/issuing.key" "$dir/issuing.csr"
    issue "$dir/issuing.csr" root 1825 "$dir/issuing.pem" <<'EXT'
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.360.1.1.1.3.12
EXT
}

# Profile as seen on city seals. The subject is the authority's to state, not the request's.
seal() { # CSR OUT
    quiet openssl req -in "$1" -noout -verify
    quiet openssl req -in "$1" -pubkey -noout -out "$dir/.pub"
    printf '%s\n' 'basicConstraints = critical, CA:FALSE' \
        'keyUsage = critical, digitalSignature, nonRepudiation' \
        'extendedKeyUsage = emailProtection, clientAuth, 1.3.6.1.4.1.311.10.3.12, 1.2.840.113583.1.1.5' \
        'certificatePolicies = 2.16.360.1.1.1.3.12' \
        'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' \
        ${SEAL_EXT:+"$SEAL_EXT"} >"$dir/.ext"
    quiet openssl x509 -new -sha256 -subj "${SEAL_SUBJECT:-$SUBJECT_SEAL}" \
        -force_pubkey "$dir/.pub" -CA "$dir/issuing.pem" -CAkey "$dir/issuing.key" \
        -set_serial "$(serial)" -days "${SEAL_DAYS:-730}" -extfile "$dir/.ext" -out "$2"
}

tls() { # SUBJECT ALTNAMES USE OUT
    key ec "$4.key"
    request "$1" "$4.key" "$dir/.csr"
    issue "$dir/.csr" tls-ca 730 "$4.pem" <<EXT
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $3
subjectAltName = $2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXT
}

[ $# -ge 2 ] || die "usage: pki.sh init|seal|server|client DIR …"
command=$1
dir=$2
shift 2
case $command in
init) init ;;
seal) seal "$1" "$2" ;;
server)
    tls '/C=ID/O=Pemerintah Kota Contoh (TEST)/CN=segeld (TEST)' \
        'DNS:localhost, IP:127.0.0.1' serverAuth "$1"
    ;;
client)
    tls "/C=ID/O=Pemerintah Kota Contoh (TEST)/CN=$1 (TEST)" \
        "URI:urn:segel:caller:$1" clientAuth "$2"
    ;;
*) die "no such command: $command" ;;
esac
rm -f "$dir/.openssl" "$dir/.ext" "$dir/.csr" "$dir/.pub"
