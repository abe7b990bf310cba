"""The chat of the examples in browsers: a conversation with the texts that transformers' generate gives, and what its buttons do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.site import Site
from tests.examples.conftest import Visit, needs_axe, require_accessible
from tests.examples.running import make

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

PACKAGES = ORT.parent
NAME = "09_chat"
READY = "#message:enabled"
QUESTIONS = ["What is WebNN?", "Why are you so fast?", "Thank you!"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (PACKAGES / "@huggingface" / "tokenizers").is_dir(), reason="@huggingface/tokenizers is not installed (make test installs it)"
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with its model and what npm installs."""
    folder = tmp_path_factory.mktemp("chat") / NAME
    make(NAME, folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    return folder


def right(folder: Path, questions: Sequence[str]) -> list[str]:
    """What transformers answers, one question after another."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "tiny")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder / "tiny").eval()
    messages: list[dict[str, str]] = []
    for question in questions:
        messages.append({"role": "user", "content": question})
        given = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        made = model.generate(**given, do_sample=False, max_new_tokens=100)[0, given["input_ids"].shape[1] :]
        messages.append({"role": "assistant", "content": tokenizer.decode(made, skip_special_tokens=True)})
    return [message["content"] for message in messages[1::2]]


def ask(page: Any, question: str) -> None:
    """Types a question, and waits for the whole answer."""
    count = page.locator(".facts").count()
    page.fill("#message", "")
    page.type("#message", question)
    page.keyboard.press("Enter")
    page.wait_for_function("count => document.querySelectorAll('.facts').length > count", arg=count)


def answers(page: Any) -> list[str]:
    return [str(text) for text in page.locator(".assistant").all_text_contents()]


def test_a_conversation(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        for question in QUESTIONS:
            ask(page, question)
        assert page.locator(".user").all_text_contents() == QUESTIONS
        assert answers(page) == right(folder, QUESTIONS)
        assert "tokens" in page.locator(".facts").last.inner_text() and "a second" in page.locator(".facts").last.inner_text()
        assert page.locator("#status").inner_text() == "Computed by webnn. It may be wrong."
        assert page.locator("[role=alert]").count() == 0
        assert page.get_attribute("#log", "aria-busy") == "false"
        assert page.evaluate("document.activeElement.id") == "message"

    page_of(look)
    assert "⚡" in right(folder, QUESTIONS)[0], "a character of several tokens"


def test_a_new_conversation_knows_nothing_of_the_last(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        assert page.is_disabled("#new")
        ask(page, QUESTIONS[0])
        page.click("#new")
        assert page.locator("#log").inner_text() == ""
        ask(page, QUESTIONS[2])
        assert answers(page) == right(folder, QUESTIONS[2:])

    page_of(look)


SLOW = """
const { readTensor } = MLContext.prototype;
window.pause = 300;
MLContext.prototype.readTensor = async function (...given) {
  await new Promise((done) => setTimeout(done, window.pause));
  return readTensor.apply(this, given);
};
"""


def slow(page: Any) -> None:
    """A device that takes long, so that there is time for a click."""
    page.add_init_script(SLOW)


def test_it_can_be_stopped_and_goes_on(folder: Path, page_of: Visit) -> None:
    whole = right(folder, QUESTIONS[:1])[0]

    def look(page: Any) -> None:
        page.fill("#message", QUESTIONS[0])
        page.click("#send")
        page.wait_for_function("document.querySelector('.assistant')?.textContent.length > 0")
        assert page.is_hidden("#send") and page.get_attribute("#log", "aria-busy") == "true"
        page.click("#stop")
        page.wait_for_selector(".facts")
        (part,) = answers(page)
        assert whole.startswith(part) and 0 < len(part) < len(whole)
        assert page.locator("[role=alert]").count() == 0 and page.is_hidden("#stop")
        page.evaluate("window.pause = 0")
        ask(page, QUESTIONS[2])
        assert len(answers(page)) == 2

    page_of(look, slow)


def test_a_new_conversation_ends_the_answer(folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.fill("#message", QUESTIONS[0])
        page.click("#send")
        page.wait_for_function("document.querySelector('.assistant')?.textContent.length > 0")
        page.click("#new")
        page.evaluate("window.pause = 0")
        page.wait_for_timeout(700)
        assert page.locator("#log").inner_text() == ""
        ask(page, QUESTIONS[2])
        assert answers(page) == right(folder, QUESTIONS[2:])

    page_of(look, slow)


def test_a_conversation_may_become_too_long(page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.fill("#message", "a b c d " * 200)
        page.click("#send")
        page.wait_for_selector("[role=alert]")
        assert page.inner_text("[role=alert]").startswith("The conversation is as long as the model can remember.")
        page.click("#new")
        ask(page, QUESTIONS[1])
        assert len(answers(page)) == 1

    page_of(look)


@pytest.mark.parametrize("missing", ["**/*.safetensors*", "**/tokenizer.json", "**/node_modules/**"])
def test_it_says_what_is_missing(missing: str, served: str, visit: Visit) -> None:
    def look(page: Any) -> str:
        page.wait_for_selector("[role=alert]")
        assert page.is_disabled("#message") and page.locator("progress").count() == 0 and page.inner_text("#status") == ""
        return str(page.inner_text("[role=alert]"))

    said = visit(served, look, lambda page: page.route(missing, lambda route: route.fulfill(status=404)))
    assert ("npm install" if "node_modules" in missing else "HTTP status 404") in said


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_the_screen(width: int, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.set_viewport_size({"width": width, "height": 700})
        for question in (*QUESTIONS, *QUESTIONS):
            ask(page, question)
        sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert page.evaluate(sizes) == [width, 700], "only the conversation scrolls"
        last, form = page.locator(".facts").last.bounding_box(), page.locator("#form").bounding_box()
        assert last["y"] + last["height"] <= form["y"], "what came last is seen"
        assert form["y"] + form["height"] <= 700

    page_of(look)


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(theme: str, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.emulate_media(color_scheme=theme)
        require_accessible(page)
        ask(page, QUESTIONS[0])
        page.fill("#message", "a b c d " * 200)
        page.click("#send")
        page.wait_for_selector("[role=alert]")
        require_accessible(page)

    page_of(look)


# ------------------------------------------------------------------------------------------------------------- without WebNN, too
@pytest.mark.parametrize("anywhere", ENGINES, indirect=True)
def test_a_conversation_without_webnn(anywhere: Visitor, site: Site, folder: Path) -> None:
    script = """
        const field = document.getElementById("message");
        const shown = document.querySelectorAll(".facts").length;
        const alert = document.querySelector("[role=alert]");
        if (alert) throw new Error(alert.textContent);
        if (field.disabled || (window.asked ?? 0) > shown) return undefined;
        if (shown === QUESTIONS.length) return Array.from(document.querySelectorAll(".assistant"), (one) => one.textContent);
        field.value = QUESTIONS[shown];
        window.asked = shown + 1;
        document.getElementById("form").requestSubmit();
        return undefined;
    """
    found = anywhere.visit(f"{site.url}/{NAME}/index.html", script.replace("QUESTIONS", str(QUESTIONS[:2])))
    assert found == right(folder, QUESTIONS[:2])
