"""What an encoder is given: what does not fit is one error that says why, and the model is usable afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tests.generation import toys
from tests.generation.toys import LENGTH, Toy
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.generation import Generator, Settings
from webnn_graph.generation.telling import feeds_of, joined
from webnn_graph.graph import Graph

SOURCE = [3, 8, 11]


@pytest.fixture(scope="module")
def translator() -> Iterator[Generator]:
    """Its encoder knows fewer tokens than its decoder."""
    with Generator(Toy().told_graphs(), replace(toys.TRANSLATING, source_vocabulary=20), runtime="reference") as model:
        yield model


@pytest.fixture(scope="module")
def listener() -> Iterator[Generator]:
    with Generator(Toy().heard_graphs(), toys.HEARING, runtime="reference") as model:
        yield model


def whole(tokens: list[int]) -> Array:
    return np.array([tokens + [0] * (LENGTH - len(tokens))], np.int32)


MASK = (whole([1] * len(SOURCE)) > 0).astype(np.int32)
TEXTS: list[tuple[Any, str]] = [
    (None, "is given what is encoded"),
    ([], "takes 1 to 6 tokens, and 0 were given"),
    ([1] * 7, "takes 1 to 6 tokens, and 7 were given"),
    ([20], "have 20, which is none of the 20 tokens"),
    ("text", "must be a list of whole numbers"),
    ([[1], [1, 2]], "must be a list of whole numbers"),
    (np.zeros(3, np.float32), "must be a list of whole numbers"),
    ({"input_ids": whole([3, 20]), "attention_mask": MASK}, "have 20, which is none of the 20 tokens"),
    ({"input_ids": "text"}, "must be a list of whole numbers"),
    ({"input_ids": whole(SOURCE)}, "attention_mask: int32\\[1, 6\\] is missing"),
    ({"tokens": [1]}, "has no input 'tokens'"),
]


@pytest.mark.parametrize(("source", "said"), TEXTS)
def test_texts_that_do_not_fit(source: Any, said: str, translator: Generator) -> None:
    with pytest.raises(ExecutionError, match=said):
        list(translator.generate(source))
    right = list(translator.generate(SOURCE))
    assert right == list(translator.generate({"input_ids": whole(SOURCE), "attention_mask": MASK}))
    assert right == list(translator.generate({"input_ids": SOURCE}))


SOUNDS: list[tuple[Any, str]] = [
    (None, "is given what is encoded"),
    (np.zeros(0, np.float32), "was given nothing"),
    (np.zeros(7, np.float32), "has 6 elements at most, and 7 were given"),
    (np.zeros((2, 3), np.float32), r"was given shape \[2, 3\]"),
    (np.zeros(3, np.int16), "was given int16"),
    ([1, 2], "was given int64"),
    ("text", "was given no numbers"),
    ([[0.5], [0.5, 1.0]], "was given no numbers"),
    (np.array([0.5, np.nan], np.float32), "values that are no numbers"),
    ({"input_values": np.zeros((1, 6), np.float32)}, "attention_mask: int32\\[1, 6\\] is missing"),
]


@pytest.mark.parametrize(("source", "said"), SOUNDS)
def test_sounds_that_do_not_fit(source: Any, said: str, listener: Generator) -> None:
    with pytest.raises(ExecutionError, match=said):
        list(listener.generate(source))
    sound = np.array([0.5, -0.25, 0.75])
    assert list(listener.generate(sound)) == list(listener.generate([sound.tolist()]))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"beams": 0}, "num_beams is 0"),
        ({"beams": 2.5}, "num_beams is 2.5"),
        ({"beams": 65}, "num_beams is 65"),
        ({"beams": 2, "temperature": 1.0}, "several beams have no temperature"),
        ({"beams": 2, "early_stopping": "often"}, "early_stopping is 'often'"),
        ({"beams": 2, "length_penalty": float("nan")}, "length_penalty is nan"),
        ({"max_tokens": 2.5}, "max_tokens is 2.5"),
        ({"start": [23]}, "the first tokens have 23"),
        ({"start": []}, "begins with a token"),
        ({"language": "xx"}, "no language 'xx'"),
    ],
)
def test_options_that_are_none(how: dict[str, Any], said: str, translator: Generator) -> None:
    with pytest.raises(ExecutionError, match=said):
        list(translator.generate(SOURCE, **how))


def test_one_at_a_time(translator: Generator) -> None:
    running = translator.generate(SOURCE)
    first = next(running)
    for _ in range(2):
        with pytest.raises(ExecutionError, match="generates already"):
            translator.generate(SOURCE)
    rest = list(running)
    assert [first, *rest] == list(translator.generate(SOURCE))


# ------------------------------------------------------------------------------------------------------------ pictures and features
def encoder(**shapes: tuple[int, ...]) -> dict[str, Graph]:
    b = GraphBuilder("encode")
    inputs = [b.input(name, "int32" if name in ("input_ids", "attention_mask") else "float32", shape) for name, shape in shapes.items()]
    return {"encode": b.build({f"{each.name}_again": b.identity(each) for each in inputs})}


def fed(source: Any, graphs: dict[str, Graph], settings: Settings = toys.TRANSLATING) -> dict[str, Array]:
    return feeds_of(source, graphs, settings, 20)[1]


PIXELS = np.arange(3 * 4 * 2, dtype=np.float32).reshape(1, 3, 4, 2)


@pytest.mark.parametrize("given", [PIXELS, PIXELS[0], PIXELS.reshape(-1), PIXELS.astype(np.float64), PIXELS.tolist()])
def test_a_picture(given: Any) -> None:
    np.testing.assert_array_equal(fed(given, encoder(pixel_values=PIXELS.shape))["pixel_values"], PIXELS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (PIXELS.transpose(0, 2, 3, 1), r"\[1, 3, 4, 2\] was given shape \[1, 4, 2, 3\]"),
        (PIXELS[:, :, :2], r"was given shape \[1, 3, 2, 2\]"),
        (PIXELS.reshape(-1)[:-1], "has 24 elements, and 23 were given"),
        (PIXELS.astype(np.uint8), "was given uint8"),
    ],
)
def test_pictures_that_do_not_fit(given: Any, said: str) -> None:
    with pytest.raises(ExecutionError, match=said):
        fed(given, encoder(pixel_values=PIXELS.shape))


def test_features_may_be_fewer() -> None:
    graphs = encoder(input_features=(1, 4, 2), attention_mask=(1, 4))
    given = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    found = fed(given, graphs)
    np.testing.assert_array_equal(found["input_features"], [[[0, 1], [2, 3], [4, 5], [0, 0]]])
    np.testing.assert_array_equal(found["attention_mask"], [[1, 1, 1, 0]])
    with pytest.raises(ExecutionError, match=r"was given shape \[1, 2, 3\]"):
        fed(given.reshape(1, 2, 3), graphs)
    with pytest.raises(ExecutionError, match="has 8 elements at most, and 10 were given") as raised:
        fed(np.zeros(10, np.float32), graphs)
    assert raised.value.hint == "give less of it, or convert the model again with a larger --dim"


def test_a_recording_that_is_too_long_says_what_to_do() -> None:
    b = GraphBuilder("spectrogram")
    graphs = encoder(input_features=(1, 16_000)) | {
        "spectrogram": b.build({"input_features": b.abs(b.input("samples", "float32", [1, 16_000]))})
    }
    settings = replace(toys.HEARING, sampling_rate=8000)
    for known, hint in (
        (settings, "a longer recording takes timestamps"),
        (replace(settings, speech=None), "give it a longer recording piece by piece"),
    ):
        with pytest.raises(ExecutionError, match="samples has 16000 elements at most, and 16001 were given") as raised:
            fed(np.zeros(16_001, np.float32), graphs, known)
        assert raised.value.hint == f"the model hears 2 seconds at a time: {hint}"
    assert feeds_of({"input_features": np.zeros((1, 16_000))}, graphs, settings, 20)[0] == "encode"
    assert feeds_of({"samples": np.zeros((1, 16_000))}, graphs, settings, 20)[0] == "spectrogram"


def test_a_picture_and_a_text() -> None:
    graphs = encoder(pixel_values=PIXELS.shape, input_ids=(1, 6), attention_mask=(1, 6))
    found = fed(joined(SOURCE, PIXELS, graphs), graphs)
    np.testing.assert_array_equal(found["input_ids"], [[3, 8, 11, 0, 0, 0]])
    np.testing.assert_array_equal(found["attention_mask"], [[1, 1, 1, 0, 0, 0]])
    np.testing.assert_array_equal(found["pixel_values"], PIXELS)
    for source in (PIXELS, SOURCE):
        with pytest.raises(ExecutionError, match="takes pixel_values, input_ids, attention_mask: give them by name"):
            fed(source, graphs)
    assert joined(SOURCE, None, graphs) == SOURCE
    assert joined(None, PIXELS, graphs) is PIXELS
    assert joined(None, None, graphs) is None
    assert joined(SOURCE, None, {}) == SOURCE
    for tokens in (SOURCE, []):
        with pytest.raises(ExecutionError, match="the encoder takes pixel_values, and no text"):
            joined(tokens, PIXELS, encoder(pixel_values=PIXELS.shape))
    with pytest.raises(ExecutionError, match="a text alone, and numbers were given, too"):
        joined(SOURCE, PIXELS, encoder(input_ids=(1, 6)))
