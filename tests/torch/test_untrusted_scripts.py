"""TorchScript archives of strangers: their code is read before it can run, and what runs does so in a process of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from converters.torch.reading.script import checked_script
from tests.torch.comparing import compare
from webnn_graph.errors import ConversionError, FormatError, WebNNError

INPUT = InputSpec.parse("x:float32[3]")
X = torch.tensor([1.0, 2.0, 3.0])


class Writes(torch.nn.Module):
    """Writes a file when it is loaded."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker = marker
        self.k = torch.tensor(list(b"written"), dtype=torch.uint8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.k.float().sum()

    @torch.jit.export
    def __getstate__(self) -> tuple[str, torch.Tensor, bool]:
        return self.marker, self.k, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, torch.Tensor, bool]) -> None:
        self.marker = state[0]
        self.training = state[2]
        y = torch.from_file(state[0], True, state[1].numel(), dtype=torch.uint8)
        self.k = y
        y.copy_(state[1])


class Saves(torch.nn.Module):
    """Writes a file when it is called."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker = marker

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.ops.aten.save(x, self.marker)
        return x + 1


class Loops(torch.nn.Module):
    def __init__(self, marker: str) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        i = 0
        while i >= 0:
            i = (i + 1) % 1000
        return x + i


def script(module: torch.nn.Module, path: Path) -> Path:
    torch.jit.script(module.eval()).save(path)
    return path


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (Writes, r"code/__torch__/.*py:\d+: Writes.__setstate__ uses torch.from_file, .*'filename' is a text"),
        (Saves, r"Saves.forward uses torch.save, which no network needs"),
        (Loops, r"Loops.forward uses a loop without a bound \(while\)"),
    ],
)
def test_what_no_network_needs_is_refused(kind: Callable[[str], torch.nn.Module], refused: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = script(kind(str(marker)), tmp_path / "model.pt")
    marker.unlink(missing_ok=True)
    with pytest.raises(ConversionError, match=refused) as raised:
        TorchModel(path, inputs=[INPUT]).convert()
    assert "--trust-script" in raised.value.hint
    assert not marker.exists()


def test_pytorch_itself_would_write(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = script(Writes(str(marker)), tmp_path / "model.pt")
    marker.unlink(missing_ok=True)
    torch.jit.load(path)
    assert marker.read_bytes() == b"written"


def test_a_trusted_script_runs(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = script(Saves(str(marker)), tmp_path / "model.pt")
    graph = TorchModel(path, inputs=[INPUT], trust_script=True).convert()
    compare(graph, [X], [X + 1])
    assert marker.exists()


class Prints(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print("\x1b]0;owned\x07")
        return x + 1


def test_what_a_script_prints_goes_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = script(Prints(), tmp_path / "model.pt")
    capfd.readouterr()
    compare(TorchModel(path, inputs=[INPUT]).convert(), [X], [X + 1])
    assert "owned" not in "".join(capfd.readouterr())


# ------------------------------------------------------------------------------------------------------- code that PyTorch did not write
CODE = """class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    {body}
    return torch.add(x, 1)
{more}"""


def archive(path: Path, body: str = "pass", more: str = "", **members: bytes) -> Path:
    """An archive of a module whose method begins with ``body``."""
    written = io.BytesIO()
    torch.jit.save(torch.jit.script(Empty()), written)
    with zipfile.ZipFile(written) as honest, zipfile.ZipFile(path, "w") as changed:
        for name in honest.namelist():
            inner = name.partition("/")[2]
            content = members.get(inner.replace(".", "_"), honest.read(name)).replace(b"Empty", b"Net")
            if inner.startswith("code/"):
                if inner.endswith(".py"):
                    changed.writestr("net/code/__torch__.py", CODE.format(body=body, more=more))
                continue
            changed.writestr(f"net/{inner}", content)
    return path


class Empty(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


Empty.__module__ = "__main__"  # whose classes are __torch__.Empty
Empty.__qualname__ = "Empty"


def test_the_archive_of_these_tests_converts(tmp_path: Path) -> None:
    compare(TorchModel(archive(tmp_path / "net.pt"), inputs=[INPUT]).convert(), [X], [X + 1])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('x.save("m")', "torch.save"),
        ('_0 = torch.save\n    _0(x, "m")', "torch.save"),
        ('_0 = getattr(x, "save")', "torch.save"),
        ("_0 = getattr(x, x)", "getattr of a computed or odd name"),
        ('_0 = getattr(x, "a=open(1)")', "getattr of a computed or odd name"),
        ('ops.aten.save(x, "m")', "torch.save"),
        ('ops.aten.from_file("m")', "torch.from_file"),
        ('torch._print("m")', "torch._print"),
        ("ops.quantized.linear_prepack(x, None)", "quantized.linear_prepack"),
        ("ops.prim.rpc_async(x)", "prim.rpc_async"),
        ("torch.wait(x)", "torch.wait"),
        ("fork(x)", "the name fork"),
        ("_0 = fork", "the name fork"),
        ("eval('1')", "the name eval"),
        ("torch.hub.load('x')", "torch.hub"),
        ("_0 = __torch__.torch.classes.profiler.x()", "written in C"),
        ("_0 = lambda: x", "construct Lambda"),
        ("_0 = [y for y in [1]]", "construct ListComp"),
        ("import os", "construct Import"),
        ("torch = x", "the name torch for something else"),
        ("while True:\n      pass", "loop without a bound"),
        ("def f(y):\n      return y", "construct FunctionDef"),
        ('_0 = """text"""', "that TorchScript does not write"),
        ('_0 = r"text"', "that TorchScript does not write"),
        ('_0 = "\\x41"', "that TorchScript does not write"),
        ("_0 = 1 # type: int", "that TorchScript does not write"),
        ("_0 = \\\n    1", "that TorchScript does not write"),
    ],
)
def test_code_is_read_before_it_can_run(body: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=problem):
        checked_script(archive(tmp_path / "net.pt", body))


@pytest.mark.parametrize("more", ["x = torch.save\n", "@decorated\ndef f(x):\n  pass\n", "torch.save(1)\n", "if True:\n  pass\n"])
def test_code_stands_in_functions_only(more: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="which no network needs"):
        checked_script(archive(tmp_path / "net.pt", more=more))


@pytest.mark.parametrize("body", ["\x00", "ö = x", "\tpass", "_0 = (", "\x0c"])
def test_code_that_is_none_is_refused(body: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no TorchScript code"):
        checked_script(archive(tmp_path / "net.pt", body))


@pytest.mark.parametrize("name", ["a=open(1)", "a b", "a'b", "a.b"])
def test_attributes_have_names(name: str, tmp_path: Path) -> None:
    """PyTorch makes parameters of them, in Python source."""
    path = archive(tmp_path / "net.pt")
    with zipfile.ZipFile(path) as honest:
        members = {member: honest.read(member) for member in honest.namelist()}
    with zipfile.ZipFile(path, "w") as changed:
        for member, content in members.items():
            changed.writestr(member, content.replace(b"  training : bool", f'  __annotations__["{name}"] = Tensor'.encode()))
    with pytest.raises(ConversionError, match="for an attribute"):
        checked_script(path)


class Bringing(torch.nn.Module):
    """Brings example inputs whose keys PyTorch would turn into source."""

    def __init__(self) -> None:
        super().__init__()
        self.example_input_array = [{'"+str(1/0)+"': torch.ones(3)}]

    def forward(self, x: dict[str, torch.Tensor]) -> torch.Tensor:
        return x['"+str(1/0)+"']


def test_example_inputs_of_an_archive_are_tensors(tmp_path: Path) -> None:
    path = script(Bringing(), tmp_path / "model.pt")
    with pytest.raises(ConversionError, match="example inputs of .* are not known"):
        TorchModel(path).convert()


def test_objects_of_other_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="holds an object of os system"):
        checked_script(archive(tmp_path / "net.pt", data_pkl=b"cos\nsystem\n(S'x'\ntR."))
    with pytest.raises(ConversionError, match=r"class that is written in C\+\+"):
        checked_script(archive(tmp_path / "net.pt", data_pkl=b"c__torch__.torch.classes.quantized\nX\n)\x81."))


def test_damaged_archives_end_in_an_error(tmp_path: Path) -> None:
    """PyTorch's own reader may crash on them."""
    content = archive(tmp_path / "net.pt").read_bytes()
    at = content.index(b"training", content.index(b"data.pkl"))
    for shift in range(-40, 40, 16):
        damaged = bytearray(content)
        damaged[at + shift] ^= 0x55
        path = tmp_path / "damaged.pt"
        path.write_bytes(damaged)
        try:
            TorchModel(path, inputs=[INPUT]).convert()
        except WebNNError as error:
            assert "unexpected" not in str(error)


class Endless(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(1 << 40):
            x = x + 1
        return x


@pytest.mark.slow
def test_a_loop_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converters.torch.script.SECONDS", 4)
    path = script(Endless(), tmp_path / "model.pt")
    with pytest.raises(ConversionError, match="the process that PyTorch converts it in took longer than"):
        TorchModel(path, inputs=[INPUT]).convert()


HONEST = {
    "layers": torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Dropout(), torch.nn.LayerNorm(4)),
    "recurrent": torch.nn.GRUCell(3, 4),
    "attention": torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
    "convolutions": torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU6(), torch.nn.Upsample(scale_factor=2.0)
    ),
    "lists": torch.nn.Transformer(4, 2, 1, 1, 8),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_pytorch_writes_passes_unchanged(name: str, tmp_path: Path) -> None:
    path = script(HONEST[name], tmp_path / "model.pt")
    found, right = torch.jit.load(io.BytesIO(checked_script(path))), torch.jit.load(path)
    assert found.code == right.code
    assert all(torch.equal(tensor, right.state_dict()[key]) for key, tensor in found.state_dict().items())
