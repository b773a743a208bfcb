#!/bin/sh
# Starts Alertmanager with alertmanager.yml and the receivers that the environment names; Alertmanager itself reads none of it.
#   ALERT_WEBHOOK_URL                                   gets every alert
#   ALERT_WEBHOOK_URL_CRITICAL, _WARNING, _INFO         gets those of one severity instead
#   ALERT_EMAIL_TO, ALERT_EMAIL_FROM, ALERT_SMTP        gets critical ones and warnings as mail through ALERT_SMTP (host:port),
#   ALERT_SMTP_USER, ALERT_SMTP_PASSWORD                with a login where one is needed
# Options are handed on to Alertmanager.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
configuration=${ALERTMANAGER_CONFIGURATION:-/tmp/alertmanager.yml}

fail() { echo "alertmanager/start.sh: $*" >&2; exit 78; }

# The values stand in YAML's double quotes.
for name in ALERT_WEBHOOK_URL ALERT_WEBHOOK_URL_CRITICAL ALERT_WEBHOOK_URL_WARNING ALERT_WEBHOOK_URL_INFO \
  ALERT_EMAIL_TO ALERT_EMAIL_FROM ALERT_SMTP ALERT_SMTP_USER ALERT_SMTP_PASSWORD; do
  eval "value=\${$name:-}"
  case $value in *[!\ -~]* | *\"* | *\\*) fail "$name has a quote, a backslash, or a character beyond ASCII" ;; esac
  case $name in ALERT_WEBHOOK_URL*)
    case $value in "" | http://?* | https://?*) ;; *) fail "$name is no http or https address" ;; esac ;;
  esac
done
if [ -n "${ALERT_EMAIL_TO:-}" ] && { [ -z "${ALERT_SMTP:-}" ] || [ -z "${ALERT_EMAIL_FROM:-}" ]; }; then
  fail "ALERT_EMAIL_TO needs ALERT_SMTP (host:port) and ALERT_EMAIL_FROM"
fi

webhook() {
  [ -z "$1" ] || printf '    webhook_configs:\n      - url: "%s"\n        send_resolved: true\n' "$1"
}

mail() {
  [ -n "${ALERT_EMAIL_TO:-}" ] || return 0
  printf '    email_configs:\n      - to: "%s"\n        from: "%s"\n        smarthost: "%s"\n        send_resolved: true\n' \
    "$ALERT_EMAIL_TO" "$ALERT_EMAIL_FROM" "$ALERT_SMTP"
  [ -z "${ALERT_SMTP_USER:-}" ] ||
    printf '        auth_username: "%s"\n        auth_password: "%s"\n' "$ALERT_SMTP_USER" "${ALERT_SMTP_PASSWORD:-}"
}

# It may hold a password.
umask 077
while IFS= read -r line; do
  printf '%s\n' "$line"
  case $line in
    "  - name: critical")
      webhook "${ALERT_WEBHOOK_URL_CRITICAL:-${ALERT_WEBHOOK_URL:-}}"
      mail
      ;;
    "  - name: warning")
      webhook "${ALERT_WEBHOOK_URL_WARNING:-${ALERT_WEBHOOK_URL:-}}"
      mail
      ;;
    "  - name: info") webhook "${ALERT_WEBHOOK_URL_INFO:-${ALERT_WEBHOOK_URL:-}}" ;;
  esac
done <"$here/alertmanager.yml" >"$configuration" || fail "$configuration cannot be written: set ALERTMANAGER_CONFIGURATION"

exec "${ALERTMANAGER_START:-/bin/alertmanager}" --config.file="$configuration" "$@"
