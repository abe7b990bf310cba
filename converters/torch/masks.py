"""Rows that a mask selects stay in their places: ``y[mask] = f(x[mask])`` is computed as ``where(mask, f(x), y)``.

How many rows a mask selects depends on the data, so that no static graph can hold them. Where each row is computed by itself,
and goes back to where the mask took it from, or into a sum of the rows, all rows can be computed and the selected ones taken.
The same goes for positions, ``mask.nonzero()``. An operator that is not known to leave rows by themselves leaves the program as
it is; the conversion then says that a size depends on the data.

A tensor of rows has one size that only the data tell, a symbol of its own; here it becomes the number of all places of the mask.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload
from torch.export import ExportedProgram

from converters.torch.checks import drop_dead, is_check, operator_name
from converters.torch.decompose import decompose
from converters.torch.retrace import open_sizes, retraced
from webnn_graph.errors import ConversionError

aten = torch.ops.aten


NUMBERS = {aten._local_scalar_dense.default, aten.item.default}
"""Calls that make a Python number of a tensor."""


class _Stays(Exception):
    """The program has rows that do not stay by themselves."""


def with_rows_in_place(program: ExportedProgram) -> ExportedProgram:
    """The program with all rows in the place of those that a mask selects, where that gives the same results.

    Args:
        program: As `converters.torch.decompose.decompose` gives it.
    """
    if not any(map(open_sizes, program.graph.nodes)):
        return program
    module = program.module(check_guards=False)
    try:
        _Rows(module.graph).rewrite()
        return decompose(retraced(module, program))
    except (_Stays, ConversionError):
        return program


class _Rows:
    """One rewriting of a graph.

    Attributes:
        masks: By node, the mask that selected the rows which the node's tensor consists of.
        columns: By node, that its tensor is a column of the positions of its mask, and which one; None for all.
        counts: By the symbol of a number of rows, the number of all.
        numbers: By node that makes a Python number of a tensor, that tensor.
    """

    def __init__(self, graph: fx.Graph) -> None:
        self.graph = graph
        self.masks: dict[fx.Node, fx.Node] = {}
        self.columns: dict[fx.Node, int | None] = {}
        self.counts: dict[Any, int] = {}
        self.numbers: dict[fx.Node, fx.Node] = {}

    def rewrite(self) -> None:
        """Raises `_Stays` when rows do not stay by themselves."""
        for node in list(self.graph.nodes):
            if is_check(node):
                self.graph.erase_node(node)
        results = [node for node in self.graph.nodes if node.op == "output" or node.target is aten.copy_.default]
        drop_dead(self.graph, results)
        for node in list(self.graph.nodes):
            if node.op == "call_function":
                with self.graph.inserting_before(node):
                    self._rewrite(node)
        if any(source in self.masks for node in results for source in node.all_input_nodes):
            raise _Stays
        drop_dead(self.graph, results)

    def _rewrite(self, node: fx.Node) -> None:
        rows = [source for source in node.all_input_nodes if source in self.masks]
        if not open_sizes(node) and any(map(_is_number, node.all_input_nodes)):
            self._count(node)
        elif node.target is aten.index_put.default:
            self._put(node)
        elif not rows:
            if node.target in NUMBERS:
                self.numbers[node] = node.all_input_nodes[0]
            elif node.target is aten.nonzero.default:
                self._positions(node)
            elif node.target is aten.index.Tensor and open_sizes(node):
                self._select(node)
            elif open_sizes(node):
                self._of_counts(node)
        elif node.target in (aten.sym_size.int, operator.getitem, aten.unbind.int, aten.select.int):
            self._part(node, rows[0])
        elif node.target in _OVER_ROWS and not open_sizes(node):
            self._reduce(node, rows[0])
        else:
            self._each(node, rows)

    # ------------------------------------------------------------------------------------------------------- where rows begin
    def _select(self, node: fx.Node) -> None:
        """``x[mask]``: all of x, the dimensions of the mask made one."""
        x, indices = node.args
        axis, mask = _only_mask(indices)
        assert isinstance(x, fx.Node)
        shape = _static_shape(x)
        rank = len(_static_shape(mask))
        merged = [*shape[:axis], math.prod(shape[axis : axis + rank]), *shape[axis + rank :]]
        self._begin(node, mask, self.graph.call_function(aten.reshape.default, (x, merged)))

    def _positions(self, node: fx.Node) -> None:
        """``mask.nonzero()``: all positions."""
        (mask,) = node.args
        assert isinstance(mask, fx.Node)
        shape = _static_shape(mask)
        ranges = [self.graph.call_function(aten.arange.default, (n,)) for n in shape]
        columns = []
        for axis, (size, places) in enumerate(zip(shape, ranges, strict=True)):
            column = self.graph.call_function(aten.reshape.default, (places, [size if i == axis else 1 for i in range(len(shape))]))
            whole = self.graph.call_function(aten.expand.default, (column, shape))
            columns.append(self.graph.call_function(aten.reshape.default, (whole, [math.prod(shape)])))
        if mask.meta["val"].dtype is not torch.bool:
            truth = self._call(aten.ne.Scalar, mask, 0)
            truth.meta["val"] = mask.meta["val"] != 0
            mask = truth
        all_positions = self.graph.call_function(aten.stack.default, (columns, 1))
        self._begin(node, mask, all_positions)
        self.columns[all_positions] = None

    def _begin(self, node: fx.Node, mask: fx.Node, rows: fx.Node) -> None:
        for symbol in open_sizes(node):
            self.counts[symbol] = math.prod(_static_shape(mask))
        self.masks[rows] = mask
        _instead(node, rows)

    # -------------------------------------------------------------------------------------------------------- what goes on
    def _part(self, node: fx.Node, rows: fx.Node) -> None:
        """An item of several results, a column of a matrix."""
        if node.target is aten.sym_size.int:
            return
        arguments: Any = node.args
        if node.target is operator.getitem:
            self.columns |= {node: arguments[1]} if rows in self.columns else {}
        elif _row_axis(rows) in _axes(node, len(_shape(rows))):
            raise _Stays
        elif rows in self.columns:
            self.columns[node] = arguments[2] if node.target is aten.select.int else None
        self.masks[node] = self.masks[rows]

    def _of_counts(self, node: fx.Node) -> None:
        """A tensor of as many rows as there are, all alike; sizes of such a number are computed nowhere else."""
        if operator_name(node) not in ("full", "zeros", "ones", "expand"):
            raise _Stays
        self.masks[node] = next(mask for rows, mask in self.masks.items() if open_sizes(rows) & open_sizes(node))
        self._count_all(node)

    def _each(self, node: fx.Node, rows: list[fx.Node]) -> None:
        mask = self._common(rows)
        if not open_sizes(node) or not _leaves_rows(node, rows):
            raise _Stays
        self._count_all(node)
        self.masks[node] = mask
        if rows[0] in self.columns and (operator_name(node) in _COPIES or len(_shape(node)) == len(_static_shape(mask)) == 1):
            self.columns[node] = 0 if operator_name(node) in _FLAT else self.columns[rows[0]]

    def _count(self, node: fx.Node) -> None:
        """An operator on a number that only the data tell, which takes it as a tensor as well."""
        if node.target is aten.select.int and node.args[2] in self.numbers:
            x, axis, index = node.args
            _instead(node, self._call(aten.index.Tensor, x, [*[None] * (axis % len(_shape(x))), self.numbers[index]]))  # type: ignore
        elif isinstance(node.target, OpOverload) and torch.Tag.pointwise in node.target.tags:
            _map_inputs(node, self._as_tensor)
        else:
            raise _Stays

    def _as_tensor(self, source: fx.Node) -> fx.Node:
        if not _is_number(source):
            return source
        if source in self.numbers:
            return self.numbers[source]
        if source.target is not aten.sym_size.int or source.all_input_nodes[0] not in self.masks:
            raise _Stays
        return self._call(aten.sum.default, self.masks[source.all_input_nodes[0]])

    def _common(self, rows: list[fx.Node]) -> fx.Node:
        mask = self.masks[rows[0]]
        if not all(_alike(self.masks[other], mask) for other in rows):
            raise _Stays
        return mask

    def _count_all(self, node: fx.Node) -> None:
        """Puts the number of all rows in the place of the number of selected ones."""

        def whole(source: fx.Node) -> Any:
            value = source.meta.get("val")
            return self.counts.get(value.node.expr, source) if isinstance(value, torch.SymInt) else source

        _map_inputs(node, whole)
        if any(map(_is_number, node.all_input_nodes)):
            raise _Stays

    # --------------------------------------------------------------------------------------------------------- where rows end
    def _reduce(self, node: fx.Node, rows: fx.Node) -> None:
        """A sum, mean, minimum ... over the rows: over all, those that are not selected replaced by what changes nothing."""
        column = self._column(rows)
        if operator_name(node) == "mean":
            over = aten.sum.dim_IntList if node.args[1:] else aten.sum.default
            total = self._call(over, self._neutral(rows, column, 0), *node.args[1:], dtype=node.kwargs.get("dtype"))
            shape = _shape(rows)
            others = math.prod(shape[axis] for axis in _axes(node, len(shape)) if axis != _row_axis(rows))
            count = self._call(aten.sum.default, self.masks[rows])
            _instead(node, self._call(aten.div.Tensor, total, self._call(aten.mul.Tensor, count, others)))
            return
        assert isinstance(node.target, OpOverload)
        nothing = _OVER_ROWS[node.target](rows.meta["val"].dtype)
        node.args = (self._neutral(rows, column, nothing), *node.args[1:])

    def _neutral(self, rows: fx.Node, column: fx.Node, value: float) -> fx.Node:
        return self._call(aten.where.ScalarOther, column, rows, value)

    def _column(self, rows: fx.Node) -> fx.Node:
        """The mask as one of the rows' dimensions."""
        shape = _shape(rows)
        return self._call(aten.reshape.default, self.masks[rows], [-1, *[1] * (len(shape) - _row_axis(rows) - 1)])

    def _put(self, node: fx.Node) -> None:
        """``y[mask] = rows``, and ``y[positions] = rows``: where."""
        y, indices, values, *accumulates = node.args
        assert isinstance(y, fx.Node) and isinstance(values, fx.Node) and isinstance(indices, list | tuple)
        given = [item for item in indices if isinstance(item, fx.Node)]
        if y in self.masks:
            raise _Stays
        if any(item in self.masks for item in given):
            axis, mask = self._placed(y, indices, given)
        elif values in self.masks:
            axis, mask = _only_mask(indices)
        else:
            return
        if values in self.masks and not _alike(self.masks[values], mask):
            raise _Stays
        shape = _static_shape(mask)
        trailing = len(_static_shape(y)) - axis - len(shape)
        if values in self.masks:
            front = _shape(values)[: _row_axis(values)]
            rest = _shape(values)[_row_axis(values) + 1 :]
            if len(rest) != trailing:
                raise _Stays
            values = self._call(aten.reshape.default, values, [*front, *shape, *rest])
        elif len(_static_shape(values)) > trailing:
            raise _Stays
        if accumulates and accumulates[0]:
            values = self._call(aten.add.Tensor, y, values)
        column = self._call(aten.reshape.default, mask, [*shape, *[1] * trailing])
        values = self._call(aten._to_copy.default, values, dtype=y.meta["val"].dtype)
        _instead(node, self._call(aten.where.self, column, values, y))

    def _placed(self, y: fx.Node, indices: Any, given: list[fx.Node]) -> tuple[int, fx.Node]:
        """Which dimensions of y all columns of a mask's positions index, and the mask, whose shape these have."""
        if any(item not in self.columns for item in given):
            raise _Stays
        mask = self._common(given)
        axis = next(i for i, item in enumerate(indices) if item is not None)
        shape = _static_shape(mask)
        whole = [self.columns[item] for item in given] == list(range(len(shape))) and list(indices[axis:]) == given
        if not whole or _static_shape(y)[axis : axis + len(shape)] != shape:
            raise _Stays
        return axis, mask

    def _call(self, target: OpOverload, *args: Any, **kwargs: Any) -> fx.Node:
        return self.graph.call_function(target, args, {name: value for name, value in kwargs.items() if value is not None})


def _map_inputs(node: fx.Node, new: Callable[[fx.Node], Any]) -> None:
    given: Any = fx.node.map_arg((node.args, node.kwargs), new)
    node.args, node.kwargs = given


def _instead(node: fx.Node, new: fx.Node) -> None:
    """Puts one node in the place of another, of which it takes what is known."""
    new.meta = {**node.meta, **new.meta}
    node.replace_all_uses_with(new)


def _alike(a: Any, b: Any) -> bool:
    """Whether two arguments are one, or are computed in the same way of the same."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    if not isinstance(a, fx.Node) or not isinstance(b, fx.Node) or a is b:
        return a is b or (not isinstance(a, fx.Node) and bool(a == b))
    called = a.op == b.op == "call_function" and a.target is b.target and a.kwargs == b.kwargs
    return called and torch.Tag.nondeterministic_seeded not in getattr(a.target, "tags", ()) and _alike(a.args, b.args)


def _only_mask(indices: Any) -> tuple[int, fx.Node]:
    """The one mask among indices, and which dimension it begins with."""
    given = [(axis, item) for axis, item in enumerate(indices) if item is not None]
    if len(given) != 1 or given[0][1].meta["val"].dtype is not torch.bool:
        raise _Stays
    return given[0]


# ------------------------------------------------------------------------------------------------- shapes and what operators do
_OVER_ROWS: dict[OpOverload, Callable[[torch.dtype], float]] = {
    aten.sum.default: lambda _: 0,
    aten.sum.dim_IntList: lambda _: 0,
    aten.mean.default: lambda _: 0,
    aten.mean.dim: lambda _: 0,
    aten.prod.default: lambda _: 1,
    aten.prod.dim_int: lambda _: 1,
    aten.amax.default: lambda dtype: _limits(dtype).min,
    aten.amin.default: lambda dtype: _limits(dtype).max,
    aten.any.default: lambda _: False,
    aten.any.dim: lambda _: False,
    aten.all.default: lambda _: True,
    aten.all.dim: lambda _: True,
}
"""Reductions, and what a row holds that changes nothing in them; a mean divides by the number of selected rows besides."""
_COPIES = {"alias", "clone", "contiguous", "detach", "_to_copy"}
_FLAT = {"squeeze", "view", "reshape"}
_LAYOUT = set("alias clone contiguous detach expand permute squeeze t transpose unsqueeze _to_copy".split())
"""Operators that keep elements, and dimensions as such."""
_ALONG = set(
    "_softmax amax amin any argmax argmin cat cumprod cumsum flip gather log_softmax _log_softmax logsumexp mean prod select slice softmax "
    "sort split sum topk unbind".split()
)
"""Operators that compute along the dimensions that they name, and nothing across others."""
_PRODUCTS = {"linear": 0, "mm": 0, "matmul": 0, "addmm": 1, "layer_norm": 0, "rms_norm": 0, "embedding": 1}
"""Operators that compute along the last dimensions of one argument; which one."""


def _leaves_rows(node: fx.Node, rows: list[fx.Node]) -> bool:
    """Whether each row of the result is computed of that row of the arguments alone."""
    if not isinstance(node.target, OpOverload):
        return False
    name = operator_name(node)
    if torch.Tag.pointwise in node.target.tags or name in _LAYOUT:
        return True
    if name in ("view", "reshape", "_unsafe_view"):
        before = [math.prod(_shape(tensor)[: _row_axis(tensor)]) for tensor in (rows[0], node)]
        return before[0] == before[1]
    if name == "index":
        return node.args[0] not in rows and set(node.all_input_nodes[1:]) == set(rows)
    if name in _ALONG:
        return _row_axis(rows[0]) not in _axes(node, len(_shape(rows[0])))
    if name in _PRODUCTS:
        shape = _shape(rows[0])
        last = len(node.args[1]) if name in ("layer_norm", "rms_norm") else 1  # type: ignore[arg-type]
        return rows == [node.args[_PRODUCTS[name]]] and (name == "embedding" or _row_axis(rows[0]) < len(shape) - last)
    return False


def _is_number(node: fx.Node) -> bool:
    """Whether the node gives a number that only the data tell."""
    return not isinstance(node.meta.get("val"), torch.Tensor | tuple | list) and bool(open_sizes(node))


def _axes(node: fx.Node, rank: int) -> set[int]:
    """The dimensions that a call names; all when it names none."""
    assert isinstance(node.target, OpOverload)
    for i, argument in enumerate(node.target._schema.arguments):
        if argument.name in ("dim", "dims"):
            given: Any = node.args[i] if i < len(node.args) else node.kwargs.get("dim", argument.default_value)
            named = [given] if isinstance(given, int) else given
            return {axis % rank for axis in named} if named else set(range(rank))
    return set(range(rank))


def _row_axis(node: fx.Node) -> int:
    """Which dimension of a node's tensor stands for the rows."""
    value = node.meta["val"]
    sizes = value.shape if isinstance(value, torch.Tensor) else value[0].shape
    found = [axis for axis, size in enumerate(sizes) if isinstance(size, torch.SymInt) and size.node.expr.is_symbol]
    if len(found) != 1:
        raise _Stays
    return found[0]


def _shape(node: fx.Node) -> list[Any]:
    """The sizes of a node's tensor, that of the rows included."""
    return list(node.meta["val"].shape)


def _static_shape(node: fx.Node) -> list[int]:
    shape = _shape(node)
    if not all(isinstance(size, int) for size in shape):
        raise _Stays
    return shape


def _limits(dtype: torch.dtype) -> torch.finfo | torch.iinfo:
    return torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
