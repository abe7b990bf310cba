"""Exported programs of strangers: what PyTorch's own loader would run, and honest ones of every kind.

Each hostile archive creates a marker file when its code runs. A control loads it with ``torch.export.load``, which runs it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from converters.torch.model import TorchModel
from converters.torch.reading.program import load_program
from tests.torch.archives import (
    CONSTANTS,
    MODEL,
    SAMPLES,
    WEIGHTS,
    calling,
    change,
    graph_of,
    input_called,
    pickled,
    sized,
    write,
)
from webnn_graph.budget import Budget
from webnn_graph.errors import ConversionError, FormatError, WebNNError


def code(marker: Path) -> str:
    """An expression that creates the marker."""
    return f"__import__('pathlib').Path({str(marker)!r}).touch()"


def pickle_of_protocol_0(marker: Path) -> bytes:
    """No byte of it says that it is a pickle."""
    return f"cos\nsystem\n(S'touch {marker}'\ntR.".encode().ljust(512, b"\n")


class Touches:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def guards(path: Path, marker: Path) -> None:
    def edit(document: Any) -> None:
        document["guards_code"] = [f"{code(marker)} is None"]

    change(write(path), {MODEL: edit})


def size(path: Path, marker: Path) -> None:
    change(write(path, dynamic=True), {MODEL: sized(f"Max({code(marker)!r}, 1)")})


def size_of_another_case(path: Path, marker: Path) -> None:
    change(write(path, dynamic=True), {MODEL: sized(code(marker))}, rename={MODEL: "models/model.JSON"})


def name_of_an_input(path: Path, marker: Path) -> None:
    change(write(path), {MODEL: input_called(f"x={code(marker)}")})


def sample_inputs(path: Path, marker: Path) -> None:
    change(write(path), members={SAMPLES: pickle_of_protocol_0(marker)})


def sample_inputs_of_torch_save(path: Path, marker: Path) -> None:
    change(write(path), members={SAMPLES: pickled(Touches(marker))})


def weight(path: Path, marker: Path) -> None:
    def edit(document: Any) -> None:
        document["config"]["w"]["use_pickle"] = True

    change(write(path), {WEIGHTS: edit}, members={"data/weights/weight_0": pickle_of_protocol_0(marker)})


def opaque_object(path: Path, marker: Path) -> None:
    def edit(document: Any) -> None:
        document["config"]["c"]["path_name"] = "opaque_obj_0"

    change(write(path), {CONSTANTS: edit}, members={"data/constants/opaque_obj_0": pickle_of_protocol_0(marker)})


def weights_of_the_older_file(path: Path, marker: Path) -> None:
    change(write(path), members={"data/weights/model.pt": pickle_of_protocol_0(marker)})


def older_layout(path: Path, marker: Path) -> None:
    with zipfile.ZipFile(write(path)) as archive:
        document = archive.read("model/models/model.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version", "8.20")
        archive.writestr("serialized_exported_program.json", document)
        archive.writestr("serialized_state_dict.pt", pickle_of_protocol_0(marker))
        archive.writestr("serialized_constants.pt", pickled({}))
        archive.writestr("serialized_example_inputs.pt", pickled(((), {})))


class Keyed(torch.nn.Module):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def forward(self, x: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.relu(x[self.key])


class Worded(torch.nn.Module):
    def forward(self, x: torch.Tensor, mode: str) -> torch.Tensor:
        return torch.relu(x)


def _saved(module: torch.nn.Module, args: tuple[Any, ...], shapes: Any, path: Path, marker: Path) -> None:
    torch.export.save(torch.export.export(module.eval(), args, dynamic_shapes=shapes), path)
    marker.unlink(missing_ok=True)  # exporting runs it, too


def key_of_an_input(path: Path, marker: Path) -> None:
    key = f'"+str({code(marker)})+"'.replace("'", '"')
    rows = torch.export.Dim("rows", min=2, max=64)
    _saved(Keyed(key), ({key: torch.ones(3, 4)},), ({key: {0: rows}},), path, marker)


def text_of_an_input(path: Path, marker: Path) -> None:
    _saved(Worded(), (torch.ones(3, 4), f"' or {code(marker)} or '"), ({0: torch.export.Dim("rows", min=2, max=64)}, None), path, marker)


RUN: list[Callable[[Path, Path], None]] = [
    guards,
    size,
    size_of_another_case,
    name_of_an_input,
    sample_inputs,
    sample_inputs_of_torch_save,
    weight,
    opaque_object,
    weights_of_the_older_file,
    older_layout,
    key_of_an_input,
    text_of_an_input,
]
each_hostile = pytest.mark.parametrize("hostile", RUN, ids=lambda hostile: hostile.__name__)


@each_hostile
def test_nothing_of_a_program_is_run(hostile: Callable[[Path, Path], None], tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt2", tmp_path / "ran"
    hostile(path, marker)
    try:
        TorchModel(path).convert()
    except WebNNError as error:
        assert "unexpected" not in str(error)
    assert not marker.exists()


@each_hostile
def test_pytorch_itself_would_run_it(hostile: Callable[[Path, Path], None], tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt2", tmp_path / "ran"
    hostile(path, marker)
    with suppress(Exception):  # some fail after they ran
        program = torch.export.load(path)
        program.module()(*(program.example_inputs or ((torch.ones(3, 4),),))[0])
    assert marker.exists()


@pytest.mark.parametrize(
    "target",
    [
        "torch.hub.load",
        "torch.load",
        "_operator.attrgetter",
        "_operator.attrgetter.__call__",
        "#custom:op",
        "torch.ops.load_library",
        "torch.ops.aten.add.__init__",
        "torch.ops.aten.add.Tensor.__call__",
        "torch.ops.aten.from_file.default",  # reads and writes files
        "torch.ops.aten.save.default",
        "torch.ops.aten._print.default",
        "torch.ops.aten.no_such_thing.default",
        "torch.ops.profiler._record_function_enter_new.default",
        "torch.ops.higher_order.print",
        "torch.ops.higher_order.triton_kernel_wrapper_mutation",
        "torch._functorch.predispatch.torch",
        "math.__loader__",
    ],
)
def test_a_node_calls_operators_only(target: str, tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2"), {MODEL: calling(target)})
    with pytest.raises(ConversionError, match="cannot be called: it|cannot be called: no such operator"):
        TorchModel(path).convert()


@pytest.mark.parametrize(
    "expression",
    [
        "().__class__",
        "s77.func",
        "[s77]",
        "lambda: s77",
        "s77 if s77 else 1",
        "open('x')",
        "Symbol('x; y')",
        "Symbol('s77', junk=True)",
        "Integer('1')",
        "9**9**9**9",
        "Pow(Integer(9), Integer(999999999))",
        "Pow(s77, s77)",
        "Pow(Pow(Pow(s77 + 1, 16), 16), 16)",
        "Pow(Pow(Pow(Integer(18446744073709551616), 16), 16), 16)",
        "ModularIndexing(" + "*".join(f"s{i}" for i in range(80)) + ", " + "*".join(f"s{i}" for i in range(40, 120)) + ", 7)",
        "FloatPow(2.0, 1e9)",
        "Integer(" + "9" * 100 + ")",
        "(" * 300 + "1" + ")" * 300,
        "-" * 5000 + "1",
        "+".join(["s77"] * 9000),
        "'text'",
        "s77 +",
        "",
    ],
)
def test_a_size_is_arithmetic(expression: str, tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2", dynamic=True), {MODEL: sized(expression)})
    with pytest.raises(ConversionError, match="expression of a size"):
        TorchModel(path).convert()


def _input_tree(kind: str, context: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        signature = document["graph_module"]["module_call_graph"][0]["signature"]
        protocol, tree = json.loads(signature["in_spec"])
        tree["children_spec"][0]["children_spec"][0] = {
            "type": kind,
            "context": context,
            "children_spec": [{"type": None, "context": None, "children_spec": []}],
        }
        signature["in_spec"] = json.dumps([protocol, tree])

    return edit


@pytest.mark.parametrize(
    ("kind", "context"),
    [
        ("collections.defaultdict", '{"default_factory_module": "antigravity", "default_factory_name": "x", "dict_context": "[\\"a\\"]"}'),
        ("antigravity.Anything", "null"),
    ],
)
def test_a_tree_imports_nothing(kind: str, context: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr("importlib.import_module", lambda name, *_: imported.append(name))
    load_program(change(write(tmp_path / "model.pt2"), {MODEL: _input_tree(kind, context)}))
    assert not [name for name in imported if name == "antigravity"]


def _arguments_called(name: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        document["graph_module"]["module_call_graph"][0]["signature"]["forward_arg_names"] = [name]

    return edit


def _weight_called(name: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        document["graph_module"]["signature"]["input_specs"][0]["parameter"]["parameter_name"] = name

    return edit


def _with_object(document: Any) -> None:
    graph_of(document)["nodes"][0]["inputs"][0]["arg"] = {"as_custom_obj": {"name": "o", "class_fqn": "__torch__.torch.classes.x"}}


def _with_wrong_shape(document: Any) -> None:
    graph_of(document)["tensor_values"]["p_w"]["sizes"] = [{"as_int": 4}, {"as_int": 5}]


def _with_far_symbol(document: Any) -> None:
    document["range_constraints"]["u999999999999"] = {"min_val": 0, "max_val": 9}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_arguments_called("x): pass\nimport os\ndef f("), "is not a name"),
        (_arguments_called("lambda"), "is not a name"),
        (_weight_called('w"].__class__["'), "is not the path of a module"),
        (_with_object, "custom object, which brings code"),
        (_with_wrong_shape, r"the graph says torch.float32 \[4, 5\]"),
        (_with_far_symbol, "expression of a size"),
        (lambda document: document.pop("graph_module"), "graph_module is missing"),
        (lambda document: graph_of(document).update(nodes={}), "nodes: {} is not a list"),
        (lambda document: document.update(schema_version={"major": 9, "minor": 0}), "cannot be loaded by PyTorch"),
        (lambda document: document.update(verifiers=["os.system"]), "is not a dialect that is known"),
    ],
)
def test_a_document_is_what_it_should_be(edit: Callable[[Any], None], message: str, tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2"), {MODEL: edit})
    with pytest.raises((ConversionError, FormatError), match=message):
        TorchModel(path).convert()


def _with_function(target: str, *arguments: Any) -> Callable[[Any], None]:
    """A node on numbers, which PyTorch would have computed itself."""

    def edit(document: Any) -> None:
        graph = graph_of(document)
        graph["sym_int_values"]["computed"] = {"as_int": 1}
        inputs = [{"name": "", "arg": argument, "kind": 1} for argument in arguments]
        outputs = [{"as_sym_int": {"as_name": "computed"}}]
        graph["nodes"].insert(0, {"target": target, "inputs": inputs, "outputs": outputs, "metadata": {}, "name": "computed"})

    return edit


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("_operator.pow", [{"as_int": 10**9}, {"as_int": 10**9}]),
        ("_operator.lshift", [{"as_int": 1}, {"as_int": 10**11}]),
        ("_operator.mod", [{"as_string": "%1000000000d"}, {"as_int": 1}]),
        ("_operator.mul", [{"as_strings": ["x"]}, {"as_int": 10**9}]),
        ("_operator.pow", [{"as_sym_int": {"as_name": "rows"}}, {"as_sym_int": {"as_name": "rows"}}]),
    ],
)
def test_what_is_computed_of_sizes_is_small(target: str, arguments: list[Any], tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2"), {MODEL: _with_function(target, *arguments)})
    with pytest.raises(ConversionError, match="something other than sizes|large or unknown exponent"):
        TorchModel(path).convert()


def test_only_tensors_are_taken_out_of_tensors(tmp_path: Path) -> None:
    inner = _with_function(
        "torch.ops.export.access_subclass_inner_tensor.default", {"as_tensor": {"name": "x"}}, {"as_string": "__class__"}
    )
    path = change(write(tmp_path / "model.pt2"), {MODEL: inner})
    with pytest.raises(ConversionError, match="is not the name of a tensor in a tensor"):
        TorchModel(path).convert()


def test_an_archive_of_many_members_is_read_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "model.pt2")
    change(path, members={f"extra/{i}": b"" for i in range(20_000)})
    load_program(path)


def _payload(**changes: Any) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        document["config"]["w"]["tensor_meta"] |= changes

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_payload(sizes=[{"as_int": 400}, {"as_int": 4}]), "too few for|at most"),
        (_payload(storage_offset={"as_int": 2**40}), "too few for"),
        (_payload(strides=[{"as_int": -4}, {"as_int": 1}]), "is not a whole number"),
        (_payload(sizes=[{"as_int": 2**30}, {"as_int": 2**30}], strides=[{"as_int": 0}, {"as_int": 0}]), "elements are made at conversion"),
        (_payload(dtype=4711), "is not an element type"),
        (_payload(layout=1), "is not the layout of a dense tensor"),
        (lambda document: document["config"]["w"].update(path_name="../weight_0"), "is not a tensor"),
    ],
)
def test_a_payload_is_what_it_should_be(edit: Callable[[Any], None], message: str, tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2"), {WEIGHTS: edit})
    with pytest.raises(WebNNError, match=message):
        TorchModel(path).convert()


def test_what_a_member_may_grow_to_is_limited(tmp_path: Path) -> None:
    path = write(tmp_path / "model.pt2")
    with zipfile.ZipFile(path) as archive:
        document = archive.read("model/models/model.json")
    change(path, members={MODEL: document + b" " * 100_000}, compression=zipfile.ZIP_DEFLATED)
    budget = Budget(factor=1e-4)
    with pytest.raises(ConversionError, match=r"brings what is decompressed to .* the limit is") as raised:
        load_program(path, budget)
    assert "--budget" in raised.value.hint
    load_program(path)


def test_compiled_code_is_refused(tmp_path: Path) -> None:
    path = change(write(tmp_path / "model.pt2"), members={"data/aotinductor/model/x.so": b"\x7fELF"})
    with pytest.raises(ConversionError, match=r"x\.so is compiled code"):
        TorchModel(path).convert()


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.pt2")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model/models/model.json", "{}")
    with pytest.raises(FormatError, match="same name"):
        TorchModel(path).convert()
