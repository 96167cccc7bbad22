#!/usr/bin/env bash
# image.sh: the image of the Containerfile, built by buildah. It needs root, Debian's mirror and
# no registry: the base is made by debootstrap, under the name that FROM asks for, unless
# PULL=1 has it fetched. All of it stays below $BUILD/image; the result is there as an archive,
#     podman load -i build/image/segel.tar
# VERSION: the image's tag.
set -eu
BUILD=$(cd "${BUILD:-build}" && pwd)
VERSION=${VERSION:-latest}
here=$(cd "$(dirname "$0")" && pwd)
home=$BUILD/image
base=$(awk '$1 == "FROM" { print $2; exit }' "$here/Containerfile")

[ "$(id -u)" = 0 ] || { echo 'image: needs root, for buildah and debootstrap' >&2; exit 77; }
mkdir -p "$home"
in_store() {
    local command=$1
    shift
    buildah --root "$home/store" --runroot "$home/run" --storage-driver vfs "$command" "$@"
}

# Mirror and archive keys of this machine, security fixes included where it has them.
sources() {
    local root=$1
    rm -f "$root/etc/apt/sources.list"
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null ||
        cp /etc/apt/sources.list "$root/etc/apt/"
}
mirror() {
    apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "bookworm" && $3 == "main" { print $1; exit }'
}
make_base() {
    local root=$home/base from
    rm -rf "$root"
    debootstrap --variant=minbase bookworm "$root" "$(mirror)" >"$home/base.log" 2>&1 ||
        { tail -5 "$home/base.log" >&2; exit 1; }
    sources "$root"
    # debootstrap knows one archive; the fixes come from the others.
    { chroot "$root" apt-get update -qq && chroot "$root" apt-get upgrade -y -qq &&
        chroot "$root" apt-get clean; } >>"$home/base.log" 2>&1 ||
        { tail -5 "$home/base.log" >&2; exit 1; }
    rm -rf "$root"/var/lib/apt/lists/*
    tar -cf "$home/base.tar" -C "$root" . && rm -rf "$root"
    from=$(in_store from scratch)
    in_store add -q "$from" "$home/base.tar" / >/dev/null
    in_store config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --cmd /bin/bash "$from"
    in_store commit -q --rm "$from" "$base" >/dev/null
    rm -f "$home/base.tar"
}

if [ -n "${PULL:-}" ]; then
    in_store pull -q "$base" >/dev/null
elif ! in_store inspect --type image "$base" >/dev/null 2>&1; then
    echo "making $base from Debian's packages …"
    make_base
fi
echo "building segel:$VERSION …"
in_store build -q --isolation chroot --pull=never -f "$here/Containerfile" \
    -t "segel:$VERSION" "$here/../.." >"$home/build.log" 2>&1 ||
    { tail -20 "$home/build.log" >&2; exit 1; }
rm -f "$home/segel.tar"
in_store push -q "localhost/segel:$VERSION" "oci-archive:$home/segel.tar:segel:$VERSION"
in_store rmi --prune >/dev/null 2>&1 || true # the image that only built
ls -l "$home/segel.tar"
