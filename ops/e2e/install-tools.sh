#!/bin/sh
# Gets what `bun run test:ops` needs on Debian 12: Chromium, a container engine, Prometheus, Pushgateway and Alertmanager of the
# system, and beside them the newer ones of Debian testing with docker compose, unpacked into a folder without being installed.
# Where systemd runs, the packages start their services: this is for CI and containers.
#   ops/e2e/install-tools.sh [FOLDER]      (default: the folder in which the tests look)
set -eu
folder=${1:-${OPS_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/churnwatch-ops}}
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo

is_here() { command -v "$1" >/dev/null 2>&1; }

missing=
for name in prometheus prometheus-pushgateway prometheus-alertmanager chromium dockerd docker busybox ip curl; do
  is_here "$name" || missing="$missing $name"
done
if [ -n "$missing" ]; then
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
    prometheus prometheus-pushgateway prometheus-alertmanager chromium \
    docker.io iptables iproute2 busybox-static curl >/dev/null
fi

if [ ! -x "$folder/usr/bin/prometheus" ]; then
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/packages"
  : >"$state/status"
  mirror=$(apt-get indextargets --format '$(CODENAME)|$(RELEASE)|$(SITE)' 'Created-By: Packages' |
    awk -F '|' '$1 == "bookworm" || $2 == "bookworm" { print $3; exit }')
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?no Debian 12 mirror in the sources of apt} forky main" >"$state/sources.list"
  apt_state() {
    apt-get -qq -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$state/lists" \
      -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root "$@"
  }
  apt_state update
  (cd "$state/packages" && apt_state download prometheus promtool prometheus-pushgateway prometheus-alertmanager docker-compose)
  mkdir -p "$folder"
  for package in "$state"/packages/*.deb; do dpkg-deb -x "$package" "$folder"; done
fi

for name in prometheus promtool prometheus-pushgateway prometheus-alertmanager docker-compose; do
  for program in "$(command -v "$name" || true)" "$folder/usr/bin/$name"; do
    [ -x "$program" ] && echo "$program: $("$program" --version 2>&1 | head -n 1)"
  done
done
