#!/usr/bin/env bash
# Runs in the booted root of tests/deb/run.sh.
set -u
passed=0
failed=0
check() { # CLAIM COMMAND…
    local claim=$1
    shift
    if "$@" >/test/last 2>&1; then
        passed=$((passed + 1)) && echo "ok    $claim"
    else
        failed=$((failed + 1)) && echo "FAIL  $claim" && sed 's/^/      /' /test/last | tail -15
    fi
}
is() { [ "$1" = "$2" ] || { echo "found '$1' instead of '$2'"; return 1; }; }
main_pid() { systemctl show -p MainPID --value segeld; }
wait_for() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

# What an administrator does by docs/OPERATIONS.md, with a token in software.
configure() {
    cd /tmp
    BIN=/usr/bin PORT=7443 /usr/share/segel/demo/setup.sh /tmp/world seal-demo:rsa-2048
    cp -r world/clients /test/clients
    cp world/{segeld.yaml,policy.yaml,server.pem,server.key,clients.pem,anchors.pem,issuing.pem,seal-demo.pem,pin} /etc/segel/
    cp -r world/tokens/. /var/lib/softhsm/tokens/
    printf '%s\n' 'directories.tokendir = /var/lib/softhsm/tokens' 'objectstore.backend = file' \
        'log.level = ERROR' 'slots.removable = false' >/etc/segel/softhsm2.conf
    sed -i -e 's|path: ledger.db|path: /var/lib/segel/ledger.db|' \
        -e 's|read_only: \[tokens\]|read_only: [/var/lib/softhsm/tokens]|' /etc/segel/segeld.yaml
    printf 'admin: {address: 127.0.0.1, port: 9464}\ncontrol: {socket: /run/segel/control}\n' \
        >>/etc/segel/segeld.yaml
    chown -R root:segel /etc/segel && chmod 640 /etc/segel/* && chmod 750 /etc/segel
    chown segel: /etc/segel/pin && chmod 400 /etc/segel/pin
    chown -R segel: /var/lib/softhsm/tokens
    mkdir -p /etc/systemd/system/segeld.service.d
    cp /usr/share/doc/segel-gateway/systemd/softhsm.conf /etc/systemd/system/segeld.service.d/
    printf '[Service]\nWatchdogSec=3\n' >/etc/systemd/system/segeld.service.d/watchdog.conf
    systemctl daemon-reload
    for home in /test/clients/*; do echo 127.0.0.1:7443 >"$home/gateway"; done
}

segel_as() { local who=$1; shift; segel --home "/test/clients/$who" "$@"; }
sign_letters() { # OUT
    /test/letters 5 /test/letters-in && segel_as e-office sign -k seal-demo \
        -c surat_keterangan -a ND/1/2026 --rect 40,30,260,60 -o "$1" /test/letters-in/*/*.pdf &&
        segel_as e-office verify "$1"/*.pdf
}
confined() {
    local pid status
    for pid in $(main_pid) $(cat "/proc/$(main_pid)/task/$(main_pid)/children"); do
        status=$(cat "/proc/$pid/status")
        grep -q '^NoNewPrivs:.*1$' <<<"$status" && grep -q '^Seccomp:.*2$' <<<"$status" &&
            grep -q '^CapEff:.*0000000000000000$' <<<"$status" || { echo "$status"; return 1; }
    done
}
lanes_confined() {
    exec 3<>/dev/tcp/127.0.0.1/9464
    printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    grep '^segel_lane_confinement' <&3 >/test/confinement
    cat /test/confinement
    [ "$(grep -c ' 1$' /test/confinement)" = 3 ]
}
assessed() { # all but swap, which is the machine's
    segel_as reviewer assess --json | # fails as a whole: the token is in software
        grep -o '"name":"\(process\|lane\)\.[a-z]*","subject":"[^"]*","verdict":"[a-z-]*"' |
        grep -v '"process\.memory"' >/test/assessed
    cat /test/assessed
    [ "$(grep -c '"verdict":"pass"' /test/assessed)" = 8 ] && is "$(wc -l </test/assessed)" 8
}
ledger_is_private() { is "$(stat -c '%U %a' /var/lib/segel /var/lib/segel/ledger.db | tr '\n' ' ')" 'segel 700 segel 600 '; }
status_text() { wait_for 5 has_status "$1"; }
has_status() { is "$(systemctl show -p StatusText --value segeld)" "$1"; }
new_pid_than() { local now; now=$(main_pid) && [ "$now" != 0 ] && [ "$now" != "$1" ] && systemctl is-active --quiet segeld; }
hang() { # the watchdog ends a process that stands still, and another one serves
    local before
    before=$(main_pid)
    [ "$before" != 0 ] || return 1
    kill -STOP "$before"
    wait_for 20 new_pid_than "$before" && is "$(systemctl show -p NRestarts --value segeld)" 1
}
upgrade() { # the packages over themselves: the ledger stays, the gateway is started anew
    local before records
    before=$(main_pid)
    records=$(segel_as reviewer log show --json | wc -l)
    dpkg -i /debs/*.deb && wait_for 20 new_pid_than "$before" && sign_letters /test/after &&
        [ "$(segel_as reviewer log show --json | wc -l)" -gt "$records" ]
}
crl() { # SECONDS that the list of revoked clients is good for
    printf '[ca]\ndefault_ca = it\n[it]\ndatabase = /tmp/index\ndefault_md = sha256\n' >/tmp/crl.conf
    : >/tmp/index
    openssl ca -gencrl -config /tmp/crl.conf -keyfile /tmp/world/pki/tls-ca.key \
        -cert /tmp/world/pki/tls-ca.pem -crlsec "$1" -out /etc/segel/clients.crl &&
        chown root:segel /etc/segel/clients.crl && chmod 640 /etc/segel/clients.crl
}
upgrade_over() { # a list that has run out keeps clients out, and no gateway down
    local before
    crl 15 && sed -i 's|client_ca: clients.pem|&, client_crl: clients.crl|' /etc/segel/segeld.yaml &&
        systemctl restart segeld && sign_letters /test/listed && sleep 15 || return 1
    before=$(main_pid)
    ! sign_letters /test/shut-out && dpkg -i /debs/*.deb && wait_for 20 new_pid_than "$before" &&
        ! sign_letters /test/shut-out && crl 86400 && systemctl reload segeld &&
        wait_for 10 segel_as e-office signer seal-demo && sign_letters /test/let-in
}
upgrade_fails() { # and says so; when that is mended, the packages are configured
    local obstacle=/etc/systemd/system/segeld.service.d/obstacle.conf
    printf '[Service]\nExecStartPre=/bin/false\n' >$obstacle # which no look at files shows
    if dpkg -i /debs/segel-gateway_*.deb >/test/dpkg 2>&1; then cat /test/dpkg; return 1; fi
    grep 'did not come up again' /test/dpkg || { cat /test/dpkg; return 1; }
    rm $obstacle && systemctl daemon-reload && systemctl reset-failed segeld &&
        systemctl start segeld && dpkg --configure segel-gateway && wait_for 20 has_status serving
}
device_bound() { # as in hsm-device.conf; /dev/full stands for the HSM
    mkdir -p /dev/bus/usb/001 && touch /dev/bus/usb/001/001 &&
        mount --bind /dev/full /dev/bus/usb/001/001 && touch /dev/other || return 1
    systemd-run --wait --pipe -q -p PrivateDevices=yes -p DevicePolicy=closed \
        -p "$(grep ^BindPaths= /usr/share/doc/segel-gateway/systemd/hsm-device.conf)" \
        sh -c 'head -c 1 /dev/bus/usb/001/001 | od -An -c && [ ! -e /dev/other ]'
}
stops_cleanly() { systemctl stop segeld && is "$(systemctl show -p Result --value segeld)" success && journalctl -u segeld -o cat | grep -q '"event":"ended"'; }
nobody_serves() { # nor would begin to
    is "$(grep -l "^Uid:.*[[:space:]]$(id -u segel)[[:space:]]" /proc/[0-9]*/status)" '' &&
        ! (exec 3<>/dev/tcp/127.0.0.1/7443)
}
removed_with_socket() { # as in docs/TRANSPORT.md, under clients that connect again at once
    local client code
    printf '[Socket]\nListenStream=7443\nFileDescriptorName=grpc\n' >/etc/systemd/system/segeld.socket
    printf '[Service]\nSockets=segeld.socket\n' >/etc/systemd/system/segeld.service.d/socket.conf
    sed -i 's|address: 127.0.0.1, port: 7443|address: "fd:grpc"|' /etc/segel/segeld.yaml
    systemctl daemon-reload && systemctl start segeld.socket && sign_letters /test/by-socket || return 1
    (while :; do (exec 3<>/dev/tcp/127.0.0.1/7443) 2>/dev/null; sleep 0.05; done) &
    client=$!
    apt-get remove -y -qq segel-gateway && sleep 3 && nobody_serves
    code=$?
    kill $client
    rm -f /etc/systemd/system/segeld.socket /etc/systemd/system/segeld.service.d/socket.conf
    systemctl daemon-reload
    return $code
}
purge() { apt-get purge -y -qq segel-gateway && [ -e /var/lib/segel/ledger.db ] && [ ! -e /usr/bin/segeld ]; }

check 'the package makes the user segel' id segel
documented() { # what the units name, comments too, is there
    local path
    for path in $(grep -oh '/usr/share/doc/[^ )]*' /lib/systemd/system/segel*.service | sed 's/\.$//'); do
        [ -e "$path" ] || { echo "$path is not there" && return 1; }
    done
}
check 'the package segel makes the user segel-witness' id segel-witness
check 'what the units name is installed' documented
check 'a first installation starts nothing' test "$(systemctl is-active segeld)" = inactive
check 'the configuration folder is not open to everybody' is "$(stat -c '%U:%G %a' /etc/segel)" 'root:segel 750'
# Debian makes it so, and only the unit has the group.
check 'the folder of the tokens is its group'\''s' is "$(stat -c '%G %a' /var/lib/softhsm)" 'softhsm 2770'
check 'a gateway is configured as the documents say' bash -e -c "$(declare -f configure); configure"
check 'its files are sound' runuser -u segel -g segel -G softhsm -- segeld --config /etc/segel/segeld.yaml --check-config
check 'it starts and tells when it serves' systemctl enable --now segeld
check 'systemctl status says so' status_text serving
check 'letters are signed and verify' sign_letters /test/signed
check 'the log is whole' segel_as reviewer log verify
check 'every process is without privileges, behind a filter of system calls' confined
check 'lanes are confined in all three ways' lanes_confined
check 'the sheet passes the unit as it is shipped' assessed
check 'the ledger is the own of the gateway' ledger_is_private
check 'it reloads' systemctl reload segeld
check 'out of rotation by signal' bash -c 'systemctl kill -s USR1 --kill-whom=main segeld; sleep 1; ! segeld --config /etc/segel/segeld.yaml --probe /readyz'
check 'and back' bash -c 'systemctl kill -s USR2 --kill-whom=main segeld; sleep 1; segeld --config /etc/segel/segeld.yaml --probe /readyz'
check 'a process that hangs is replaced by the watchdog' hang
check 'the next one signs' sign_letters /test/signed-2
check 'an upgrade goes on with the ledger' upgrade
check 'an upgrade goes on where a list of revoked clients has run out' upgrade_over
check 'an upgrade after which the gateway is down is no success' upgrade_fails
check 'a device that a drop-in binds is reached, and no other' device_bound
check 'it stops cleanly' stops_cleanly
check 'manual pages are there' test -s /usr/share/man/man1/segel-sign.1.gz -a -s /usr/share/man/man8/segeld.8.gz
check 'a package that is removed stops the gateway and its socket' removed_with_socket
check 'the ledger outlives the package' purge

# Another machine, on which an older version has worked: its packages, its ledger.
older_signs() {
    rm -rf /etc/segel/* /var/lib/segel/* /var/lib/softhsm/tokens/* /test/clients /tmp/world &&
        dpkg -i /older/*.deb && configure && systemctl enable --now segeld &&
        wait_for 10 has_status serving && sign_letters /test/older && schema_is_older
}
schema_is_older() { # its ledger is really of another version: this one has said nothing yet
    ! journalctl -u segeld -o cat | grep '"event":"ledger.migrated"'
}
# A policy that the new version does not load must not end the gateway that serves.
bad_upgrade() {
    local before
    before=$(main_pid)
    cp -p /etc/segel/policy.yaml /tmp/policy.kept && echo 'rules: none' >>/etc/segel/policy.yaml
    dpkg -i /debs/*.deb >/test/dpkg 2>&1 && is "$(main_pid)" "$before" &&
        grep -q 'policy.yaml:.*' /test/dpkg && grep -q 'the one that runs goes on' /test/dpkg &&
        sign_letters /test/older-still
    local code=$?
    cp -p /tmp/policy.kept /etc/segel/policy.yaml
    return $code
}
checked_before() { # by the new program beside the old one, as docs/INSTALL.md says
    dpkg-deb -x /debs/segel-gateway_*.deb /tmp/new &&
        runuser -u segel -g segel -G softhsm -- /tmp/new/usr/bin/segeld --config /etc/segel/segeld.yaml --check-start
}
takes_over() {
    local before
    before=$(main_pid)
    dpkg -i /debs/*.deb && wait_for 20 new_pid_than "$before" && wait_for 10 has_status serving &&
        is "$(journalctl -u segeld -o cat | grep -c '"event":"ledger.migrated"')" 1 &&
        segel_as reviewer log verify
}
removed() {
    local before
    before=$(main_pid)
    [ "$before" != 0 ] && apt-get remove -y -qq segel-gateway && [ ! -e "/proc/$before" ]
}
knows_older() { segel_as e-office verify /test/older/*.pdf && sign_letters /test/newer; }
if [ -d /older ]; then
    check 'packages of an older version are installed and sign' older_signs
    check 'the new program finds their configuration sound' checked_before
    check 'an upgrade that would not start leaves the older one serving' bad_upgrade
    check 'the new packages take over, and migrate the ledger once' takes_over
    check 'what was signed is sound, and it signs on' knows_older
    check 'a package that is removed stops the gateway' removed
fi
[ $failed = 0 ] || journalctl -u segeld -o cat | tail -20
echo "$passed passed, $failed failed"
