"""A model as it was loaded: what there is to say of it, and which of its weights nobody gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import fx
from torch.export import ExportedProgram

from converters.problems import listed
from converters.torch.interface import placeholders
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError


@dataclass(frozen=True)
class Loaded:
    """A model from a file or folder.

    Attributes:
        module: The model, or the part of it that was asked for.
        path: Where it is from.
        notes: What the user should know of it.
        unset: Weights that the file does not give, with random values, and what each is called in an error.
        hint: What to do when they matter.
    """

    module: torch.nn.Module | ExportedProgram | torch.jit.ScriptModule
    path: str = ""
    notes: Sequence[str] = ()
    unset: Mapping[str, torch.Tensor] = field(default_factory=dict)
    hint: str = ""

    def check(self, program: ExportedProgram) -> None:
        """Raises `ConversionError` when weights that the file does not give reach an output of the module's program."""
        places = {tensor.data_ptr(): name for name, tensor in self.unset.items() if tensor.numel()}
        used = _needed(program) if places else set()
        names = [
            places[tensor.data_ptr()]
            for node, spec in placeholders(program)
            if node in used and (tensor := program.state_dict.get(str(spec.target))) is not None and tensor.data_ptr() in places
        ]
        if names:
            raise ConversionError(
                f"weights that the outputs need are not in {self.path}: {listed(names, 4)}", self.hint, code=Code.MISSING_WEIGHTS
            )


def _needed(program: ExportedProgram) -> set[fx.Node]:
    """The nodes that a result depends on."""
    (end,) = (node for node in program.graph.nodes if node.op == "output")
    needed, open_ = {end}, [end]
    while open_:
        new = set(open_.pop().all_input_nodes) - needed
        needed |= new
        open_ += new
    return needed
