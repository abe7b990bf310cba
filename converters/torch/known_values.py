"""While a module is traced, tensors that depend on constants only keep their values, so that its Python code may read them.

``for i in range(table.max().item())`` needs a number, and a tensor that is being traced has none. The sizes that such tensors
leave open in a program that is traced already are the matter of `converters.torch.constants`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.weak import WeakIdKeyDictionary

MAX_ELEMENTS = 2**16
"""Of a tensor whose value is kept."""

MAKERS = {torch.arange, torch.as_tensor, torch.eye, torch.full, torch.linspace, torch.ones, torch.scalar_tensor, torch.tensor, torch.zeros}
"""Functions that make tensors of numbers."""
READERS = {getattr(torch.Tensor, name) for name in ("item", "tolist", "__bool__", "__int__", "__float__", "__index__", "__contains__")}
"""Methods that give something of Python."""
UNKNOWN = object()


class KnownValues(TorchFunctionMode):
    """Computes what depends on constants only beside the traced tensors, and lets Python read it.

    Args:
        inputs: Tensors of which traced ones are made that are not constant: example inputs, parameters, buffers.
    """

    def __init__(self, inputs: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self._values: Any = WeakIdKeyDictionary()
        self._spoiled = {_memory(tensor) for tensor in inputs if _is_plain(tensor)}

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.compiler.is_dynamo_compiling():
            return func(*args, **kwargs)
        if func in READERS and (value := self._computed(func, args, kwargs)) is not UNKNOWN:
            return value
        result = func(*args, **kwargs)
        touched = [result, args[0]] if _writes(func, kwargs) and args else result
        if any(isinstance(leaf, FakeTensor) for leaf in pytree.tree_leaves(touched)):
            value = self._computed(func, args, kwargs)
            if value is UNKNOWN and _writes(func, kwargs):
                self._forget(args[0] if args else None)
            self._keep(result, value)
        return result

    def _computed(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What the call gives for the known values; `UNKNOWN` when one is not, or it is random."""
        leaves, spec = pytree.tree_flatten((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        symbolic = any(isinstance(leaf, torch.SymInt | torch.SymFloat | torch.SymBool) for leaf in leaves)
        if symbolic or not all(map(self._is_known, tensors)) or not (tensors or func in MAKERS):
            return UNKNOWN
        if _writes(func, kwargs) and args[0] not in self._values:
            return UNKNOWN
        values = [self._values.get(leaf, leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        given, named = pytree.tree_unflatten(values, spec)
        try:
            with torch._C.DisableTorchFunction(), _disable_current_modes(), torch.no_grad():
                return _unless_random(lambda: func(*given, **named))
        except Exception:  # the traced call says what is wrong with it
            return UNKNOWN

    def _is_known(self, tensor: torch.Tensor) -> bool:
        if not _is_plain(tensor):
            return tensor in self._values
        return tensor.numel() <= MAX_ELEMENTS and _memory(tensor) not in self._spoiled

    def _keep(self, result: Any, value: Any) -> None:
        """Remembers the values of traced tensors."""
        traced, values = (pytree.tree_leaves(tree) for tree in (result, value))
        if len(traced) == len(values):
            for tensor, known in zip(traced, values, strict=True):
                if isinstance(tensor, FakeTensor) and isinstance(known, torch.Tensor) and known.numel() <= MAX_ELEMENTS:
                    self._values[tensor] = known

    def _forget(self, written: Any) -> None:
        """What shares memory with a tensor into which something unknown is written is not known any more."""
        if isinstance(written, torch.Tensor) and self._is_known(written):
            shared = _memory(self._values.get(written, written))
            self._spoiled.add(shared)
            for tensor in [tensor for tensor, known in self._values.items() if _memory(known) == shared]:
                del self._values[tensor]


def _unless_random(compute: Callable[[], Any]) -> Any:
    """What ``compute`` gives; `UNKNOWN` when it draws random numbers, which then are still to be drawn."""
    state = torch.get_rng_state()
    value = compute()
    if torch.equal(state, torch.get_rng_state()):
        return value
    torch.set_rng_state(state)
    return UNKNOWN


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether the tensor is what it seems, and no stand-in for one."""
    return type(tensor) in (torch.Tensor, torch.nn.Parameter) and not (
        torch._is_functional_tensor(tensor) or torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def _memory(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _writes(func: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether the call changes its first argument, or ``out``."""
    name = getattr(func, "__name__", "")
    in_place = name.endswith("_") and not name.endswith("__")
    return (
        in_place
        or name == "__setitem__"
        or (name.startswith("__i") and name not in ("__index__", "__int__", "__invert__"))
        or "out" in kwargs
    )
