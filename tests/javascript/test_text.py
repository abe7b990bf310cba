"""Text in and text out of a package, with the packages of npm that it names, compared with transformers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.page import ORT
from tests.generation import toys
from tests.generation.toys import Toy
from tests.javascript.test_generation import HEAD, answer, legal
from tests.javascript.written import NODE, TSC, needs_node, needs_tsc
from webnn_graph.generation import save_package

pytest.importorskip("transformers", reason="transformers is not installed")

import transformers

from tests.generation import texts

PACKAGES = ORT.parent
pytestmark = [
    needs_node,
    pytest.mark.skipif(
        not (PACKAGES / "@huggingface" / "tokenizers").is_dir(), reason="@huggingface/tokenizers is not installed (make test installs it)"
    ),
]
MESSAGES = [
    [{"role": "user", "content": "hello "}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is 日本?\n"},
        {"role": "assistant", "content": " It's 😀"},
    ]
    + [{"role": "user", "content": "a<|end|>b"}],
]
TEMPLATES = {
    "marked": texts.CHAT,
    "with a beginning": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set start = 1 %}{{ messages[0].content }}{% else %}"
    "{% set start = 0 %}{% endif %}{% for m in messages[start:] %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles take turns') }}{% endif %}{{ '[' ~ m.content.strip() ~ ']' if m.role == 'user' else m.content ~ eos_token }}"
    "{% endfor %}",
    "with a macro": "{%- macro one(m) -%}\n<|{{ m.role }}|>{{ m.content | trim }}<|end|>\n{%- endmacro -%}\n"
    "{%- set ns = namespace(count=0) -%}{% for m in messages %}{% set ns.count = ns.count + 1 %}{{ one(m) }}{% endfor %}{{ ns.count }}"
    "{% if tools is defined and tools %}{{ tools | tojson }}{% endif %}{%- if add_generation_prompt -%}<|bot|>{%- endif -%}",
}


def computed(folder: Path, script: str) -> Any:
    """What the body of a function returns that has `text`, the tokenizer of a package."""
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PACKAGES)
    body = f"""
        import fs from "node:fs";
        const {{ textOf }} = await import({json.dumps((folder / "text.js").as_uri())});
        const read = (name) => JSON.parse(fs.readFileSync({json.dumps(str(folder))} + "/" + name, "utf8"));
        const files = [read("tokenizer.json"), read("tokenizer_config.json")];
        const text = textOf(...files);
        const {{ Tokenizer }} = await import({json.dumps((folder / "node_modules/@huggingface/tokenizers/dist/tokenizers.mjs").as_uri())});
        const tokenizer = new Tokenizer(...files);
        console.log(JSON.stringify((() => {{ {script} }})()));
    """
    done = subprocess.run([str(NODE), "--input-type=module", "--eval", body], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def package(folder: Path, tokenizer: Path, **options: Any) -> Path:
    save_package(folder, legal(Toy().graphs()), options.pop("settings", toys.SETTINGS), tokenizer=tokenizer, **options)
    return folder


@pytest.fixture(scope="module", params=texts.KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a package with a tokenizer, and that of transformers."""
    source = tmp_path_factory.mktemp("source")
    theirs = texts.write(request.param, source)
    return package(tmp_path_factory.mktemp("package"), source), theirs


def test_tokens_are_those_of_transformers(made: tuple[Path, Any]) -> None:
    folder, theirs = made
    found = computed(folder, f"return {json.dumps(texts.TEXTS)}.map((one) => [text.encode(one, true), text.encode(one, false)]);")
    assert found == [[theirs.encode(one), theirs.encode(one, add_special_tokens=False)] for one in texts.TEXTS]


def test_text_that_streams_has_whole_characters(made: tuple[Path, Any]) -> None:
    folder, theirs = made
    ids = [theirs.encode(one) for one in texts.TEXTS if one]
    script = f"""return {json.dumps(ids)}.map((ids) => {{
      const stream = text.stream([]);
      return ids.map((id, i) => stream.add(id, i === ids.length - 1).text);
    }});"""
    for one, pieces in zip(ids, computed(folder, script), strict=True):
        assert "".join(pieces) == theirs.decode(one, skip_special_tokens=True)
        assert not any("\ufffd" in piece for piece in pieces)


def test_text_of_any_tokens(made: tuple[Path, Any]) -> None:
    """Models say what is no text, too: bytes that are no characters, pieces in any order. The package of npm says what is right."""
    folder, theirs = made
    random = Random(0)
    ids = [[random.randrange(len(theirs)) for _ in range(40)] for _ in range(20)]
    script = f"""return {json.dumps(ids)}.map((ids) => {{
      const stream = text.stream([]);
      const streamed = ids.map((id, i) => stream.add(id, i === ids.length - 1).text).join("");
      return [streamed, tokenizer.decode(ids, {{ skip_special_tokens: true }})];
    }});"""
    found = computed(folder, script)
    assert [streamed for streamed, _ in found] == [whole for _, whole in found]
    assert len({streamed for streamed, _ in found}) == len(ids)


def test_texts_that_end_it(tmp_path: Path) -> None:
    theirs = texts.write("bytes", tmp_path / "source")
    folder = package(tmp_path / "package", tmp_path / "source")
    ids = theirs.encode("The capital of France is Paris. And more")
    script = f"""
      const ends = [["France is"], ["zzz", "Paris. A"], ["zzz"]];
      return ends.map((ends) => {{
        const stream = text.stream(ends);
        let shown = "";
        for (const id of {json.dumps(ids)}) {{
          const {{ text, isStopped }} = stream.add(id, false);
          shown += text;
          if (isStopped) break;
        }}
        return shown;
      }});
    """
    first, second, third = computed(folder, script)
    assert "France is" in first and "France is" not in first[:-1] and "Paris" not in first
    assert "Paris. A" in second and "more" not in second
    assert third == "The capital of France is Paris. And more"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("kind", ["bytes", "byte fallback"])
def test_conversations_are_those_of_transformers(template: str, kind: str, tmp_path: Path) -> None:
    theirs = texts.write(kind, tmp_path / "source", template=TEMPLATES[template])
    folder = package(tmp_path / "package", tmp_path / "source")
    conversations = [MESSAGES[0], MESSAGES[1]] if template != "with a beginning" else [MESSAGES[0], MESSAGES[1][1:]]
    expected = [theirs.apply_chat_template(one, add_generation_prompt=True)["input_ids"] for one in conversations]
    assert computed(folder, f"return {json.dumps(conversations)}.map((one) => text.chat(one));") == expected
    tools = [{"name": "look", "parameters": {"what": ["a", 1, None, True]}}]
    with_tools = theirs.apply_chat_template(MESSAGES[0], tools=tools, add_generation_prompt=True)["input_ids"]
    script = f"return text.chat({json.dumps(MESSAGES[0])}, {{ tools: {json.dumps(tools)} }});"
    assert computed(folder, script) == with_tools


# ------------------------------------------------------------------------------------------------------------- in the whole package
@pytest.fixture(scope="module")
def lettered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy that knows letters."""
    source = tmp_path_factory.mktemp("letters")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=texts.letters(), bos_token="<s>", eos_token="<|end|>")
    tokenizer.chat_template = texts.CHAT
    tokenizer.save_pretrained(source)
    folder = package(tmp_path_factory.mktemp("package"), source, settings=replace(toys.SETTINGS, eos=()))
    (folder / "node_modules").symlink_to(PACKAGES)
    return folder


LETTERS = """
const read = async (generated) => { const made = []; for await (const piece of generated) made.push(piece); return made; };
const joined = (pieces) => pieces.map(({ text }) => text).join("");
"""
IN_TEXT: dict[str, tuple[str, Any]] = {
    "text goes in and out": (
        """
        const pieces = await read(model.generate("abc", { maxTokens: 5 }));
        const ids = behind([1, 5, 6, 7], 5);
        const spelled = ids.filter((id) => id > 4).map((id) => "abcdefghijklmno. ?"[id - 5]).join("");
        return [same(pieces.map(({ id }) => id), ids), joined(pieces) === spelled, model.ids.slice(0, 4)];
        """,
        [True, True, [1, 5, 6, 7]],
    ),
    "what follows has no beginning": (
        """
        await read(model.generate("abc", { maxTokens: 1 }));
        await read(model.generate("de", { maxTokens: 1 }));
        return model.ids.filter((id, i) => i !== 4 && i < 7);
        """,
        [1, 5, 6, 7, 8, 9],
    ),
    "a text ends it": (
        """
        const whole = joined(await read(model.generate("abc", { maxTokens: 8 })));
        model.reset();
        const stop = [whole[2]];
        const pieces = await read(model.generate("abc", { stop }));
        return [whole.startsWith(joined(pieces)), joined(pieces) === whole.slice(0, 1 + whole.indexOf(whole[2]))];
        """,
        [True, True],
    ),
    "a conversation goes on in the cache": (
        """
        const messages = [{ role: "user", content: "ab" }];
        const answer = await read(model.chat(messages, { maxTokens: 2 }));
        const first = model.ids;
        messages.push({ role: "assistant", content: joined(answer) }, { role: "user", content: "c" });
        device.dispatched.length = 0;
        await read(model.chat(messages, { maxTokens: 1 }));
        return [same(model.ids.slice(0, first.length), first), first.slice(0, 5), joined(answer).length, device.dispatched];
        """,
        [True, [2, 5, 6, 4, 3], 2, [4, 4]],
    ),
    "another conversation begins anew": (
        """
        await read(model.chat([{ role: "user", content: "ab" }], { maxTokens: 2 }));
        device.dispatched.length = 0;
        const answer = await read(model.chat([{ role: "user", content: "ba" }], { maxTokens: 2 }));
        return [same(answer.map(({ id }) => id), behind([2, 6, 5, 4, 3], 2)), device.dispatched, model.ids.length];
        """,
        [True, [4, 1, 1], 7],
    ),
    "a conversation that is too long": (
        """
        const said = await failing(read(model.chat([{ role: "user", content: "abcdefghijklmno" }])));
        return [said[0], (await read(model.chat([{ role: "user", content: "ab" }], { maxTokens: 2 }))).length];
        """,
        ["cache-full", 2],
    ),
    "messages that are none": (
        """
        const said = [];
        for (const messages of [5, undefined, [5], [{ role: "user", content: 7 }]]) said.push(await code(read(model.chat(messages))));
        return said;
        """,
        ["bad-input"] * 4,
    ),
    "without text": (
        """
        const bare = await load({ context: context(), text: false });
        return [await read(bare.generate([5, 9], { maxTokens: 1 })).then(([piece]) => Object.keys(piece)), await code(read(bare.chat([])))];
        """,
        [["id"], "bad-input"],
    ),
    "its files are missing": (
        """
        globalThis.fetch = async (url) => new Response("", { status: String(url).includes("tokenizer") ? 404 : 200 });
        return code(load({ context: context() }));
        """,
        "download",
    ),
    "its files are damaged": (
        """
        const said = [];
        for (const damaged of ["{", "[]", "{}", '{"model": {"type": "Other"}}']) {
          globalThis.fetch = async (url) => new Response(String(url).includes("tokenizer.json") ? damaged : fs.readFileSync(new URL(url)));
          said.push(await code(load({ context: context() })));
        }
        return said;
        """,
        ["text"] * 4,
    ),
}


@pytest.mark.parametrize("row", IN_TEXT)
def test_what_it_promises(row: str, lettered: Path) -> None:
    script, expected = IN_TEXT[row]
    assert answer(lettered / "index.js", script, HEAD + LETTERS) == expected


def test_without_the_packages_of_npm(tmp_path: Path) -> None:
    texts.write("bytes", tmp_path / "source")
    folder = package(tmp_path / "package", tmp_path / "source")
    head = HEAD.replace("const model = await load({ context: device });", "")
    script = "return [await failing(load({ context: device })), await code(load({ context: device, text: false }))];"
    (kind, said), fine = answer(folder / "index.js", script, head)
    assert (kind, fine) == ("text", "fine")
    assert said.startswith("there is no text (Cannot find package '@huggingface/") and "npm install" in said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "the tokenizer has no chat template"),
        ("{% for m in %}", "chat template"),
        ("{{ raise_exception('roles take turns') }}", "roles take turns"),
        ("{{ messages.constructor.constructor('return process')().exit(7) }}", "chat template"),
    ],
    ids=["none", "damaged", "refuses", "hostile"],
)
def test_templates_that_do_not_work(template: str | None, said: str, lettered: Path, tmp_path: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((lettered / name).read_bytes())
    config = json.loads((tmp_path / "tokenizer_config.json").read_text()) | {"chat_template": template}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    folder = package(tmp_path / "package", tmp_path)
    (folder / "node_modules").symlink_to(PACKAGES)
    script = """
        const kept = await failing(read(model.chat([{ role: "user", content: "ab" }])));
        return [kept, (await read(model.generate("ab", { maxTokens: 1 }))).length];
    """
    (code, message), count = answer(folder / "index.js", script, HEAD + LETTERS)
    assert (code, count) == ("bad-input", 1)
    assert said in message


TYPED = """
import { load, type Message } from "./index.js";
const model = await load({ text: true });
const messages: Message[] = [{ role: "user", content: "hello" }];
let answer = "";
for await (const { id, text } of model.chat(messages, { maxTokens: 3, stop: [2, "."], template: { tools: [] } })) answer += text ?? id;
for await (const { text } of model.generate("hello")) answer += text;
"""
WRONG = {
    "": "",
    "model.chat('text');": "string",
    "model.generate(true);": "true",
    "model.chat([{ content: 1 }]);": "role",
    "model.generate('a', { start: [1] });": "start",
}


@needs_tsc
@pytest.mark.parametrize("wrong", WRONG)
def test_declarations(wrong: str, lettered: Path, tmp_path: Path) -> None:
    for path in lettered.glob("*.d.ts"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "use.ts").write_text(f"{TYPED}\n{wrong}\n")
    options = "--noEmit --strict --target esnext --module esnext --moduleResolution bundler --lib esnext,dom".split()
    done = subprocess.run([str(TSC), *options, "use.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert bool(done.returncode) == bool(wrong), done.stdout
    assert WRONG[wrong] in done.stdout


def test_the_package_says_what_it_needs(lettered: Path) -> None:
    package = json.loads((lettered / "package.json").read_text())
    assert (package["name"], package["main"], package["type"]) == ("model", "index.js", "module")
    for name, version in package["dependencies"].items():
        installed = json.loads((PACKAGES / name / "package.json").read_text())["version"]
        assert installed.split(".")[:2] == version.removeprefix("^").split(".")[:2], "other versions are tested than asked for"
