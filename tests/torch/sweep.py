"""Converts PyTorch's own sample inputs of its operators and compares with eager execution.

    python -m tests.torch.sweep [--samples N] [--dtype float32]... [--details] [NAME ...]

It needs the packages expecttest and hypothesis. Not a test: hundreds of operators without a lowering are among them. It
prints, per operator, how many samples were equal, differed, were refused (with the reason) or could not be exported by
PyTorch, and the totals.

A float16 result that eager PyTorch rounds more than the graph does is equal: the same computed in float64 says what is right.
What PyTorch leaves open is not compared: contents of empty tensors, and the order of equal elements.
"""

from __future__ import annotations

import argparse
import itertools
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

from converters.torch.convert import convert
from tests.torch.comparing import Call, check, feeds, tensors_in
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.runtimes.reference import run

OPEN = {"empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided", "resize_", "resize_as_"}
"""Operators that leave contents open."""
VALUES_ONLY = {"topk": 0, "kthvalue": 0, "sort": 0, "mode": 0, "median": 0, "nanmedian": 0}
"""The result that PyTorch defines, of operators whose other one says which of equal elements it is."""


def function_of(op: Any) -> Callable[..., Any]:
    """The operator, or the part of its result that PyTorch defines."""
    if op.name == "argsort":
        return lambda x, *args, **kwargs: x.gather(kwargs.get("dim", args[0] if args else -1), op.op(x, *args, **kwargs)) if x.dim() else x
    if op.name not in VALUES_ONLY:
        return op.op
    return lambda *args, **kwargs: first if isinstance(first := op.op(*args, **kwargs), torch.Tensor) else first[VALUES_ONLY[op.name]]


def outcome(op: Any, sample: Any) -> tuple[str, str]:
    """What became of one sample (equal, different, refused, not exported, crashed, or not comparable), and why."""
    if op.name in OPEN:
        return "not comparable", "contents are open"
    call = Call(function_of(op), (sample.input, *sample.args), sample.kwargs).eval()
    try:
        with torch.no_grad():
            expected = tensors_in(call(*call.tensors))
    except Exception as error:
        return "not comparable", f"eager: {type(error).__name__}: {error}"
    if any(tensor.numel() == 0 for tensor in (*call.tensors, *expected)):
        return "not comparable", "a tensor without elements"
    if any(tensor.layout is not torch.strided for tensor in (*call.tensors, *expected)):
        return "not comparable", "a sparse tensor"
    try:
        check(call, call.tensors)
    except (ConversionError, ValidationError) as error:
        kind = "not exported" if error.message.startswith("torch.export") else "refused"
        return kind, " ".join(error.message.split("\n")[:3])
    except AssertionError as error:
        if is_nearer(call):
            return "equal", ""
        return "different", " ".join(str(error).split("\n")[:14])
    except Exception as error:
        return "crashed", f"{type(error).__name__}: {error}"
    return "equal", ""


def is_nearer(call: Call) -> bool:
    """Whether float16 results are not further from those of float64 than eager PyTorch's are."""
    eager = tensors_in(call(*call.tensors))
    if not any(tensor.dtype is torch.float16 for tensor in eager):
        return False
    graph = convert(call, call.tensors)
    ours = [torch.from_numpy(array) for array in run(graph, feeds(graph, call.tensors)).values()]
    wide = Call(call.function, *pytree.tree_unflatten([widened(leaf) for leaf in call.leaves], call.spec))
    right = tensors_in(wide(*wide.tensors))
    return all(distance(x, wanted) <= distance(y, wanted) for x, y, wanted in zip(ours, eager, right, strict=True))


def widened(leaf: Any) -> Any:
    """A float16 tensor as float64, a dtype likewise."""
    if leaf is torch.float16:
        return torch.float64
    return leaf.double() if isinstance(leaf, torch.Tensor) and leaf.dtype is torch.float16 else leaf


def distance(x: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest distance, as a tolerance on top of float16's own; infinite where one is NaN and the other is not."""
    error = (x.double() - wanted.double()).abs() / (1 + wanted.double().abs())
    error[x.double() == wanted.double()] = 0
    error[x.isnan() & wanted.isnan()] = 0
    return float(error.nan_to_num(torch.inf).max().clamp(min=2e-3))


def main() -> None:
    """Runs the sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="operators, by their name in op_db; by default all")
    parser.add_argument("--samples", type=int, default=6, help="samples per operator, spread over all that there are")
    parser.add_argument("--dtype", action="append", help="float32 by default; more than one can be given")
    parser.add_argument("--details", action="store_true", help="show each sample that is not equal")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.dtype or ["float32"]:
        sweep(getattr(torch, name), options)


def sweep(dtype: torch.dtype, options: argparse.Namespace) -> None:
    """Prints what became of the samples of one data type."""
    totals: Counter[str] = Counter()
    for op in op_db:
        if (options.names and op.name not in options.names) or dtype not in op.supported_dtypes("cpu"):
            continue
        torch.manual_seed(0)
        samples = list(op.sample_inputs("cpu", dtype, requires_grad=False))
        step = max(1, len(samples) // options.samples)
        outcomes = [outcome(op, sample) for sample in itertools.islice(samples, 0, step * options.samples, step)]
        counts = Counter(kind for kind, _ in outcomes)
        totals += counts
        name = op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")
        print(f"{name:45} {', '.join(f'{count} {kind}' for kind, count in counts.items())}", flush=True)
        reasons = dict.fromkeys(f"{kind}: {why}" for kind, why in outcomes if why)
        for reason in list(reasons) if options.details else []:
            print(f"    {reason[:400]}", flush=True)
    print(f"{str(dtype).removeprefix('torch.')}: {', '.join(f'{count} {kind}' for kind, count in totals.most_common())}")


if __name__ == "__main__":
    main()
