"""Converts PyTorch's own sample inputs of its operators and compares with eager execution.

    python -m tests.torch.sweep [--samples N] [--dtype float32] [--details] [NAME ...]

It needs the packages expecttest and hypothesis. Not a test: hundreds of operators without a lowering are among them. It
prints, per operator, how many samples were equal, differed, were refused (with the reason) or could not be exported by
PyTorch, and the totals.
"""

from __future__ import annotations

import argparse
import itertools
import warnings
from collections import Counter
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

from tests.torch.comparing import Call, check, tensors_in
from webnn_graph.errors import ConversionError, ValidationError


def outcome(op: Any, sample: Any) -> tuple[str, str]:
    """What became of one sample (equal, different, refused, not exported, crashed, or not comparable), and why."""
    call = Call(op.op, (sample.input, *sample.args), sample.kwargs).eval()
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
        return "different", " ".join(str(error).split("\n")[:14])
    except Exception as error:
        return "crashed", f"{type(error).__name__}: {error}"
    return "equal", ""


def main() -> None:
    """Runs the sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="operators, by their name in op_db; by default all")
    parser.add_argument("--samples", type=int, default=6, help="samples per operator, spread over all that there are")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--details", action="store_true", help="show each sample that is not equal")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    dtype = getattr(torch, options.dtype)
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
    print(", ".join(f"{count} {kind}" for kind, count in totals.most_common()))


if __name__ == "__main__":
    main()
