"""The manifest: the project's own is complete, and what is wrong in one is said with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import Model, select
from models.zoo.manifest import OK, read
from webnn_graph.errors import FormatError, WebNNError


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
    assert len(select(["architecture"])) == 68
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
}


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
