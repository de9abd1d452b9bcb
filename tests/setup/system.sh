#!/bin/sh
# What the tests need of the system: a PostgreSQL server (initdb, postgres), OpenSSH and npm.
# Installs Debian packages when root; otherwise says what to install and fails.
#
#   tests/setup/system.sh [PACKAGE…]       further packages, each named as its program, such as pgbouncer
set -eu

say() { printf '%s\n' "$*" >&2; }

have_postgres() {
    command -v initdb >/dev/null && return
    for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql@*/bin; do
        [ -x "$folder/initdb" ] && return
    done
    return 1
}

missing=
have_postgres || missing="$missing postgresql"
command -v npm >/dev/null || missing="$missing npm"
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
command -v ssh-keygen >/dev/null || missing="$missing openssh-client"
for program in "$@"; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "The tests need:$missing. On Debian and Ubuntu: sudo apt install$missing"
    exit 1
fi

# Packages must not start services of their own here; a policy that is already there stays as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
say "Installing Debian packages:$missing"
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
