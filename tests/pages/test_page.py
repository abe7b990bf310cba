"""The pages that conversions write: of models with a task and without, in a browser, and what they say where something is missing."""

from __future__ import annotations

import gzip
import wave
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image
from click.testing import CliRunner

import cli
from tests.examples.conftest import needs_axe, require_accessible
from tests.formats.test_task import meaning
from tests.javascript.written import HOSTILE
from tests.pages.conftest import Open
from tests.pages.test_answers import give, listed
from tests.tasks.recordings import recording
from webnn_graph import GraphBuilder
from webnn_graph.formats import save, save_sizes
from webnn_graph.formats.page import page_of
from webnn_graph.formats.table import Format, written_as
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Bytes, Characters, Image, Labels, Regression, Target
from webnn_graph.sizes import convert_sizes

browser = pytest.mark.browser
SWITCH = "button[aria-pressed]"
"""The button of the camera, or of the microphone."""
BLUE = (10, 20, 240)


def colours() -> Graph:
    """Says of a picture how much of it is red, green and blue."""
    b = GraphBuilder("colours")
    means = b.reduceMean(b.input("x", "float32", [1, 3, 8, 8]), axes=[2, 3])
    labels = Labels(names=("red", "green", "blue"), scores="probabilities")
    return meaning(b.build({"y": b.softmax(b.mul(means, np.float32([[4]])), 1)}), x=Image(scale=1 / 255), y=labels)


def kinds() -> Graph:
    """Says whether a file begins with a letter; what fills up is none."""
    b = GraphBuilder("kinds")
    table = np.float32([[0, 4] if chr(byte).isalpha() and byte < 128 else [4, 0] for byte in range(257)])
    scores = b.reshape(b.gather(table, b.slice(b.input("x", "int32", [1, 6]), [0, 0], [1, 1])), [1, 2])
    return meaning(b.build({"y": scores}), x=Bytes(block=8, first=3, last=3, stripped=True, pad=256), y=Labels(names=("data", "text")))


def numbers() -> Graph:
    """Takes what nobody knows the meaning of: floats, halves, and whole numbers from 0 to 4."""
    b = GraphBuilder("numbers")
    x = b.input("x", "float32", [2, 3])
    rows = b.gather(np.arange(10, 20, 2, np.float32), b.input("i", "int32", [50]))
    half = b.mul(b.input("h", "float16", [4]), b.input("h2", "float16", [4]))
    return b.build({"double": b.add(x, x), "rows": rows, "half": half, "long": b.cast(rows, "int64")})


def blue(folder: Path) -> Path:
    PIL.Image.new("RGB", (30, 20), BLUE).save(folder / "blue.png")
    return folder / "blue.png"


def written(graph: Graph, folder: Path, **options: Any) -> Path:
    save(graph, folder / "model.js", folders=["page"], **options)
    return folder


# ----------------------------------------------------------------------------------------------------------------- pictures
def right() -> list[str]:
    """What the model says of the blue picture."""
    scores = np.exp(4 * np.array(BLUE) / 255)
    rows = sorted(zip(scores / scores.sum(), ("red", "green", "blue"), strict=True), reverse=True)
    return [f"{name} {100 * score:.{0 if score >= 0.0995 else 1}f} %" for score, name in rows]


@browser
def test_a_picture(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path))
    assert page.title() == page.inner_text("h1") == "colours"
    give(page, blue(tmp_path))
    assert listed(page) == right()
    facts = dict(row.split("\n", 1) for row in page.locator("#facts dl div").all_inner_texts())
    assert facts["computed by"] == "WebNN" and facts["operators"] == "3" and facts["weights"] == "4 B"
    assert {"loaded in", "last answer", "median", "memory"} <= set(facts) and facts["median"].endswith(" ms, 1 run")
    assert page.locator(".runs rect").count() == 2


@browser
@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_that_is_dropped_or_pasted(event: str, open_folder: Open, tmp_path: Path) -> None:
    blue(tmp_path)
    page = open_folder(written(colours(), tmp_path))
    script = """async (kind) => {
      const given = new DataTransfer();
      given.items.add(new File([await (await fetch("blue.png")).blob()], "blue.png", { type: "image/png" }));
      const how = { bubbles: true, cancelable: true };
      if (kind === "paste") document.dispatchEvent(new ClipboardEvent(kind, { ...how, clipboardData: given }));
      else for (const name of ["dragover", kind]) document.dispatchEvent(new DragEvent(name, { ...how, dataTransfer: given }));
    }"""
    page.evaluate(script, event)
    page.wait_for_selector("#answer li")
    assert listed(page) == right()


@browser
def test_a_camera_by_keyboard(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path))
    page.focus(SWITCH)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=/, ([3-9]|[0-9]{2}) runs/")
    assert page.inner_text(SWITCH) == "Stop the camera" and page.is_disabled("button.main")
    assert listed(page)[0].startswith("green"), "what the browser's camera shows"
    page.keyboard.press("Enter")
    page.wait_for_selector("[aria-pressed=false]")
    assert page.inner_text(SWITCH) == "Camera" and page.is_enabled("button.main")


@browser
def test_a_microphone(open_folder: Open, stub: Callable[..., Path]) -> None:
    page = open_folder(stub("audio", "labels", '[{ label: "a beep", score: 1 }]'))
    page.click(SWITCH)
    page.wait_for_selector(f"{SWITCH} >> text=Stop and ask")
    page.wait_for_timeout(300)
    page.click(SWITCH)
    page.wait_for_selector("#answer li")
    assert listed(page) == ["a beep 100 %"] and page.is_visible("audio") and page.is_visible("#canvas")
    assert page.evaluate("globalThis.asked.map(([source]) => [source.constructor.name, source.size > 100])") == [["Blob", True]]


def bursts(folder: Path) -> Path:
    """A second in which it is loud twice, for a quarter each."""
    samples = np.tile(np.repeat([12000, 0], 2000), 2) * np.sin(np.arange(8000))
    with wave.open(str(folder / "bursts.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.astype("<i2").tobytes())
    return folder / "bursts.wav"


@browser
def test_words(open_folder: Open, tmp_path: Path) -> None:
    """Of a model that hears a word where it is loud, an eighth of a second at a time."""
    b = GraphBuilder("words")
    loud = b.reduceMean(b.abs(b.reshape(b.input("x", "float32", [1, 8000]), [1, 8, 1000])), axes=[2], keepDimensions=True)
    scores = b.concat([b.sub(0.1, loud), b.sub(loud, 0.1), b.mul(loud, 0)], 2)
    meanings = {"x": Audio(sampling_rate=8000), "y": Characters(names=(" ", "o", ""), blank=2)}
    page = open_folder(written(meaning(b.build({"y": scores}), **meanings), tmp_path))
    give(page, bursts(tmp_path))
    assert page.inner_text("#status") == "o o"
    times = [row.split() for row in page.locator("#answer ol li").all_inner_texts()]
    assert times == [["0:00.0", "–", "0:00.3", "o"], ["0:00.5", "–", "0:00.8", "o"]]


@browser
def test_sounds_are_heard_as_they_are(open_folder: Open, tmp_path: Path) -> None:
    """Not at the rate that the browser plays: noise would lose what is highest in it."""
    b = GraphBuilder("roughness")
    x = b.input("x", "float32", [1, 8000])
    steps = b.abs(b.sub(b.slice(x, [0, 1], [1, 7999]), b.slice(x, [0, 0], [1, 7999])))
    values = Regression(targets=(Target(name="roughness"),))
    graph = b.build({"y": b.reshape(b.reduceMean(steps), [1, 1])})
    page = open_folder(written(meaning(graph, x=Audio(sampling_rate=8000), y=values), tmp_path))
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 8000)
    give(page, recording(tmp_path / "noise.wav", samples, 8000))
    right = np.abs(np.diff(np.trunc(samples * 2**15) / 2**15)).mean()
    assert page.inner_text("#status") == f"roughness {right:.4g}"


REFUSED = "navigator.mediaDevices.getUserMedia = async () => { throw new Error('not allowed'); };"


@browser
@pytest.mark.parametrize(("takes", "name", "button"), [("image", "camera", "Camera"), ("audio", "microphone", "Speak")])
def test_no_device(takes: str, name: str, button: str, open_folder: Open, stub: Callable[..., Path]) -> None:
    page = open_folder(stub(takes, "labels", "[]"), before=REFUSED)
    assert page.inner_text(SWITCH) == button
    page.click(SWITCH)
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem") == f"There is no {name}: not allowed"
    assert page.get_attribute(SWITCH, "aria-pressed") == "false" and page.is_enabled("button.main")


@browser
def test_what_is_no_picture(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path))
    page.set_input_files("input[type=file]", tmp_path / "model.js")
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem") == "This is no picture that the browser can read."
    assert page.locator("[inert]").count() == 0, "there is no answer yet"
    give(page, blue(tmp_path))
    assert listed(page) == right() and page.is_hidden("#problem")


@browser
@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_answer_to_something_else_is_greyed_out(theme: str, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path), 360, theme)
    give(page, blue(tmp_path))
    page.set_input_files("input[type=file]", tmp_path / "model.js")
    page.wait_for_selector("#problem:visible")
    greyed = "Array.from(document.querySelectorAll('[inert]'), (one) => [one.id, getComputedStyle(one).opacity])"
    assert page.evaluate(greyed) == [["canvas", "0.4"], ["answers", "0.4"]]
    require_accessible(page)
    page.set_input_files("input[type=file]", blue(tmp_path))
    page.wait_for_selector("#problem", state="hidden")
    assert page.evaluate(greyed) == [] and listed(page) == right()


@browser
def test_the_kind_of_a_file(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(kinds(), tmp_path))
    (tmp_path / "some.txt").write_text("\n  some text")
    give(page, tmp_path / "some.txt")
    assert listed(page) == ["text 98 %", "data 1.8 %"]
    (tmp_path / "empty").write_text("")
    page.set_input_files("input[type=file]", tmp_path / "empty")
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem") == "the file has 0 bytes; the model takes 1 or more"
    assert page.locator("#answers[inert]").count() == 1


# ------------------------------------------------------------------------------------------------------------------ numbers
@browser
def test_random_numbers(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(numbers(), tmp_path))
    interface = page.locator("#interface tbody tr").all_inner_texts()
    assert interface[:2] == ["x\tfloat32[2, 3]\t", "i\tint32[50]\t"] and "long\tint64[50]\t" in interface
    assert page.inner_text("#status") == "Run it on random numbers."
    assert {"--image", "--labels"} <= set(page.locator("#interface code").all_inner_texts())
    page.click("button.main")
    page.wait_for_selector("#answer tbody")
    names, found = (page.locator(f"#answer tbody tr:has({cell})").all_inner_texts() for cell in ("th", "td"))
    rows = {name: row.split("\t") for name, row in zip(names, found, strict=True)}
    assert rows["rows"][0] == rows["long"][0] == "10" and rows["rows"][2] == rows["long"][2] == "18", "all rows are drawn, and no others"
    low, mean, high = map(float, rows["double"][:3])
    assert low < mean < high and float(rows["half"][1]) != 0
    page.click("button.main")
    page.wait_for_selector("text=, 2 runs")


@browser
@needs_axe
@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "dark")])
def test_numbers_can_be_read(width: int, theme: str, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(numbers(), tmp_path), width, theme)
    page.click("button.main")
    page.wait_for_selector("#answer tbody")
    require_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    hidden = "Array.from(document.querySelectorAll('.wide'), (one) => one.scrollWidth - one.clientWidth)"
    assert page.evaluate(hidden) == [0, 0, 0]


# ----------------------------------------------------------------------------------------------------------- what is missing
NONE = "Object.defineProperty(Navigator.prototype, 'ml', { get: () => undefined });"
UNSUPPORTED = "WebNN is not supported on this platform."
"""What Chromium says where it has WebNN, and nothing that computes for it."""
NOWHERE = f"navigator.ml.createContext = async () => {{ throw new DOMException('{UNSUPPORTED}', 'NotSupportedError'); }};"
FEW = "const limits = MLContext.prototype.opSupportLimits; MLContext.prototype.opSupportLimits = () => ({});"
"""What takes no model."""


@browser
@pytest.mark.parametrize(("fallback", "advice"), [("", "--fallback ort-web"), ("ort-web", "npm install onnxruntime-web")])
def test_no_webnn(fallback: str, advice: str, open_folder: Open, tmp_path: Path, chrome: Any) -> None:
    folder = written(colours(), tmp_path, fallback=fallback)
    if fallback:  # what npm would put there fails to load, which the browser says in its console
        library = tmp_path / "node_modules" / "onnxruntime-web" / "dist" / "ort.wasm.min.mjs"
        library.parent.mkdir(parents=True)
        library.write_text("throw new Error('the import failed');")
    page = open_folder(folder, before=NONE)
    said = page.inner_text("#problem")
    assert "This browser has no WebNN" in said and "Chrome and Edge" in said and "chrome://flags" in said
    assert "navigator.ml" not in said and advice not in said, "what visitors read"
    page.click("summary")
    said = page.inner_text("#problem")
    assert "navigator.ml is missing" in said and advice in said, "what developers read"
    assert page.locator("#controls > *").count() == 0 and page.inner_text("#status") == "The model cannot be asked here."


@browser
@pytest.mark.parametrize(
    ("before", "what", "why"),
    [
        (NOWHERE, "This browser has WebNN, which computes the model, but it does not work on this device.", UNSUPPORTED),
        (FEW, "The WebNN of this browser does not take this model.", "the context has no "),
    ],
    ids=["nothing", "this model"],
)
def test_what_webnn_does_not_take(before: str, what: str, why: str, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path), before=before)
    assert page.locator("#problem > p").all_inner_texts() == [what, "Another browser or device may compute it."]
    assert why in page.text_content("details")


@browser
@needs_axe
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_what_is_missing_can_be_read(width: int, theme: str, open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path), width, theme, before=NONE)
    page.click("summary")
    require_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@browser
def test_devices_are_chosen(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path))
    give(page, blue(tmp_path))
    page.select_option("select", "cpu")
    page.wait_for_selector("text=WebNN, CPU")
    page.wait_for_selector("text=, 1 run")
    assert listed(page) == right()


@browser
def test_a_device_that_refuses_is_not_chosen(open_folder: Open, tmp_path: Path) -> None:
    page = open_folder(written(colours(), tmp_path))
    page.evaluate("() => { navigator.ml.createContext = async () => { throw new Error('there is no such device'); }; }")
    page.select_option("select", "npu")
    page.wait_for_selector("#problem:visible")
    assert page.locator("#problem > p").all_inner_texts() == ["There is no NPU here that takes this model."]
    assert "there is no such device" in page.text_content("details")
    assert page.input_value("select") == ""
    give(page, blue(tmp_path))
    assert listed(page) == right() and page.is_hidden("#problem"), "the model that was there still answers"


@browser
def test_a_page_from_a_file_says_what_to_do(chrome: Any, tmp_path: Path) -> None:
    written(colours(), tmp_path)
    page = chrome.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    page.wait_for_selector("#problem:visible")
    assert "webnn serve FOLDER" in page.inner_text("#problem")
    assert page.inner_text("#status") == "The model cannot be asked here." and page.is_hidden("progress")
    page.close()


# ------------------------------------------------------------------------------------------------------------------- writing
@pytest.mark.parametrize("text", HOSTILE)
def test_names_do_not_break_out(text: str) -> None:
    page = page_of("model", text, is_asked=False, known={"purpose": text, "license": text})
    assert "<script>alert" not in page and page.count("<script") == 2 and page.count("</script>") == 2


@pytest.mark.parametrize(
    "library", ["https://x.test; script-src *", "http://a,b", "javascript:alert(1)", "./ort.mjs", "https://cdn.test/o.mjs"]
)
def test_a_fallback_does_not_widen_the_policy(library: str) -> None:
    policy = page_of("model", "m", is_asked=False, fallback=f"ort-web={library}").partition('content="')[2].partition('"')[0]
    directives = dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))
    assert len(directives) == 7 and directives["default-src"] == "'none'"
    origins = {"https://x.test; script-src *": "https://x.test", "http://a,b": "http://a", "https://cdn.test/o.mjs": "https://cdn.test"}
    assert directives["connect-src"].split() == ["'self'", *([origins[library]] if library in origins else [])]


def test_a_page_is_small(tmp_path: Path) -> None:
    assert len(gzip.compress((written(colours(), tmp_path) / "index.html").read_bytes(), 9)) < 14500


def test_commands_write_a_page(tmp_path: Path) -> None:
    save(colours(), tmp_path / "colours.webnn")
    command = [str(tmp_path / "colours.webnn"), "-o", str(tmp_path / "out"), "--format", "page"]
    first = CliRunner().invoke(cli.webnn2js, command)
    assert first.exit_code == 0 and "index.html" in first.output and (tmp_path / "out" / "colours.task.js").exists()
    again = CliRunner().invoke(cli.webnn2js, command)
    assert again.exit_code == 1 and "index.html" in again.stderr and "already exist" in again.stderr


def test_several_sizes_have_none(tmp_path: Path) -> None:
    def make(dims: Any) -> Graph:
        b = GraphBuilder("sized")
        return b.build({"y": b.relu(b.input("x", "float32", [dims["n"]]))})

    save_sizes(convert_sizes(make, {"n": [8, 16]}), tmp_path / "model.js")
    assert not (tmp_path / "index.html").exists()
    format: Format = written_as(tmp_path / "model.js")
    assert format.folders["page"].names == ("index.html",)
