# Starts Grafana in its container. Its own default would be an administrator with the password "admin".
if [ -z "$GF_SECURITY_ADMIN_PASSWORD" ]; then
  unset GF_SECURITY_ADMIN_PASSWORD
  export GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION=true
  export GF_AUTH_DISABLE_LOGIN_FORM=true
  export GF_AUTH_BASIC_ENABLED=false
fi
exec "${GRAFANA_START:-/run.sh}" "$@"
