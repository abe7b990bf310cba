"""What computes graphs: a browser, rustnn or ONNX Runtime, many graphs at a time."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from tests.backends.judging import Case
from webnn_graph import Graph
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.runtimes import onnxruntime, rustnn
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, RUSTNN, legalize, load_target
from webnn_graph.targets.target import STANDARD

SECONDS = 40
"""How long graphs that are computed together may take."""
Computed: TypeAlias = dict[str, Array] | ExecutionError


class Backend(Protocol):
    """A back end while its context lasts."""

    target: str

    def run(self, cases: Sequence[tuple[Graph, Case]]) -> list[Computed]:
        """What becomes of legalized graphs, each with the values of its case, until the first that fails."""


@dataclass
class Browser:
    """A Chromium; by default the one that the runtime finds."""

    executable: Path | None = None
    target: str = CHROMIUM

    def __enter__(self) -> Browser:
        self._session = BrowserSession(self.executable, timeout=SECONDS)
        self._session.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.__exit__(kind, error, trace)

    def run(self, cases: Sequence[tuple[Graph, Case]]) -> list[Computed]:
        results = self._session.run_each([(graph, _fed(graph, case)) for graph, case in cases])
        return [_returned(computed, case) for computed, (_, case) in zip(results, cases, strict=False)]


class Compiled:
    """Compiled code, in a child of its own, which it may crash."""

    target: str
    compute: Callable[[Graph, Mapping[str, Array]], dict[str, Array]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def run(self, cases: Sequence[tuple[Graph, Case]]) -> list[Computed]:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            signal.alarm(SECONDS)
            with os.fdopen(writing, "wb") as file:
                for graph, case in cases:
                    pickle.dump(_computed(self.compute, graph, case), file)
                    file.flush()
            os._exit(0)
        os.close(writing)
        results: list[Computed] = []
        with os.fdopen(reading, "rb") as file, suppress(EOFError, pickle.UnpicklingError):
            while len(results) < len(cases):
                results.append(pickle.load(file))
        _, status = os.waitpid(child, 0)
        if len(results) < len(cases):
            results.append(ExecutionError(f"the process crashed ({os.waitstatus_to_exitcode(status)})"))
        return results


class Rustnn(Compiled):
    """rustnn."""

    target = RUSTNN
    compute = staticmethod(rustnn.run_raw)


class Onnxruntime(Compiled):
    """ONNX Runtime, which computes the ONNX models of graphs."""

    target = STANDARD
    compute = staticmethod(onnxruntime.run)


def _fed(graph: Graph, case: Case) -> dict[str, Array]:
    """The values of a case in the types that the legalized graph takes: integers may be narrower there."""
    return {operand.name: case.inputs[operand.name].astype(operand.data_type.numpy) for operand in graph.inputs}


def _returned(computed: Computed, case: Case) -> Computed:
    """What was computed in the types of the case."""
    if isinstance(computed, ExecutionError):
        return computed
    types = {operand.name: operand.data_type for operand in case.graph.outputs if not operand.data_type.is_float}
    return {name: array.astype(types[name].numpy) if name in types else array for name, array in computed.items()}


def _computed(compute: Callable[[Graph, Mapping[str, Array]], dict[str, Array]], graph: Graph, case: Case) -> Computed:
    try:
        return compute(graph, case.inputs)
    except ExecutionError as error:
        return error


def legal(graph: Graph, backend: Backend) -> Graph:
    """The graph as the back end gets it. Raises `ConversionError` where it has no form."""
    return legalize(graph, load_target(backend.target))
