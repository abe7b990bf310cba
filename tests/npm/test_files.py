"""What `package.json` and `README.md` of a package say, and which files npm takes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import invoke as invoke
from tests.npm.packages import ABOUT, LABELS, classifier, package
from webnn_graph.errors import ValidationError
from webnn_graph.formats import save
from webnn_graph.formats.npm import Published, markdown
from webnn_graph.metadata import Metadata

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def manifest_of(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "package.json").read_text("utf-8"))
    return read


def test_what_a_package_says(tmp_path: Path) -> None:
    manifest = manifest_of(package(tmp_path / "p", classifier()))
    assert (manifest["name"], manifest["version"], manifest["license"]) == ("pictures", "1.0.0", "Apache-2.0")
    assert manifest["description"] == "Image classification in browsers, with WebNN"
    assert manifest["exports"]["."] == {"types": "./pictures.task.d.ts", "default": "./pictures.task.js"}
    assert manifest["exports"]["./model"] == {"types": "./pictures.d.ts", "default": "./pictures.js"}
    assert "peerDependencies" not in manifest


def test_a_model_that_is_asked_nothing(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", classifier(Metadata()))
    manifest = manifest_of(folder)
    assert manifest["exports"]["."] == manifest["exports"]["./model"] == {"types": "./pictures.d.ts", "default": "./pictures.js"}
    assert "license" not in manifest
    readme = (folder / "README.md").read_text("utf-8")
    assert "const { scores } = await model.compute({ pixels });" in readme
    assert "The model's source does not say it." in readme


def test_the_readme(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", classifier(), package="@me/birds@0.3.0-rc.1", fallback="ort-web")
    manifest, readme = manifest_of(folder), (folder / "README.md").read_text("utf-8")
    assert (manifest["name"], manifest["version"]) == ("@me/birds", "0.3.0-rc.1")
    assert manifest["peerDependencies"] == {"onnxruntime-web": ">=1.22"}
    assert 'import { load } from "@me/birds";' in readme
    assert "| pixels | float32 | 1 x 3 x 32 x 32 | image |" in readme
    assert "cp node_modules/@me/birds/*.onnx node_modules/@me/birds/*.safetensors node_modules/onnxruntime-web/dist/*.wasm dist/" in readme
    assert "\n## License\n\nApache-2.0.\n" in readme


def test_a_fallback_at_an_address_needs_no_package(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", classifier(), fallback="ort-web=https://cdn.example/ort.mjs")
    assert "peerDependencies" not in manifest_of(folder)


def test_a_license_that_is_none_of_spdx(tmp_path: Path) -> None:
    graph = classifier(Metadata(license="some-community (1)"))
    folder = package(tmp_path / "p", graph)
    assert manifest_of(folder)["license"] == "SEE LICENSE IN README.md"
    assert "\n## License\n\nsome-community (1).\n" in (folder / "README.md").read_text("utf-8")


@needs_npm
@pytest.mark.parametrize("options", [{}, {"fallback": "ort-web", "max_shard_size": 20_000}])
def test_npm_takes_what_was_written_and_nothing_else(options: dict[str, Any], tmp_path: Path) -> None:
    folder = package(tmp_path / "p", classifier(edge=48), **options)
    written = {path.name for path in folder.iterdir()}
    (folder / "secret.txt").write_text("mine")
    done = subprocess.run(["npm", "pack", "--json", "--dry-run"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (packed,) = said if isinstance(said, list) else said.values()
    index = {name for name in written if name.endswith(".index.json")}  # which no module reads
    assert {file["path"] for file in packed["files"]} == written - index
    assert bool(index) == ("max_shard_size" in options)


@pytest.mark.parametrize(
    "name", ["A", "a b", "@me", "@me/", "a@1", "a@1.0", "a@1.0.0 ", "../a", "a/b", "@a/b/c", ".a", "a" * 215, "a@01.0.0", "@2.0.0", "a\n"]
)
def test_names_that_npm_does_not_take(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="is no package of npm"):
        save(classifier(), tmp_path / "pictures.js", folders=["npm"], package=name)
    assert not list(tmp_path.iterdir())


def test_a_name_of_the_files() -> None:
    assert Published.of("", "My Model (v2)") == Published("my-model-v2", "1.0.0")
    assert Published.of("", "日本") == Published("model", "1.0.0")


def test_texts_of_strangers_are_texts() -> None:
    assert markdown("a|b\n# `c` <script>[x](y)") == "a\\|b \\# \\`c\\` \\<script\\>\\[x\\](y)"
    assert LABELS[1] not in markdown(LABELS[1])
    assert ABOUT.license == markdown(ABOUT.license)


def test_commands(invoke: Callable[..., Any], tmp_path: Path) -> None:
    save(classifier(), tmp_path / "pictures.webnn")
    result = invoke("webnn2js", tmp_path / "pictures.webnn", "-o", tmp_path / "p", "--format", "npm", "--package", "@me/p")
    assert result.exit_code == 0, result.output
    assert manifest_of(tmp_path / "p")["name"] == "@me/p"
    again = invoke("webnn2js", tmp_path / "pictures.webnn", "-o", tmp_path / "p", "--format", "npm")
    assert again.exit_code == 1
    assert "package.json" in again.stderr
    refused = invoke("webnn2js", tmp_path / "pictures.webnn", "-o", tmp_path / "q", "--package", "@me/p")
    assert refused.exit_code == 2
    assert "--package is for --format npm" in refused.stderr
    wrong = invoke("webnn2js", tmp_path / "pictures.webnn", "-o", tmp_path / "q", "--format", "npm", "--package", "Bad Name")
    assert wrong.exit_code == 1
    assert "'Bad Name' is no package of npm [refused]" in wrong.stderr
    assert not (tmp_path / "q").exists()


def test_a_license_that_is_not_known_is_noted(invoke: Callable[..., Any], tmp_path: Path) -> None:
    save(classifier(Metadata()), tmp_path / "pictures.webnn")
    said = {}
    for name, more in (("p", []), ("q", ["--license", "mit"])):
        result = invoke("webnn2js", tmp_path / "pictures.webnn", "-o", tmp_path / name, "--format", "npm", *more)
        assert result.exit_code == 0, result.output
        said[name] = result.stderr
    assert "package.json names no license" in said["p"]
    assert "license" not in said["q"]
    assert manifest_of(tmp_path / "q")["license"] == "MIT"
