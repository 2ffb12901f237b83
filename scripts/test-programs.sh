#!/usr/bin/env bash
# Installs the programs that some tests need beside Node, where that disturbs nobody: as root on Debian, and not where systemd
# would start them as services. Elsewhere says how. A failure is written down, and fails nothing.
set -uo pipefail
programs=(haproxy nginx nats-server redis-server postgres)
# Debian keeps PostgreSQL's programs off the path, in a folder for each version.
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done

missing=()
for program in "${programs[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
missing=("${missing[@]/#postgres/postgresql}")
[ "${#missing[@]}" -eq 0 ] && exit 0
outcome=.cache/test-programs
# Tried before, for the same ones.
[ -e "$outcome" ] && [ "$(tail -n +2 "$outcome")" = "${missing[*]}" ] && exit 0
mkdir -p .cache
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && [ ! -d /run/systemd/system ]; then
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1; then
    printf 'installed\n%s\n' "${missing[*]}" >"$outcome"
    exit 0
  fi
fi
printf 'refused\n%s\n' "${missing[*]}" >"$outcome"
echo "Some tests need these programs, and are not run without them: apt-get install -y ${missing[*]}" >&2
