"""What models are asked about: pictures that scikit-image ships, lines of text that Pillow draws, what espeak-ng says, texts, files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import sys
import tarfile
import wave
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import PIL.ImageOps
from PIL.Image import Image

from benchmarks.answers.environment import FOLDER, asked
from benchmarks.results import ROOT

RATE = 16_000
LINES = (
    "The quick brown fox jumps",
    "Invoice 2024-117",
    "Total: 1,299.00 EUR",
    "WebNN",
    "open daily 9-17",
    "no smoking please",
    "Chapter IV",
    "x = 3.14159",
    "GATE B12",
    "hello@example.org",
    "Rue de la Paix 7",
    "50% off today only",
)
SIZES = (20, 33, 48, 61)
"""Pixels of a line's letters."""
CAPTCHAS = ("7KQ4", "W2MX", "R8PA", "J5ZT", "3HNC", "B6YE", "D9LF", "4VGS", "M2RK", "T7XW", "Q5AH", "P3ZN")
PAGES = 12
TEXTS = (
    "A cat sits on the mat.",
    "Two dogs are playing in the park.",
    "The stock market fell sharply on Friday.",
    "How do I reset my password?",
    "naïve café, 12 € — 50 %",
    "NASA launched another satellite",
    "a",
    "The committee has decided to postpone its meeting until further notice, because several members are ill.",
    "1234567890",
    "Γειά σου Κόσμε",
    "She said: “It's over!”",
    "snake_case and camelCase and kebab-case",
)
SAID = (
    "Good morning. How are you today?",
    "I would like to",
    "Please send me the report by Friday, if that is possible.",
    "One, two, three, four, five.",
    "The weather is going to be",
    "Thank you very much. Goodbye.",
)
"""Some of it ends in the middle of a sentence."""
SOURCES = (
    *("cli.py", "README.md", "CHANGELOG.md", "Makefile", "Containerfile", "pyproject.toml", "models/zoo.toml", "CITATION.cff", "LICENSE"),
    *(
        "webnn_graph/graph.py",
        "webnn_graph/tasks/__init__.py",
        "webnn_graph/formats/webnn-graph.schema.json",
        "templates/compact.json",
    ),
    *(
        "templates/tasks/labels.js",
        "templates/tasks/resampling.js",
        "templates/pages/model/model.css",
        "templates/pages/model/model.html.j2",
    ),
    *(
        "templates/module/task/labels.d.ts",
        "templates/module/task.js.j2",
        "docs/formats.md",
        "tests/javascript/mock.mjs",
        "constraints.txt",
    ),
)
"""Files of this project of which the type is asked."""
SHORT = {
    "empty": b"",
    "one_byte": b"a",
    "seven_bytes": b"#!/bin/",
    "eight_bytes": b"#!/bin/s",
    "eight_bytes_in_spaces": b" \t\n  #!/bin/s \r\n\x0b\x0c ",
    "seven_bytes_in_spaces": b"    #!/bin/" + b" " * 100,
    "white_space": b" \t\r\n" * 25,
    "white_space_more_than_a_block": b" \t\r\n" * 2500,
    "no_utf8": b"\xff\xfe\xfd",
    "script": b"#!/bin/sh\necho hello\n",
    "object.json": b'{"a": [1, 2, {"b": null}], "c": "text"}',
    "page.html": b"<!doctype html><html><head><title>A page</title></head><body><p>Text</p></body></html>",
    "rows.csv": b"name,age,city\n" + b"Anna,31,Paris\nBen,44,Rome\n" * 20,
    "query.sql": b"SELECT name, age FROM people WHERE age > 30 ORDER BY name;\n",
    "code.c": b'#include <stdio.h>\n\nint main(void) {\n  printf("hello\\n");\n  return 0;\n}\n',
    "settings.yaml": b"name: build\non: [push]\njobs:\n  test:\n    runs-on: ubuntu\n    steps:\n      - run: make test\n",
}
"""Files of a few bytes, and others that are written by hand."""
CLIP = 144_160
"""Samples of a sound whose quality is measured."""
TURN = 8
"""Seconds of a sound of which somebody may have said all."""
TALK = 5
"""Seconds of a sound of which the words are asked."""


def pictures(folder: Path) -> list[str]:
    """Those of scikit-image; turned, mirrored, smaller, in grey, and a part of one."""
    found = [Path(one["file"]) for one in asked("onnx", "pictures", [str(folder)])]
    made: dict[str, Callable[[Image], Image]] = {
        "turned": lambda picture: picture.transpose(PIL.Image.Transpose.ROTATE_180),
        "mirrored": PIL.ImageOps.mirror,
        "smaller": lambda picture: picture.resize((picture.width * 2 // 3, picture.height * 2 // 3), PIL.Image.Resampling.BICUBIC),
        "wide": lambda picture: picture.crop((0, 0, picture.width, picture.height * 3 // 5)),
        "narrow": lambda picture: picture.crop((picture.width // 4, 0, picture.width * 3 // 4, picture.height)),
    }
    return [str(file) for file in found] + [
        _saved(change(PIL.Image.open(file).convert("RGB")), folder / f"{file.stem}_{name}.png")
        for file in found[:4]
        for name, change in made.items()
    ]


def lines(folder: Path) -> list[str]:
    """Lines of text of several sizes and colours, some with noise, some turned around."""
    made: list[str] = []
    for i, text in enumerate(LINES):
        size, random = SIZES[i % len(SIZES)], np.random.default_rng(i)
        dark, light = random.integers(0, 90, 3), random.integers(170, 256, 3)
        picture = drawn(text, size, tuple(dark), tuple(light), margin=size // 4)
        if i % 3 == 1:
            picture = _noisy(picture, random)
        made.append(_saved(picture, folder / f"line{i}.png"))
        made.append(_saved(picture.transpose(PIL.Image.Transpose.ROTATE_180), folder / f"line{i}_turned.png"))
    return made


def captchas(folder: Path) -> list[str]:
    """Four letters and digits on noise, 160 pixels wide and 64 high, and twice and half as large."""
    made: list[str] = []
    for i, text in enumerate(CAPTCHAS):
        random = np.random.default_rng(i)
        picture = PIL.Image.new("RGB", (160, 64), tuple(map(int, random.integers(200, 256, 3))))
        for j, letter in enumerate(text):
            colour = tuple(map(int, random.integers(0, 120, 3)))
            at = (10 + 36 * j + int(random.integers(0, 6)), int(random.integers(2, 14)))
            PIL.ImageDraw.Draw(picture).text(at, letter, colour, PIL.ImageFont.load_default(44))
        picture = _noisy(picture, random)
        scale = (2, 4, 1)[i % 3]
        made.append(_saved(picture.resize((80 * scale, 32 * scale), PIL.Image.Resampling.BICUBIC), folder / f"captcha{i}.png"))
    return made


def pages(folder: Path) -> list[str]:
    """Pages of a document in one or two columns: a title, paragraphs, a table, a picture with what it shows below it, a number."""
    photo = PIL.Image.open(next(one["file"] for one in asked("onnx", "pictures", [str(folder)]))).convert("RGB")
    words = " ".join(TEXTS).split()
    made: list[str] = []
    for i in range(PAGES):
        random = np.random.default_rng(i)
        width, height = (int(side) for side in random.integers((620, 820), (1100, 1500)))
        picture = PIL.Image.new("RGB", (width, height), "white")
        draw, columns, size = PIL.ImageDraw.Draw(picture), 1 + i % 2, int(random.integers(13, 22))
        margin = width // 12
        draw.text((margin, margin // 2), LINES[i % len(LINES)], "black", PIL.ImageFont.load_default(2 * size))
        wide = (width - margin * (columns + 1)) // columns
        for column in range(columns):
            left, top = margin + column * (wide + margin), margin // 2 + 4 * size
            for kind in random.permutation(["text", "text", "table", "figure", "text"]):
                top = _block(draw, picture, str(kind), (left, top, wide), size, random, words, photo) + 2 * size
                if top > height - 16 * size:
                    break
        draw.text((width // 2, height - 2 * size), str(i + 1), "black", PIL.ImageFont.load_default(size))
        made.append(_saved(picture, folder / f"page{i}.png"))
    return made


def _block(
    draw: PIL.ImageDraw.ImageDraw,
    picture: Image,
    kind: str,
    place: tuple[int, int, int],
    size: int,
    random: np.random.Generator,
    words: Sequence[str],
    photo: Image,
) -> int:
    """Draws a part of a page at a left and a top, so wide; gives where it ends."""
    left, top, wide = place
    font, high = PIL.ImageFont.load_default(size), size * 3 // 2
    if kind == "table":
        for row in range(7):
            draw.line((left, top + row * high, left + wide, top + row * high), "black")
            for column in range(4 if row < 6 else 0):
                draw.text((left + 4 + column * wide // 4, top + row * high + 2), str(random.integers(0, 10**4)), "black", font)
        return top + 6 * high
    if kind == "figure":
        picture.paste(photo.resize((wide * 3 // 5, wide * 2 // 5)), (left + wide // 5, top))
        draw.text((left + wide // 5, top + wide * 2 // 5 + size // 2), f"Figure {random.integers(1, 9)}: a portrait", "black", font)
        return top + wide * 2 // 5 + 2 * size
    for row in range(int(random.integers(4, 9))):
        line = ""
        while font.getlength(line) < wide - 6 * size:
            line += f"{words[int(random.integers(len(words)))]} "
        draw.text((left, top + row * high), line, "black", font)
    return top + (row + 1) * high


def drawn(text: str, size: int, dark: Sequence[int], light: Sequence[int], margin: int) -> Image:
    """A line of text."""
    font = PIL.ImageFont.load_default(size)
    left, top, right, bottom = map(int, font.getbbox(text))
    picture = PIL.Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), tuple(map(int, light)))
    PIL.ImageDraw.Draw(picture).text((margin - left, margin - top), text, tuple(map(int, dark)), font)
    return picture


def _noisy(picture: Image, random: np.random.Generator) -> Image:
    pixels = np.asarray(picture).astype(np.float64)
    return PIL.Image.fromarray((pixels + random.normal(0, 12, pixels.shape)).round().clip(0, 255).astype(np.uint8))


def _saved(picture: Image, file: Path) -> str:
    picture.save(file)
    return str(file)


def speech(folder: Path) -> list[str]:
    """What is said, with pauses; with noise, quietly, and noise alone."""
    said = list(_said(folder))
    random = np.random.default_rng(0)
    pause = np.zeros(RATE, np.float32)
    sounds = [np.concatenate([pause[: RATE // 2], one, pause[: RATE // (1 + i)], said[i - 1], pause]) for i, one in enumerate(said)]
    sounds += [sound + random.normal(0, 0.02, len(sound)).astype(np.float32) for sound in sounds[:3]]
    sounds += [0.05 * sounds[0], random.normal(0, 0.1, 3 * RATE).astype(np.float32), pause]
    return [_written(sound, folder / f"talk{i}.wav") for i, sound in enumerate(sounds)]


def turns(folder: Path) -> list[str]:
    """Eight seconds, at whose end somebody may have said all."""
    random = np.random.default_rng(0)
    made: list[str] = []
    for i, sound in enumerate(_said(folder)):
        for j, silent in enumerate((0.2, 1.5)):
            whole = np.concatenate([np.zeros(TURN * RATE, np.float32), sound, np.zeros(int(silent * RATE), np.float32)])[-TURN * RATE :]
            whole += random.normal(0, 0.001, len(whole)).astype(np.float32)
            made.append(_written(whole, folder / f"turn{i}_{j}.wav"))
    return made


def clips(folder: Path) -> list[str]:
    """What is said, of 9.01, 5 and 2.5 seconds; with noise, quietly, loudly and noise alone."""
    said = np.concatenate([*_said(folder), *_said(folder)])
    random = np.random.default_rng(0)
    parts = [said[RATE * i :][:CLIP].copy() for i in (0, 3, 6)] + [said[RATE * 2 :][: RATE * 5 // part].copy() for part in (1, 2)]
    noise = [random.normal(0, level, CLIP).astype(np.float32) for level in (0.002, 0.01, 0.03, 0.1)]
    sounds = [*parts, *(parts[0] + one for one in noise), 0.1 * parts[0], (4 * parts[1]).clip(-1, 1), *noise[2:]]
    return [_written(sound, folder / f"clip{i}.wav") for i, sound in enumerate(sounds)]


def talks(folder: Path) -> list[str]:
    """Five seconds of what is said, some with noise, one quiet."""
    said = np.concatenate([*_said(folder), *_said(folder)])
    random = np.random.default_rng(0)
    parts = [said[RATE * i :][: TALK * RATE].copy() for i in range(9)]
    noisy = [
        part + random.normal(0, level, len(part)).astype(np.float32) for part, level in zip(parts[::3], (0.003, 0.01, 0.03), strict=True)
    ]
    return [_written(sound, folder / f"five{i}.wav") for i, sound in enumerate([*parts, *noisy, 0.1 * parts[0]])]


def _said(folder: Path) -> Iterator[np.ndarray]:
    """Samples of what is said, from -1 to 1."""
    for one in asked("onnx", "speech", [str(folder)], *SAID):
        with wave.open(one["file"]) as sound:
            yield np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float32) / 2**15


def _written(sound: np.ndarray, file: Path) -> str:
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes((sound * 2**15).round().clip(-(2**15), 2**15 - 1).astype("<i2").tobytes())
    return str(file)


def texts(_: Path) -> list[str]:
    """Sentences, words, signs, and letters that a tokenizer does not have."""
    return list(TEXTS)


def files(folder: Path) -> list[str]:
    """Sources of this project, archives of them, what other programs write, and files that are short, or begin and end with white space."""
    code = (ROOT / "cli.py").read_bytes()
    made: dict[str, bytes] = {
        **SHORT,
        "spaces_code_spaces": b" " * 3000 + code[:3000] + b"\n" * 3000,
        "spaces_more_than_a_block": b" " * 5000 + code,
        "a_block": code[:4096],
        "a_block_and_one": code[:4097],
        "code_twice_as_long_as_taken": code[:2048],
        "code_shorter_than_taken": code[:900],
        "code.gz": gzip.compress(code, mtime=0),
        "code.bz2": bz2.compress(code),
        "code.xz": lzma.compress(code),
        "code.tar": _archived(ROOT / "cli.py"),
        "array.npy": _array(),
        "object.pickle": pickle.dumps({"a": [1, 2.5, "text"] * 40}),
        "random": np.random.default_rng(0).bytes(5000),
        "zeros": bytes(5000),
        "utf16": code[:2000].decode().encode("utf-16"),
    }
    folder = folder / "files"
    folder.mkdir(exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "package.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted((ROOT / "webnn_graph" / "ops").glob("*.py")):
            wheel.write(file, f"package/{file.name}")
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        database.executescript("drop table if exists t; create table t (a integer, b text); insert into t values (1, 'x');")
    PIL.Image.new("RGB", (64, 48), "red").save(folder / "picture.jpeg")
    PIL.Image.new("RGB", (64, 48), "red").save(folder / "picture.gif")
    PIL.Image.new("RGB", (64, 48), "red").save(folder / "picture.webp")
    drawn("A line", 33, (0, 0, 0), (255, 255, 255), 8).save(folder / "line.png")
    _written(np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32), folder / "noise.wav")
    found = [ROOT / name for name in SOURCES]
    return [str(file) for file in (*found, Path(sys.executable).resolve(), *sorted(folder.iterdir()))]


def _archived(file: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(file, file.name)
    return content.getvalue()


def _array() -> bytes:
    content = io.BytesIO()
    np.save(content, np.arange(500.0))
    return content.getvalue()


KINDS: Mapping[str, Callable[[Path], list[str]]] = {
    "pictures": pictures,
    "lines": lines,
    "captchas": captchas,
    "pages": pages,
    "speech": speech,
    "turns": turns,
    "clips": clips,
    "talks": talks,
    "texts": texts,
    "files": files,
}
"""Questions by kind."""


def of(kind: str) -> list[str]:
    """The questions of a kind: files, which are made, or texts."""
    folder = FOLDER / "inputs"
    folder.mkdir(parents=True, exist_ok=True)
    return KINDS[kind](folder)
