#!/usr/bin/env bash
# libtenfold-runtime.a stands alone: it needs no symbol of protobuf, nor any symbol of Tenfold that it
# does not define itself (a row never sees a Graph), and it defines nothing of the compiler.
set -euo pipefail
archive=${1:-${TENFOLD_BUILD_DIR:-build/release}/lib/libtenfold-runtime.a}
[ -f "$archive" ] || { echo "nm_runtime: $archive is not built"; exit 77; }

symbols() { nm --demangle "$archive" 2>/dev/null | grep -E "$1" | sed -E 's/^[0-9a-f ]{17}//; s/^. //'; }
defined=$(symbols '^[0-9a-f]+ [A-TV-Za-tv-z] ' | sort -u)
needed=$(symbols '^ +[Uw] ' | grep -E '(^|[^[:alnum:]_:])(tenfold|google)::' | sort -u || true)
missing=$(comm -23 <(printf '%s\n' "$needed" | sed '/^$/d') <(printf '%s\n' "$defined"))
if [ -n "$missing" ]; then
  echo "nm_runtime: the runtime library needs symbols from outside:"
  printf '%s\n' "$missing" | while IFS= read -r symbol; do
    printf '  %s\n' "$symbol"
    nm -A --demangle "$archive" 2>/dev/null | grep -F " U $symbol" |
      sed -E 's/^[^:]*:([^:]*):.*/    used by \1/' | sort -u | head -n 3
  done
  exit 1
fi
compiler=$(printf '%s\n' "$defined" |
  grep -E '(^|[^[:alnum:]_:])tenfold::(compile|canonicalize|import_model|select::|Graph(Builder)?::|Patch::)' || true)
if [ -n "$compiler" ]; then
  echo "nm_runtime: the runtime library holds symbols of the compiler:"
  printf '%s\n' "$compiler" | head -n 10
  exit 1
fi
echo "nm_runtime: $(printf '%s\n' "$needed" | sed '/^$/d' | wc -l) symbols of Tenfold's own are used, all defined inside"
