"""Architectures of the transformers library, small and with random weights, converted and compared with PyTorch.

    python -m tests.torch.architectures [NAME ...] [--runtime browser]... [--write docs/architectures.md]

Prints a line per architecture: nodes, largest relative difference from eager PyTorch in each runtime, or what stops it. The table of
architectures is ``models/architectures.toml``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import re
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

import models
from converters.torch import convert
from webnn_graph.compare import compare
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph
from webnn_graph.runtimes import RUNTIMES, reference, run
from webnn_graph.runtimes.browser import BrowserSession

TABLE = Path(models.__file__).with_name("architectures.toml")
TOLERANCE = 1e-3
"""Largest relative difference from eager PyTorch."""
Run: TypeAlias = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]
"""Computes a graph's outputs from its inputs."""
INPUT = re.compile(r"(\w+)\[([\d,]*)\](?:=(\d+))?")


@dataclass(frozen=True)
class Outcome:
    """What became of one architecture; ``why`` is empty when it converts and agrees in every runtime."""

    name: str
    nodes: int = 0
    differences: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    why: str = ""


def names() -> list[str]:
    """All architectures of the table."""
    return list(tomllib.loads(TABLE.read_text()))


def build(name: str) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The architecture's model in eval mode, its weights drawn from a fixed seed, and example inputs for forward."""
    import transformers

    entry = tomllib.loads(TABLE.read_text())[name]
    torch.manual_seed(0)
    parts = {key: _config(transformers, **options) for key, options in entry.get("parts", {}).items()}
    model_class = getattr(transformers, entry["model"])
    config = model_class.config_class(**entry["config"], **parts)
    model = model_class(config).eval()
    _randomize(model)
    vocabulary = getattr(config, "vocab_size", 2)
    inputs = {key: _example(key, text, vocabulary) for key, text in entry["inputs"].items()}
    return getattr(model, entry["call"]) if "call" in entry else model, inputs


REFERENCE: Mapping[str, Run] = {"reference": reference.run}


def attempt(name: str, runtimes: Mapping[str, Run] = REFERENCE) -> Outcome:
    """Converts one architecture and compares what each runtime computes with eager PyTorch's results."""
    model, inputs = build(name)
    with torch.no_grad():
        expected = [tensor.numpy() for tensor in tensors(model(**inputs))]
    start = time.monotonic()
    try:
        graph = convert(model, (), inputs)
    except WebNNError as error:
        return Outcome(name, why=str(error))
    outcome = Outcome(name, len(graph.nodes), seconds=time.monotonic() - start)
    arrays = [value.numpy() for value in inputs.values() if isinstance(value, torch.Tensor)]
    feeds = {operand.name: array for operand, array in zip(graph.inputs, arrays, strict=True)}
    for runtime, compute in runtimes.items():
        worst, why = _compared(compute, graph, feeds, expected)
        outcome = replace(outcome, differences={**outcome.differences, runtime: worst}, why=outcome.why or (why and f"{runtime}: {why}"))
    return outcome


def _compared(compute: Run, graph: Graph, feeds: Mapping[str, Array], expected: list[Array]) -> tuple[float, str]:
    """The largest relative difference, and what is wrong."""
    try:
        got = compute(graph, feeds)
    except WebNNError as error:
        return math.inf, str(error)
    if len(got) != len(expected):
        return math.inf, f"{len(got)} outputs instead of {len(expected)}"
    differences = [compare(key, array, right, TOLERANCE) for (key, array), right in zip(got.items(), expected, strict=True)]
    worst = max(differences, key=lambda difference: difference.relative)
    return worst.relative, "" if worst.ok else f"output {worst.name} differs by {worst.relative:.1e} {worst.reason}"


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in a model's result, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if hasattr(value, "values") else value if isinstance(value, list | tuple) else []
    return [tensor for item in items for tensor in tensors(item)]


def _randomize(model: torch.nn.Module) -> None:
    """Weights that keep a signal's size through any depth; the library's own are so small that deep networks return zeros."""
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=(2 / parameter[0].numel()) ** 0.5)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)


def _config(transformers: Any, **options: Any) -> Any:
    return getattr(transformers, options.pop("class"))(**options)


def _example(name: str, text: str, vocabulary: int) -> Any:
    """An input from its description: ``int64[1,16]``, ``float32[1,3]``, ``int64[2]=1`` filled with 1, ``true``."""
    if text in ("true", "false"):
        return text == "true"
    match = INPUT.fullmatch(text)
    assert match, f"{name}: {text!r} describes no input"
    kind, dims, fill = match.groups()
    shape = [int(size) for size in dims.split(",") if size]
    if fill:
        return torch.full(shape, int(fill), dtype=getattr(torch, kind))
    random = np.random.default_rng([0, *name.encode()])
    if kind.startswith("float"):
        return torch.from_numpy(random.standard_normal(shape)).to(getattr(torch, kind))
    if "mask" in name:
        mask = torch.ones(shape, dtype=torch.int64)
        mask[..., -3:] = 0
        return mask
    return torch.from_numpy(random.integers(3, max(vocabulary - 1, 4), shape))


def table(outcomes: list[Outcome], runtimes: Mapping[str, Run]) -> str:
    """The outcomes as a Markdown table."""
    rows = [[o.name, str(o.nodes or ""), *(_shown(o, runtime) for runtime in runtimes), " ".join(o.why.split())[:160]] for o in outcomes]
    passed = sum(not o.why for o in outcomes)
    command = " ".join(
        ["python -m tests.torch.architectures", *(f"--runtime {runtime}" for runtime in runtimes), "--write docs/architectures.md"]
    )
    columns = ["architecture", "nodes", *(f"difference, {runtime}" for runtime in runtimes), "what stops it"]
    text = (
        "Small configurations with random weights (`models/architectures.toml`), converted by `torch2webnn`; the largest relative "
        f"difference from eager PyTorch in each runtime. {passed} of {len(outcomes)} agree within {TOLERANCE}. Written by `{command}`."
    )
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *rows)]
    return "\n".join(["# Architectures of transformers", "", text, "", *lines, ""])


def _shown(outcome: Outcome, runtime: str) -> str:
    return f"{outcome.differences[runtime]:.1e}" if runtime in outcome.differences else ""


def quietly(function: Callable[[], Outcome]) -> Outcome:
    """The outcome without what libraries print meanwhile."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return function()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=names())
    parser.add_argument("--runtime", dest="runtimes", action="append", choices=RUNTIMES, help="may be given several times")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        runtimes = {name: _runner(name, stack) for name in options.runtimes or ["reference"]}
        outcomes = attempt_all(options.names, runtimes)
    if options.write:
        options.write.write_text(table(outcomes, runtimes))
    print(f"{sum(not o.why for o in outcomes)} of {len(outcomes)} architectures agree with PyTorch")
    sys.exit(any(o.why for o in outcomes))


def _runner(runtime: str, stack: contextlib.ExitStack) -> Run:
    """What computes graphs; one browser for all of them."""
    return stack.enter_context(BrowserSession()).run if runtime == "browser" else partial(run, runtime=runtime)


def attempt_all(names: list[str], runtimes: Mapping[str, Run]) -> list[Outcome]:
    """Every architecture's outcome, shown when it is known."""
    outcomes = []
    for name in names:
        try:
            outcome = quietly(lambda name=name: attempt(name, runtimes))  # type: ignore[misc]
        except Exception as error:
            outcome = Outcome(name, why=f"{type(error).__name__}: {error}")
        outcomes.append(outcome)
        worst = "  ".join(_shown(outcome, runtime) for runtime in runtimes)
        print(f"{name:24} {outcome.nodes:5} nodes  {worst}  {outcome.seconds:5.1f} s  {outcome.why[:600]}", flush=True)
    return outcomes


if __name__ == "__main__":
    main()
