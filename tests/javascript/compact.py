"""Writes the compact form of the plain modules, which generated modules hold: ``python -m tests.javascript.compact``.

It needs terser, which ``make compact`` installs and `WEBNN_TERSER` names. Names that templates spell stay as they are, and so do those
of properties; what modules import from one another has the same short name in all of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from webnn_graph.formats.javascript import COMPACT
from webnn_graph.own import TEMPLATES

TERSER = Path(os.environ.get("WEBNN_TERSER", "terser"))
FOLDERS = ("runtime", "expanding", "random", "sized", "fallback", "generation", "tasks")
ABOUT = f"Written by python -m tests.javascript.compact from the files of these names in {', '.join(FOLDERS)}; do not edit."
TIE = re.compile(r'import ?\{[^}]*\} ?from ?"[^"]*";|export ?\{[^}]*\};?')
"""What ties plain modules together: in a generated one they import nothing."""
SCRIPT = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const { minify } = createRequire(import.meta.url)(process.argv[1]);
const { sources, reserved } = JSON.parse(readFileSync(0, "utf8"));
const nameCache = {};
// The same names in each, which is what gzip likes; terser's own order differs from one file to the next.
const LETTERS = "treoansidlcuhmpfgybvwkxjqzTREOANSIDLCUHMPFGYBVWKXJQZ$_";
const nth_identifier = { get: (n) => (n < 54 ? "" : nth_identifier.get(Math.floor(n / 54) - 1)) + LETTERS[n % 54] };
const compact = {};
for (const [name, source] of Object.entries(sources)) {
  const compress = { passes: 3, pure_getters: true, unsafe_arrows: true, keep_fargs: false };
  const mangle = { reserved, nth_identifier };
  const { code } = await minify({ [name]: source }, { module: true, ecma: 2020, compress, mangle, nameCache });
  compact[name] = code;
}
console.log(JSON.stringify(compact));
"""


def sources() -> dict[str, str]:
    """The plain modules by name."""
    files = [file for folder in FOLDERS for file in sorted((TEMPLATES / folder).glob("*.js"))]
    return {file.stem: file.read_text("utf-8") for file in files}


def _reserved() -> list[str]:
    """Facts of a model, what users call, and what templates spell of the other exports of plain modules."""
    kept = {name for file in TEMPLATES.glob("*/facts.d.ts") for name in re.findall(r"export \w+ (\w+)", file.read_text("utf-8"))}
    spelled = {word for file in TEMPLATES.glob("module/*.js.j2") for word in re.findall(r"\w+", file.read_text("utf-8"))}
    for source in sources().values():
        kept.update(re.findall(r"^export (?:async )?(?:class|function) (\w+)", source, re.MULTILINE))
        exported = [name for names in re.findall(r"^export \{ (.*) \};", source, re.MULTILINE) for name in names.split(", ")]
        kept.update(name for name in exported if name in spelled)
    return sorted(kept)


def text() -> str:
    """The file's content."""
    given = {"sources": sources(), "reserved": _reserved()}
    command = ["node", "--input-type=module", "--eval", SCRIPT, str(TERSER.resolve())]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True, timeout=120)
    compact = {name: TIE.sub("", code) for name, code in json.loads(done.stdout).items()}
    return json.dumps({"": ABOUT, **compact}, indent=2) + "\n"


if __name__ == "__main__":
    COMPACT.write_text(text(), "utf-8")
