#!/usr/bin/env bash
# Installs the parsers that the differential test compares with, where that disturbs nobody: as root on Debian, and not where
# systemd would start them as services. Elsewhere says how. A failure is written down, and fails nothing.
set -uo pipefail
command -v haproxy >/dev/null && command -v nginx >/dev/null && exit 0
outcome=.cache/other-parsers
[ -e "$outcome" ] && exit 0
mkdir -p .cache
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && [ ! -d /run/systemd/system ]; then
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends haproxy nginx; } >/dev/null 2>&1; then
    echo installed >"$outcome"
    exit 0
  fi
fi
echo refused >"$outcome"
echo 'The differential test needs HAProxy and nginx, and is not run without them: apt-get install -y haproxy nginx' >&2
