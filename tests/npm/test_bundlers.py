"""A package in pages that vite, webpack and esbuild make, in one that nothing makes, and in workers: the answers of Python everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from tests.npm.packages import LABELS, classifier, package
from webnn_graph.metadata import Image, Labels, Metadata
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.tasks import answers
from webnn_graph.tasks.pictures import prepared

PIL = pytest.importorskip("PIL.Image", reason="pillow is not installed")
MODULES = ORT.parent
TSC = Path(os.environ.get("WEBNN_TSC", "tsc"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (MODULES / "vite").is_dir(), reason="bundlers are not installed (make test installs them)"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
SIZE, GREY = (48, 40), 77
PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script type="module" src="./main.js"></script></body>'
MAIN = """
import { load } from "pictures";
import { inputs } from "pictures/model";
const picture = new ImageData(WIDTH, HEIGHT);
picture.data.fill(GREY);
const asked = await load();
const direct = await asked.classify(picture);
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const answer = new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (error) => reject(new Error(error.message));
});
worker.postMessage(picture);
globalThis.result = { direct, worker: await answer, backend: asked.model.backend ?? null, inputs: inputs.map(({ name }) => name) };
"""
WITHOUT_WEBNN = "delete Navigator.prototype.ml;\n"
WORKER = """
import { load } from "pictures";
self.onmessage = async ({ data }) => self.postMessage(await (await load()).classify(data));
"""
USAGE = """
import { load } from "pictures";
import { load as loadModel, type Outputs } from "pictures/model";
const asked = await load();
const label: string = (await asked.classify(document.querySelector("img")!))[0]!.label;
const outputs: Outputs = await (await loadModel()).compute({ pixels: new Float32Array(3 * 32 * 32) });
console.log(label, outputs.scores.length);
"""
VITE = """
import { build } from "vite";
await build({ logLevel: "warn", base: "./", build: { target: "esnext" }, worker: { format: "es" } });
"""
WEBPACK = """
import webpack from "webpack";
const compiler = webpack({ mode: "production", context: process.cwd(), entry: "./main.js", performance: { hints: false } });
const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error ? reject(error) : resolve(stats))));
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
"""


def run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def script(text: str, folder: Path) -> None:
    """Runs a module in a folder."""
    (folder / "script.mjs").write_text(text)
    run("node", "script.mjs", folder=folder)


def of_vite(app: Path) -> Path:
    script(VITE, app)
    return app / "dist"


def of_webpack(app: Path) -> Path:
    script(WEBPACK, app)
    return app / "dist"


def of_esbuild(app: Path) -> Path:
    """By the words of the package's own README."""
    readme = (app / "node_modules" / "pictures" / "README.md").read_text("utf-8").splitlines()
    build, copy = (next(line.strip() for line in readme if line.strip().startswith(word)) for word in ("esbuild ", "cp "))
    run("sh", "-c", f"node_modules/.bin/{build.replace('app.js', 'main.js worker.js')} && {copy}", folder=app)
    return app / "dist"


def of_nothing(app: Path) -> Path:
    for name in ("main.js", "worker.js"):
        text = (app / name).read_text()
        text = text.replace('"pictures/model"', '"./node_modules/pictures/pictures.js"')
        (app / name).write_text(text.replace('"pictures"', '"./node_modules/pictures/pictures.task.js"'))
    return app


WAYS: dict[str, Callable[[Path], Path]] = {"vite": of_vite, "webpack": of_webpack, "esbuild": of_esbuild, "nothing": of_nothing}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packages as npm has them, by fallback."""
    folder = tmp_path_factory.mktemp("packages")
    made = {}
    for fallback in ("", "ort-web"):
        place = package(folder / f"pictures{fallback}", classifier(), **({"fallback": fallback} if fallback else {}))
        run("npm", "pack", "--silent", folder=place)
        made[fallback] = place / "pictures-1.0.0.tgz"
    return made


def app_of(folder: Path, package: Path) -> Path:
    """An application that has the package installed, beside what `make test` installs."""
    modules = folder / "node_modules"
    modules.mkdir(parents=True)
    for name in (*(path.name for path in MODULES.iterdir() if not path.name.startswith(".")), ".bin"):
        (modules / name).symlink_to(MODULES / name)
    with tarfile.open(package) as archive:
        archive.extractall(modules, filter="data")
    (modules / "package").rename(modules / "pictures")
    for name, text in {"main.js": MAIN, "worker.js": WORKER, "index.html": PAGE, "package.json": '{ "type": "module" }'}.items():
        values = {"WIDTH": SIZE[0], "HEIGHT": SIZE[1], "GREY": GREY}
        for word, value in values.items():
            text = text.replace(word, str(value))
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def right() -> list[dict[str, Any]]:
    """What Python answers about the picture."""
    graph = classifier()
    tensors = Metadata.of(graph).tensors
    image, labels = tensors["pixels"], tensors["scores"]
    assert isinstance(image, Image)
    assert isinstance(labels, Labels)
    values, _ = prepared(PIL.new("RGB", SIZE, (GREY, GREY, GREY)), image, graph.operands["pixels"])
    scored = answers.best(graph(pixels=values)["scores"], labels, 5)
    return [{"label": one.label, "score": pytest.approx(one.score, abs=1e-5)} for one in scored]


def visited(made: Path, name: str, browser: BrowserSession) -> Any:
    """The result of a page in Chromium."""
    if not (made / "index.html").exists():
        (made / "index.html").write_text(PAGE)
    (browser.exchange.folder / name).symlink_to(made)
    page = browser.chromium.open_page()

    def look() -> Any:
        page.goto(f"{browser.exchange.url}/{name}/index.html")
        page.wait_for_function("globalThis.result")
        return page.evaluate("globalThis.result")

    try:
        return browser.chromium._do(look)
    finally:
        browser.chromium.close_page(page)


@pytest.mark.parametrize("way", WAYS)
def test_every_bundler(way: str, packed: dict[str, Path], right: list[dict[str, Any]], browser: BrowserSession, tmp_path: Path) -> None:
    said = visited(WAYS[way](app_of(tmp_path / "app", packed[""])), f"npm-{way}", browser)
    assert said["backend"] is None, "there is no other"
    assert said["direct"] == said["worker"] == right
    assert [one["label"] for one in said["direct"]] != list(LABELS), "sorted by score"
    assert said["inputs"] == ["pixels"]


@pytest.mark.parametrize("way", ["vite", "esbuild"])
def test_a_fallback(way: str, packed: dict[str, Path], right: list[dict[str, Any]], browser: BrowserSession, tmp_path: Path) -> None:
    app = app_of(tmp_path / "app", packed["ort-web"])
    (app / "main.js").write_text(f"{WITHOUT_WEBNN}{(app / 'main.js').read_text()}")
    said = visited(WAYS[way](app), f"npm-{way}-fallback", browser)
    assert said["backend"] == "ort-wasm"
    assert said["direct"] == right


@pytest.mark.skipif(shutil.which(str(TSC)) is None, reason="no TypeScript compiler (set WEBNN_TSC, as make test does)")
@pytest.mark.parametrize("resolution", [["esnext", "bundler"], ["node16", "node16"]])
def test_types(resolution: list[str], packed: dict[str, Path], tmp_path: Path) -> None:
    app = app_of(tmp_path / "app", packed[""])
    (app / "usage.ts").write_text(USAGE)
    module, how = resolution
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", module, "--moduleResolution", how, "--lib", "es2022,dom"]
    run(TSC, *options, "--types", "", "usage.ts", folder=app)
