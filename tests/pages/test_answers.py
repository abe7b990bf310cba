"""What pages show of each kind of answer, by the contract of a task's module: results are those of a module that says what it is told."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image

from tests.examples.conftest import needs_axe, require_accessible
from tests.pages.conftest import Open

pytestmark = pytest.mark.browser
Stub = Callable[[str, str, str], Path]
HOSTILE = "<img src=x onerror=alert(1)>"
OBJECTS = """[
  { label: "cat", score: 0.9, box: { left: 20, top: 30, right: 60, bottom: 70 }, points: [{ x: 40, y: 50 }] },
  { label: "dog", score: 0.3, box: { left: 0, top: 0, right: 5, bottom: 5 } },
]"""
INSTANCES = """[
  { label: "cat", score: 0.9, box: { left: 20, top: 30, right: 60, bottom: 70 },
    mask: { left: 20, top: 30, width: 40, height: 40, pixels: Uint8Array.from({ length: 1600 }, (_, i) => i % 40 < 20) } },
  { label: "dog", score: 0.8, box: { left: 0, top: 0, right: 0, bottom: 9 },
    mask: { left: 0, top: 0, width: 0, height: 9, pixels: new Uint8Array() } },
]"""
POINTS = """[
  { label: "cat", score: 0.9, box: { left: 20, top: 30, right: 60, bottom: 70 },
    points: [{ name: "nose", x: 40, y: 50, score: 0.7 }, { name: "tail", x: 30, y: 60, score: 0.3 }] },
]"""
REGIONS = """[
  { label: "text", score: 0.9, box: { left: 20, top: 20, right: 60, bottom: 60 }, corners: [[20, 40], [40, 20], [60, 40], [40, 60]] },
]"""
MASK = '{ width: 80, height: 80, labels: ["sky", "sea"], classes: Uint8Array.from({ length: 6400 }, (_, i) => (i < 4800 ? 0 : 1)) }'
DEPTH = "{ width: 80, height: 80, inverse: INVERSE, values: Float32Array.from({ length: 6400 }, (_, i) => i % 80) }"
SPEECH = "[{ start: 0.25, end: 0.5 }]"


def picture(folder: Path, colour: str = "gray") -> Path:
    PIL.Image.new("RGB", (80, 80), colour).save(folder / "picture.png")
    return folder / "picture.png"


def sound(folder: Path, seconds: float = 1.0, rate: int = 8000) -> Path:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes((8000 * np.sin(np.arange(int(seconds * rate)) / 5)).astype("<i2").tobytes())
    (folder / "sound.wav").write_bytes(file.getvalue())
    return folder / "sound.wav"


def give(page: Any, file: Path) -> None:
    """Chooses a file, and waits for the answer."""
    page.set_input_files("input[type=file]", file)
    page.wait_for_selector("#answer > *")


def colour_at(page: Any, selector: str, x: float, y: float) -> list[int]:
    """Of a canvas, red, green and blue at a place, from 0 to 1 across and down."""
    script = """([selector, x, y]) => {
      const canvas = document.querySelector(selector);
      const at = [Math.floor(x * (canvas.width - 1)), Math.floor(y * (canvas.height - 1))];
      return Array.from(canvas.getContext("2d").getImageData(...at, 1, 1).data.slice(0, 3));
    }"""
    colour: list[int] = page.evaluate(script, [selector, x, y])
    return colour


def listed(page: Any) -> list[str]:
    rows: list[str] = page.locator("#answer li").all_inner_texts()
    return [" ".join(row.split()) for row in rows]


def test_labels(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "labels", f'[{{ label: "{HOSTILE}", score: 0.9 }}, {{ label: "b", score: 0.042 }}]'))
    assert page.inner_text("#status") == "Choose a picture."
    give(page, picture(tmp_path))
    assert listed(page) == [f"{HOSTILE} 90 %", "b 4.2 %"]
    assert page.inner_text("#status") == f"{HOSTILE}, 90 %"
    widths = page.evaluate("Array.from(document.querySelectorAll('.bar i'), (bar) => bar.style.width)")
    assert widths == ["90%", "4.2%"]
    source = page.evaluate("globalThis.asked.map(([source]) => [source.constructor.name, source.width, source.height])")
    assert source == [["ImageBitmap", 80, 80]]


def test_objects(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "objects", OBJECTS))
    give(page, picture(tmp_path))
    assert listed(page) == ["cat 90 %"] and page.inner_text("#status") == "1 found"
    gray, box = [128] * 3, colour_at(page, "#canvas", 20 / 80, 0.7)
    assert colour_at(page, "#canvas", 0.1, 0.9) == gray and box != gray, "the box's left side"
    assert colour_at(page, "#canvas", 40 / 80, 50 / 80) == box, "a point"
    assert colour_at(page, "#canvas", 45 / 80, 60 / 80) == gray, "inside of the box"
    page.fill(".slider input", "20")
    assert listed(page) == ["cat 90 %", "dog 30 %"], "what scores less, without another question"
    assert page.evaluate("globalThis.asked.map(([, options]) => options)") == [{"threshold": 0.1}]


def test_points_that_can_be_seen(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "points", POINTS))
    give(page, picture(tmp_path))
    gray, box = [128] * 3, colour_at(page, "#canvas", 20 / 80, 0.7)
    assert colour_at(page, "#canvas", 40 / 80, 50 / 80) == box, "a point"
    assert colour_at(page, "#canvas", 30 / 80, 60 / 80) == gray, "one that is hidden"
    page.fill(".slider input", "30")
    assert colour_at(page, "#canvas", 30 / 80, 60 / 80) == box


def test_masks_of_objects(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "instances", INSTANCES))
    give(page, picture(tmp_path))
    assert listed(page) == ["cat 90 %", "dog 80 %"]
    gray, box = [128] * 3, colour_at(page, "#canvas", 20 / 80, 0.7)
    assert colour_at(page, "#canvas", 50 / 80, 0.6) == gray, "the right half of the box"
    inside = colour_at(page, "#canvas", 30 / 80, 0.6)
    assert inside == pytest.approx([128 + (one - 128) * 128 / 255 for one in box], abs=2), "gray shines through"


def test_regions(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "regions", REGIONS))
    give(page, picture(tmp_path))
    assert listed(page) == ["text 90 %"] and page.inner_text("#status") == "1 found"
    gray, side = [128] * 3, colour_at(page, "#canvas", 50 / 80, 50 / 80)
    assert side != gray and colour_at(page, "#canvas", 30 / 80, 50 / 80) == side
    assert colour_at(page, "#canvas", 20 / 80, 55 / 80) == gray, "the left side of the box around it"


def test_text(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "text", f'{{ text: "{HOSTILE}", score: 0.5 }}'))
    give(page, picture(tmp_path))
    assert page.inner_text("#status") == HOSTILE and page.inner_text("#answer .quiet") == "Probability 50 %"


def test_a_mask(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "mask", MASK))
    give(page, picture(tmp_path))
    assert listed(page) == ["sky 75 %", "sea 25 %"] and page.inner_text("#status") == "Mostly sky"
    sky, sea = colour_at(page, "#canvas", 0.5, 0.5), colour_at(page, "#canvas", 0.5, 0.9)
    patches = page.evaluate("Array.from(document.querySelectorAll('.patch'), (one) => getComputedStyle(one).backgroundColor)")
    for colour, patch in zip((sky, sea), patches, strict=True):
        whole = [int(part) for part in patch[4:-1].split(",")]
        assert colour == pytest.approx([128 + (one - 128) * 150 / 255 for one in whole], abs=2), "gray shines through"


@pytest.mark.parametrize("inverse", [True, False])
def test_a_depth(inverse: bool, stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("image", "depth", DEPTH.replace("INVERSE", str(inverse).lower())))
    give(page, picture(tmp_path))
    left, right = (sum(colour_at(page, "canvas.depth", x, 0.5)) for x in (0, 1))
    assert (right > left) == inverse, "what is near is bright"
    assert page.inner_text("#answer .quiet").startswith("From 0.000 to 79.00, as ")


def test_vectors(stub: Stub, open_folder: Open) -> None:
    page = open_folder(stub("text", "vector", "Float32Array.from(source === 'a' ? [3, 4] : [4, 3])"))
    assert page.inner_text("#status") == "Type a text."
    page.fill("#text", "a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer .bars")
    assert page.inner_text("#status") == "A vector of 2 numbers" and "Its length is 5.000." in page.inner_text("#answer")
    page.fill("#text", "b")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer .similar")
    assert page.inner_text(".similar") == "Similarity with the one before: 96 % (cosine 0.9600)"
    assert page.evaluate("globalThis.asked.map(([source]) => source)") == ["a", "b"]


def test_speech(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("audio", "speech", SPEECH))
    assert page.inner_text("#status") == "Choose a sound, or speak."
    give(page, sound(tmp_path))
    assert listed(page) == ["0:00.3 – 0:00.5"] and page.inner_text("#status") == "Speech 1 time"
    sides = [page.evaluate("(x) => canvas.getContext('2d').getImageData(x * canvas.width, 2, 1, 1).data[3]", x) for x in (0.1, 0.4, 0.6)]
    assert sides[0] == sides[2] == 0 < sides[1], "marked from a quarter to a half"
    assert page.evaluate("globalThis.asked.map(([source]) => [source.name, source.size])") == [["sound.wav", 16_044]]


def test_files_of_any_kind(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    """Also those that are dropped or pasted."""
    page = open_folder(stub("file", "labels", "[{ label: source.name, score: source.size / 10 }]"))
    assert page.inner_text("#status") == "Choose a file."
    (tmp_path / "some.bin").write_bytes(b"12345")
    give(page, tmp_path / "some.bin")
    assert listed(page) == ["some.bin 50 %"] and page.inner_text("#controls .quiet") == "some.bin, 5 B"
    for event, member in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        script = """([event, member]) => {
          const data = new DataTransfer();
          data.items.add(new File(["123"], `${event}.pdf`, { type: "application/pdf" }));
          document.body.dispatchEvent(new { drop: DragEvent, paste: ClipboardEvent }[event](event, { [member]: data, bubbles: true }));
        }"""
        page.evaluate(script, [event, member])
        page.wait_for_function(f"document.querySelector('#status').textContent.startsWith('{event}.pdf')")
        assert listed(page) == [f"{event}.pdf 30 %"]


def test_values(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("audio", "values", f'[{{ name: "{HOSTILE}", value: 3.14159, unit: "MOS" }}, {{ name: "b", value: -0.5 }}]'))
    give(page, sound(tmp_path))
    assert listed(page) == [f"{HOSTILE} 3.142 MOS", "b -0.5000"]
    assert page.inner_text("#status") == f"{HOSTILE} 3.142 MOS, b -0.5000"


def test_text_that_is_said(stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub("audio", "text", '{ text: "hello you", score: 0.9, chunks: [{ text: "hello", start: 0, end: 61.5 }] }'))
    give(page, sound(tmp_path))
    assert page.inner_text("#status") == "hello you" and listed(page) == ["0:00.0 – 1:01.5 hello"]


ROWS = {
    "labels": ("image", "labels", '[{ label: "a", score: 1 }]'),
    "objects": ("image", "objects", OBJECTS),
    "instances": ("image", "instances", INSTANCES),
    "regions": ("image", "regions", REGIONS),
    "mask": ("image", "mask", MASK),
    "depth": ("image", "depth", DEPTH.replace("INVERSE", "true")),
    "speech": ("audio", "speech", SPEECH),
    "a file": ("file", "labels", '[{ label: "python", score: 1 }]'),
    "values": ("audio", "values", '[{ name: "speech", value: 3.1, unit: "MOS" }]'),
    "vector": ("text", "vector", "Float32Array.from({ length: 384 }, (_, i) => Math.sin(i))"),
}


@needs_axe
@pytest.mark.parametrize(("takes", "gives", "result"), ROWS.values(), ids=ROWS)
def test_all_can_be_read(takes: str, gives: str, result: str, stub: Stub, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(stub(takes, gives, result), width=360, theme="dark" if takes == "image" else "light")
    if takes == "text":
        page.fill("#text", "some text")
        page.click("button.main")
        page.wait_for_selector("#answer > *")
    else:
        give(page, sound(tmp_path) if takes == "audio" else picture(tmp_path))
    require_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
