"""How far two answers are from each other.

An answer has one of: ``labels``, scores by label, with the ``best`` one where somebody says it; ``text`` with its ``score``; ``objects``,
of which each is a label, a score, and left, top, right and bottom in pixels; ``mask``, the label of each pixel, a byte each, compressed
(zlib) and in base64; ``speech``, seconds at which parts begin and end, and ``scores`` of each step; ``values`` by name; ``vector``.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Answer = Mapping[str, Any]
ALIKE = 0.5
"""What two boxes of one thing share at least."""
NEAR = 0.01
"""How far two values are from each other that are the same; or the share of pixels of which one mask says something else."""


def _cut_sides(left: float, top: float, right: float, bottom: float) -> list[float]:
    """A box whose left, top, width and height are whole pixels."""
    return [int(left), int(top), int(left) + int(right - left), int(top) + int(bottom - top)]


WHOLE: Mapping[str, Callable[..., list[float]]] = {
    "": lambda *box: list(box),
    "sides": _cut_sides,
    "corners": lambda *box: [*map(int, box)],
}
"""What packages make whole pixels of in a box: nothing, left, top, width and height, or corners."""


@dataclass(frozen=True)
class Found:
    """What became of a model.

    Attributes:
        cases: How many questions.
        same: In how many the best label, the text, the objects, the parts of speech or nearly all of the mask are the same.
        score: The largest difference of two scores, or share of pixels that have another label; None where there are none.
        place: That of two boxes, in pixels, or of the beginning or end of speech, in seconds.
        vector: That of two vectors, as a share of their length.
        others: Cases that are not the same, in words: the package's, and ours.
    """

    cases: int
    same: int
    score: float | None = None
    place: float | None = None
    vector: float | None = None
    others: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def compared(questions: Sequence[str], theirs: Sequence[Answer], ours: Sequence[Answer]) -> Found:
    """The largest differences of answers."""
    scores: list[float] = []
    places: list[float] = []
    vectors: list[float] = []
    others: list[str] = []
    for question, one, other in zip(questions, theirs, ours, strict=True):
        if not _is_same(one, other):
            others.append(f"{question.rpartition('/')[2]}: {_said(one)}, {_said(other)}")
        scores += _scores(one, other)
        places += _places(one, other)
        if "vector" in one:
            a, b = (np.asarray(answer["vector"], np.float64) for answer in (one, other))
            vectors.append(float(np.linalg.norm(a - b) / np.linalg.norm(a)))
    return Found(len(questions), len(questions) - len(others), _most(scores), _most(places), _most(vectors), tuple(others))


def _most(values: Sequence[float]) -> float | None:
    return max(values) if values else None


def _is_same(one: Answer, other: Answer) -> bool:
    if "best" in one:
        return bool(one["best"] == other["best"])
    if "labels" in one:  # of one label, how probable it is: whether it is more than not
        return all((score > 0.5) == (other["labels"][label] > 0.5) for label, score in one["labels"].items())
    if "values" in one:
        return all(difference < NEAR for difference in _differences(one["values"], other["values"]))
    if "text" in one:
        return bool(one["text"] == other["text"])
    if "mask" in one:
        return _others(one, other) < NEAR
    if "objects" in one:
        return len(one["objects"]) == len(other["objects"]) == len(_pairs(one["objects"], other["objects"]))
    return "speech" not in one or len(one["speech"]) == len(other["speech"])


def _scores(one: Answer, other: Answer) -> Iterable[float]:
    for kind in ("labels", "values"):
        if kind in one:
            return _differences(one[kind], other[kind])
    if "text" in one:
        return [abs(one["score"] - other["score"])] if one["text"] == other["text"] else []
    if "mask" in one:
        return [_others(one, other)]
    if "objects" in one:
        return [abs(a[1] - b[1]) for a, b in _pairs(one["objects"], other["objects"]) if a[1] is not None]
    both = zip(one["scores"], other["scores"], strict=False) if "scores" in one else ()  # the last, which is not whole, may be left out
    return [abs(a - b) for a, b in both]


def _others(one: Answer, other: Answer) -> float:
    """The share of pixels that have another label."""
    a, b = (np.frombuffer(zlib.decompress(base64.b64decode(answer["mask"])), np.uint8) for answer in (one, other))
    return float((a != b).mean())


def _differences(some: Mapping[str, float], others: Mapping[str, float]) -> list[float]:
    return [abs(number - others[name]) for name, number in some.items()]


def _places(one: Answer, other: Answer) -> Iterable[float]:
    if "objects" in one:
        sides = [zip(a[2], b[2], strict=True) for a, b in _pairs(one["objects"], other["objects"])]
    elif "speech" in one and len(one["speech"]) == len(other["speech"]):
        sides = [zip(a, b, strict=True) for a, b in zip(one["speech"], other["speech"], strict=True)]
    else:
        return []
    return [abs(a - b) for side in sides for a, b in side]


def _pairs(some: Sequence[Any], others: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Objects of the same label at the same place."""
    left = list(others)
    found: list[tuple[Any, Any]] = []
    for one in some:
        best = max((other for other in left if other[0] == one[0]), key=lambda other: _shared(one[2], other[2]), default=None)
        if best is not None and _shared(one[2], best[2]) >= ALIKE:
            left.remove(best)
            found.append((one, best))
    return found


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    """The intersection of two boxes as a share of their union."""
    sides = [max(0.0, min(one[i + 2], other[i + 2]) - max(one[i], other[i])) for i in range(2)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    common = sides[0] * sides[1]
    return common / (sum(areas) - common) if common else 0.0


def _said(answer: Answer) -> str:
    """An answer in a few words."""
    for kind in ("labels", "values"):
        if kind in answer:
            return ", ".join(f"{name} {number:.3f}" for name, number in answer[kind].items())
    if "text" in answer:
        return f"{answer['text']!r} {answer['score']:.3f}"
    if "mask" in answer:
        return "another mask"
    if "objects" in answer:
        return "; ".join(f"{one[0]} {one[1] or 0:.3f} {[round(side) for side in one[2]]}" for one in answer["objects"]) or "nothing"
    return "; ".join(f"{start:.2f} to {end:.2f} s" for start, end in answer["speech"]) or "nobody"
