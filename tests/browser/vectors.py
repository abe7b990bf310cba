"""Counts how many conformance vectors pass in a browser: ``python -m tests.browser.vectors [--raw] [word ...]``.

Words select files whose name contains one of them; ``--raw`` runs the graphs as they are instead of legalized for Chromium.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.ops.test_vectors import FOLDER, SUITES, load_vectors, problems_of, read_cases
from webnn_graph.errors import WebNNError
from webnn_graph.runtimes.browser import BrowserSession


def main(arguments: list[str]) -> int:
    words = [argument for argument in arguments if argument != "--raw"]
    vectors = load_vectors()
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with BrowserSession() as session:
        run = session.run_raw if "--raw" in arguments else session.run
        for path in sorted(path for suite in SUITES for path in (FOLDER / suite).glob("*.json")):
            if words and not any(word in path.stem for word in words):
                continue
            for case in read_cases(vectors, path):
                try:
                    problems = problems_of(vectors, case, run)
                except WebNNError as error:
                    problems = [error.message]
                total[path.stem] += 1
                passed[path.stem] += not problems
                for problem in problems:
                    print(f"{path.stem}: {case.name}: {problem}")
    for name, count in total.items():
        if passed[name] < count:
            print(f"{name}: {passed[name]} of {count}")
    print(f"{passed.total()} of {total.total()} vectors pass")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
