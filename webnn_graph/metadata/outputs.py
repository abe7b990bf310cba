"""What other outputs mean: labels, values, maps, vectors, text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from webnn_graph.metadata.described import MOST_LABELS, Described, Names, Number, Share, Text, wrong_count

MOST_COEFFICIENTS = 16
"""Of a polynomial."""

Axis: TypeAlias = Annotated[int, Meta(ge=-8, le=7)]


class Labels(Described, frozen=True, tag="labels"):
    """An output with a number for each label: of a picture, of a sound, of each token, of each pixel.

    Attributes:
        names: What each is called.
        scores: What the numbers are: ``logits`` become probabilities by softmax, or by the sigmoid where several hold.
        several: Whether several labels may hold at once.
        axis: Along which the labels are.
    """

    names: Names
    scores: Literal["logits", "probabilities"] = "logits"
    several: bool = False
    axis: Axis = -1

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        yield from wrong_count(len(self.names), shape, self.axis, "labels")


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number of a regression is.

    Attributes:
        name: What it is called.
        unit: Of its value; empty for none.
        polynomial: Its value is this polynomial of the model's number: the coefficients of powers 0, 1, 2, ...; empty for the number
            itself. DNSMOS P.835 maps its numbers so (Reddy et al., https://arxiv.org/abs/2110.01763).
    """

    name: Text
    unit: Text = ""
    polynomial: Annotated[tuple[Number, ...], Meta(max_length=MOST_COEFFICIENTS)] = ()


class Regression(Described, frozen=True, tag="regression"):
    """An output with the value of each target, along the last axis, such as the quality of speech: no scores of labels.

    Attributes:
        targets: What they are.
    """

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=MOST_LABELS)]

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        yield from wrong_count(len(self.targets), shape or (1,), -1, "targets")


class Mask(Described, frozen=True, tag="mask"):
    """An output with the number of a label for each pixel, or with the score of one of two labels, [..., height, width].

    Attributes:
        names: What the labels are called.
        scores: ``none`` where there are numbers of labels; otherwise what is said of the second of two labels, such as what is no
            background: ``logits`` become probabilities by the sigmoid. A pixel with a probability of more than 0.5 is of it, another
            one is of the first label.
    """

    names: Names
    scores: Literal["none", "logits", "probabilities"] = "none"

    is_input: ClassVar[bool] = False

    @property
    def half(self) -> float:
        """The score at which both labels are as probable."""
        return 0.0 if self.scores == "logits" else 0.5

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a mask has height and width"
        if self.scores != "none" and len(self.names) != 2:
            yield f"a mask with scores is of 2 labels, not {len(self.names)}"


class Depth(Described, frozen=True, tag="depth"):
    """An output with a distance for each pixel.

    Attributes:
        inverse: Whether what is near has the larger number.
    """

    inverse: bool = False

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a map of distances has height and width"


class Regions(Described, frozen=True, tag="regions"):
    """An output with how probable it is for each pixel that it is of a line of text, or of something else: 1 in the middle of each.

    It is the map of DBNet (Liao et al., AAAI 2020), in which a region is smaller than it is. Defaults are those of rapidocr-onnxruntime.

    Attributes:
        label: What a region is.
        threshold: Above which probability a pixel is of one.
        score: What the mean of a region's pixels is at least.
        unclip: A region's rectangle is made larger on each side by so many times its area, divided by the length of all sides.
        dilated: Whether what is right of, below or both of a pixel of one is of it, too.
    """

    label: Text = "text"
    threshold: Share = 0.3
    score: Share = 0.5
    unclip: Annotated[float, Meta(ge=0, le=100)] = 1.6
    dilated: bool = True

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a map of regions has height and width"


class Embedding(Described, frozen=True, tag="embedding"):
    """An output that is a vector of what went in, alike for what is alike.

    Attributes:
        pooling: What of the vectors of all tokens makes one: ``none`` where the output is one, the ``mean`` of those that are there,
            that of the ``first`` or of the ``last`` token.
        normalized: Whether its length is 1.
    """

    pooling: Literal["none", "mean", "first", "last"] = "none"
    normalized: bool = False

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if not shape:
            yield "a vector has more than one number"


class Speech(Described, frozen=True, tag="speech"):
    """An output that is how probable it is that somebody speaks, from 0 to 1, at one or more places of a sound."""

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape: nothing."""
        return iter(())


class State(Described, frozen=True, tag="state"):
    """An output that is the next value of an input, which is 0 at first.

    Attributes:
        input: Its name.
    """

    input: Text

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape: nothing; `problems` looks at its input."""
        return iter(())


class Characters(Described, frozen=True, tag="characters"):
    """An output with a number for each character at each step, of which repeated ones and blanks are left out (CTC).

    Attributes:
        names: The text of each.
        blank: The number of what stands for none.
        scores: See `Labels`; of the best ``path`` there are the number of the most probable character of each step, and its
            probability, [..., steps, 2].
        hop: Of a sound: samples from step to step; None for as many as there are to each step, see `webnn_graph.tasks.sounds.hop_of`.
    """

    names: Names
    blank: Annotated[int, Meta(ge=0, lt=MOST_LABELS)] = 0
    scores: Literal["logits", "probabilities", "path"] = "logits"
    hop: Annotated[int, Meta(ge=1, le=2**20)] | None = None

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a text has steps and characters"
        elif self.scores != "path":
            yield from wrong_count(len(self.names), shape, -1, "characters")
        elif shape[-1] != 2:
            yield f"a path has 2 numbers for each step, not {shape[-1]}"
        if self.blank >= len(self.names):
            yield f"the blank {self.blank} is none of {len(self.names)} characters"
