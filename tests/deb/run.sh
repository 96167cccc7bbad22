#!/usr/bin/env bash
# The Debian packages in a clean root: made with debootstrap, booted with systemd-nspawn, so
# that units, users, sandbox and watchdog are those of a real systemd. `make deb-test` calls it.
#
# As root, on a machine that may make namespaces. BUILD: where build/deb lies. Takes two minutes
# the first time; the bare root is kept as $BUILD/deb-root.tar. Packages of an older version in
# $BUILD/deb-older (older.sh) are upgraded from, too; where there are none, a line says "skipped: …".
# Ends with "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-build}" && pwd)
root=$BUILD/deb-root
bare=$BUILD/deb-root.tar

[ "$(id -u)" = 0 ] || { echo 'deb-test: needs root, for debootstrap and systemd-nspawn' >&2; exit 1; }
[ -e "$BUILD"/deb/segel-gateway_*.deb ] || { echo "deb-test: 'make deb' comes first" >&2; exit 1; }

# The mirror of this machine, whatever it is.
mirror() {
    apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "bookworm" && $3 == "main" { print $1; exit }'
}

fresh_root() {
    rm -rf "$root"
    if [ -e "$bare" ]; then
        mkdir "$root" && tar -xf "$bare" -C "$root" && return
    fi
    echo 'making a bare Debian 12 …'
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root" \
        "$(mirror)" >"$BUILD/deb-root.log" 2>&1 || { tail -5 "$BUILD/deb-root.log"; exit 1; }
    tar -cf "$bare.new" -C "$root" . && mv "$bare.new" "$bare"
}

in_root() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive "$@" >>"$BUILD/deb-root.log" 2>&1 ||
        { tail -20 "$BUILD/deb-root.log" && echo "deb-test: failed: $*" >&2 && exit 1; }
}

install_packages() {
    rm -f "$root/etc/apt/sources.list"
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null ||
        cp /etc/apt/sources.list "$root/etc/apt/"
    cp /etc/resolv.conf "$root/etc/"
    mkdir -p "$root/debs" "$root/test"
    cp "$BUILD"/deb/segel_*.deb "$BUILD"/deb/segel-gateway_*.deb "$root/debs/"
    if [ -e "$BUILD/deb-older/commit" ]; then
        mkdir -p "$root/older"
        cp "$BUILD"/deb-older/segel_*.deb "$BUILD"/deb-older/segel-gateway_*.deb "$root/older/"
    fi
    in_root apt-get update -qq
    in_root apt-get install -y -qq --no-install-recommends softhsm2 openssl libhpdf-2.3.0
    in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/*.deb'
}

boot() {
    install -m 755 "$here/inside.sh" "$root/test/"
    install -m 755 "$BUILD/tests/fixtures/letters" "$root/test/"
    cat >"$root/etc/systemd/system/test.service" <<'UNIT'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
TimeoutStartSec=400
LimitMEMLOCK=64M
ExecStart=/bin/sh -c '/test/inside.sh >/test/out 2>&1'
[Install]
WantedBy=default.target
UNIT
    mkdir -p "$root/etc/systemd/system/default.target.wants"
    ln -sf ../test.service "$root/etc/systemd/system/default.target.wants/test.service"
    # Locking memory, and asking the kernel how good its clock is, need no privilege on a
    # machine; a container's filter forbids both.
    timeout 500 systemd-nspawn --register=no --keep-unit \
        '--system-call-filter=@memlock adjtimex clock_adjtime' \
        -D "$root" -b \
        >"$BUILD/deb-boot.log" 2>&1 || true
}

fresh_root
install_packages
boot
[ -e "$BUILD/deb-older/commit" ] || echo 'skipped: the upgrade from older packages; the history lacks their commit'
cat "$root/test/out" 2>/dev/null || { tail -20 "$BUILD/deb-boot.log" && echo '0 passed, 1 failed'; }
grep -Eq '^[1-9][0-9]* passed, 0 failed$' "$root/test/out" && rm -rf "$root"
