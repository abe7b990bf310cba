"""Asks models as ``webnn run`` does, and their packages: ``python -m benchmarks.answers [MODEL...]`` writes docs/answers.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.answers import inputs, ours
from benchmarks.answers.comparing import Found, compared
from benchmarks.answers.environment import asked
from benchmarks.answers.models import MODELS, Compared
from benchmarks.answers.page import PAGE, RESULTS, page


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares, and writes the page of all that is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    names = [model.name for model in MODELS]
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"all by default: {', '.join(names)}")
    wanted = parser.parse_args(arguments).models
    for name in wanted:
        if name not in names:
            parser.error(f"there is no model {name!r}; models are {', '.join(names)}")
    questions: dict[str, list[str]] = {}
    for model in MODELS:
        if wanted and model.name not in wanted:
            continue
        if model.of not in questions:
            questions[model.of] = inputs.of(model.of)
        found = measured(model, questions[model.of])
        RESULTS.keep("all", model.name, found.document())
        sys.stderr.write(f"{model.name}: {found}\n")
    PAGE.write_text(page(RESULTS.of("all")), "utf-8")


def measured(model: Compared, questions: Sequence[str]) -> Found:
    """How far both are from each other."""
    function, *given = model.function.split()
    return compared(questions, asked(model.environment, function, questions, *given), ours.answers(model, questions))


if __name__ == "__main__":
    main()
