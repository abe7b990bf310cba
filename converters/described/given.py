"""What a user says of inputs and outputs: ``--image x:rgb,resize=256,mean=0.5``, ``--audio x:16000``, ``--labels FILE``, ...."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from converters.described import lines, sounds, tasks, voices
from converters.described.centers import centers
from converters.described.detecting import form_of, is_of_cells, scores_of, spelling, with_points
from converters.described.levels import levels
from converters.described.licenses import license_of
from converters.described.naming import read_labels, read_targets
from converters.described.wrong import wrong
from webnn_graph.codes import Code
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import (
    Audio,
    Bytes,
    Characters,
    Detections,
    Image,
    Labels,
    Mask,
    Meaning,
    Metadata,
    Prototypes,
    Regression,
    check,
    metadata_of,
    picture_size,
)
from webnn_graph.names import TASK, named, nearest
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.wording import count

NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+(e-?[0-9]+)?")
CHOICES = {
    word: member for member in ("channels", "layout", "resize", "resample", "place") for word in get_args(get_type_hints(Image)[member])
}
"""Words that say which member they are of."""
LISTS = ("mean", "std")
MOST_SIZES = 4
"""Sizes of outputs that an error lists."""
OF_SOUNDS = ("normalized", "context", "repeated", "cut")
"""Words of ``--audio`` that are no spectrogram's."""
WORDS = (*OF_SOUNDS, "kaldi", *Spectrogram.__struct_fields__)


OPTIONS = {"image": "--image", "audio": "--audio", "bytes": "--file"}
"""By kind, the option that says what an input is."""


@dataclass(frozen=True)
class Given:
    """What a user says of a graph; the rest is as the model's files say.

    Attributes:
        task: What it is for.
        inputs: What inputs are, by name.
        sizes: Height and width of pictures, by name, where they were said; the graph must have them.
        labels: Files of labels, by output; without a name, of the output that has as many numbers.
        characters: The same of what the numbers of a recognizer stand for.
        targets: The same of the values of a regression.
        license: What the model is licensed under.
        centers: Members of `webnn_graph.metadata.Centers`, of a model whose labels are those of a heat map; None of others.
    """

    task: str = ""
    inputs: Mapping[str, Image | Audio | Bytes] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    labels: Mapping[str, Path] = field(default_factory=dict)
    characters: Mapping[str, Path] = field(default_factory=dict)
    targets: Mapping[str, Path] = field(default_factory=dict)
    license: str = ""
    centers: Mapping[str, Any] | None = None

    def of(self, graph: Graph) -> Graph:
        """The graph with all that; inputs and outputs may be called what the model's file calls them.

        Raises:
            ValidationError: There is no such input or output, or it is something else.
            FormatError: A file of labels is damaged.
        """
        if not (self.task or self.inputs or self.labels or self.characters or self.targets or self.license):
            return graph
        if self.license and not license_of(self.license):
            raise ValidationError(
                f"license {self.license!r}: it is no name of one", "it is like Apache-2.0 or MIT OR Apache-2.0", code=Code.REFUSED
            )
        if self.task and not TASK.fullmatch(self.task):
            raise ValidationError(
                f"task {self.task!r}: it has lower case letters, digits and -", "it is like image-classification", code=Code.REFUSED
            )
        return self._named(graph)._of(graph)

    def _named(self, graph: Graph) -> Given:
        """The same in the graph's names."""
        inputs, outputs = ([operand.name for operand in operands] for operands in (graph.inputs, graph.outputs))
        found = {name: named(name, inputs) for name in self.inputs}
        if twice := next((name for name in found.values() if list(found.values()).count(name) > 1), ""):
            raise ValidationError(f"input {twice} is said to be something twice, as {' and '.join(found)}", code=Code.WRONG_INPUT)
        files: dict[str, Any] = {
            field: {named(name, outputs): file for name, file in getattr(self, field).items()}
            for field in ("labels", "characters", "targets")
        }
        said = {found[name]: meaning for name, meaning in self.inputs.items()}
        return replace(self, inputs=said, sizes={found[name]: size for name, size in self.sizes.items()}, **files)

    def _of(self, graph: Graph) -> Graph:
        """See `of`; all is said in the graph's names."""
        before = Metadata.of(graph)
        tensors: dict[str, Meaning] = {**before.tensors, **self.inputs}
        for name, file in self.labels.items():
            names = read_labels(file)
            if self.centers is not None:
                tensors |= centers(graph, name, names, tensors, self.centers)
                continue
            is_of_objects = not name and (self.task or before.task) == "object-detection"
            if is_of_objects and (found := levels(graph, names, tensors)):
                tensors |= found
                continue
            if detections := _detections(graph, name, names, self.task or before.task, tensors):
                tensors |= detections
                continue
            if masks := _mask(graph, name, names, self.task or before.task, tensors):
                tensors |= masks
                continue
            output = _output(graph, name, len(names), file)
            known = tensors.get(output.name)
            axis = _axis(output, len(names))
            same = known if isinstance(known, Labels) else Labels(names=names, scores=scores_of(graph, output))
            tensors[output.name] = msgspec.structs.replace(same, names=names, axis=axis)
        for name, file in self.characters.items():
            output, characters = _characters(graph, name, file)
            tensors[output.name] = characters
        for name, file in self.targets.items():
            targets = read_targets(file)
            tensors[_output(graph, name, len(targets), file, "target").name] = Regression(targets=targets)
        if self.task == voices.TASK:
            tensors |= voices.voice(graph, tensors)
        if self.task == lines.TASK:
            tensors |= lines.regions(graph, tensors)
        about = {"task": self.task or before.task, "license": license_of(self.license) or before.license}
        metadata = metadata_of(Metadata(**about, tensors=tensors).document())
        shapes = {operand.name: operand.shape for operand in graph.inputs}
        for name, meaning in self.inputs.items():
            if name not in shapes:
                hint = nearest(name, shapes) or f"inputs are {', '.join(shapes)}"
                raise ValidationError(f"{meaning.kind} {name}: there is no such input", hint, code=Code.UNKNOWN_TENSOR)
        said = {name: f"{OPTIONS[meaning.kind]} says" for name, meaning in self.inputs.items()}
        check(metadata, graph.inputs, graph.outputs, said, Code.WRONG_SHAPE)
        for name, size in self.sizes.items():
            meaning = self.inputs[name]
            if isinstance(meaning, Image) and meaning.size(shapes[name]) != size:
                height, width = meaning.size(shapes[name])
                what = f"input {name} is {height} pixels high and {width} wide, not {size[0]} and {size[1]}"
                raise ValidationError(what, code=Code.WRONG_SHAPE)
        graph = replace(graph, metadata=metadata.document())
        notes = tasks.noted(graph, self.task) if self.task else ()
        return replace(graph, notes=tuple(dict.fromkeys((*graph.notes, *notes))))


def _detections(graph: Graph, name: str, names: tuple[str, ...], task: str, known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """The output of a detector that has boxes and scores of so many labels in one, if there is one such; with that of its prototypes."""
    found: dict[str, Meaning] = {}
    maps = [operand for operand in graph.outputs if operand.rank == 4]
    maps = maps if len(maps) == 1 else []
    for operand in graph.outputs:
        if operand.rank not in (2, 3) or name not in ("", operand.name):
            continue
        meaning: Meaning | None = known.get(operand.name)
        if isinstance(meaning, Detections):
            meaning = msgspec.structs.replace(meaning, names=names)
        elif task == "object-detection":
            is_in_cells = is_of_cells(graph, operand.shape, len(names), picture_size(graph.inputs, known))
            meaning = Detections(names=names, form="cells" if is_in_cells else form_of(operand.shape, len(names)))
        elif task == "keypoint-detection":
            meaning = with_points(operand.shape, names)
        elif task == "image-segmentation" and maps:
            count = maps[0].shape[1]
            meaning = Detections(names=names, form=form_of(operand.shape, len(names), count), coefficients=count)
        if isinstance(meaning, Detections) and not any(meaning.problems(operand.shape)):
            found[operand.name] = meaning
    if len(found) != 1:
        return {}
    (one,) = found.values()
    return found | {operand.name: Prototypes() for operand in maps if isinstance(one, Detections) and one.coefficients}


def _mask(graph: Graph, name: str, names: tuple[str, ...], task: str, known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """The output that is one map over the picture, if there is one such: scores of the second of two labels."""
    found = [operand for operand in graph.outputs if name in ("", operand.name)]
    if task != "image-segmentation" or len(names) != 2 or any(2 in operand.shape for operand in found):
        return {}
    height, width = picture_size(graph.inputs, known) or (0, 0)
    maps = [operand for operand in found if lines.is_map(operand) and operand.shape[-2] * width == operand.shape[-1] * height]
    return {operand.name: Mask(names=names, scores=scores_of(graph, operand)) for operand in maps} if len(maps) == 1 else {}


def _output(graph: Graph, name: str, number: int, file: Path, what: str = "label") -> Operand:
    """The output that labels, or something else with names, are of."""
    found = [operand for operand in graph.outputs if not name or operand.name == name]
    if not found:
        raise _unknown(graph, name, file)
    fit = [operand for operand in found if number in (operand.shape or (1,))]
    if not fit:
        shapes = ", ".join(f"{operand.name} {list(operand.shape)}" for operand in found)
        sizes = sorted({size for operand in found for size in operand.shape if size > 1})
        hint = f"it takes {' or '.join(f'{size:,}' for size in sizes)} {what}s" if 0 < len(sizes) <= MOST_SIZES else ""
        raise ValidationError(f"{file} has {count(number, what)}, and no axis of {shapes} is as long", hint, code=Code.WRONG_SHAPE)
    if len(fit) > 1:
        said = f"{file} has {count(number, what)}, as many as {' and '.join(o.name for o in fit)} have"
        option = "--labels" if what == "label" else "--regression"
        raise ValidationError(said, f"say which: {option} OUTPUT:FILE", code=Code.REFUSED)
    return fit[0]


def _unknown(graph: Graph, name: str, file: Path) -> ValidationError:
    """The error about a file for an output that is not there."""
    known = [operand.name for operand in graph.outputs]
    hint = nearest(name, known) or f"outputs are {', '.join(known)}"
    return ValidationError(f"{file}: there is no output {name!r}", hint, code=Code.UNKNOWN_TENSOR)


def _characters(graph: Graph, name: str, file: Path) -> tuple[Operand, Characters]:
    """The output of a recognizer, and what its numbers stand for: the first one without a text is the blank."""
    read = read_labels(file, are_characters=True)
    found = [operand for operand in graph.outputs if name in ("", operand.name)]
    if not found:
        raise _unknown(graph, name, file)
    fit = [(operand, names) for operand in found if operand.rank > 1 and (names := spelling(read, operand.shape[-1]))]
    if len(fit) != 1:
        shapes = ", ".join(f"{operand.name} {list(operand.shape)}" for operand, _ in fit or ((operand, ()) for operand in found))
        if fit:
            what = f"{file} has {count(len(read), 'character')}, which {shapes} can be of"
            raise ValidationError(what, "say which: --characters OUTPUT:FILE", code=Code.REFUSED)
        most = f"{len(read):,} to {len(read) + 2:,} numbers at each step"
        raise ValidationError(f"{file} has {count(len(read), 'character')}, and none of {shapes} has {most}", code=Code.WRONG_SHAPE)
    ((output, names),) = fit
    return output, Characters(names=names, blank=names.index("") if "" in names else 0, scores=scores_of(graph, output))


def _axis(operand: Operand, count: int) -> int:
    """The last axis that is as long, negative; of a map over pixels the one that channels have."""
    return max(axis for axis in range(-operand.rank, 0) if operand.shape[axis] == count)


def image(text: str) -> tuple[str, Image, tuple[int, int] | None]:
    """An input, its picture, and that one's height and width if they are said: ``x:bgr,size=224,resize=256,crop=center,mean=104,117,123``.

    Raises:
        ValueError: A word is not known, or a number out of its range.
    """
    name, rest = _parted(text)
    members: dict[str, Any] = {}
    key, size = "", None
    for word in filter(None, rest.split(",")):
        before, equals, value = word.partition("=")
        if not equals and NUMBER.fullmatch(word) and key in LISTS:
            members[key] = (*members[key], float(word))
            continue
        key = before if equals else ""
        if word in ("peak", "rounded"):
            members[word] = True
        elif not equals:
            members[_choice(word)] = word
        elif key in LISTS:
            members[key] = (_number(value),)
        elif key == "size":
            height, _, width = value.partition("x")
            if not height.isdecimal() or not (width or height).isdecimal():
                raise ValueError(f"{word!r} is not like size=224 or size=48x320")
            size = int(height), int(width or height)
        elif key == "resize" and value.isdecimal():
            members |= {"resize": "cover", "edge": int(value)}
        elif key == "crop" and value == "center":
            members["resize"] = "cover"
        elif key in ("scale", "fill", "edge"):
            members[key] = int(value) if key != "scale" and value.isdecimal() else _number(value)
        elif CHOICES.get(value) == key:
            members[key] = value
        else:
            raise ValueError(f"{word!r} is not known; {_known()}")
    members.setdefault("scale", 1 / 255)
    try:
        return name, msgspec.convert(members, Image), size
    except msgspec.ValidationError as error:
        raise ValueError(wrong(error)) from None


def _parted(text: str) -> tuple[str, str]:
    """An input, which may have colons in its name, and the words on it."""
    name, colon, rest = text.rpartition(":")
    return (name, rest) if colon else (rest, "")


def _choice(word: str) -> str:
    if word not in CHOICES:
        raise ValueError(f"{word!r} is not known; {nearest(word, CHOICES) or _known()}")
    return CHOICES[word]


def _number(text: str) -> float:
    """A number, or a fraction like 1/255."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    except ZeroDivisionError:
        raise ValueError(f"{text} divides by zero") from None


def _known() -> str:
    return f"words are {', '.join(CHOICES)}, peak, rounded, and size=, resize=N, crop=center, scale=, mean=, std=, fill="


def audio(text: str) -> tuple[str, Audio]:
    """An input and its sound: ``x:16000,normalized``, or its spectrogram: ``x:16000,length=400,hop=160,mels=80,log=log10``.

    Raises:
        ValueError: A word is not known, or a value is none that it takes.
    """
    name, rest = _parted(text)
    rate, *words = rest.split(",")
    if not rate.isdecimal() or not 1 <= int(rate) <= 2**20:
        raise ValueError("it is like x:16000 or x:16000,normalized; samples a second come first")
    members: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in WORDS:
            raise ValueError(f"{word!r} is not known; words are {', '.join(WORDS)}")
        members[key] = value if equals else "true"
    how = {key: members.pop(key) for key in list(members) if key not in OF_SOUNDS}
    try:
        if how.pop("kaldi", None):
            if "mels" not in how:
                raise ValueError("kaldi takes mels, too: kaldi,mels=80")
            how = {**msgspec.to_builtins(sounds.kaldi(1, int(rate))), **how}
        if how:
            members["spectrogram"] = msgspec.convert(how, Spectrogram, strict=False)
        return name, msgspec.convert({"sampling_rate": int(rate), **members}, Audio, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(wrong(error)) from None


def bytes_of(text: str) -> tuple[str, Bytes]:
    """An input, and which bytes of a file it is: ``x:block=4096,first=1024,last=1024,stripped,pad=256,least=8``.

    Raises:
        ValueError: A word is not known, or a value is none that it takes.
    """
    name, rest = _parted(text)
    members = {key: value if equals else "true" for key, equals, value in (word.partition("=") for word in filter(None, rest.split(",")))}
    known = [member for member in Bytes.__struct_fields__ if member != "joined"]
    if unknown := next((word for word in members if word not in known), ""):
        raise ValueError(f"{unknown!r} is not known; words are {', '.join(known)}")
    try:
        return name, msgspec.convert(members, Bytes, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(wrong(error)) from None
