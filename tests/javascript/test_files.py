"""The module of a task that is asked about files: answers, of what no more than both ends are read, what is refused, types."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.formats.test_task import meaning
from tests.javascript.test_task import rounded
from tests.javascript.written import TSC, needs_node, needs_tsc, node
from webnn_graph import GraphBuilder
from webnn_graph.formats import save
from webnn_graph.metadata import Bytes, Labels


def written(folder: Path, stripped: bool = True) -> Path:
    """The module of a model that gives the bytes back."""
    b = GraphBuilder("files")
    y = b.relu(b.input("x", "float32", [1, 5]))
    (folder / "package.json").write_text('{"type": "module"}')
    labels = Labels(names=("a", "b", "c", "d", "e"), scores="probabilities")
    save(meaning(b.build({"y": y}), x=Bytes(block=4, first=3, last=2, pad=1, least=2, stripped=stripped), y=labels), folder / "model.js")
    return folder / "model.task.js"


HEAD = """
const failing = (promise) => promise.then(() => "fine", (error) => [error.name, error.code, error.message]);
const asked = await module.load({ context: mock.context() });
const scores = async (source) => {
  const found = new Map((await asked.classify(source, { top: 5 })).map(({ label, score }) => [label, score]));
  return [..."abcde"].map((label) => found.get(label));
};
"""
ROWS: dict[str, tuple[str, Any]] = {
    "labels": (
        "return [await asked.classify(Uint8Array.of(15, 40, 20), { top: 2 }), (await asked.classify(Uint8Array.of(15, 40))).length];",
        [[{"label": "b", "score": 40}, {"label": "d", "score": 40}], 5],
    ),
    "sources": (
        """
        const bytes = Uint8Array.of(0, 32, 40, 50, 60, 70, 13, 10);
        const file = new File([bytes.subarray(1)], "a.txt", { type: "text/plain" });
        const given = [bytes.subarray(1), bytes.buffer.slice(1), new DataView(bytes.buffer, 1), new Blob([bytes.subarray(1)]), file];
        return Promise.all(given.map(scores));
        """,
        [[40, 50, 60, 60, 70]] * 5,
    ),
    "what is short is filled up": ("return scores(Uint8Array.of(9, 32, 7, 50));", [7, 50, 1, 7, 50]),
    "no more than both ends are read": (
        """
        const read = [];
        const file = { [Symbol.toStringTag]: "File", size: 2 ** 42,
          slice: (from, to = 2 ** 42) => { read.push([from, to]); return new Blob([Uint8Array.from({ length: to - from }, () => 50)]); } };
        return [await scores(file), read];
        """,
        [[50] * 5, [[0, 4], [2**42 - 4, 2**42]]],
    ),
    "bytes are read before the call returns": (
        "const bytes = Uint8Array.of(40, 50); const call = scores(bytes); bytes.fill(0); return call;",
        [40, 50, 1, 40, 50],
    ),
    "too short": (
        """
        const given = [new Uint8Array(), new Blob([]), Uint8Array.of(9, 32, 32, 65), new Blob([" \\n"])];
        return Promise.all(given.map((source) => failing(asked.classify(source))));
        """,
        [
            ["ModelError", "bad-input", "the file has 0 bytes; the model takes 2 or more"],
            ["ModelError", "bad-input", "the file has 0 bytes; the model takes 2 or more"],
            ["ModelError", "bad-input", "the file has 1 bytes without white space; the model takes 2 or more"],
            ["ModelError", "bad-input", "the file has 0 bytes without white space; the model takes 2 or more"],
        ],
    ),
    "no file": (
        """
        const given = [undefined, null, "a.txt", [1, 2], {}, new Response("a")];
        const said = await Promise.all(given.map((source) => failing(asked.classify(source))));
        return [[...new Set(said.map(([name, code]) => `${name} ${code}`))], said[0][2], said[2][2]];
        """,
        [
            ["ModelError bad-input"],
            "a file is one of Blob, File, ArrayBuffer, Uint8Array, not undefined",
            "a file is one of Blob, File, ArrayBuffer, Uint8Array, not string",
        ],
    ),
    "a file that is gone": (
        """
        const part = { arrayBuffer: () => Promise.reject(new Error("NotFound")) };
        return failing(asked.classify({ [Symbol.toStringTag]: "File", size: 9, slice: () => part }));
        """,
        ["ModelError", "bad-input", "the File cannot be read"],
    ),
}


@needs_node
@pytest.mark.parametrize(("script", "expected"), ROWS.values(), ids=ROWS)
def test_rows(script: str, expected: Any, tmp_path: Path) -> None:
    made = node(written(tmp_path), HEAD + f"const made = await (async () => {{ {script} }})(); console.log(JSON.stringify(made));")
    assert json.loads(json.dumps(rounded(made))) == expected


USAGE = """
import { load, task } from "./model.task.js";

const asked = await load({ devices: ["gpu"] });
for (const source of [new Blob(), new File([], ""), new ArrayBuffer(8), new Uint8Array(8), new DataView(new ArrayBuffer(8))]) {
  const [{ label, score }] = await asked.classify(source, { top: 1, signal: new AbortController().signal });
  const text: string = label + score.toFixed();
}
const takes: "file" = task.takes;
// @ts-expect-error
await asked.classify("a.txt");
// @ts-expect-error
await asked.classify([1, 2]);
"""


@needs_tsc
def test_declarations(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "usage.ts").write_text(USAGE)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    for more in ([], ["--lib", "es2022,webworker"]):
        file = "model.task.d.ts" if more else "usage.ts"
        done = subprocess.run([str(TSC), *options, *more, file], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
