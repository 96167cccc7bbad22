#!/usr/bin/env bash
# older.sh COMMIT: the Debian packages of an older commit of this repository, into
# $BUILD/deb-older, where run.sh finds them. Made once a commit. Exit code 77: the history is
# not here, so nothing is upgraded from.
set -eu
BUILD=$(cd "${BUILD:-build}" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$BUILD/deb-older

commit=$(git -C "$root" rev-parse --verify --quiet "$1^{commit}" 2>/dev/null) || {
    rm -rf "$out" # or run.sh would take packages of another time for those
    echo "deb-test: this copy of the repository does not hold the commit $1, so no upgrade is tried" >&2
    exit 77
}
[ "$(cat "$out/commit" 2>/dev/null)" != "$commit" ] || exit 0
rm -rf "$out"
mkdir -p "$out/tree"
git -C "$root" archive "$commit" | tar -x -C "$out/tree"
echo "building the packages of ${commit:0:12} …"
env -u BUILD -u MAKEFLAGS -u MAKELEVEL make -C "$out/tree" deb >"$out/log" 2>&1 ||
    { tail -5 "$out/log" >&2; exit 1; }
mv "$out"/tree/build/deb/*.deb "$out/"
rm -rf "$out/tree"
echo "$commit" >"$out/commit"
