"""A zoo of one's own in a folder: small models that convert, are refused, crash, hang, and take all memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from models.zoo.manifest import Zoo, read
from models.zoo.process import Limits
from models.zoo.run import Request
from tests.cli.conftest import linear_model

MAKERS = """
import mmap, os, signal, time
from pathlib import Path

HERE = Path(__file__).parent

def linear(mark, seconds=0.0):
    with (HERE / "made.txt").open("a") as file:
        file.write(mark + chr(10))
    time.sleep(seconds)
    return (HERE / "linear.onnx").read_bytes()

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)

def leave():
    os._exit(3)

def hang():
    time.sleep(1000)

def allocate():
    keep = []
    while True:
        keep.append(bytearray(10_000_000))

def share():
    keep = []
    while True:
        keep.append(mmap.mmap(-1, 10_000_000))
        keep[-1].write(b"x" * 10_000_000)

def nothing():
    return None

def broken():
    raise ValueError("a reason" + chr(10) + "and more")
"""
MADE = ("crash", "leave", "hang", "allocate", "share", "nothing", "broken")


def refused_model() -> onnx.ModelProto:
    """One node of a domain that nobody knows."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Guess", ["x"], ["y"], domain="own")], "g", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)], ir_version=8)


def product_model(count: int, size: int) -> onnx.ModelProto:
    """A chain of products of an input with itself, which takes a while."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, size]) for name in ("x", f"y{count}")]
    nodes = [helper.make_node("MatMul", ["x", f"y{i}" if i else "x"], [f"z{i}"]) for i in range(count)]
    scales = [helper.make_node("Tanh", [f"z{i}"], [f"y{i + 1}"]) for i in range(count)]
    graph = helper.make_graph([node for pair in zip(nodes, scales, strict=True) for node in pair], "g", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def row(name: str, source: str, **more: str) -> str:
    """A row of a manifest; values are TOML."""
    return "\n".join([f"[{name}]", f'source = "{source}"', *(f"{key} = {value}" for key, value in more.items()), ""])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder with the models, and with the manifest ``zoo.toml``."""
    folder = tmp_path / "own"
    folder.mkdir()
    onnx.save(linear_model(), folder / "linear.onnx")
    onnx.save(refused_model(), folder / "refused.onnx")
    (folder / "makers.py").write_text(MAKERS)
    sized = {"dims": "{ batch = 2 }", "tags": '["good"]'}
    rows = [row("linear", "file:linear.onnx", **sized), row("refused", "file:refused.onnx", tags='["bad"]')]
    rows += [row("as_it_must", "file:refused.onnx", expect='"1 operator of as_it_must"', tags='["good"]')]
    made = {"frontend": '"onnx"', **sized}
    rows += [row(f"made_{i}", "python:makers:linear", arguments=f'{{ mark = "{i}", seconds = 0.3 }}', **made) for i in range(4)]
    rows += [row(name, f"python:makers:{name}", frontend='"onnx"', tags='["bad"]') for name in MADE]
    (folder / "zoo.toml").write_text("\n".join(rows))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A cache that is empty, for tests that do not fetch real models."""
    if not request.node.get_closest_marker("zoo"):
        monkeypatch.setenv("WEBNN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def request_for(own: Path, tmp_path: Path) -> Callable[..., Request]:
    """Makes what a run of models or tags of the own zoo is asked for."""

    def make(*names: str, timeout: float = 300, memory: int = 2 << 30, **more: object) -> Request:
        zoo: Zoo = read(own / "zoo.toml", trusted=True)
        how = {"runtimes": ["reference"], "output": tmp_path / "report", "pictures": False, **more}
        return Request(zoo=zoo, models=zoo.select(names), limits=Limits(timeout, memory), **how)

    return make
