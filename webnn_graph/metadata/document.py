"""What is said of a graph and all its tensors, as files hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, get_args

import msgspec
from msgspec import Meta

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError
from webnn_graph.graph import Graph
from webnn_graph.metadata.described import Described, Text
from webnn_graph.metadata.inputs import Audio, Bytes, Image, Tokens
from webnn_graph.metadata.objects import Boxes, Centers, Detections, Geometry, Level, Prototypes, Sides
from webnn_graph.metadata.outputs import Characters, Depth, Embedding, Labels, Mask, Regions, Regression, Speech, State
from webnn_graph.names import LICENSE, TASK
from webnn_graph.wording import one_line

Meaning: TypeAlias = (
    Image
    | Audio
    | Tokens
    | Bytes
    | Labels
    | Regression
    | Boxes
    | Detections
    | Prototypes
    | Centers
    | Geometry
    | Level
    | Sides
    | Mask
    | Depth
    | Regions
    | Embedding
    | Speech
    | State
    | Characters
)
"""What a tensor of the interface is."""
KINDS = tuple(str(meaning.__struct_config__.tag) for meaning in get_args(Meaning))
"""What files call them."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a graph is for.

    Attributes:
        task: As Hugging Face calls it, like ``image-classification``; empty where it is not known.
        license: What the model is licensed under: an SPDX expression, or what its source calls it; empty where it is not known.
        tensors: What inputs and outputs are, by name.
    """

    task: Annotated[str, Meta(pattern=rf"^({TASK.pattern})?$(?!\n)", description="Lower case letters, digits and -.")] = ""
    license: Annotated[str, Meta(pattern=rf"^({LICENSE.pattern})?$(?!\n)", description="An SPDX expression, or another name.")] = ""
    tensors: Annotated[dict[Text, Meaning], Meta(max_length=1000)] = {}

    @classmethod
    def of(cls, graph: Graph) -> Metadata:
        """That of a graph. Raises `FormatError` as `metadata_of`."""
        return metadata_of(graph.metadata)

    def renamed(self, names: Mapping[str, str]) -> Metadata:
        """The same where tensors have other names."""
        tensors = {names.get(name, name): _renamed(meaning, names) for name, meaning in self.tensors.items()}
        return msgspec.structs.replace(self, tensors=tensors)

    def document(self) -> dict[str, Any]:
        """The object that files hold: what has its default is not in it."""
        tensors = {name: said(meaning) for name, meaning in self.tensors.items()}
        members = {"task": self.task, "license": self.license, "tensors": tensors}
        return {name: value for name, value in members.items() if value}


def _renamed(meaning: Meaning, names: Mapping[str, str]) -> Meaning:
    return msgspec.structs.replace(meaning, input=names.get(meaning.input, meaning.input)) if isinstance(meaning, State) else meaning


def metadata_of(document: Mapping[str, Any]) -> Metadata:
    """What a file says.

    Raises:
        FormatError: A member has another type, is out of its range or not known.
    """
    try:
        return msgspec.convert(document, Metadata)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter for half of a surrogate pair in the name of a member
        raise FormatError(f"metadata: {one_line(str(error), 200)}", code=Code.SYNTAX_ERROR) from None


def whole(meaning: Meaning) -> dict[str, Any]:
    """All that a meaning says, with its kind: the same with defaults, and without what is None."""
    return _present(msgspec.to_builtins(meaning))


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _present(value) if isinstance(value, dict) else value for name, value in members.items() if value is not None}


def said(meaning: msgspec.Struct) -> dict[str, Any]:
    """What a meaning says, with its kind: what has its default is left out."""
    fields = msgspec.structs.fields(meaning)
    values = {field.name: getattr(meaning, field.name) for field in fields}
    changed = {field.name: values[field.name] for field in fields if field.required or values[field.name] != field.default}
    kind = {"kind": meaning.kind} if isinstance(meaning, Described) else {}
    return {**kind, **{name: _plain(value) for name, value in changed.items()}}


def _plain(value: Any) -> Any:
    """A member as files hold it."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return said(value) if isinstance(value, msgspec.Struct) else value
