#!/usr/bin/env bash
# Makes a virtual environment with pywebnn, by a Python that it has wheels for: $RUSTNN_PYTHON, or one that is found.
# Where there is none it says so, and the tests with rustnn are skipped.
#   install.sh FOLDER
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."
folder=$1

for python in ${RUSTNN_PYTHON:-python3.12 $HOME/.pyenv/versions/3.12.*/bin/python python3.13 python3.14}; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2> /dev/null || continue
  rm -rf "$folder"
  "$python" -m venv "$folder"
  if "$folder/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt \
      --editable '.[rustnn]' pytest; then
    exit 0
  fi
  rm -rf "$folder"
done
echo "no Python that pywebnn has wheels for: the tests with rustnn are skipped (RUSTNN_PYTHON=/path/to/python3.12 names one)" >&2
