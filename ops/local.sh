#!/bin/sh
# Prometheus, Pushgateway and Alertmanager without containers: the system's programs with the files of this folder.
#   ops/local.sh up        starts what does not run yet, and waits until it is ready
#   ops/local.sh status    says what runs; exit code 0 only when everything does
#   ops/local.sh down      stops it; what it kept stays in the folder STATE
# Receivers of alerts are named in the environment (ALERT_WEBHOOK_URL and others: alertmanager/start.sh).
# Addresses and the folder can be set: SERVICE PROMETHEUS PUSHGATEWAY ALERTMANAGER (host:port) and STATE.
set -eu
ops=$(cd "$(dirname "$0")" && pwd)
service=${SERVICE:-127.0.0.1:8000}
prometheus=${PROMETHEUS:-127.0.0.1:9090}
pushgateway=${PUSHGATEWAY:-127.0.0.1:9091}
alertmanager=${ALERTMANAGER:-127.0.0.1:9093}
state=${STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/churnwatch-ops}

fail() { echo "ops/local.sh: $*" >&2; exit 1; }

address_of() {
  case $1 in
    prometheus) echo "$prometheus" ;;
    pushgateway) echo "$pushgateway" ;;
    alertmanager) echo "$alertmanager" ;;
  esac
}

# The process that this script started, if it still runs: its command line names the folder.
pid_of() {
  pid=$(cat "$state/$1.pid" 2>/dev/null) || return 1
  case $(ps -o args= -p "$pid" 2>/dev/null) in *"$state/"*) echo "$pid" ;; *) return 1 ;; esac
}

# These are addresses of this machine: no proxy, and no waiting for somebody who takes the connection and says nothing.
is_ready() { curl -fs --noproxy '*' -m 2 -o "$state/answer" "http://$(address_of "$1")/-/ready"; }

start() {
  name=$1
  shift
  if pid_of "$name" >"$state/answer"; then return; fi
  # Somebody else's would be taken for ours.
  if is_ready "$name"; then fail "something else answers at $(address_of "$name"): stop it, or set another address"; fi
  nohup "$@" >>"$state/$name.log" 2>&1 &
  echo $! >"$state/$name.pid"
}

wait_for() {
  tries=0
  until is_ready "$1"; do
    pid_of "$1" >"$state/answer" || fail "$1 ended; the end of $state/$1.log: $(tail -n 3 "$state/$1.log")"
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || fail "$1 is not ready after 30 s; see $state/$1.log"
    sleep 0.2
  done
  echo "$1 http://$(address_of "$1")"
}

up() {
  for program in prometheus prometheus-pushgateway prometheus-alertmanager curl ps; do
    command -v "$program" >/dev/null ||
      fail "$program is not installed (Debian: apt-get install prometheus prometheus-pushgateway prometheus-alertmanager curl procps)"
  done
  mkdir -p "$state/configuration"
  cp "$ops/prometheus/rules.yml" "$state/configuration/rules.yml"
  sed -e "s/churnwatch:8000/$service/" -e "s/pushgateway:9091/$pushgateway/" \
    -e "s/alertmanager:9093/$alertmanager/" -e "s/localhost:9090/$prometheus/" \
    "$ops/prometheus/prometheus.yml" >"$state/configuration/prometheus.yml"
  start pushgateway prometheus-pushgateway --web.listen-address="$pushgateway" \
    --persistence.file="$state/pushgateway" --persistence.interval=10s
  export ALERTMANAGER_CONFIGURATION="$state/configuration/alertmanager.yml" ALERTMANAGER_START=prometheus-alertmanager
  start alertmanager "$ops/alertmanager/start.sh" --storage.path="$state/alertmanager" \
    --web.listen-address="$alertmanager" --cluster.listen-address=
  start prometheus prometheus --config.file="$state/configuration/prometheus.yml" --storage.tsdb.path="$state/tsdb" \
    --storage.tsdb.retention.time=30d --enable-feature=exemplar-storage --web.listen-address="$prometheus"
  for name in pushgateway alertmanager prometheus; do wait_for "$name"; done
  echo "Start the service with PUSHGATEWAY_URL=http://$pushgateway bun run start: Prometheus looks for it at $service."
}

status() {
  result=0
  for name in pushgateway alertmanager prometheus; do
    if pid=$(pid_of "$name") && is_ready "$name"; then echo "$name runs at http://$(address_of "$name") (process $pid)"
    else
      echo "$name does not run"
      result=1
    fi
  done
  return $result
}

down() {
  for name in prometheus alertmanager pushgateway; do
    if pid=$(pid_of "$name"); then
      kill "$pid"
      tries=0
      while pid_of "$name" >"$state/answer"; do
        tries=$((tries + 1))
        [ "$tries" -lt 150 ] || fail "$name (process $pid) does not end; see $state/$name.log"
        sleep 0.2
      done
      echo "$name stopped"
    fi
    rm -f "$state/$name.pid"
  done
}

case ${1:-} in
  up) up ;;
  status) status ;;
  down) down ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
