"""Weights on their way into a module: files of any kind, in pieces, of this conversion or of another."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.javascript.written import linear_model, message, needs_node, node, retrained, saved, write
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import save, save_together, weights


@needs_node
@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("", ""),
        ("bytes = bytes.subarray(0, 5)", "it ends 3 bytes too early"),
        ("bytes[3] = 255", "a header of"),
        ("bytes[8] = 0xff", "the header is not JSON"),
        ("bytes = bytes.subarray(0, bytes.length - 1)", "it ends 1 bytes too early"),
        ("bytes = changed(bytes, '[3,20]', '[20,3]')", "tensor w is F32 [20,3], expected float32[3, 20]"),
        ("bytes = changed(bytes, 'bias', 'bios')", "tensor bias is missing"),
        ("bytes = changed(bytes, 'F32', 'I32')", "expected float32"),
        ("bytes = changed(bytes, '[80,320]', '[80,319]')", "tensor w has the offsets [80,319]"),
        ("bytes = changed(bytes, '[80,320]', '[-1,239]')", "tensor w has the offsets [-1,239]"),
        ("bytes = changed(bytes, '[80,320]', '[40,280]')", "tensor w begins inside of another"),
    ],
)
def test_safetensors_are_checked(damage: str, expected: str, tmp_path: Path) -> None:
    module = write(linear_model(), tmp_path)
    script = f"""
        const changed = (bytes, from, to) => new Uint8Array(Buffer.from(Buffer.from(bytes).toString("latin1").replace(from, to), "latin1"));
        const fs = await import("node:fs");
        let bytes = new Uint8Array(fs.readFileSync({json.dumps(str(module.with_suffix(".safetensors")))}));
        {damage};
        await module.buildFrom(mock.context(), [async function* () {{ yield bytes; }}])"""
    said = message(module, script)
    assert bool(said) == bool(expected)
    assert expected in said


ARRIVING = """
    const fs = await import("node:fs");
    const context = mock.context();
    const seen = [];
    const files = FILES.map((file) => async function* () {
      const bytes = new Uint8Array(fs.readFileSync(file));
      for (let at = 0; at < bytes.length; at += SIZE) yield bytes.slice(at, at + SIZE);
    });
    await module.buildFrom(context, files, ({ loaded, total }) => seen.push([loaded, total]));
    const constants = context.calls.filter(([name]) => name === "constant").map(([, { shape }, data]) => [shape, [...data]]);
    console.log(JSON.stringify([constants, seen.at(-1), seen.every(([loaded], i) => !i || loaded > seen[i - 1][0])]));"""


@needs_node
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_weights_arrive_in_pieces(size: int, tmp_path: Path) -> None:
    module = write(linear_model(), tmp_path)
    file = json.dumps([str(module.with_suffix(".safetensors"))])
    constants, last, is_rising = node(module, ARRIVING.replace("FILES", file).replace("SIZE", str(size)))
    assert constants == [[[20], [1.0] * 20], [[3, 20], [float(i) for i in range(60)]]]
    assert (last, is_rising) == ([320, 320], True)


TWO = ["w.safetensors", "bias.safetensors"]


@needs_node
@pytest.mark.parametrize("expected", [[], TWO], ids=["one is expected", "two are"])
def test_weights_arrive_in_several_files(expected: list[str], tmp_path: Path) -> None:
    graph = linear_model()
    module = write(graph, tmp_path, files=expected)
    stored = weights.stored(graph)
    files = [str(tmp_path / f"{operand.name}.safetensors") for operand in stored]
    for file, (operand, weight) in zip(files, stored.items(), strict=True):
        Path(file).write_bytes(b"".join(bytes(piece) for piece in weights.contents({operand: weight})))
    constants, last, _ = node(module, ARRIVING.replace("FILES", json.dumps(files)).replace("SIZE", "9"))
    assert sorted(shape for shape, _ in constants) == [[3, 20], [20]]
    assert last == [320, 320]
    one = ARRIVING.replace("FILES", json.dumps(files[:1])).replace("SIZE", "9")
    assert "tensor w is missing" in message(module, one)
    Path(files[1]).write_bytes(Path(files[1]).read_bytes()[:-5])
    short = ARRIVING.replace("FILES", json.dumps(files)).replace("SIZE", "9")
    said = "file 2 of 2 of the weights is not a safetensors file of this model: it ends 5 bytes too early"
    assert message(module, short) == f"ModelError: {said}"


@needs_node
def test_when_one_file_fails_the_others_are_not_read_on(tmp_path: Path) -> None:
    graph = linear_model()
    module = write(graph, tmp_path, files=TWO)
    file = tmp_path / "w.safetensors"
    stored = {operand: weight for operand, weight in weights.stored(graph).items() if operand.name == "w"}
    file.write_bytes(b"".join(bytes(piece) for piece in weights.contents(stored)))
    script = f"""
        const fs = await import("node:fs");
        const bytes = new Uint8Array(fs.readFileSync({json.dumps(str(file))}));
        let read = 0;
        let ended = false;
        const endless = async function* () {{
          try {{
            for (; read < bytes.length; read += 1) {{
              await new Promise((resolve) => setTimeout(resolve, 1));
              yield bytes.subarray(read, read + 1);
            }}
          }} finally {{
            ended = true;
          }}
        }};
        const failing = async function* () {{ throw new Error("no network"); }};
        const error = await module.buildFrom(mock.context(), [endless, failing]).catch(({{ message }}) => message);
        while (!ended) await new Promise((resolve) => setTimeout(resolve, 5));
        console.log(JSON.stringify([error, read < bytes.length]));"""
    assert node(module, script) == ["no network", True]


# ------------------------------------------------------------------------------------------------------------ of one conversion
READ = """
    const fs = await import("node:fs");
    const bytes = new Uint8Array(fs.readFileSync(FILE));
    await module.buildFrom(mock.context(), [async function* () { yield bytes; }])"""


@needs_node
@pytest.mark.parametrize("kind", ["its own", "more tensors", "of another conversion", "without digests", "malformed digests"])
def test_weights_of_another_conversion_are_refused(kind: str, tmp_path: Path) -> None:
    module, file = saved(tmp_path / "one"), tmp_path / "one" / "model.safetensors"
    content = file.read_bytes()
    if kind == "of another conversion":
        file = saved(tmp_path / "other", 2).with_suffix(".safetensors")
    elif kind == "without digests":
        file.write_bytes(b"".join(bytes(piece) for piece in weights.contents(weights.stored(retrained(1)))))
    elif kind == "malformed digests":
        file.write_bytes(re.sub(rb'"[0-9a-f]{32}"', lambda found: b'"' + b"z" * 32 + b'"', content))
    elif kind == "more tensors":
        loaded, more = GraphBuilder("more"), np.full((2, 20), 3, np.float32)
        graph = loaded.build({"y": loaded.add(loaded.input("x", "float32", [2, 20]), loaded.constant(more, name="v"))})
        save_together({tmp_path / "one" / "more.webnn": graph}, neighbours=[retrained(1)])
        assert file.read_bytes() != content
    said = message(module, READ.replace("FILE", json.dumps(str(file))))
    if kind in ("its own", "more tensors"):
        assert said == ""
    else:
        assert said.startswith("ModelError: the module and the weights are not of one conversion: publish the files")


LOAD = """
    const asked = [];
    globalThis.fetch = async (url) => {
      asked.push(String(url));
      const fs = await import("node:fs");
      return new Response(fs.readFileSync(FILE));
    };
    const context = mock.context();
    let error = "";
    try {
      await module.load({ context, URL_OPTION });
    } catch (thrown) {
      error = thrown.message;
    }
    console.log(JSON.stringify([asked, error, context.calls.length > 0]));"""


@needs_node
def test_several_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    written = save(linear_model(), tmp_path / "model.js", max_shard_size=100)
    shards = [path for path in written if path.suffix == ".safetensors"]
    script = LOAD.replace("FILE", "new URL(url)").replace("URL_OPTION", "")
    assert node(tmp_path / "model.js", script) == [[shard.as_uri() for shard in shards], "", True]
    option = f"url: {json.dumps([shard.as_uri() for shard in shards[:1]])}"
    asked, error, _ = node(tmp_path / "model.js", LOAD.replace("FILE", "new URL(url)").replace("URL_OPTION", option))
    assert len(shards) == 2
    assert asked == [shards[0].as_uri()]
    assert "not of one conversion" in error


@needs_node
@pytest.mark.parametrize(
    ("base", "option", "asked"),
    [
        ("https://example.org/app/model.js", "", "https://example.org/app/model.safetensors?v=DIGEST"),
        ("http://localhost:8080/model.js?t=1#x", "", "http://localhost:8080/model.safetensors?v=DIGEST"),
        ("file:///srv/model.js", "", "file:///srv/model.safetensors"),
        ("https://example.org/app/model.js", 'url: "/elsewhere"', "/elsewhere"),
    ],
)
def test_each_conversion_has_an_address_of_its_own(base: str, option: str, asked: str, tmp_path: Path) -> None:
    """Where a module is loaded from can be said in Node only by writing it into it."""
    module = saved(tmp_path)
    text = module.read_text()
    assert text.count('new URL("./model.safetensors", import.meta.url)') == 1, "bundlers look for these words"
    module.write_text(text.replace("import.meta.url", json.dumps(base)))
    digest = re.search(r'weightsDigest = "(\w{32})"', text)
    assert digest is not None
    script = LOAD.replace("FILE", json.dumps(str(module.with_suffix(".safetensors")))).replace("URL_OPTION", option)
    assert node(module, script) == [[asked.replace("DIGEST", digest[1])], "", True]


@needs_node
def test_old_weights_out_of_a_cache_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    module, old = saved(tmp_path / "new"), saved(tmp_path / "old", 2).with_suffix(".safetensors")
    _, error, was_built = node(module, LOAD.replace("FILE", json.dumps(str(old))).replace("URL_OPTION", ""))
    assert "not of one conversion" in error
    assert not was_built
