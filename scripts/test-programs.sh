#!/usr/bin/env bash
# Installs the programs that some tests need beside Node, where that disturbs nobody: as root on Debian, and not where systemd
# would start them as services. Elsewhere says how. A failure is written down, and fails nothing.
set -uo pipefail
declare -A packages=([postgres]=postgresql)
programs=(haproxy nginx nats-server redis-server postgres)
# For a cluster with real pods, where this machine can have one at all (test/node/can-run.ts).
if [ "$(id -u)" -eq 0 ] && unshare --net --mount --pid --fork true 2>/dev/null; then
  programs+=(buildah containerd runc host-local nft iptables conntrack ip)
  packages=([postgres]=postgresql [host-local]=containernetworking-plugins [nft]=nftables [ip]=iproute2)
  PATH="$PATH:/usr/sbin:/sbin:/usr/lib/cni"
fi
# Debian keeps PostgreSQL's programs off the path, in a folder for each version.
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done

missing=()
for program in "${programs[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
for at in "${!missing[@]}"; do missing[at]=${packages[${missing[at]}]:-${missing[at]}}; done
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
