"""Programs with sizes, numbers and branches that depend on values: of constants, of a mask, of a scalar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch._higher_order_ops.associative_scan import associative_scan
from torch._higher_order_ops.map import map as mapped
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop

from converters.torch.convert import convert
from tests.torch.comparing import Call, check
from tests.torch.row import f
from webnn_graph.errors import ConversionError

X = f(5, 8)
Y = f(5, 8, low=-1, high=3)
ROW = f(8)
MASK = torch.tensor([True, False, True, True, False])
NONE = torch.zeros(5, dtype=torch.bool)
Case = tuple[Callable[..., Any], tuple[Any, ...]]


def put(write: Callable[..., None]) -> Callable[..., torch.Tensor]:
    """What a copy of the first argument is after ``write`` changed it."""

    def function(x: torch.Tensor, *others: Any) -> torch.Tensor:
        y = x.clone()
        write(y, *others)
        return y

    return function


def rows_times_two(y: torch.Tensor, m: torch.Tensor) -> None:
    y[m] *= 2


def rows_plus(y: torch.Tensor, m: torch.Tensor) -> None:
    y[m] += ROW


def rows_copied(y: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> None:
    y[m] = x[m]


def rows_computed(y: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> None:
    y[m] = nn.functional.layer_norm(torch.relu(x[m] * 3 + 1) @ torch.eye(8), (8,)).softmax(-1)


def rows_moved(y: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> None:
    y[m] = x[m].reshape(-1, 2, 4).transpose(1, 2).reshape(-1, 8).flip(1)


def columns(y: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> None:
    y[m, 0] = x[m].sum(1)


def in_the_middle(y: torch.Tensor, m: torch.Tensor) -> None:
    y.view(1, 5, 2, 4)[:, m] += 1


def elements(y: torch.Tensor, x: torch.Tensor) -> None:
    y[x > 0] = x[x > 0].exp()


def where_is_zero(y: torch.Tensor) -> None:
    y[torch.where(y > 1)] = 0


def positions(y: torch.Tensor, m: torch.Tensor) -> None:
    i = m.nonzero().squeeze(1)
    y[i] = y[i] * 2


def given_rows(y: torch.Tensor, rows: torch.Tensor, m: torch.Tensor) -> None:
    y[m] = rows


def empty_part(y: torch.Tensor) -> None:
    y[2:2] = torch.zeros(0, 8)
    y[:, 8:] *= 2


MASKS: dict[str, Case] = {
    "rows times two": (put(rows_times_two), (X, MASK)),
    "rows plus": (put(rows_plus), (X, MASK)),
    "rows of none": (put(rows_plus), (X, NONE)),
    "rows copied": (put(rows_copied), (X, Y, MASK)),
    "rows computed": (put(rows_computed), (X, Y, MASK)),
    "rows moved": (put(rows_moved), (X, Y, MASK)),
    "columns": (put(columns), (X, Y, MASK)),
    "in the middle": (put(in_the_middle), (X, MASK)),
    "elements": (put(elements), (X, Y)),
    "where is zero": (put(where_is_zero), (X,)),
    "positions": (put(positions), (X, MASK)),
    "given rows": (put(given_rows), (X, f(3, 8), MASK)),
    "empty part": (put(empty_part), (X,)),
    "sum": (lambda x, m: x[m].sum(0), (X, MASK)),
    "sum of none": (lambda x, m: x[m].sum(0), (X, NONE)),
    "mean": (lambda x, m: (x[m].mean(0), x[m].mean(), x[m].mean(dim=(0, 1), keepdim=True)), (X, MASK)),
    "largest": (lambda x, m: (x[m].amax(0), x[m].amin(), (x[m] > 0).all(0), (x[m] > 0).any()), (X, MASK)),
    "count": (lambda x, m: m.nonzero().shape[0] * x, (X, MASK)),
    "numbers": (lambda m: m.nonzero().sum(0), (torch.tensor([[0, 2], [1, 0]]),)),
}
"""Rows that a mask selects."""


def maximum_as_size(x: torch.Tensor) -> Any:
    return x[:, : torch.arange(4).max().item()]


def known_mask(x: torch.Tensor) -> Any:
    mask = torch.arange(8) % 3 == 0
    return x[:, mask], x[:, mask.nonzero()[:, 0]]


def lengths(x: torch.Tensor) -> Any:
    ends = torch.tensor([0, 2, 5])
    return [part.sum(0) for part in torch.split(x, (ends[1:] - ends[:-1]).tolist())]


def of_a_size_of_a_size(x: torch.Tensor) -> Any:
    places = (torch.arange(6) % 2).nonzero()[:, 0]
    return x[:, : places[: places.max().item() - 3].sum().item()]


def turns(x: torch.Tensor) -> Any:
    for _ in range(int(torch.arange(4).max())):
        x = x * 1.5
    return x


def written_table(x: torch.Tensor) -> Any:
    table = torch.zeros(4)
    table[1:3] = torch.tensor([2.0, 3.0])
    part = table[2:]
    part.add_(1)
    return [x * i for i in table.tolist()] + ([x + 1] if table.sum() > 6 else [])


def table_of_the_input(x: torch.Tensor) -> Any:
    table = torch.zeros(5, 8)
    first = bool(table.sum() == 0)
    table += x
    return torch.cond(table.sum() == 0, lambda y: y + 1, lambda y: y + 2, (table,)) if first else x


class Sizes(nn.Module):
    """Takes sizes of buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.tensor(3))
        self.register_buffer("parts", torch.tensor([2, 3]))

    def forward(self, x: torch.Tensor) -> Any:
        return x[:, : self.count], x.split(self.parts.tolist())[1], x.new_zeros(self.count.item(), 2) + 1


CONSTANTS: dict[str, Case] = {
    "a maximum is a size": (maximum_as_size, (X,)),
    "a known mask": (known_mask, (X,)),
    "lengths": (lengths, (X,)),
    "a size of a size": (of_a_size_of_a_size, (X,)),
    "turns": (turns, (X,)),
    "a table that is written": (written_table, (X,)),
    "a table of the input": (table_of_the_input, (X,)),
    "repeats": (lambda x: x.repeat_interleave(torch.tensor([1, 2, 1, 0, 3]), dim=0), (X,)),
    "no lowering": (lambda x: x * torch.special.erfinv(torch.tensor(0.95)), (X,)),
    "a distribution": (lambda x: x * torch.distributions.Normal(0, 1).icdf(torch.tensor(0.9)), (X,)),
    "buffers": (Sizes(), (X,)),
}
"""What depends on constants only."""


def checked(x: torch.Tensor) -> torch.Tensor:
    torch._check((x > -100).all().item())
    torch._assert_async((x < 100).all())
    return x * 2


NUMBERS: dict[str, Case] = {
    "an index": (lambda x, i: (x[i], x[:, i]), (X, torch.tensor(2))),
    "a negative index": (lambda x, i: x[:, i], (X, torch.tensor(-3))),
    "a factor": (lambda x, i: x * i.item(), (X, torch.tensor(2))),
    "checks": (checked, (X,)),
}
"""A scalar tensor as a Python number, or in an assertion only."""


def powers(x: torch.Tensor) -> Any:
    return while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, y * 1.5), (torch.tensor(0), x))[1]


def nested(x: torch.Tensor) -> Any:
    def inside(y: torch.Tensor) -> Any:
        return torch.cond(y.max() > 1, lambda z: z * 2, lambda z: z * 3, (y,))

    return torch.cond(x.sum() > 0, inside, lambda y: y.cos(), (x,))


CONTROL: dict[str, Case] = {
    "cond": (lambda x: torch.cond(x.sum() > 0, lambda y: y.sin(), lambda y: y.cos(), (x,)), (X,)),
    "nested cond": (nested, (X,)),
    "while": (powers, (X,)),
    "scan": (lambda x: scan(lambda c, y: (c * 0.5 + y, c * 2), torch.zeros(8), x), (X,)),
    "associative scan": (lambda x: associative_scan(lambda a, b: a + b, x, dim=0, combine_mode="generic"), (X,)),
    "map": (lambda x: mapped(lambda y, z: y * z.sum(), x, ROW), (X,)),
}
"""Operators on graphs."""

CASES = {
    f"{kind}: {name}": case
    for kind, cases in (("mask", MASKS), ("constant", CONSTANTS), ("number", NUMBERS), ("control", CONTROL))
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_is_right(name: str) -> None:
    function, args = CASES[name]
    check(*((function, args) if isinstance(function, nn.Module) else ((call := Call(function, args)), call.tensors)))


def endless(x: torch.Tensor) -> Any:
    return while_loop(lambda y: y.sum() < 100, lambda y: (y.abs() * 1.5,), (x,))


def branch(x: torch.Tensor) -> Any:
    return x * 2 if x.sum() > 0 else x


REFUSED: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "the rows themselves": (lambda x, m: x[m], (X, MASK), "the size of its result depends on the data"),
    "the order of rows": (lambda x, m: x[m].cumsum(0).sum(0), (X, MASK), "the size of its result depends on the data"),
    "rows of two masks": (lambda x, m, n: (x[m] + x[n]).sum(0), (X, MASK, MASK), "the size of its result depends on the data"),
    "an unknown number of turns": (endless, (X,), "how often it runs depends on the data"),
    "a branch on an input": (branch, (X,), "a size or a branch depends on values of tensors"),
    "a size": (lambda x, i: x.new_zeros(i.item()).sum() + x, (X, torch.tensor(2)), "a Python number is made of a tensor"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_says_why_not(name: str) -> None:
    function, args, why = REFUSED[name]
    call = Call(function, args)
    with pytest.raises(ConversionError, match=why):
        convert(call, call.tensors)


class Overwrites(nn.Module):
    """Keeps something that it never reads."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.last.copy_(x.sum(0))
        return x * self.last


def test_a_buffer_that_is_only_overwritten_is_no_state() -> None:
    graph = check(Overwrites(), (X,))
    assert [[x.name for x in graph.inputs], [y.name for y in graph.outputs]] == [["x"], ["output"]]
    assert "last is only overwritten; it is left out" in graph.notes


def test_what_comes_after_is_not_counted_as_convertible() -> None:
    call = Call(lambda x, m: (x[m].cumsum(0) * 2).exp(), (X, MASK))
    with pytest.raises(ConversionError, match=r"0 of 1 nodes can, \d+ more depend on them"):
        convert(call, call.tensors)
