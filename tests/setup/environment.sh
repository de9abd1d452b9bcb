#!/bin/sh
# Makes the virtual environment and installs one lock file and Warded itself into it.
#
#   tests/setup/environment.sh LOCK        such as requirements.lock
#
# Needs nothing but Python >= 3.11: uv comes from the package index, by hash, into the environment.
# The machine's own pip settings (index, certificates) also hold for uv.
set -eu
lock=$1
venv=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Warded needs Python 3.11 or newer. Install it, or name it: make demo PYTHON=/path/to/python3"
    exit 1
}

# Debian and Ubuntu split ensurepip off Python; without it a venv has no pip.
need_ensurepip() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$1" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package (this Python has no ensurepip)"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2
    else
        say "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install $package"
        exit 1
    fi
}

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    python=$(find_python)
    need_ensurepip "$python"
    say "Making $venv with $python"
    "$python" -m venv --clear "$venv"
fi

pip="$venv/bin/python -m pip --disable-pip-version-check"
if [ ! -x "$venv/bin/uv" ]; then
    $pip install --quiet --require-hashes --no-deps -r tests/setup/uv.lock
fi

# uv does not read pip's configuration.
index=$($pip config get global.index-url 2>/dev/null || true)
index=${PIP_INDEX_URL:-$index}
if [ -n "$index" ] && [ -z "${UV_INDEX_URL:-}${UV_DEFAULT_INDEX:-}" ]; then
    export UV_DEFAULT_INDEX="$index"
fi
if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
    export SSL_CERT_FILE="$PIP_CERT"
fi
export UV_LINK_MODE="${UV_LINK_MODE:-copy}" UV_PYTHON_DOWNLOADS=never

uv="$venv/bin/uv"
say "Installing $lock"
"$uv" pip install --quiet --python "$venv/bin/python" --require-hashes --no-deps -r "$lock"
# One .pth file (compat) and not an import hook: the folder is the import name for every tool alike.
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -C editable_mode=compat -e .

# Compiled now, with both cores, so that no first run pays for it, not even where PYTHONDONTWRITEBYTECODE is set.
# Left out is what is large and hardly ever imported.
rarely='/(pip|setuptools|faker/providers|phonenumbers/[a-z]+data|pygments/(lexers|styles)|sqlalchemy/testing)/'
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$venv/bin/python" -m compileall -q -j 0 -x "$rarely" "$site"
