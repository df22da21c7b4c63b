# shellcheck shell=bash
# What the scripts beside it share; they source it. Its reader is then in a temporary folder of its own, which is removed at the end.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Installs packages of PyPI, each with its version (NAME==VERSION), for `python`.
pip_packages() {
  python3 -m venv venv
  venv/bin/pip install --quiet --disable-pip-version-check "$@"
  echo "installed: $*"
}

# Runs the interpreter that has those packages.
python() { venv/bin/python "$@"; }

# Installs packages of npm, each with its version (NAME@VERSION), for `node` in this folder.
npm_packages() {
  echo '{"private": true, "type": "module"}' > package.json
  npm install --silent --no-audit --no-fund "$@"
  echo "installed: $*"
}

# Prints what was seen, and ends with 1 if that is not what was described.
conclude() {
  local described=$1 seen=$2
  printf 'seen:\n%s\n' "$seen"
  [ "$seen" = "$described" ] && return
  echo "it has changed (described <, seen >):" >&2
  diff <(printf '%s\n' "$described") <(printf '%s\n' "$seen") >&2 || true
  exit 1
}
