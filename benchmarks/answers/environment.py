"""Environments of Python with the packages that ship models, below ``build/answers``; and what they answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.answers.models import ENVIRONMENTS, MODELS
from benchmarks.results import ROOT

FOLDER = ROOT / "build" / "answers"
MADE = "installed.txt"
"""In an environment: what was installed into it."""
SECONDS = 1800
"""That a package may take for its answers."""


def python(name: str) -> Path:
    """The interpreter of an environment, which is made when it is not there, or with other packages."""
    folder = FOLDER / name
    executable = folder / "bin" / "python"
    environment = ENVIRONMENTS[name]
    packages = dict.fromkeys(model.package for model in MODELS if model.environment == name)
    bare = [package for package in packages if package.partition("==")[0] in environment.bare]
    whole = [*environment.requirements, *(package for package in packages if package not in bare)]
    wanted = "\n".join([*whole, *bare])
    made = folder / MADE
    if not made.is_file() or made.read_text("utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        for options, chosen in (([], whole), (["--no-deps"], bare)):
            if chosen:
                subprocess.run([executable, "-m", "pip", "install", "--quiet", *options, *chosen], check=True)
        made.write_text(wanted, "utf-8")
    return executable


def asked(environment: str, function: str, questions: Sequence[str], *arguments: str) -> list[dict[str, Any]]:
    """What a function of ``theirs.py`` answers in an environment."""
    command = [python(environment), Path(__file__).with_name("theirs.py"), function, *arguments]
    done = subprocess.run(command, input=json.dumps(list(questions)), stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def packaged(environment: str, file: str) -> Path:
    """A file of a package."""
    executable = python(environment)
    where = subprocess.run(
        [executable, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(where.stdout.strip()) / file
