#!/usr/bin/env bash
# Installs those browsers of Debian's that tests run pages in, and what drives them, where they are absent.
set -euo pipefail

declare -A packages=([chromium]=chromium [firefox-esr]=firefox-esr [WebKitWebDriver]=webkit2gtk-driver [Xvfb]=xvfb)
wanted=()
for program in "${!packages[@]}"; do
  command -v "$program" >/dev/null || wanted+=("${packages[$program]}")
done
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "error: browsers are missing; install ${wanted[*]}, or have the variables of tests/everywhere/browsers.py name others" >&2
  exit 1
fi
# Better without than waiting long.
apt=(apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
"${apt[@]}" update >&2
DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${wanted[@]}" >/dev/null
