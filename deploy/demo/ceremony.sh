# shellcheck shell=bash
# The first ceremony of the demo, by the commands that persons type: officer-1 asks, officer-2
# and officer-3 approve, reviewer-1 is the witness. demo.sh reads this; its names stand there.
# `segel ceremony run` leads people through the same and writes minutes, but on a terminal only.
script=deploy/ceremonies/key-generation.ceremony

later() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }

# The answer of who asks names the request. Both passphrases come by descriptor 3.
approved() { # COMMAND… of officer-1; prints the request's id
    local id
    segel officer-1 "$@" >"$demo/asked.txt" 2>>"$log" || return 1
    cat "$demo/asked.txt" >>"$log"
    id=$(grep -om1 'g-[0-9A-Z]*' "$demo/asked.txt")
    for officer in officer-2 officer-3; do
        segel "$officer" approve --yes --passphrase-fd 3 "$id" \
            3<"$home/$officer/passphrase" >>"$log" 2>&1 || return 1
    done
    echo "$id"
}

# The last approval begins a ceremony; its end is a record of the log.
wait_done() { # REQUEST
    local record
    for _ in $(seq 300); do
        record=$(segel reviewer log show --json --type ceremony.step 2>>"$log" |
            grep "\"grant\":\"$1\".*\"step\":\"end\"" || true)
        case $record in
        *'"result":"done"'*) return 0 ;;
        ?*) echo "$record" >>"$log" && return 1 ;;
        esac
        sleep 0.2
    done
    return 1
}

wait_certified() { # the lanes have found the key and its certificate
    for _ in $(seq 300); do
        ! segel officer-1 key show seal-demo 2>>"$log" | grep -q '^  token .*available' ||
            return 0
        sleep 0.2
    done
    return 1
}

make_seal_key() {
    local id
    id=$(approved key generate seal-demo --lane lane0 --type rsa-2048 --scheme rsa-pkcs1 \
        --until "$(date -u -d '+2 years' +%F)" --place "demo (TEST)" --script "$script" \
        --participants officer-2,officer-3 --witness reviewer-1 --reason "first seal (TEST)") &&
        wait_done "$id" || return 1
    cp -a "$demo/tokens" "$demo/backup" &&
        segel officer-1 key backup seal-demo --medium "copy of its folder (TEST)" >>"$log" 2>&1 &&
        segel officer-1 key csr seal-demo --subject "/C=ID/O=Kota Contoh (TEST)/CN=Segel (TEST)" \
            -o "$demo/seal-demo.csr" >>"$log" 2>&1
}

accept_certificate() {
    local id
    deploy/demo/pki.sh seal "$demo/pki" "$demo/seal-demo.csr" "$demo/seal-demo.pem" &&
        id=$(approved key import-cert seal-demo "$demo/seal-demo.pem" "$demo/issuing.pem" \
            --reason "as issued by the demo's CA") && wait_done "$id" && wait_certified
}

open_key() {
    approved key activate seal-demo --until "$(later '+8 hours')" --reason "letters of the day" \
        >>"$log"
}

open_mandate() { # prints the mandate's id, which is its request's with another letter
    local id
    id=$(approved mandate open --key seal-demo --caller e-office --max "$LETTERS" \
        --class surat_keterangan,surat_tugas --profile pades-b-t --until "$(later '+8 hours')" \
        --approval ND-2026/001 --reason "$LETTERS letters (TEST)") || return 1
    echo "m-${id#g-}"
}

balance() {
    local json
    json=$(segel e-office mandate show --json "$mandate" 2>>"$log")
    printf '%s of %s signatures used, %s reserved, %s left' "$(number used "$json")" \
        "$(number max "$json")" "$(number reserved "$json")" "$(number left "$json")"
}

# How often the token refused to misuse the new key, as the log tells.
refusals() {
    segel reviewer log show --json --type ceremony.step 2>>"$log" | grep '"step":"checks"' |
        grep -o '"check_[0-9]*":"[^"]*, refused"' | wc -l
}
