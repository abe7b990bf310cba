"""State dicts: found in what a training script saved, and given to the module that they belong to.

A checkpoint may hold several, such as the weights and their moving average, and names may have a prefix of whatever wrapped the module.
What fits the module exactly is taken, and said; where several do, the user says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from converters.problems import listed
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError
from webnn_graph.hints import option

USUAL = ("state_dict", "model_state_dict", "model", "module", "net", "params")
"""Keys under which training scripts keep the state dict of a checkpoint, the most usual first."""
DEPTH = 3
"""How deep in a checkpoint a state dict may be."""
COMPILED = re.compile(r"(^|\.)_orig_mod\.")
"""What ``torch.compile`` puts into the names of what is in a compiled module, which may be a part of another."""


@dataclass(frozen=True)
class Candidate:
    """A state dict, as the weights of a module.

    Attributes:
        place: The keys that lead to it in a checkpoint, joined by dots; empty for all of the file.
        prefix: What the names begin with that the module's do not.
        state: Tensors by the names that they have in the module.
        others: Names without the prefix.
        problems: Names that do not fit, by what is wrong with them.
    """

    place: str
    prefix: str
    state: Mapping[str, torch.Tensor]
    others: Sequence[str]
    problems: Mapping[str, Sequence[str]]

    @property
    def name(self) -> str:
        """What the user calls it."""
        return ".".join(filter(None, [self.place, self.prefix.rstrip(".")]))

    @property
    def notes(self) -> list[str]:
        """What is to be said of taking it."""
        found = [f"the weights are those under {self.place!r} in the checkpoint"] if self.place else []
        if self.prefix:
            found.append(f"the prefix {self.prefix!r} of the weights' names is left out")
        if self.others:
            found.append(f"{len(self.others)} tensors without that prefix are not used: {listed(self.others, 4)}")
        return found


def state_dicts(content: Any, place: str = "", depth: int = DEPTH) -> dict[str, dict[str, torch.Tensor]]:
    """The state dicts in what a file held, by the keys that lead there, the most usual first."""
    if not isinstance(content, Mapping) or not content or not all(isinstance(key, str) for key in content):
        return {}
    if all(isinstance(value, torch.Tensor) for value in content.values()):
        return {place: dict(content)}
    keys = sorted(content, key=lambda key: USUAL.index(key) if key in USUAL else len(USUAL)) if depth else []
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key in keys:
        found |= state_dicts(content[key], f"{place}.{key}" if place else key, depth - 1)
    return found


def state_dict_in(content: Any) -> dict[str, torch.Tensor] | None:
    """The tensors by name in what a file held, also inside a checkpoint; None when there are none."""
    return next(iter(state_dicts(content).values()), None)


def give_state(
    module: torch.nn.Module, found: Mapping[str, Mapping[str, torch.Tensor]], path: Path, factory: str, wanted: str = ""
) -> list[str]:
    """Loads the one state dict that fits into the module.

    Args:
        module: The module.
        found: State dicts by place.
        path: The file that they are from.
        factory: What made the module.
        wanted: Which of several; by default, there must be one.

    Returns:
        What is to be said of it.

    Raises:
        ConversionError: None fits, or several do.
    """
    own = module.state_dict(keep_vars=True)
    candidates = [candidate for place, state in found.items() for candidate in _candidates(own, place, state)]
    if wanted:
        candidates = _named(candidates, wanted, path)
    fitting = [candidate for candidate in candidates if not candidate.problems]
    if len(fitting) > 1:
        names = [candidate.name for candidate in fitting]
        raise ConversionError(
            f"{path} holds {len(names)} state dicts that fit: {listed(names, 8)}",
            f"say which: {option('state-dict', names[0])}",
            code=Code.MISSING_WEIGHTS,
        )
    if not fitting:
        raise _misfit(min(candidates, key=lambda candidate: sum(map(len, candidate.problems.values()))), path, factory)
    (chosen,) = fitting
    module.load_state_dict(dict(chosen.state), strict=False)
    return chosen.notes


def _named(candidates: Sequence[Candidate], wanted: str, path: Path) -> list[Candidate]:
    named = [c for c in candidates if c.name == wanted] or [c for c in candidates if c.place == wanted]
    if not named:
        there = dict.fromkeys(candidate.name for candidate in candidates if candidate.name)
        raise ConversionError(
            f"{path} holds no state dict {wanted!r}", f"there are {listed(list(there), 8)}" if there else "", code=Code.UNKNOWN_TENSOR
        )
    return named


def _candidates(own: Mapping[str, torch.Tensor], place: str, state: Mapping[str, torch.Tensor]) -> Iterator[Candidate]:
    """The state dict as it is, and without each prefix that leaves names of the module."""
    plain = {COMPILED.sub(r"\1", name): tensor for name, tensor in state.items()}
    compiled = "_orig_mod." if len(plain) == len(state) and plain.keys() != state.keys() else ""
    names = plain if compiled else state
    whole = Candidate(place, compiled, names, (), _problems(own, names))
    yield whole
    if not whole.problems:
        return
    for prefix in dict.fromkeys(prefix for name in names for prefix in _prefixes(name, own)):
        inside = {name.removeprefix(prefix): tensor for name, tensor in names.items() if name.startswith(prefix)}
        others = [name for name in names if not name.startswith(prefix)]
        yield Candidate(place, _written(prefix, state), inside, others, _problems(own, inside))


def _prefixes(name: str, own: Mapping[str, torch.Tensor]) -> Iterator[str]:
    """What a name begins with, if the rest is a name of the module."""
    parts = name.split(".")
    for i in range(1, len(parts)):
        if ".".join(parts[i:]) in own and not any(part.isdecimal() for part in parts[:i]):  # a layer of several is no wrapper
            yield ".".join(parts[:i]) + "."


def _written(prefix: str, state: Mapping[str, torch.Tensor]) -> str:
    """The prefix as the names have it, which may be in a compiled module."""
    first = next((name for name in state if COMPILED.sub(r"\1", name).startswith(prefix)), prefix)
    parts = first.split(".")
    return next((begin for i in reversed(range(len(parts))) if COMPILED.sub(r"\1", begin := ".".join(parts[:i]) + ".") == prefix), prefix)


def _problems(own: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> dict[str, list[str]]:
    """What does not fit; tied parameters count as one."""
    given = {own[name].data_ptr() for name in state if name in own}
    missing = [name for name, tensor in own.items() if name not in state and not (tensor.numel() and tensor.data_ptr() in given)]
    unexpected = [name for name in state if name not in own]
    other = [f"{n} is {list(t.shape)}, not {list(own[n].shape)}" for n, t in state.items() if n in own and t.shape != own[n].shape]
    return {what: names for what, names in (("missing", missing), ("unexpected", unexpected), ("shapes", other)) if names}


def _misfit(nearest: Candidate, path: Path, factory: str) -> ConversionError:
    what = f"the state dict {nearest.name!r}" if nearest.name else "the state dict"
    return ConversionError(
        f"{what} in {path} does not fit the module of {factory}"
        + "".join(f"\n  {what}: {listed(names)}" for what, names in nearest.problems.items()),
        "check --model and --model-args; a missing head is a common reason",
        code=Code.MISSING_WEIGHTS,
    )
