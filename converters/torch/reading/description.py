"""What an exported program may hold: the description of the JSON document in a ``.pt2`` file.

The names of members are those of PyTorch's schema (torch/_export/serde/schema.py, version 8). Traces of where a program came
from (source lines, guards, custom metadata) are left out; devices become the CPU, since a graph has none.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

from torch._export.serde import serialize

from converters.torch.reading.expressions import MAX_EXPONENT, expression
from converters.torch.reading.operators import SUBCLASS, is_size_function, problem_of_target
from converters.torch.reading.rules import (
    Refused,
    Rule,
    flag,
    integer,
    items,
    mapping,
    nested,
    never,
    number,
    one_of,
    optional,
    record,
    shown,
    text,
    union,
)

DEVICES = text(r"\w{1,20}", "the name of a device")
MODULE_PATH = text(r"[\w.\- +:/@#]*", "the path of a module", 2000)
"""Path of a module or a parameter: ``encoder.layers.0.weight``. No quotes: paths become Python source, quoted where they must."""
OTHER = re.compile(r"[^\w.\-]")
"""Characters that stand in no name which is kept."""
ATTRIBUTE = text(r"[a-z]\w*", "the name of a tensor in a tensor", 100)
WORD = text(r"[\w.\- ]*", "a word: texts among the inputs become Python source", 200)
LONG_TEXT = text(r"(?s).*", "a text", 100_000)


def name(value: Any, where: str) -> str:
    """A name that is a Python identifier, since names of inputs become the parameters of a function."""
    if not isinstance(value, str) or len(value) > 1000 or not value.isidentifier() or keyword.iskeyword(value):
        raise Refused(where, f"{shown(value)} is not a name")
    return value


PARAMETER = text(r"[A-Za-z_]?\w*", "the name of an argument")
"""Name of an operator's argument; empty for those of operators without a schema."""


def target(value: Any, where: str) -> str:
    """What a node calls."""
    if not isinstance(value, str):
        raise Refused(where, f"{shown(value)} is not the name of an operator")
    problem = problem_of_target(value)
    if problem:
        raise Refused(where, f"{shown(value)} cannot be called: {problem}")
    return value


def _size(value: Any, where: str) -> str:
    """A size as PyTorch prints it: ``s27``, ``2*s39``."""
    return str(expression(value, where))


def _device(value: Any, where: str) -> dict[str, Any]:
    record(type=DEVICES)(value, where)
    return {"type": "cpu", "index": None}


# --------------------------------------------------------------------------------------------------------------------- values
INT, ANY_INT = integer(), integer(-(2**64), 2**64)
_DTYPE = one_of({int(key) for key in serialize._SERIALIZE_TO_TORCH_DTYPE}, "an element type")
_LAYOUT = one_of({int(key) for key in serialize._SERIALIZE_TO_TORCH_LAYOUT}, "a layout")
_MEMORY_FORMAT = one_of({int(key) for key in serialize._SERIALIZE_TO_TORCH_MEMORY_FORMAT}, "a memory format")
_STRIDED = one_of({7}, "the layout of a dense tensor")

_HINT = optional(union(as_int=ANY_INT, as_bool=flag, as_float=number))
_EXPRESSION = record(expr_str=expression, hint=_HINT)
SYM_INT = union(as_expr=_EXPRESSION, as_int=INT)
SYM_FLOAT = union(as_expr=_EXPRESSION, as_float=number)
SYM_BOOL = union(as_expr=_EXPRESSION, as_bool=flag)
TENSOR = record(
    dtype=_DTYPE,
    sizes=items(SYM_INT, 64),
    requires_grad=flag,
    device=_device,
    strides=items(SYM_INT, 64),
    storage_offset=SYM_INT,
    layout=_STRIDED,
)
_NAMED = record(name=name)
_SYM_INT_ARGUMENT = union(as_name=name, as_int=INT)
_SYM_FLOAT_ARGUMENT = union(as_name=name, as_float=number)
_SYM_BOOL_ARGUMENT = union(as_name=name, as_bool=flag)
_OPTIONAL_TENSOR = union(as_tensor=_NAMED, as_none=flag)
_CUSTOM = never("it is a custom object, which brings code")

_ARGUMENTS: dict[str, Rule] = {
    "as_none": flag,
    "as_tensor": _NAMED,
    "as_tensors": items(_NAMED),
    "as_int": ANY_INT,
    "as_ints": items(ANY_INT),
    "as_float": number,
    "as_floats": items(number),
    "as_string": LONG_TEXT,
    "as_strings": items(LONG_TEXT),
    "as_sym_int": _SYM_INT_ARGUMENT,
    "as_sym_ints": items(_SYM_INT_ARGUMENT),
    "as_sym_float": _SYM_FLOAT_ARGUMENT,
    "as_sym_floats": items(_SYM_FLOAT_ARGUMENT),
    "as_sym_bool": _SYM_BOOL_ARGUMENT,
    "as_sym_bools": items(_SYM_BOOL_ARGUMENT),
    "as_scalar_type": _DTYPE,
    "as_memory_format": _MEMORY_FORMAT,
    "as_layout": _LAYOUT,
    "as_device": _device,
    "as_bool": flag,
    "as_bools": items(flag),
    "as_optional_tensor": _OPTIONAL_TENSOR,
    "as_optional_tensors": items(_OPTIONAL_TENSOR),
    "as_complex": record(real=number, imag=number),
    "as_nested_tensors": items(items(_NAMED)),
    "as_int_lists": items(items(ANY_INT)),
    "as_float_lists": items(items(number)),
    "as_string_to_argument": mapping(name, nested(lambda: ARGUMENT)),
    "as_operator": target,
    "as_graph": record(name=name, graph=nested(lambda: GRAPH)),
    "as_custom_obj": _CUSTOM,
}
ARGUMENT: Rule = union(**_ARGUMENTS)
INPUT: Rule = union(**_ARGUMENTS | {"as_string": WORD, "as_strings": items(WORD)})
"""What a program is called with."""


# --------------------------------------------------------------------------------------------------------------------- graphs
def _metadata(value: Any, where: str) -> dict[str, str]:
    """Which modules a node belongs to; everything else that is noted of it is left out."""
    stack = value.get("nn_module_stack", "") if isinstance(value, dict) else ""
    if not isinstance(stack, str) or not stack:
        return {}
    entries = [entry.split(",") for entry in stack.split(";")]
    paths = [OTHER.sub("_", entry[1])[:1000] for entry in entries if len(entry) >= 3]
    return {"nn_module_stack": ";".join(f"m{i},{path}," for i, path in enumerate(paths))} if paths else {}


def _node(value: Any, where: str) -> dict[str, Any]:
    """A node. What is computed of sizes is computed of at least one: PyTorch has done what numbers alone give."""
    node: dict[str, Any] = _NODE(value, where)
    if node["target"] == SUBCLASS:
        ATTRIBUTE(node["inputs"][-1]["arg"].get("as_string"), where)
    if is_size_function(node["target"]):
        kinds = [next(iter(entry["arg"])) for entry in node["inputs"]]
        numbers = {"as_int", "as_float", "as_bool", "as_sym_int", "as_sym_float", "as_sym_bool"}
        symbols = [entry["arg"][kind] for entry, kind in zip(node["inputs"], kinds, strict=True) if kind.startswith("as_sym")]
        if not numbers.issuperset(kinds) or not any("as_name" in symbol for symbol in symbols):
            raise Refused(where, f"{node['target']} is called with something other than sizes")
        if node["target"].endswith(("pow", "lshift")) and not _is_small(node["inputs"][-1]["arg"]):
            raise Refused(where, f"{node['target']} is called with a large or unknown exponent")
    return node


def _is_small(argument: Mapping[str, Any]) -> bool:
    """Whether an argument is a small number."""
    (value,) = argument.values()
    return isinstance(value, int | float) and abs(value) <= MAX_EXPONENT


_NODE = record(
    target=target,
    inputs=items(record(name=PARAMETER, arg=ARGUMENT, kind=optional(one_of({0, 1, 2}, "a kind of argument")))),
    outputs=items(ARGUMENT),
    metadata=_metadata,
    name=optional(name),
    is_hop_single_tensor_return=optional(flag),
)
GRAPH: Rule = record(
    inputs=items(INPUT),
    outputs=items(ARGUMENT),
    nodes=items(_node),
    tensor_values=mapping(name, TENSOR),
    sym_int_values=mapping(name, SYM_INT),
    sym_bool_values=mapping(name, SYM_BOOL),
    sym_float_values=optional(mapping(name, SYM_FLOAT)),
    is_single_tensor_return=optional(flag),
    custom_obj_values=optional(mapping(name, _CUSTOM)),
)

_CONSTANT = union(as_none=flag, as_int=ANY_INT, as_float=number, as_string=WORD, as_bool=flag)
_SIGNATURE = record(
    input_specs=items(
        union(
            user_input=record(arg=INPUT),
            parameter=record(arg=_NAMED, parameter_name=MODULE_PATH),
            buffer=record(arg=_NAMED, buffer_name=MODULE_PATH, persistent=flag),
            tensor_constant=record(arg=_NAMED, tensor_constant_name=MODULE_PATH),
            constant_input=record(name=name, value=_CONSTANT),
            custom_obj=_CUSTOM,
            token=record(arg=_NAMED),
        )
    ),
    output_specs=items(
        union(
            user_output=record(arg=ARGUMENT),
            loss_output=record(arg=_NAMED),
            buffer_mutation=record(arg=_NAMED, buffer_name=MODULE_PATH),
            parameter_mutation=record(arg=_NAMED, parameter_name=MODULE_PATH),
            gradient_to_parameter=record(arg=_NAMED, parameter_name=MODULE_PATH),
            gradient_to_user_input=record(arg=_NAMED, user_input_name=name),
            user_input_mutation=record(arg=_NAMED, user_input_name=name),
            token=record(arg=_NAMED),
        )
    ),
)


# ---------------------------------------------------------------------------------------------------------------------- trees
def _tree(value: Any, where: str, fields: Mapping[str, list[str]], depth: int = 0) -> dict[str, Any]:
    """How arguments or results are nested, in tuples, lists and dictionaries only.

    What another class kept under names is a dictionary of these names, everything else a list; the leaves stay the same.
    """
    rule = record(type=optional(LONG_TEXT), context=lambda value, where: value, children_spec=items(lambda value, where: value))
    node = rule(value, where)
    if depth > 100:
        raise Refused(where, "arguments are nested too deeply")
    children = [_tree(child, where, fields, depth + 1) for child in node["children_spec"]]
    if node["type"] is None:
        return _branch(None, None, [])
    context = _context(node["context"])
    if node["type"] in ("builtins.tuple", "builtins.list"):
        return _branch(node["type"], "null", children)
    keys = fields.get(context) if isinstance(context, str) else context
    if isinstance(keys, list) and keys and isinstance(keys[0], list):
        keys = keys[0]  # a data class: its fields, and those that are None
    is_named = isinstance(keys, list) and len(keys) == len(children) and all(isinstance(key, str | int) for key in keys)
    if is_named and isinstance(keys, list):
        plain = [OTHER.sub("_", str(key))[:200] for key in keys]  # keys become Python source where PyTorch checks inputs
        if len(set(plain)) == len(plain):
            return _branch("builtins.dict", json.dumps(plain), children)
    if node["type"] == "builtins.dict":
        raise Refused(where, "the keys of a dictionary are not known")
    return _branch("builtins.list", "null", children)


def _branch(kind: str | None, context: str | None, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": kind, "context": context, "children_spec": children}


def _context(value: Any) -> Any:
    """What a node of a tree says of its children: JSON, or a plain name."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return value


def _tree_text(value: Any, where: str, fields: Mapping[str, list[str]]) -> str:
    try:
        protocol, tree = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        raise Refused(where, f"{shown(value)} does not say how arguments are nested") from None
    return json.dumps([one_of({1}, "a known form of trees")(protocol, where), _tree(tree, where, fields)])


def _call(value: Any, where: str, fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """How the program as a whole is called."""

    def tree(value: Any, where: str) -> str:
        return _tree_text(value, where, fields)

    rule = record(inputs=items(INPUT), outputs=items(ARGUMENT), in_spec=tree, out_spec=tree, forward_arg_names=optional(items(name)))
    signature: dict[str, Any] = rule(value, where)
    _check_arguments(json.loads(signature["in_spec"])[1], where)
    return signature


def _check_arguments(tree: Mapping[str, Any], where: str) -> None:
    """Raises `Refused` unless the tree is a tuple of positional arguments and a dictionary of those by name."""
    children = tree["children_spec"]
    if len(children) != 2 or children[0]["type"] != "builtins.tuple" or children[1]["type"] != "builtins.dict":
        raise Refused(where, "the inputs are not arguments by position and by name")
    for key in json.loads(children[1]["context"]):
        name(key, where)


_FIELDS = mapping(LONG_TEXT, record(field_names=items(name)))


def _module(value: Any, where: str) -> dict[str, Any]:
    rule = record(graph=GRAPH, signature=_SIGNATURE, module_call_graph=items(lambda value, where: value))
    module: dict[str, Any] = rule(value, where)
    fields = _FIELDS(value.get("treespec_namedtuple_fields") or {}, f"{where}.treespec_namedtuple_fields")
    names = {kind: entry["field_names"] for kind, entry in fields.items()}
    root = [entry for entry in module["module_call_graph"] if isinstance(entry, dict) and entry.get("fqn") == ""]
    if len(root) != 1:
        raise Refused(f"{where}.module_call_graph", "how the program is called is not in it")
    signature = _call(root[0].get("signature"), f"{where}.module_call_graph", names)
    return module | {"module_call_graph": [{"fqn": "", "signature": signature}], "metadata": {}, "treespec_namedtuple_fields": {}}


PROGRAM: Rule = record(
    graph_module=_module,
    opset_version=mapping(text(r"[\w.]*", "a library's name"), integer(0, 1000)),
    range_constraints=mapping(_size, record(min_val=optional(ANY_INT), max_val=optional(ANY_INT))),
    schema_version=record(major=integer(0, 1000), minor=integer(0, 1000)),
    verifiers=optional(items(one_of({"ATEN", "TRAINING"}, "a dialect that is known"))),
    torch_version=optional(text(r"[\w.+<=\- ]*", "a version of PyTorch")),
)
"""An exported program."""

PAYLOADS: Rule = record(
    config=mapping(
        MODULE_PATH,
        record(
            path_name=text(r"(weight|tensor)_\d+", "a tensor (custom objects bring code)"),
            is_param=flag,
            use_pickle=flag,
            tensor_meta=optional(
                record(
                    dtype=_DTYPE,
                    sizes=items(union(as_int=integer(0)), 64),
                    strides=items(union(as_int=integer(0)), 64),
                    storage_offset=union(as_int=integer(0)),
                    requires_grad=flag,
                    layout=_STRIDED,
                )
            ),
        ),
    )
)
"""Where the tensors of a program stand in its archive."""
