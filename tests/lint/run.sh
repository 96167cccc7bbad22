#!/usr/bin/env bash
# All lint rules over the repository; `make lint` calls it. One line a rule, findings below
# it, exit code 1 when there is one.
set -u
BUILD=${BUILD:-build}
PYTHON=${PYTHON:-/usr/bin/python3}
MAKE=${MAKE:-make}
log=$BUILD/lint/log
mkdir -p "$BUILD/lint"
failed=0
run=0

rule() { # NAME COMMAND…
    local name=$1
    shift
    run=$((run + 1))
    if "$@" >"$log" 2>&1; then
        printf 'ok    lint/%s\n' "$name"
    else
        failed=$((failed + 1))
        printf 'FAIL  lint/%s\n' "$name"
        grep -vE '^(GEN|CC|AR|LINK) ' "$log" | sed 's/^/      /' | head -n 60
    fi
}

c_files() { git ls-files --cached --others --exclude-standard -- '*.c' '*.h'; }

format() {
    # shellcheck disable=SC2046
    clang-format-14 --dry-run -Werror $(c_files | xargs ls 2>/dev/null)
}

# What clang-tidy does not see; style is its business, not cppcheck's. Switched off is what
# cppcheck reads wrongly: MUST as a condition that may go on, the lists of sys/queue.h as
# never written, AUTO as no release, and NULL as an integer.
cppcheck_all() {
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j2 --template=gcc \
        --enable=warning,portability --suppress=missingIncludeSystem \
        --library=tests/lint/cppcheck.cfg --suppress=unknownMacro \
        --suppress=nullPointerRedundantCheck --suppress=ctunullpointer \
        --suppress=arrayIndexOutOfBoundsCond \
        --suppress=uninitvar --suppress=varFuncNullUB --suppress=resourceLeak \
        --cppcheck-build-dir="$BUILD/lint/cppcheck" -I. proto gateway hsm client
}

tidy() { $MAKE -k BUILD="$BUILD" tidy; }

mkdir -p "$BUILD/lint/cppcheck"
for name in layers bans sizes secrets names; do
    rule "$name" "$PYTHON" "tests/lint/$name.py"
done
rule selftest tests/lint/selftest
rule format format
rule cppcheck cppcheck_all
rule tidy tidy

printf 'lint: %d rules, %d with findings\n' "$run" "$failed"
[ "$failed" = 0 ]
