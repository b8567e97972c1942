#!/bin/sh
# Builds .venv and fetches what the embedded servers need; does only what isn't done yet.
set -eu

usage() {
    cat <<'TEXT'
Usage: scripts/setup.sh [infra | peers | --help]     (usually called as `make setup`)

Builds .venv from the hash-pinned files in requirements/, installs the project in it, and fetches the jars of Kafka,
Spark and PostgreSQL into a cache that all checkouts share. Safe to interrupt and to repeat.

With `infra` it builds .venv-infra instead, for the CDK and the linters of infra/, and with `peers` .venv-peers, for what
the benchmarks compare with; .venv must be there already.

  PYTHON                the Python to use, 3.11 to 3.13 (default: the first one found)
  JAVA_HOME             the Java to use, 17 or 21 (default: the one on PATH)
  PIP_INDEX_URL, ...    pip's settings; uv, which is faster, gets the same
  MAVEN_REPOSITORY_URL  a mirror for the jars
  FRAUDSTREAM_CACHE     where the jars are kept (default: ~/.cache/fraudstream)
TEXT
}

say() { printf '%s\n' "$*" >&2; }
stop() { say "fraudstream: $*"; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || stop "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13: name another one, as in \`make setup PYTHON=python3.12\`."
        return
    fi
    for PYTHON in python3 python3.13 python3.12 python3.11 python; do
        if fits "$PYTHON"; then return; fi
    done
    stop "Python 3.11, 3.12 or 3.13 was not found on PATH: install one, or name it as in \`make setup PYTHON=/path/to/python3.12\`."
}

# done_before NAME FILE...: whether the step NAME was finished with these files as they are now
done_before() {
    stamp="$venv/.$1.done"; shift
    digest=$(cat "$@" | sha256sum)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]
}
finished() { printf '%s\n' "$digest" >"$stamp"; }

make_venv() {
    if fits "$venv/bin/python" && [ -x "$venv/bin/pip" ]; then return; fi
    find_python
    say "creating .venv with $("$PYTHON" --version)"
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv" >/dev/null ||
        stop "$PYTHON can't make virtual environments: install its venv package (on Debian and Ubuntu \`sudo apt-get install python3-venv\`)."
}

# uv reads none of pip's settings: it gets the index, the folder of wheels and the certificates that pip has.
share_pip_settings() {
    index=$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)
    index=${PIP_INDEX_URL:-$index}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -z "${PIP_EXTRA_INDEX_URL:-}" ] || export UV_INDEX="${UV_INDEX:-$PIP_EXTRA_INDEX_URL}"
    [ -z "${PIP_FIND_LINKS:-}" ] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$PIP_FIND_LINKS}"
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
}

install_packages() {
    "$venv/bin/uv" --version >/dev/null 2>&1 &&
        "$venv/bin/uv" pip install --python "$target/bin/python" --no-build-isolation "$@" && return
    say "uv could not do it; trying again with pip, which takes a few minutes"
    "$target/bin/python" -m pip install --no-build-isolation --disable-pip-version-check "$@"
}

# make_beside NAME: an environment of its own for what would not agree with the project's
make_beside() {
    target=$PWD/.venv-$1
    say "building .venv-$1"
    trap 'rm -rf "$target"' EXIT  # half of an environment is none
    "$venv/bin/python" -m venv --clear "$target"
    share_pip_settings
    install_packages --quiet --require-hashes -r "requirements/$1.txt"
    trap - EXIT
}

case "${1:-}" in
    "" | infra | peers) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
venv=$PWD/.venv target=$PWD/.venv
mkdir -p .local
exec 9>.local/setup.guard
if command -v flock >/dev/null; then flock 9; fi

if [ -n "${1:-}" ]; then
    make_beside "$1"
    exit
fi
make_venv
if ! done_before packages requirements/bootstrap.txt requirements/dev.txt; then
    PYTHONPATH=src "$venv/bin/python" -P -m fraudstream.local.java >/dev/null  # before the long download
    share_pip_settings
    say "installing Python packages (about 720 MB to download the first time)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
    install_packages --require-hashes -r requirements/dev.txt
    done_before packages requirements/bootstrap.txt requirements/dev.txt || finished
fi
if ! done_before project pyproject.toml; then
    install_packages --no-deps --editable .
    done_before project pyproject.toml || finished
fi
"$venv/bin/python" -P -m fraudstream.local.setup
