#!/usr/bin/env bash
# deps.sh GROUP…: installs the Debian packages of these groups that are missing, and only
# those. The list is deploy/packages; "all" means every group. Without a missing package it
# changes nothing and takes a tenth of a second.
set -eu
list=$(dirname "$0")/packages

# wanted: one "PACKAGE [LOWEST VERSION]" a line for the groups that were asked for.
wanted() {
    awk -v want="$*" '
        BEGIN { n = split(want, w, " ") }
        /^#/ || NF < 2 { next }
        {
            k = split($1, have, ",")
            for (i = 1; i <= n; i++)
                for (j = 1; j <= k; j++)
                    if (w[i] == "all" || w[i] == have[j]) { print $2, $3; next }
        }' "$list"
}

installed_version() {
    dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
        awk '$1 == "installed" { print $2; exit }'
}

# missing: names of packages that are absent or older than they must be.
missing() {
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Version}\n' | awk '
        $1 == "installed" { print $2, $3 }')
    wanted "$@" | while read -r package lowest; do
        version=$(awk -v p="$package" '$1 == p { print $2; exit }' <<<"$have")
        if [ -z "$version" ] || { [ -n "$lowest" ] &&
            dpkg --compare-versions "$version" lt "$lowest"; }; then
            echo "$package"
        fi
    done
}

# may_install PACKAGE…: asked first, since what apt says of a first try is thrown away.
may_install() {
    if [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; then
        return 0
    fi
    cat >&2 <<TEXT
deps: installing needs root and there is no sudo. As root, run:
        apt-get update && apt-get install --no-install-recommends $*
TEXT
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "$@"
}

# Warns where the mirror has nothing newer: that is a matter of the sources, not of apt.
warn_if_old() {
    wanted "$@" | while read -r package lowest; do
        [ -n "$lowest" ] || continue
        version=$(installed_version "$package")
        if dpkg --compare-versions "$version" lt "$lowest"; then
            cat >&2 <<TEXT
deps: WARNING: $package is $version, but fixes that Segel relies on came with $lowest.
      Your mirror offers nothing newer. Add the security archive and run 'make deps' again:
        deb http://deb.debian.org/debian-security bookworm-security main
      Until then do not open the gateway's port to a network you do not trust.
TEXT
        fi
    done
}

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is no Debian, so nothing was installed. Needed here (Debian names):" >&2
    wanted "$@" | awk '{ printf " %s", $1 } END { print "" }' >&2
    exit 0
fi

need=$(missing "$@")
if [ -n "$need" ]; then
    # shellcheck disable=SC2086
    may_install $need || exit 1
    # shellcheck disable=SC2086
    echo "deps: installing" $need
    # The lists of a fresh machine are empty or old: try with what there is first.
    # shellcheck disable=SC2086
    if ! apt_install $need >/dev/null 2>&1; then
        as_root apt-get update -qq
        apt_install $need >/dev/null
    fi
    # shellcheck disable=SC2046
    if [ -n "$(missing "$@")" ] && wanted "$@" | grep -q ' [0-9]'; then
        as_root apt-get update -qq || true
        apt_install $(missing "$@") >/dev/null || true
    fi
fi
warn_if_old "$@"
