#!/usr/bin/env bash
# shadow.sh <POLICY >OUT: the policy with its rules about activation in shadow: they judge and
# refuse nothing, as there are no officers who could activate a key. Its own tests of these
# rules go.
set -eu
awk '
    function flush() {
        if (block !~ /CP-6\.(2-05|2-06|5-01):/) printf "%s", block
        block = ""
    }
    /^[^ ]/ || /^  - / { flush() }
    { block = block $0 "\n" }
    /^  - id: CP-6\.(2-05|2-06|5-01)$/ { block = block "    mode: shadow\n" }
    END { flush() }'
