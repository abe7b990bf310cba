"""Models of one node that are almost right: rows of operators with ranks, attributes, counts, kinds, types or values changed.

    python -m tests.fuzz.onnx_nodes --seed 0 --count 10000 [--ops Conv,Split] [--models FOLDER]

Prints each mutation that ends in anything but a graph or an error of the project's own, with its seed.
"""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from converters.onnx.convert import convert
from tests.onnx import microsoft, operators
from webnn_graph.errors import WebNNError

INTEGERS = (-(2**63), -(2**31), -1000, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 1000, 2**31 - 1, 2**31, 2**40, 2**63 - 1)
FLOATS = (float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 0.5, 1.0, 2.0, 1e38)
TEXTS = (b"", b"abc", b"\xff", b"NOTSET", b"SAME_UPPER", b"VALID", b"linear", b"i,j->k", b"...", b"Relu", b"bidirectional")
SIZES = (0, 1, 2, 3, 4, 5, 7, 16, 1000, 2**20, 2**31 - 1)
TYPES = tuple(range(1, 27))
LISTS = {AttributeProto.INTS: ("ints", INTEGERS), AttributeProto.FLOATS: ("floats", FLOATS), AttributeProto.STRINGS: ("strings", TEXTS)}

TRIPLE = "float[2, 3] x, float[2, 3] y"
MORE: dict[str, str] = {
    "AffineGrid": "(float[2, 2, 3] x) => (float[a, b, c, d] z) <int64[4] size = {2, 3, 4, 5}> { z = AffineGrid(x, size) }",
    "Attention": "(float[2, 3, 4, 8] x, float[2, 3, 6, 8] k) => (float[a, b, c, d] z) { z = Attention(x, k, k) }",
    "BlackmanWindow": "(float[5] x) => (float[n] z) <int64 size = {5}> { w = BlackmanWindow(size) z = Add(x, w) }",
    "HammingWindow": "(float[5] x) => (float[n] z) <int64 size = {5}> { w = HammingWindow(size) z = Add(x, w) }",
    "HannWindow": "(float[5] x) => (float[n] z) <int64 size = {5}> { w = HannWindow(size) z = Add(x, w) }",
    "CastLike": f"({TRIPLE}) => (float[a, b] z) {{ z = CastLike(x, y) }}",
    "ConcatFromSequence": f"({TRIPLE}) => (float[a, b] z) {{ s = SequenceConstruct(x, y) z = ConcatFromSequence<axis = 0>(s) }}",
    "Constant": "() => (float[a, b] z) { z = Constant<value = float[2] {1, 2}>() }",
    "Dropout": "(float[2, 3] x) => (float[a, b] z, bool[a, b] m) { z, m = Dropout(x) }",
    "Identity": "(float[2, 3] x) => (float[a, b] z) { z = Identity(x) }",
    "MelWeightMatrix": """(float[9, 4] x) => (float[a, b] z)
        <int64 bins = {4}, int64 length = {16}, int64 rate = {8000}, float low = {0}, float high = {4000}>
        { m = MelWeightMatrix(bins, length, rate, low, high) z = Add(x, m) }""",
    "NonZero": "(float[2, 3] x) => (int64[a, b] z) <float[2, 3] c = {0, 1, 0, 1, 1, 0}> { z = NonZero(c) }",
    "Optional": "(float[2, 3] x) => (float[a, b] z) { o = Optional(x) z = OptionalGetElement(o) }",
    "OptionalHasElement": "(float[2, 3] x) => (bool z) { o = Optional(x) z = OptionalHasElement(o) }",
    "RotaryEmbedding": """(float[2, 3, 4, 8] x, float[2, 4, 4] c, float[2, 4, 4] s) => (float[a, b, c1, d] z)
        { z = RotaryEmbedding(x, c, s) }""",
    "SequenceAt": f"({TRIPLE}) => (float[a, b] z) <int64 i = {{1}}> {{ s = SequenceConstruct(x, y) z = SequenceAt(s, i) }}",
    "SequenceErase": f"({TRIPLE}) => (float[a, b] z) <int64 i = {{0}}> {{ s = SequenceConstruct(x, y) t = SequenceErase(s, i)"
    " z = SequenceAt(t, i) }",
    "SequenceInsert": f"({TRIPLE}) => (float[a, b] z) <int64 i = {{0}}> {{ e = SequenceEmpty<dtype = 1>() s = SequenceInsert(e, x, i)"
    " z = SequenceAt(s, i) }",
    "SequenceLength": f"({TRIPLE}) => (int64 z) {{ s = SequenceConstruct(x, y) z = SequenceLength(s) }}",
    "SequenceMap": f"""({TRIPLE}) => (float[a, b] z) <int64 i = {{1}}> {{
        s = SequenceConstruct(x, y)
        t = SequenceMap(s) <body = one (float[2, 3] v) => (float[2, 3] w) {{ w = Neg(v) }}>
        z = SequenceAt(t, i)
    }}""",
    "SplitToSequence": "(float[4, 3] x) => (float[a, b] z) <int64 i = {1}> { s = SplitToSequence(x, i) z = SequenceAt(s, i) }",
    "SwiGLU": f"({TRIPLE}) => (float[a, b] z) {{ z = SwiGLU(x, y) }}",
    "TensorScatter": "(float[2, 5, 3] x, float[2, 2, 3] u, int64[2] i) => (float[a, b, c] z) { z = TensorScatter(x, u, i) }",
    "ArrayFeatureExtractor": "(float[2, 3] x, int64[2] i) => (float[a, b] z) { z = ai.onnx.ml.ArrayFeatureExtractor(x, i) }",
    "ZipMap": "(float[2, 3] x) => (float[a, b] z) { z = ai.onnx.ml.ZipMap<classlabels_int64s = [0, 1, 2]>(x) }",
    "Bernoulli": "(float[2, 3] x) => (float[a, b] z) { z = Bernoulli(x) }",
    "Multinomial": "(float[2, 3] x) => (int32[a, b] z) { z = Multinomial<sample_size = 2>(x) }",
    "RandomNormal": "(float[2, 3] x) => (float[a, b] z) { r = RandomNormal<shape = [2, 3]>() z = Add(x, r) }",
    "RandomNormalLike": "(float[2, 3] x) => (float[a, b] z) { z = RandomNormalLike(x) }",
    "RandomUniform": "(float[2, 3] x) => (float[a, b] z) { r = RandomUniform<shape = [2, 3]>() z = Add(x, r) }",
    "RandomUniformLike": "(float[2, 3] x) => (float[a, b] z) { z = RandomUniformLike(x) }",
    "Binarizer": "(float[2, 3] x) => (float[a, b] z) { z = ai.onnx.ml.Binarizer(x) }",
    "Momentum": """(float r, int64 t, float[3] x, float[3] g, float[3] v) => (float[n] z, float[m] w)
        { z, w = ai.onnx.preview.training.Momentum<alpha = 0.9, beta = 0.8, mode = "standard", norm_coefficient = 0.1>(r, t, x, g, v) }""",
    "Adagrad": """(float r, int64 t, float[3] x, float[3] g, float[3] v) => (float[n] z, float[m] w)
        { z, w = ai.onnx.preview.training.Adagrad(r, t, x, g, v) }""",
    "Adam": """(float r, int64 t, float[3] x, float[3] g, float[3] v, float[3] u) => (float[n] z, float[m] w, float[k] q)
        { z, w, q = ai.onnx.preview.training.Adam(r, t, x, g, v, u) }""",
    "NhwcConv": "(float[1, 5, 5, 4] x, float[2, 3, 3, 4] w) => (float[a, b, c, d] z) { z = com.microsoft.NhwcConv(x, w) }",
    "If": f"""(bool c, {TRIPLE}) => (float[a, b] z) {{
        z = If (c) <then_branch = then () => (float[2, 3] p) {{ p = Neg(x) }}, else_branch = other () => (float[2, 3] q) {{ q = Neg(y) }}>
    }}""",
    "Loop": """(float[2, 3] x) => (float[a, b] z, float[a, b, c] all) <int64 n = {3}, bool go = {1}> {
        z, all = Loop (n, go, x) <body = one (int64 i, bool c, float[2, 3] v) => (bool d, float[2, 3] w, float[2, 3] each)
            { d = Identity(c) w = Neg(v) each = Neg(w) }>
    }""",
    "Scan": """(float[2] x, float[4, 2] many) => (float[a] z, float[a, b] all) {
        z, all = Scan <num_scan_inputs = 1, body = one (float[2] s, float[2] v) => (float[2] t, float[2] each)
            { t = Add(s, v) each = Neg(t) }> (x, many)
    }""",
}
"""Operators that no row is about, or only as part of a larger model: graphs in ONNX's text form."""
HEAD = '<ir_version: 10, opset_import: ["" : 28, "com.microsoft" : 1, "ai.onnx.ml" : 5, "ai.onnx.preview.training" : 1]>\n'


@cache
def bases() -> Sequence[onnx.ModelProto]:
    """The models that are changed: one for each row, and those of `MORE`."""
    rows = [case.model() for case in (*operators.CASES, *microsoft.CASES)]
    return rows + [onnx.parser.parse_model(f"{HEAD}{name} {text}") for name, text in MORE.items()]


def mutant(seed: int, ops: Sequence[str] = ()) -> onnx.ModelProto:
    """The model of a seed: a base with one to three changes."""
    random = Random(seed)
    by_op: dict[str, list[onnx.ModelProto]] = {}
    for base in bases():
        by_op.setdefault(base.graph.node[-1].op_type, []).append(base)
    op = random.choice(sorted(set(by_op) & set(ops) if ops else by_op))
    return changed(random.choice(by_op[op]), random)


def changed(base: onnx.ModelProto, random: Random) -> onnx.ModelProto:
    """A copy with one to three changes."""
    model = onnx.ModelProto()
    model.CopyFrom(base)
    for _ in range(random.choice((1, 1, 2, 3))):
        node = random.choice(model.graph.node)
        random.choice(CHANGES)(model, node, random)
    return model


# ------------------------------------------------------------------------------------------------------------------ changes
def _shape(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Another rank or size of an input or a constant."""
    given = [*model.graph.input, *model.graph.initializer]
    if not given:
        return
    chosen = random.choice(given)
    if isinstance(chosen, TensorProto):
        array = numpy_helper.to_array(chosen)
        shape = _other_shape(list(array.shape), random, most=64)
        chosen.CopyFrom(numpy_helper.from_array(np.resize(array, shape) if array.size else np.zeros(shape, array.dtype), chosen.name))
        return
    dims = chosen.type.tensor_type.shape.dim
    shape = _other_shape([dim.dim_value for dim in dims], random, most=2**31)
    del dims[:]
    for size in shape:
        dims.add().dim_value = size


def _other_shape(shape: list[int], random: Random, *, most: int) -> list[int]:
    match random.randrange(5):
        case 0 if shape:
            del shape[random.randrange(len(shape))]
        case 1:
            shape.insert(random.randint(0, len(shape)), random.choice((1, 2, 3)))
        case 2 if shape:
            shape[random.randrange(len(shape))] = random.choice([size for size in SIZES if size <= most])
        case 3:
            shape = []
        case _:
            random.shuffle(shape)
    return shape


def _type(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Another element type of an input."""
    if model.graph.input:
        random.choice(model.graph.input).type.tensor_type.elem_type = random.choice(TYPES)


def _value(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Other numbers in a constant."""
    if not model.graph.initializer:
        return
    tensor = random.choice(model.graph.initializer)
    array = numpy_helper.to_array(tensor).copy()
    if array.size == 0 or array.dtype.kind not in "iufb":
        return
    values = FLOATS if array.dtype.kind == "f" else INTEGERS
    with np.errstate(all="ignore"):
        array.flat[random.randrange(array.size)] = np.array(random.choice(values)).astype(array.dtype)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _known(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """A constant becomes an input, or an input a constant."""
    graph = model.graph
    given = [*graph.input, *graph.initializer]
    if not given:
        return
    chosen = random.choice(given)
    if isinstance(chosen, TensorProto):
        graph.input.append(helper.make_tensor_value_info(chosen.name, chosen.data_type, list(chosen.dims)))
        graph.initializer.remove(chosen)
        return
    shape = [dim.dim_value for dim in chosen.type.tensor_type.shape.dim]
    if np.prod(shape, dtype=float) < 1000 and chosen.type.tensor_type.elem_type in (1, 6, 7, 9):
        dtype = helper.tensor_dtype_to_np_dtype(chosen.type.tensor_type.elem_type)
        values = np.array([random.choice((-1, 0, 1, 2, 3)) for _ in range(int(np.prod(shape)))]).reshape(shape).astype(dtype)
        graph.initializer.append(numpy_helper.from_array(values, chosen.name))
        graph.input.remove(chosen)


def _inputs(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Other inputs: absent, dropped, added, exchanged, or a sequence."""
    names = list(node.input)
    match random.randrange(6):
        case 0 if names:
            names[random.randrange(len(names))] = ""
        case 1 if names:
            del names[random.randrange(len(names))]
        case 2:
            names.append(random.choice([*names, ""]))
        case 3:
            random.shuffle(names)
        case 4 if names:
            names[random.randrange(len(names))] = random.choice(names)
        case 5 if names:
            at = random.randrange(len(names))
            if names[at]:
                before = helper.make_node("SequenceConstruct", [names[at]], ["a sequence"])
                if not any(other.output[:1] == ["a sequence"] for other in model.graph.node):
                    model.graph.node.insert(0, before)
                names[at] = "a sequence"
                node = next(other for other in model.graph.node if other.op_type != "SequenceConstruct")
    del node.input[:]
    node.input.extend(names)


def _outputs(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Another number of outputs."""
    if random.random() < 0.6:
        node.output.append(f"more{len(node.output)}")
        model.graph.output.append(onnx.ValueInfoProto(name=node.output[-1]))
    elif len(node.output) > 1:
        name = node.output.pop()
        for info in [info for info in model.graph.output if info.name == name]:
            model.graph.output.remove(info)


def _attribute(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """An attribute of another value or type, without one, twice, or a new one."""
    schema = onnx.defs.get_schema(node.op_type, domain=node.domain) if onnx.defs.has(node.op_type, node.domain) else None
    names = sorted({attribute.name for attribute in node.attribute} | set(schema.attributes if schema else ()))
    if not names:
        return
    name = random.choice(names)
    given = next((attribute for attribute in node.attribute if attribute.name == name), None)
    kind = given.type if given is not None else int(schema.attributes[name].type.value) if schema else AttributeProto.INT
    choice = random.randrange(10)
    if choice == 0 and given is not None:
        node.attribute.remove(given)
    elif choice == 1 and given is not None:
        node.attribute.append(given)
    elif given is not None and given.type == AttributeProto.GRAPH:
        _subgraph(given.g, random)
    else:
        if choice == 2:
            kind = random.choice([1, 2, 3, 4, 6, 7, 8])
        new = _new_attribute(name, kind, given, random)
        if given is not None:
            node.attribute.remove(given)
        if new is not None:
            node.attribute.append(new)


def _new_attribute(name: str, kind: int, given: AttributeProto | None, random: Random) -> AttributeProto | None:
    if kind in LISTS:
        field, values = LISTS[kind]
        items: list[Any] = list(getattr(given, field)) if given is not None else []
        match random.randrange(5):
            case 0 if items:
                items.pop()
            case 1:
                items.append(random.choice(values))
            case 2:
                items = []
            case _ if items:
                items[random.randrange(len(items))] = random.choice(values)
            case _:
                items = [random.choice(values) for _ in range(random.randint(1, 4))]
        made = AttributeProto(name=name, type=kind)
        getattr(made, field).extend(items)
        return made
    match kind:
        case AttributeProto.INT:
            return AttributeProto(name=name, type=kind, i=random.choice(INTEGERS))
        case AttributeProto.FLOAT:
            return AttributeProto(name=name, type=kind, f=random.choice(FLOATS))
        case AttributeProto.STRING:
            return AttributeProto(name=name, type=kind, s=random.choice(TEXTS))
        case AttributeProto.TENSOR:
            array = np.array([random.choice((-1, 0, 1, 2, 3)) for _ in range(random.randint(0, 4))])
            dtype = random.choice(("float32", "int64", "uint8", "int8"))
            return AttributeProto(name=name, type=kind, t=numpy_helper.from_array(array.astype(dtype)))
    return None


def _subgraph(graph: onnx.GraphProto, random: Random) -> None:
    match random.randrange(4):
        case 0 if graph.output:
            graph.output.pop()
        case 1 if graph.input:
            graph.input.pop()
        case 2 if graph.output:
            graph.output.append(graph.output[0])
        case _ if graph.input:
            graph.input.reverse()


def _opset(model: onnx.ModelProto, node: onnx.NodeProto, random: Random) -> None:
    """Another version of the standard domain."""
    for imported in model.opset_import:
        if imported.domain == "":
            imported.version = random.choice((*range(6, 29), 0, -1, 2**31, 2**62))


CHANGES: tuple[Callable[[onnx.ModelProto, onnx.NodeProto, Random], None], ...] = (
    *[_shape] * 4,
    _type,
    *[_value] * 3,
    _known,
    *[_inputs] * 2,
    _outputs,
    *[_attribute] * 5,
    _opset,
)


# ------------------------------------------------------------------------------------------------------------------- running
def fault(model: onnx.ModelProto) -> str:
    """What is wrong with how a model is converted; empty for a graph or an error of the project's own."""
    try:
        convert(model, random="inputs")
    except WebNNError as error:
        cause = error.__cause__
        shown = traceback.extract_tb(cause.__traceback__)[-1] if cause is not None else ""
        return f"{error.message} [{shown}]" if "unexpected" in error.message else ""
    except Exception:
        return traceback.format_exc()
    return ""


def faults(seeds: Iterator[int] | range, ops: Sequence[str] = ()) -> Iterator[tuple[int, str]]:
    """The seeds whose models end badly, and how."""
    for seed in seeds:
        why = fault(mutant(seed, ops))
        if why:
            yield seed, why


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--ops", default="")
    parser.add_argument("--models", type=Path, help="Models to change instead of the rows.")
    options = parser.parse_args()
    ops = [name for name in options.ops.split(",") if name]
    if options.models:
        models = [onnx.load(str(path)) for path in sorted(options.models.rglob("*.onnx"))]
        for seed in range(options.seed, options.seed + options.count):
            random = Random(seed)
            why = fault(changed(random.choice(models), random))
            if why:
                print(seed, why, flush=True)
        return
    for seed, why in faults(range(options.seed, options.seed + options.count), ops):
        print(seed, why, flush=True)


if __name__ == "__main__":
    main()
