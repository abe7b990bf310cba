"""Which functions a model's file may call: registered operators that compute tensors from tensors, and arithmetic on sizes.

An operator is known by its kind, not by its name: all of its arguments and results are tensors, numbers or types, and a string
is one of the parameters that choose a variant. So those that read or write files, print, or take objects are not among them.
"""

from __future__ import annotations

import importlib
import re
from contextlib import suppress
from functools import cache
from typing import Any

import torch
from torch._ops import OpOverload

from converters.torch.registry import is_of_plugin

TORCHAO = "torchao"
NAMESPACES = ("aten", "prims", "quantized_decomposed", TORCHAO, "torchvision")
"""Libraries of operators whose implementations compute tensors and do nothing else."""

PLAIN = {"TensorType", "IntType", "SymIntType", "NumberType", "FloatType", "BoolType", "SymBoolType", "DeviceObjType", "GeneratorType"}
"""Kinds of types that arguments and results have; element types and layouts are integers among them."""
VARIANTS = set(
    "UPLO activation algorithm approximate assert_msg driver equation indexing interpolation mapping_type mode norm ord p pad_mode padding "
    "padding_mode padding_side reduce rounding_mode side".split()
)
"""Parameters whose value is a word that chooses a variant."""

SIZES = {
    "_operator": set("abs add and_ eq floordiv ge gt le lshift lt mod mul ne neg not_ or_ pos pow rshift sub truediv xor".split()),
    "math": set("ceil floor trunc sqrt log2 pow round".split()),
    "torch": set("sym_float sym_int sym_ite sym_max sym_min sym_not sym_sqrt _sym_sqrt sym_sum".split()),
}
"""Functions on sizes by the module that they are written with."""
BATCHING = set("_add_batch_dim _remove_batch_dim _vmap_increment_nesting _vmap_decrement_nesting lazy_load_decompositions".split())
"""Functions of ``torch._functorch.predispatch`` that mark what `torch.vmap` did."""
HIGHER_ORDER = set(
    "associative_scan cond flex_attention hints_wrapper invoke_subgraph map_impl out_dtype run_const_graph scan strict_mode "
    "tag_activation_checkpoint while_loop wrap wrap_activation_checkpoint wrap_with_autocast wrap_with_set_grad_enabled".split()
)
"""Operators that take graphs, all of which are in the file as graphs."""

SUBCLASS = "torch.ops.export.access_subclass_inner_tensor.default"
"""Takes a tensor of quantized values out of the object that torchao keeps it in, by the name of an attribute."""
TARGET = re.compile(r"torch\.ops\.(\w+)\.(\w+)(?:\.(\w+))?")


def problem_of_target(target: str) -> str:
    """Why a node must not call ``target``, a dotted name as exported programs have; empty when it may."""
    if target == SUBCLASS:
        return ""
    if match := TARGET.fullmatch(target):
        namespace, name, overload = match.groups()
        if namespace == "higher_order":
            return "" if name in HIGHER_ORDER and overload is None else "it is no operator on graphs that is known"
        return problem_of(overload_named(namespace, name, overload or "default"))
    module, _, name = target.rpartition(".")
    if is_size_function(target) or (module == "torch._functorch.predispatch" and name in BATCHING):
        return ""
    return "it is no operator"


@cache
def import_torchao() -> None:
    """Its operators, and what its tensors are unpickled with, are known once it is imported; where it is not installed they are not."""
    with suppress(Exception):
        importlib.import_module(TORCHAO)


def is_size_function(target: str) -> bool:
    """Whether ``target`` computes a size of sizes."""
    module, _, name = target.rpartition(".")
    return name in SIZES.get(module, ())


def overload_named(namespace: str, name: str, overload: str) -> OpOverload | None:
    """The overload of a registered operator; None when there is no such one, or neither the namespace nor a plug-in's handler is known."""
    if name.startswith("__") and not name.endswith("__"):
        return None
    if namespace == TORCHAO:
        import_torchao()
    try:  # what only TorchScript's interpreter knows, like aten::save, is not registered with the dispatcher
        torch._C._dispatch_find_schema_or_throw(f"{namespace}::{name}", "" if overload == "default" else overload)
    except RuntimeError:
        return None
    found = getattr(getattr(getattr(torch.ops, namespace), name, None), overload, None)
    return found if isinstance(found, OpOverload) and (namespace in NAMESPACES or is_of_plugin(found)) else None


def problem_of(overload: OpOverload | None) -> str:
    """Why an operator is not one that computes tensors from tensors; empty when it is."""
    if overload is None:
        return "no such operator is registered"
    schema: Any = overload._schema
    for argument in (*schema.arguments, *schema.returns):
        kind = _element(argument.type).kind()
        if kind == "StringType" and argument.name not in VARIANTS:
            return f"its argument {argument.name!r} is a text"
        if kind != "StringType" and kind not in PLAIN:
            return f"its argument {argument.name!r} is a {kind.removesuffix('Type')}"
    return ""


def _element(kind: Any) -> Any:
    """The type inside of optionals and lists."""
    while kind.kind() in ("OptionalType", "ListType"):
        kind = kind.getElementType()
    return kind


# ----------------------------------------------------------------------------------------------------------------- TorchScript
INTERPRETED = set(
    """
    Bool Complex ComplexImplicit Float FloatImplicit Int IntImplicit ScalarImplicit Size __contains__ __derive_index __getitem__
    __interpolate __is__ __isnot__ __not__ __range_length __round_to_zero_floordiv __upsample __upsample_bilinear
    __upsample_nearest _infer_size _list_to_tensor _set_item _size_if_not_equal _tensor_to_list _unwrap_optional Delete append
    as_tensor bin broadcast_shapes capitalize center chr clear count cpu degrees device dict divmod element_size endswith extend
    fabs factorial find floordiv format get has_torch_function hex insert is_autocast_cpu_enabled is_autocast_enabled
    is_grad_enabled is_non_overlapping_and_dense is_scripting isalpha isdigit islower isspace isupper items join keys len list
    lower lstrip mathremainder modf oct ord percentFormat pop popitem radians remove replace reverse rfind rsplit rstrip
    setdefault sorted splitlines startswith str strip tensor title update upper warn _get_tracing_state set_grad_enabled
    """.split()
)
"""Functions of TorchScript's interpreter on numbers, texts and lists, which no library registers."""
PRIMITIVE = set(
    """
    AutogradAdd NumToTensor RaiseException TupleIndex TupleUnpack Uninitialized abs data device dtype grad id is_cpu is_cuda is_meta
    is_mkldnn is_mps is_nested is_quantized is_sparse is_xpu itemsize layout max min name nbytes rangelist requires_grad shape tolist
    type unchecked_cast unchecked_unwrap_optional ConstantChunk EnumName EnumValue StringIndex ModuleContainerIndex
    """.split()
)
"""The same of those that TorchScript writes as ``ops.prim``."""


def problem_in_script(namespace: str, name: str) -> str:
    """Why the code of a TorchScript archive must not call an operator, whichever overload; empty when it may."""
    if namespace == "prim":
        return "" if name in PRIMITIVE else "it is no operator that a network needs"
    if namespace == "aten" and name in INTERPRETED:
        return ""
    names = _overloads(namespace, name) if namespace in NAMESPACES else []
    if not names:
        return "it is no operator that a network needs"
    return next(filter(None, (problem_of(overload_named(namespace, name, overload)) for overload in names)), "")


def namespaces_with(name: str) -> list[str]:
    """Those of the two libraries that methods of tensors, lists and texts come from in which there is an operator of this name."""
    return [namespace for namespace in ("aten", "prim") if torch._C._jit_get_schemas_for_operator(f"{namespace}::{name}")]


def _overloads(namespace: str, name: str) -> list[str]:
    prefix = f"{namespace}::{name}"
    registered = _registered().get(prefix, [])
    return [overload or "default" for overload in registered if not overload.endswith("_out") and overload != "out"]


@cache
def _registered() -> dict[str, list[str]]:
    """The overloads of all registered operators, by name."""
    found: dict[str, list[str]] = {}
    for full in torch._C._dispatch_get_all_op_names():
        name, _, overload = full.partition(".")
        found.setdefault(name, []).append(overload)
    return found
