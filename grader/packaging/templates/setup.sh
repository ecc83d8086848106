#!/usr/bin/env bash
# Gradescope runs this once, when the autograder is built.
set -euo pipefail
ROOT="${AUTOGRADER_ROOT:-/autograder}"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv libseccomp2 bubblewrap
fi
python3 -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "gradmark needs Python 3.11 or newer; choose a newer base image")'
python3 -m venv "$ROOT/venv"
"$ROOT/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$ROOT/source/requirements.txt"
