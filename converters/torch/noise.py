"""A program whose random calls read their numbers from inputs, so that they can be given to it and to its conversion alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import fx
from torch._ops import OpOverload
from torch._subclasses import FakeTensorMode
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec, TensorArgument
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from converters.random_numbers import SUFFIX
from converters.torch.registry import aten
from webnn_graph.graph import Distribution

Form: TypeAlias = Callable[..., Any]
"""What a random call returns: of the numbers, what would be returned by default, and the call's arguments by name."""
DISTRIBUTION = "noise_distribution"
"""Key, in a placeholder's metadata, of how the input is distributed."""
SMALLEST = 2.0**-24
"""Smallest number of an exponential distribution: PyTorch never draws 0, either."""


@dataclass(frozen=True)
class Draw:
    """How a random call is computed from random numbers.

    Attributes:
        distribution: Of the numbers.
        form: The call's result.
        shape: The numbers' shape, of the result's fake tensor and the arguments; by default the result's.
    """

    distribution: Distribution
    form: Form
    shape: Callable[..., Sequence[int]] = lambda result, **_: result.shape


def _spread(numbers: torch.Tensor, like: torch.Tensor, mean: Any, std: Any) -> torch.Tensor:
    return numbers * std + mean


def _integers(numbers: torch.Tensor, like: torch.Tensor, high: int, low: int = 0) -> torch.Tensor:
    drawn = torch.clamp(torch.floor(numbers * (high - low)), max=high - low - 1)  # the product may be rounded up
    return (drawn + low).to(like.dtype)


def _bernoulli(numbers: torch.Tensor, like: torch.Tensor, self: torch.Tensor, p: Any = None) -> torch.Tensor:
    return (numbers < (self if p is None else p)).to(like.dtype)


def _exponential(numbers: torch.Tensor, like: torch.Tensor, lambd: float = 1.0) -> torch.Tensor:
    return torch.clamp(-torch.log(1 - numbers), min=SMALLEST) / lambd


def _multinomial(
    numbers: torch.Tensor, like: torch.Tensor, self: torch.Tensor, num_samples: int, replacement: bool = False
) -> torch.Tensor:
    if num_samples > 1 and not replacement:
        return torch.topk(self / _exponential(numbers, like), num_samples, -1)[1]
    sums = torch.cumsum(self, -1)
    below = sums.unsqueeze(-2) <= (numbers * sums[..., -1:]).unsqueeze(-1)
    return torch.clamp(below.sum(-1), max=self.shape[-1] - 1)


def _numbers_of_multinomial(result: torch.Tensor, self: torch.Tensor, num_samples: int, replacement: bool = False) -> Sequence[int]:
    return self.shape if num_samples > 1 and not replacement else result.shape


def _dropout(numbers: torch.Tensor, like: torch.Tensor, input: torch.Tensor, p: float) -> tuple[torch.Tensor, torch.Tensor]:
    kept = numbers >= p
    return torch.where(kept, input * (1 / (1 - p) if p < 1 else 0.0), torch.zeros_like(input)), kept


def _permutation(numbers: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return torch.argsort(numbers).to(like.dtype)


NORMAL, UNIFORM = Distribution.NORMAL, Distribution.UNIFORM
_AS_DRAWN: Form = lambda numbers, like: numbers  # noqa: E731
_UNIFORM_BETWEEN: Form = lambda numbers, like, **given: numbers * (given["to"] - given["from"]) + given["from"]  # noqa: E731
DRAWS: Mapping[OpOverload, Draw] = {
    **dict.fromkeys([aten.randn.default, aten.randn_like.default], Draw(NORMAL, _AS_DRAWN)),
    **dict.fromkeys([aten.rand.default, aten.rand_like.default], Draw(UNIFORM, _AS_DRAWN)),
    **dict.fromkeys([aten.randint.default, aten.randint.low], Draw(UNIFORM, _integers)),
    **dict.fromkeys([aten.randint_like.default, aten.randint_like.low_dtype], Draw(UNIFORM, _integers)),
    **dict.fromkeys([aten.normal.Tensor_Tensor, aten.normal.Tensor_float, aten.normal.float_Tensor], Draw(NORMAL, _spread)),
    **dict.fromkeys([aten.normal.float_float, aten.normal_functional.default], Draw(NORMAL, _spread)),
    aten.uniform.default: Draw(UNIFORM, _UNIFORM_BETWEEN),
    **dict.fromkeys([aten.bernoulli.default, aten.bernoulli.p, aten.bernoulli.Tensor], Draw(UNIFORM, _bernoulli)),
    aten.exponential.default: Draw(UNIFORM, _exponential),
    aten.multinomial.default: Draw(UNIFORM, _multinomial, _numbers_of_multinomial),
    aten.native_dropout.default: Draw(UNIFORM, _dropout),
    aten.randperm.default: Draw(UNIFORM, _permutation),
}
"""How random overloads are computed from random numbers."""
IGNORED = {"size", "n", "dtype", "layout", "device", "pin_memory", "memory_format", "generator", "train"}
"""Arguments that only say what the fake result shows."""
ONLY_LIKE = {"randn_like", "rand_like", "randint_like", "normal_functional", "uniform", "exponential"}
"""Overloads of which ``self`` only says the shape and the type."""


def with_noise(program: ExportedProgram) -> ExportedProgram:
    """The program, changed in place: each random call of its own graph is arithmetic on an input of random numbers.

    The inputs come behind the others; `distribution_of` says how each is distributed.
    """
    graph = program.graph_module.graph
    last = [node for node in graph.nodes if node.op == "placeholder"][-1:]
    for node in list(graph.nodes):
        draw = DRAWS.get(node.target) if node.op == "call_function" else None
        if draw is not None and not (node.target is aten.native_dropout.default and node.args[2] is False):
            last = [_rewritten(program, node, draw, last)]
    program.graph_module.recompile()
    return program


def distribution_of(node: fx.Node) -> Distribution | None:
    """How a placeholder's numbers are distributed; None when they are not random."""
    distribution: Distribution | None = node.meta.get(DISTRIBUTION)
    return distribution


def _rewritten(program: ExportedProgram, node: fx.Node, draw: Draw, last: Sequence[fx.Node]) -> fx.Node:
    """Puts the arithmetic into a random call's place; gives the new placeholder, which stands behind the ``last`` one."""
    graph, arguments = node.graph, _arguments(node)
    fakes = fx.node.map_arg(arguments, lambda n: n.meta["val"])
    result = pytree.tree_leaves(node.meta["val"])[0]
    shape, dtype = draw.shape(result, **fakes), result.dtype if result.dtype.is_floating_point else torch.float32
    mode: FakeTensorMode = result.fake_mode
    with mode:
        numbers = torch.empty(tuple(shape), dtype=dtype)
    with graph.inserting_after(last[0]) if last else graph.inserting_before(next(iter(graph.nodes))):
        placeholder = graph.placeholder(f"{node.name}{SUFFIX}")
    placeholder.meta |= {"val": numbers, DISTRIBUTION: draw.distribution}
    spec = InputSpec(InputKind.USER_INPUT, TensorArgument(placeholder.name), None)
    program.graph_signature.input_specs.append(spec)

    names = [name for name, value in arguments.items() if isinstance(value, fx.Node)]
    plain = {name: value for name, value in arguments.items() if name not in names}

    def form(numbers: torch.Tensor, *tensors: torch.Tensor) -> Any:
        return draw.form(numbers, result, **plain, **dict(zip(names, tensors, strict=True)))

    with mode:
        traced = make_fx(form)(numbers, *(fakes[name] for name in names))
    given = [placeholder, *(arguments[name] for name in names)]
    inner = [inner for inner in traced.graph.nodes if inner.op == "placeholder"]
    values = dict(zip(inner, given, strict=True))
    with graph.inserting_before(node):
        returned = graph.graph_copy(traced.graph, values)
    for copied in values.values():
        copied.meta.setdefault("nn_module_stack", node.meta.get("nn_module_stack"))
    _replace(node, returned)
    return placeholder


def _arguments(node: fx.Node) -> dict[str, Any]:
    """The arguments that the numbers of a random call depend on, by name; nodes for tensors."""
    assert isinstance(node.target, OpOverload)
    schema = node.target._schema
    given = {argument.name: value for argument, value in zip(schema.arguments, node.args, strict=False)} | dict(node.kwargs)
    ignored = IGNORED | ({"self"} if schema.name.split("::")[-1] in ONLY_LIKE else set())
    return {name: value for name, value in given.items() if name not in ignored}


def _replace(node: fx.Node, returned: Any) -> None:
    """Lets what reads a call read what stands for it."""
    if isinstance(returned, fx.Node):
        node.replace_all_uses_with(returned)
    else:
        for user in list(node.users):
            user.replace_all_uses_with(returned[user.args[1]])
            node.graph.erase_node(user)
    node.graph.erase_node(node)
