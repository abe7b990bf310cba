"""Files whose bytes a model takes: by hand and by Python's own methods, in JavaScript, and with ``webnn run --file``; what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from converters.described.given import Given, bytes_of
from converters.described.naming import read_labels
from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from tests.javascript.test_runtime import plain  # noqa: F401
from tests.javascript.test_tasks import run
from tests.javascript.written import needs_node
from webnn_graph import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.formats import save
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Bytes, Labels, Metadata, metadata_of, problems, whole
from webnn_graph.tasks.contents import Ends, fitted, read_ends

Invoke = Callable[..., Result]
SMALL = Bytes(block=6, first=4, last=3, stripped=True, pad=300, least=2)
A, B, C, D, N, P = *b"abcd", 10, 300
ROWS: dict[str, tuple[bytes, list[int] | None]] = {
    "longer than both": (b"abcdcba", [A, B, C, D, C, B, A]),
    "as long as both": (b"abcd", [A, B, C, D, B, C, D]),
    "short": (b"ab", [A, B, P, P, P, A, B]),
    "spaces around": (b" \n\tab", [A, B, P, P, 9, A, B]),
    "spaces behind": (b"ab\r\n", [A, B, 13, N, P, A, B]),
    "spaces between": (b"a\n\nb", [A, N, N, B, N, N, B]),
    "all kinds of spaces": (b"\t\n\x0b\x0c\r abcd \t\n\x0b\x0c\r", None),
    "beyond a block": (b"    abcdabcd    ", [A, B, P, P, P, C, D]),
    "no space in ASCII": (b"\xa0\x85\x1c\x00", [0xA0, 0x85, 0x1C, 0, 0x85, 0x1C, 0]),
    "one byte": (b"a", None),
    "one byte in spaces": (b"   a", None),
    "a byte with one behind": (b"a ", [A, 32, P, P, P, P, A]),
    "spaces": (b" \n \n", None),
    "nothing": (b"", None),
}
"""Contents, and the numbers that they become with `SMALL`; None where there are too few bytes."""


def numbers(content: bytes, meaning: Bytes, folder: Path, data_type: DataType = DataType.INT32) -> list[int]:
    (folder / "content").write_bytes(content)
    operand = Descriptor(data_type, (1, meaning.first + meaning.last))
    found = fitted(read_ends(folder / "content", meaning.block), meaning, operand)
    assert found.dtype == data_type.numpy and found.shape == operand.shape
    return [int(number) for number in found[0]]


@pytest.mark.parametrize(("content", "expected"), ROWS.values(), ids=ROWS)
def test_rows(content: bytes, expected: list[int] | None, tmp_path: Path) -> None:
    if expected is None:
        with pytest.raises(ValidationError, match=r"the file has [01] bytes( without white space)?; the model takes 2 or more"):
            numbers(content, SMALL, tmp_path)
    else:
        assert numbers(content, SMALL, tmp_path) == expected


@pytest.mark.parametrize("data_type", [DataType.INT32, DataType.INT64, DataType.UINT32, DataType.FLOAT32, DataType.FLOAT16])
def test_data_types(data_type: DataType, tmp_path: Path) -> None:
    assert numbers(b"\xffb", SMALL, tmp_path, data_type) == [255, B, P, P, P, 255, B]


@pytest.mark.parametrize(("data_type", "pad"), [(DataType.UINT8, 256), (DataType.INT8, 0)])
def test_types_that_do_not_have_all(data_type: DataType, pad: int) -> None:
    with pytest.raises(ValidationError, match=f"{data_type} does not have all numbers from 0 to {max(pad, 255)}"):
        fitted(Ends(b"ab", b"ab"), Bytes(block=6, first=4, pad=pad), Descriptor(data_type, (1, 4)))


def random_cases() -> list[tuple[Bytes, bytes]]:
    rng, cases = np.random.default_rng(0), list[tuple[Bytes, bytes]]()
    for i in range(300):
        block = int(rng.integers(1, 40))
        first, last = (int(rng.integers(0, block + 1)) for _ in range(2))
        some = b" \t\n\r\x0b\x0ca" if i % 2 else bytes(range(256))
        inside = bytes(rng.choice(list(some), int(rng.integers(0, 90))).tolist())
        spaces = [b" " * int(rng.choice([0, 2, 45])) for _ in range(2)]
        how: dict[str, Any] = {"stripped": bool(i % 3), "pad": int(rng.choice([0, 256])), "least": int(rng.integers(1, block + 1))}
        cases.append((Bytes(block=block, first=first, last=last, **how), spaces[0] + inside + spaces[1]))
    return cases


def by_hand(content: bytes, meaning: Bytes) -> list[int] | None:
    """By Python's own methods of lists and bytes, a step after the other; None where there are too few bytes."""
    begin, end = content[: meaning.block], content[-meaning.block :]
    if meaning.stripped:
        begin, end = begin.lstrip(), end.rstrip()
    if len(begin) < meaning.least:
        return None
    head, tail = list(begin[: meaning.first]), list(end)[::-1][: meaning.last][::-1]
    return head + [meaning.pad] * (meaning.first - len(head)) + [meaning.pad] * (meaning.last - len(tail)) + tail


def test_random_files(tmp_path: Path) -> None:
    refused = 0
    for meaning, content in random_cases():
        expected = by_hand(content, meaning)
        if expected is None:
            refused += 1
            with pytest.raises(ValidationError):
                numbers(content, meaning, tmp_path)
        else:
            assert numbers(content, meaning, tmp_path) == expected, (meaning, content)
    assert 20 < refused < 200


SCRIPT = """
const fs = await import("node:fs");
const { set } = await import("./tasks/facts.js");
const { inputsOf } = await import("./tasks/contents.js");
const found = [];
for (const { input, content } of JSON.parse(fs.readFileSync(given, "utf8"))) {
  set([input], { int32: [Int32Array, 32] });
  const bytes = Uint8Array.from(content);
  const around = new Uint8Array(bytes.length + 3);
  around.set(bytes, 2);
  const views = [bytes, around.subarray(2, -1), bytes.buffer, new DataView(around.buffer, 2, bytes.length)];
  const said = async (source) => Array.from((await inputsOf(source)).inputs.x);
  const answers = [];
  for (const source of [...views, new Blob([bytes]), new File([bytes], "a")]) {
    answers.push(await said(source).catch((error) => error.message));
  }
  if (new Set(answers.map(String)).size > 1) throw new Error("sources differ");
  found.push(answers[0]);
}
return found;
"""
FACTS = """
export let [INPUTS, TYPES] = [[], {}];
export const set = (...given) => { [INPUTS, TYPES] = given; };
export class ModelError extends Error { constructor(code, message) { super(message); } }
"""


@needs_node
def test_pages_take_the_same_bytes(plain: Path, tmp_path: Path) -> None:  # noqa: F811
    cases = [*random_cases(), *((SMALL, content) for content, _ in ROWS.values())]
    told = [
        {"input": {"name": "x", "shape": [1, one.first + one.last], "dataType": "int32", **whole(one)}, "content": list(content)}
        for one, content in cases
    ]
    (plain / "given").write_text(json.dumps(told))
    (plain / "tasks" / "facts.js").write_text(FACTS)
    for (meaning, content), found in zip(cases, run(plain, SCRIPT, str(plain / "given")), strict=True):
        expected = by_hand(content, meaning)
        if expected is not None:
            assert found == expected, (meaning, content)
        else:
            with pytest.raises(ValidationError) as error:
                numbers(content, meaning, tmp_path)
            assert found == error.value.what


# ------------------------------------------------------------------------------------------------------------------- files
def test_only_the_ends_of_a_large_file_are_read(tmp_path: Path) -> None:
    """Of one that no memory has room for."""
    file = tmp_path / "large"
    with file.open("wb") as opened:
        opened.write(b"begin")
        opened.seek(2**42 - 3)
        opened.write(b"end")
    assert file.stat().st_size == 2**42
    assert read_ends(file, 5) == Ends(b"begin", b"\0\0end")


@pytest.mark.parametrize("name", ["absent", "folder", "pipe"])
def test_what_is_no_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match={"absent": "there is no such file", "folder": "it is a folder"}.get(name, "pipe is no file")):
        read_ends(tmp_path / name, 5)


def typing_graph() -> Any:
    """Three labels, of which the first byte says which is the most probable; pads are a fourth number."""
    b = GraphBuilder("types")
    x = b.input("x", "int32", [1, 7])
    scores = b.gather(np.eye(301, 3, dtype=np.float32), b.slice(x, [0, 0], [1, 1]))
    return b.build({"y": b.reshape(scores, [1, 3])})


def described(folder: Path, invoke: Invoke, labels: str = '{"target_labels_space": ["zero", "one", "two"]}') -> Path:
    save(typing_graph(), folder / "types.webnn")
    (folder / "labels.json").write_text(labels)
    how = "x:block=6,first=4,last=3,stripped,pad=300,least=2"
    made = invoke("webnn2json", folder / "types.webnn", "-o", folder, "--file", how, "--labels", folder / "labels.json")
    assert made.exit_code == 0, made.output
    return folder / "types.json"


def test_the_type_of_a_file(tmp_path: Path, invoke: Invoke) -> None:
    graph = described(tmp_path, invoke)
    assert Metadata.of(typing_graph()).tensors == {}
    (tmp_path / "some.bin").write_bytes(b"  \x01\x00\x02")
    found = json.loads(invoke("webnn", "run", graph, "--file", tmp_path / "some.bin", "--json").stdout)
    best, other, _ = found["labels"]["y"]
    assert (best["label"], best["score"]) == ("one", pytest.approx(np.e / (np.e + 2), abs=1e-4)) and other["label"] == "zero"
    shown = invoke("webnn", "run", graph, "--file", tmp_path / "some.bin", "--top", 1).stdout.split()
    assert shown[:2] == ["y", "score"] and shown[-2:] == ["one", "0.5761"]


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--file", "empty"], 1, "empty: the file has 0 bytes; the model takes 2 or more [wrong-input]"),
        (["--file", "spaces"], 1, "the file has 0 bytes without white space; the model takes 2 or more"),
        (["--file", "absent"], 1, "absent: there is no such file"),
        (["--file", "."], 1, ".: it is a folder, not a file [no-such-file]"),
        (["--file", "types.json", "--input", "x=1"], 1, "input x is given twice, by --file and by its values"),
        (["--audio", "types.json"], 1, "is given a sound, and none of its inputs is said to be one [unknown-input]"),
        (["--audio", "types.json"], 1, "types.json --audio x:16000 says so"),
        (
            ["--file", "types.json", "-o", "types.json", "--force"],
            1,
            "types.json is both --file and --output; what is read is never written over",
        ),
    ],
)
def test_what_is_refused(
    options: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    graph = described(tmp_path, invoke)
    monkeypatch.chdir(tmp_path)
    Path("empty").write_bytes(b"")
    Path("spaces").write_bytes(b" " * 20)
    result = invoke("webnn", "run", graph, *options)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr


def test_a_graph_that_takes_no_file(tmp_path: Path, invoke: Invoke) -> None:
    save(typing_graph(), tmp_path / "types.webnn")
    result = invoke("webnn", "run", tmp_path / "types.webnn", "--file", tmp_path / "types.webnn")
    assert result.exit_code == 1 and "types is given a file, and none of its inputs is said to be one" in result.stderr


# ---------------------------------------------------------------------------------------------------------------- metadata
def test_options() -> None:
    assert bytes_of("x:block=6,first=4,last=3,stripped,pad=300,least=2") == ("x", SMALL)
    assert bytes_of("x:block=6,first=4") == ("x", Bytes(block=6, first=4))
    for text, said in (
        ("x", "block= is missing"),
        ("x:block=6,first=4,loud", "'loud' is not known; words are block, first, last, stripped, pad, least"),
        ("x:block=6,first=many", "first must be a whole number"),
        ("x:block=0,first=0", "block must be at least 1"),
        ("x:block=99999999,first=1", "at most 16777216"),
        ("x:block=6,first=4,pad=99999", "at most 32767"),
    ):
        with pytest.raises(ValueError, match=".*") as error:
            bytes_of(text)
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        (Bytes(block=6, first=4), "the first 4 and the last 0 bytes are not 7"),
        (Bytes(block=6, first=7), "a block of 6 bytes has no 7"),
        (Bytes(block=6, first=4, last=3, least=8), "a block of 6 bytes has no 8"),
    ],
)
def test_what_contradicts_the_input(meaning: Bytes, said: str) -> None:
    graph = graph_of({"x": (1, 7)}, {"y": (1, 2)})
    metadata = metadata_of(json.loads(json.dumps(Metadata(tensors={"x": meaning}).document())))
    assert metadata.tensors == {"x": meaning}
    (problem,) = problems(metadata, graph.inputs, graph.outputs)
    assert problem == f"input x [1, 7] is not bytes as metadata say: {said}"
    with pytest.raises(ValidationError, match=said):
        Given(inputs={"x": meaning}).of(graph)


def test_labels_of_another_number(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"target_labels_space": ["a", "b"], "padding_token": 256}')
    assert read_labels(tmp_path / "config.json") == ("a", "b")
    graph = replace(graph_of({"x": (1, 7)}, {"y": (1, 3)}), metadata=Metadata(tensors={"x": SMALL}).document())
    with pytest.raises(ValidationError, match=r"config.json has 2 labels, and no axis of y \[1, 3\] is as long"):
        Given(labels={"": tmp_path / "config.json"}).of(graph)
    assert Metadata.of(Given(labels={"": tmp_path / "config.json"}).of(graph_of({"x": (1, 7)}, {"y": (1, 2)}))).tensors == {
        "y": Labels(names=("a", "b"))
    }
