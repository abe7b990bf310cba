"""The page of the examples that writes down speech: the sentences and times of transformers' generate, and what its buttons do."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.site import Site
from tests.examples.conftest import Visit, needs_axe, require_accessible
from tests.examples.running import make
from webnn_graph.generation.sound import read_sound

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

PACKAGES = ORT.parent
NAME = "10_speech"
READY = "#record:enabled"
SECONDS = 4
"""That the model hears at once."""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (PACKAGES / "@huggingface" / "tokenizers").is_dir(), reason="@huggingface/tokenizers is not installed (make test installs it)"
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with its model and what npm installs, and a recording that the model hears at once: the last part of the call."""
    folder = tmp_path_factory.mktemp("speech") / NAME
    make(NAME, folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    samples = read_sound(folder / "call.wav", 16_000)[8 * 16_000 :]
    with wave.open(str(folder / "busy.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((samples * 2**15).astype("<i2").tobytes())
    return folder


def right(folder: Path, sound: str, **how: Any) -> list[list[str]]:
    """What transformers hears, and when."""
    texts = transformers.WhisperTokenizer.from_pretrained(folder / "tiny")
    model = transformers.WhisperForConditionalGeneration.from_pretrained(folder / "tiny").eval()
    extractor = transformers.WhisperFeatureExtractor.from_pretrained(folder / "tiny")
    samples = read_sound(folder / sound, 16_000)
    long = {"truncation": False, "padding": "longest"} if samples.size > SECONDS * 16_000 else {}
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt", **long).input_features
    (segments,) = model.generate(features, return_timestamps=True, return_segments=True, **how)["segments"]
    return [[f"0:{int(segment['start']):02}", texts.decode(segment["tokens"], skip_special_tokens=True).strip()] for segment in segments]


def give(page: Any, folder: Path, sound: str) -> None:
    """Chooses a file, and waits until it is written down."""
    count = page.locator(".facts").count()
    page.set_input_files("#file", folder / sound)
    page.wait_for_function("count => document.querySelectorAll('.facts').length > count", arg=count)


LINES = "Array.from(document.querySelectorAll('.recording:last-of-type li'), (line) => Array.from(line.children, (one) => one.textContent))"


def test_recordings(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        assert page.locator("#language option").all_text_contents() == ["Any language", "English", "German"]
        give(page, folder, "call.wav")
        assert page.evaluate(LINES) == right(folder, "call.wav")
        assert "12.0 seconds, written down in " in page.locator(".facts").last.inner_text()
        page.select_option("#language", label="German")
        give(page, folder, "call.wav")
        assert page.evaluate(LINES) == right(folder, "call.wav", language="de")
        give(page, folder, "busy.wav")
        assert page.evaluate(LINES) == right(folder, "busy.wav", language="de")
        assert page.locator("h2").all_text_contents() == ["call.wav", "call.wav", "busy.wav"]
        assert page.locator("#status").inner_text() == "Computed by webnn. It may be wrong."
        assert page.locator("[role=alert]").count() == 0
        assert page.get_attribute("#log", "aria-busy") == "false"

    page_of(look)
    assert [time for time, _ in right(folder, "call.wav")] == ["0:00", "0:04", "0:08"]
    assert "🔔" in right(folder, "call.wav")[1][1], "a character of several tokens"


def test_a_file_that_is_dropped(folder: Path, page_of: Visit) -> None:
    script = """async () => {
      const dropped = new DataTransfer();
      dropped.items.add(new File([await (await fetch("busy.wav")).blob()], "busy.wav"));
      const event = (name) => document.dispatchEvent(new DragEvent(name, { dataTransfer: dropped, bubbles: true, cancelable: true }));
      event("dragover");
      const shown = document.body.className;
      event("drop");
      return [shown, document.body.className];
    }"""

    def look(page: Any) -> None:
        assert page.evaluate(script) == ["dropping", ""]
        page.wait_for_selector(".facts")
        assert page.evaluate(LINES) == right(folder, "busy.wav")

    page_of(look)


MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 425 });
  const microphone = new MediaStreamAudioDestinationNode(context);
  tone.connect(microphone);
  tone.start();
  window.track = microphone.stream.getTracks()[0];
  return microphone.stream;
};
"""


def test_a_microphone_by_keyboard(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.focus("#record")
        page.keyboard.press("Enter")
        page.wait_for_function("document.getElementById('record').textContent === 'Stop recording'")
        assert page.is_disabled("#choose") and page.is_disabled("#language")
        page.wait_for_timeout(1000)
        page.keyboard.press("Enter")
        page.wait_for_selector(".facts")
        assert page.evaluate("window.track.readyState") == "ended"
        assert page.evaluate(LINES)[0][0] == "0:00"
        assert page.inner_text("h2").startswith("Recording at ")
        assert page.inner_text("#record") == "Record" and page.is_enabled("#choose")

    page_of(look, lambda page: page.add_init_script(MICROPHONE))


def test_no_microphone(page_of: Visit) -> None:
    refused = "navigator.mediaDevices.getUserMedia = async () => { throw new Error('not allowed'); };"

    def look(page: Any) -> None:
        page.click("#record")
        page.wait_for_selector("[role=alert]")
        assert page.inner_text("[role=alert]") == "There is no microphone: not allowed"
        assert page.inner_text("#record") == "Record"

    page_of(look, lambda page: page.add_init_script(refused))


SLOW = """
const { readTensor } = MLContext.prototype;
window.pause = 300;
MLContext.prototype.readTensor = async function (...given) {
  await new Promise((done) => setTimeout(done, window.pause));
  return readTensor.apply(this, given);
};
"""


def test_it_can_be_stopped(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.set_input_files("#file", folder / "call.wav")
        page.wait_for_function("document.querySelector('.lines span')?.textContent.length > 0")
        assert page.is_hidden("#record") and page.get_attribute("#log", "aria-busy") == "true"
        page.click("#stop")
        page.wait_for_selector(".facts")
        assert page.inner_text(".facts") == "Stopped." and page.locator("[role=alert]").count() == 0
        page.evaluate("window.pause = 0")
        give(page, folder, "busy.wav")
        assert page.evaluate(LINES) == right(folder, "busy.wav")

    page_of(look, lambda page: page.add_init_script(SLOW))


def test_what_is_no_recording(folder: Path, page_of: Visit) -> None:
    (folder / "wrong.wav").write_bytes(b"RIFF?" + bytes(100))

    def look(page: Any) -> None:
        page.set_input_files("#file", folder / "wrong.wav")
        page.wait_for_selector("[role=alert]")
        assert page.inner_text("[role=alert]") == "This is no recording that the browser can read."
        give(page, folder, "busy.wav")
        assert page.evaluate(LINES) == right(folder, "busy.wav")

    page_of(look)


@pytest.mark.parametrize("missing", ["**/*.safetensors*", "**/tokenizer.json", "**/node_modules/**"])
def test_it_says_what_is_missing(missing: str, served: str, visit: Visit) -> None:
    def look(page: Any) -> str:
        page.wait_for_selector("[role=alert]")
        assert page.is_disabled("#record") and page.locator("progress").count() == 0 and page.inner_text("#status") == ""
        return str(page.inner_text("[role=alert]"))

    said = visit(served, look, lambda page: page.route(missing, lambda route: route.fulfill(status=404)))
    assert ("npm install" if "node_modules" in missing else "HTTP status 404") in said


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_the_screen(width: int, folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.set_viewport_size({"width": width, "height": 700})
        for _ in range(4):
            give(page, folder, "call.wav")
        sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert page.evaluate(sizes) == [width, 700], "only the transcripts scroll"
        last, form = page.locator(".facts").last.bounding_box(), page.locator("#form").bounding_box()
        assert last["y"] + last["height"] <= form["y"], "what came last is seen"
        assert form["y"] + form["height"] <= 700

    page_of(look)


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(theme: str, folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.emulate_media(color_scheme=theme)
        require_accessible(page)
        (folder / "wrong.wav").write_bytes(b"RIFF?" + bytes(100))
        give(page, folder, "call.wav")
        page.set_input_files("#file", folder / "wrong.wav")
        page.wait_for_selector("[role=alert]")
        require_accessible(page)

    page_of(look)


# ------------------------------------------------------------------------------------------------------------- without WebNN, too
@pytest.mark.parametrize("anywhere", ENGINES, indirect=True)
def test_without_webnn(anywhere: Visitor, site: Site, folder: Path) -> None:
    script = """
        const alert = document.querySelector("[role=alert]");
        if (alert) throw new Error(alert.textContent);
        if (document.getElementById("record").disabled) return undefined;
        if (!window.asked) {
          window.asked = true;
          const given = new DataTransfer();
          given.items.add(new File([await (await fetch("call.wav")).blob()], "call.wav"));
          const field = document.getElementById("file");
          field.files = given.files;
          field.dispatchEvent(new Event("change"));
        }
        return document.querySelector(".facts") ? LINES : undefined;
    """
    found = anywhere.visit(f"{site.url}/{NAME}/index.html", script.replace("LINES", LINES))
    assert found == right(folder, "call.wav")
