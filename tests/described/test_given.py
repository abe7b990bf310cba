"""What options say of inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import Result

from converters.described import huggingface, properties
from converters.described.given import Given, audio, image
from converters.described.levels import levels
from converters.described.naming import read_labels
from converters.described.tasks import ANSWERS, KNOWN
from converters.torch.huggingface import HEADS
from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from webnn_graph import GraphBuilder, load, save
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.metadata import (
    Audio,
    Characters,
    Detections,
    Image,
    Labels,
    Level,
    Mask,
    Metadata,
    Regions,
    Sides,
    Speech,
    State,
    problems,
)
from webnn_graph.metadata.document import KINDS
from webnn_graph.spectrogram import Spectrogram


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", ("x", Image(scale=1 / 255), None)),
        ("x:", ("x", Image(scale=1 / 255), None)),
        ("x:bgr,nhwc,scale=1", ("x", Image(channels="bgr", layout="nhwc", scale=1.0), None)),
        ("x:mean=0.5,std=0.25", ("x", Image(scale=1 / 255, mean=(0.5,), std=(0.25,)), None)),
        ("x:mean=0.5,0.25,-.5,gray", ("x", Image(channels="gray", scale=1 / 255, mean=(0.5, 0.25, -0.5)), None)),
        ("x:size=224,resize=256,crop=center", ("x", Image(resize="cover", edge=256, scale=1 / 255), (224, 224))),
        ("x:size=48x320,contain,corner,fill=114", ("x", Image(resize="contain", place="corner", fill=114, scale=1 / 255), (48, 320))),
        ("x:bgr,linear,line,mean=0.5", ("x", Image(channels="bgr", resize="line", resample="linear", scale=1 / 255, mean=(0.5,)), None)),
        ("x:square,lanczos4,fill=9", ("x", Image(resize="square", resample="lanczos4", fill=9, scale=1 / 255), None)),
        ("x:resize=256,crop=center,rounded", ("x", Image(resize="cover", edge=256, rounded=True, scale=1 / 255), None)),
        ("x:rgb,peak,lanczos", ("x", Image(peak=True, resample="lanczos", scale=1 / 255), None)),
        ("x:scale=1/127.5,mean=1,resample=bicubic", ("x", Image(resample="bicubic", scale=1 / 127.5, mean=(1.0,)), None)),
    ],
)
def test_pictures(text: str, expected: tuple[str, Image, Any]) -> None:
    assert image(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x:purple", "'purple' is not known; words are rgb, bgr, gray,"),
        ("x:mean=a", "'a' is no number"),
        ("x:1,2", "'1' is not known"),
        ("x:resize=9x9", "'resize=9x9' is not known"),
        ("x:rounded=1", "'rounded=1' is not known"),
        ("x:size=a", "is not like size=224"),
        ("x:scale=0", "scale must be above 0"),
        ("x:fill=300", "fill must be at most 255"),
        ("x:std=1,1,1,1,1", "std must have at most 4 values"),
        ("x:std=0", "std must be above 0"),
        ("x:edge=²", "'²' is no number"),
    ],
)
def test_pictures_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=".*") as error:
        image(text)
    assert said in str(error.value)


KALDI = Spectrogram(
    length=400,
    hop=160,
    fft=512,
    window="povey",
    periodic=False,
    place="inside",
    remove_dc=True,
    preemphasis=0.97,
    mels=80,
    mel_scale="kaldi",
    lowest=20.0,
    floor=2.0**-23,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x:16000,context=64", Audio(sampling_rate=16_000, context=64)),
        ("x:48000,repeated", Audio(sampling_rate=48_000, repeated=True)),
        ("x:48000,repeated,cut", Audio(sampling_rate=48_000, repeated=True, cut=True)),
        ("x:16000,kaldi,mels=80", Audio(sampling_rate=16_000, spectrogram=KALDI)),
        (
            "x:8000,length=200,hop=80,mels=40,log=log10,periodic=false,window=hamming,highest=3800",
            Audio(
                sampling_rate=8000,
                spectrogram=Spectrogram(length=200, hop=80, mels=40, log="log10", periodic=False, window="hamming", highest=3800.0),
            ),
        ),
    ],
)
def test_spectrograms(text: str, expected: Audio) -> None:
    assert audio(text) == ("x", expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x:fast", "it is like x:16000"),
        ("x:16000,loud", "'loud' is not known; words are normalized, context, repeated, cut, kaldi, length, hop,"),
        ("x:16000,context=-1", "context must be at least 0"),
        ("x:16000,mels=80", "length= is missing"),
        ("x:16000,kaldi", "kaldi takes mels, too"),
        ("x:16000,kaldi,mels=80,window=round", "window is 'round', which is not known"),
        ("x:16000,kaldi,mels=many", "mels must be a whole number"),
    ],
)
def test_sounds_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=".*") as error:
        audio(text)
    assert said in str(error.value)


def test_voice_activity() -> None:
    graph = graph_of({"x": (1, 80), "h": (2, 3), "c": (2, 3)}, {"y": (1, 1), "hn": (2, 3), "cn": (2, 3)})
    told = Given("voice-activity-detection", {"x": Audio(sampling_rate=8000)}).of(graph)
    speech = {"y": Speech(), "hn": State(input="h"), "cn": State(input="c")}
    assert Metadata.of(told).tensors == {"x": Audio(sampling_rate=8000), **speech}
    assert Metadata.of(Given("voice-activity-detection").of(graph)).tensors == {}


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ({"y": (1, 1, 8, 8)}, "y"),
        ({"y": (1, 1, 8, 8), "z": (1, 4)}, "y"),
        ({"y": (8, 6)}, "y"),
        ({"y": (1, 1, 8, 8), "z": (1, 8, 8)}, ""),
        ({"y": (1, 2, 8, 8)}, ""),
        ({"y": (1, 64)}, ""),
    ],
)
def test_lines_of_text(outputs: dict[str, tuple[int, ...]], found: str) -> None:
    """The one output that is a map."""
    graph = graph_of({"x": (1, 3, 8, 8)}, outputs)
    assert Metadata.of(Given("text-detection").of(graph)).tensors == ({found: Regions()} if found else {})


def test_lines_of_text_that_are_known() -> None:
    graph = Given("text-detection").of(graph_of({"x": (1, 3, 8, 8)}, {"y": (8, 8)}))
    known = replace(graph, metadata=Metadata(tensors={"y": Regions(unclip=2)}).document())
    assert Metadata.of(Given("text-detection").of(known)).tensors == {"y": Regions(unclip=2)}


def test_names_are_those_of_the_graph_or_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text("cat\ndog\n")
    graph = graph_of({"input_1": (1, 3, 8, 8), "b": (1, 400)}, {"y_0": (1, 2), "z": (1, 2)})
    expected = {"input_1": Image(scale=1 / 255), "b": Audio(sampling_rate=8000), "y_0": Labels(names=("cat", "dog"))}
    for name, output in (("input_1", "y_0"), ("input.1", "/y:0")):
        key, said, size = image(f"{name}:size=8")
        given = Given(inputs={key: said, **dict([audio("b:8000")])}, sizes={key: size or (0, 0)}, labels={output: tmp_path / "two.txt"})
        assert Metadata.of(given.of(graph)).tensors == expected
    assert image("input:0:rgb")[0] == "input:0"
    with pytest.raises(ValidationError, match="input input_1 is said to be something twice, as input.1 and input_1"):
        Given(inputs={"input.1": Image(), "input_1": Image()}).of(graph)
    several = graph_of({"a_b": (1, 3, 8, 8), "a_b_2": (1, 3, 8, 8)}, {"y": (1, 2)})
    with pytest.raises(ValidationError, match="image a.b: there is no such input"):
        Given(inputs={"a.b": Image()}).of(several)


@pytest.mark.parametrize(
    ("task", "labels", "note"),
    [
        ("", 0, ()),
        ("other", 0, ()),
        ("nonsense", 0, ("task nonsense is none that is known, and is kept",)),
        ("image-clasification", 0, ("task image-clasification is none that is known, and is kept; did you mean image-classification?",)),
        ("image-classification", 10, ()),
        ("image-classification", 0, ("nothing is made of the task image-classification: --labels FILE says what its scores are of",)),
        *(
            (
                "object-detection",
                labels,
                ("nothing is made of the task object-detection: it takes --labels FILE, and an output with boxes",),
            )
            for labels in (0, 10)
        ),
        ("text-detection", 0, ("nothing is made of the task text-detection: it takes one output that is a map",)),
    ],
)
def test_tasks_of_which_nothing_comes(task: str, labels: int, note: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("".join(f"label {i}\n" for i in range(labels)))
    graph = Given(task, labels={"": tmp_path / "labels"} if labels else {}).of(graph_of({"x": (1, 3, 8, 8)}, {"y": (1, 10)}))
    assert graph.notes == note
    assert Metadata.of(graph).task == task


def test_tasks_that_are_known() -> None:
    from transformers.pipelines import SUPPORTED_TASKS

    assert {*SUPPORTED_TASKS, *HEADS, *huggingface.TASKS.values(), *properties.ULTRALYTICS.values()} - KNOWN == {""}
    assert {kind for answer in ANSWERS.values() for kind in answer.kinds} <= {*KINDS, "level"}


@pytest.mark.parametrize("state", [State(input="w"), State(input="x"), State(input="absent")])
def test_states_of_inputs_that_are_none(state: State) -> None:
    graph = graph_of({"x": (1, 80), "w": (3, 2)}, {"y": (2, 3)})
    (problem,) = problems(Metadata(tensors={"y": state}), graph.inputs, graph.outputs)
    assert problem == f"output y [2, 3] is not the next value of an input {state.input}: there is none of this shape"


def test_sounds() -> None:
    assert audio("x:16000") == ("x", Audio(sampling_rate=16_000))
    assert audio("x:8000,normalized") == ("x", Audio(sampling_rate=8000, normalized=True))
    for text in ("x", "x:0", "x:fast", "x:16000,loud", "x:99999999"):
        with pytest.raises(ValueError, match="it is like x:16000|'loud' is not known"):
            audio(text)


LABELS = ("cat", "dog", "ünïcödé")


@pytest.mark.parametrize(
    "content",
    [
        "cat\ndog\nünïcödé\n",
        "\ufeffcat\r\ndog\r\nünïcödé",
        json.dumps(LABELS),
        json.dumps({"1": "dog", "0": "cat", "2": "ünïcödé"}),
        json.dumps({"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "ünïcödé"}}),
    ],
)
def test_files_of_labels(content: str, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text(content, "utf-8")
    assert read_labels(tmp_path / "labels") == LABELS


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[1, 2]", b'{"0": "a", "2": "b"}', b"\xff\xfe\x00", b'"text"', b"[" * 100_000])
def test_files_that_hold_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(content)
    if content == b'"text"':  # a line of text is a label
        assert read_labels(tmp_path / "labels") == ('"text"',)
        return
    with pytest.raises(FormatError):
        read_labels(tmp_path / "labels")


@pytest.mark.parametrize(
    ("task", "name", "outputs", "found"),
    [
        ("image-segmentation", "", {"y": (1, 1, 8, 8)}, "y"),
        ("image-segmentation", "", {"y": (8, 8), "z": (1, 100, 3)}, "y"),
        ("image-segmentation", "z", {"y": (1, 1, 8, 8), "z": (1, 1, 4, 4)}, "z"),
        ("image-segmentation", "", {"y": (1, 1, 8, 8), "z": (1, 1, 4, 4)}, ""),
        ("image-segmentation", "", {"y": (1, 8, 6)}, ""),
        ("image-classification", "", {"y": (1, 1, 8, 8)}, ""),
    ],
)
def test_two_labels_of_one_map(task: str, name: str, outputs: dict[str, tuple[int, ...]], found: str, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("background\ncat\n")
    graph, given = graph_of({"x": (1, 3, 8, 8)}, outputs), Given(task, {"x": Image()}, labels={name: tmp_path / "labels"})
    if found:
        tensors = Metadata.of(given.of(graph)).tensors
        assert tensors == {"x": Image(), found: Mask(names=("background", "cat"), scores="logits")}
    else:
        with pytest.raises(ValidationError, match="2 labels, and no axis"):
            given.of(graph)


def test_labels_keep_what_is_known_of_them(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("cat\ndog\n")
    graph = graph_of({"x": (1, 3, 8, 8)}, {"scores": (1, 2), "map": (1, 3, 4, 4)})
    known = Metadata(task="image-classification", tensors={"scores": Labels(names=("a", "b"), scores="probabilities", several=True)})
    graph = Given(labels={"": tmp_path / "labels"}).of(Given(task="other").of(replace(graph, metadata=known.document())))
    assert Metadata.of(graph).tensors["scores"] == Labels(names=("cat", "dog"), scores="probabilities", several=True)
    assert Metadata.of(graph).task == "other"


@pytest.mark.parametrize(
    ("shape", "form"), [((1, 6, 84), "columns"), ((1, 84, 7), "objects"), ((1, 84, 6), "final"), ((1, 84, 9), None), ((6,), None)]
)
def test_labels_of_a_detector(shape: tuple[int, ...], form: Any, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("cat\ndog\n")
    given = Given(task="object-detection", labels={"": tmp_path / "labels"})
    graph = graph_of({"x": (1, 3, 8, 8)}, {"found": shape, "other": (1, 5)})
    if form is None:
        with pytest.raises(ValidationError, match="has 2 labels, and no axis of found"):
            given.of(graph)
    else:
        assert Metadata.of(given.of(graph)).tensors == {"found": Detections(names=("cat", "dog"), form=form)}
    with pytest.raises(ValidationError, match="no axis of found"):
        Given(labels={"": tmp_path / "labels"}).of(graph)


@pytest.mark.parametrize(("op", "form"), [("sigmoid", "cells"), ("exp", "objects")])
def test_labels_of_a_detector_with_a_box_for_each_cell(op: str, form: Any, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("cat\ndog\n")
    b = GraphBuilder("yolox")
    b.input("x", "float32", [1, 3, 32, 64])
    graph = b.build({"found": getattr(b, op)(b.input("z", "float32", [1, 42, 7]))})
    given = Given(task="object-detection", labels={"": tmp_path / "labels"}, inputs={"x": Image()})
    assert Metadata.of(given.of(graph)).tensors["found"] == Detections(names=("cat", "dog"), form=form)


@pytest.mark.parametrize(
    ("outputs", "strides"),
    [
        ({"a": (1, 32, 2), "b": (1, 32, 32), "c": (1, 8, 2), "d": (1, 8, 32)}, {"a": ("b", 8), "c": ("d", 16)}),
        ({"d": (1, 10, 8), "c": (1, 10, 2)}, {}),  # no grid has so many
        ({"a": (1, 32, 2), "b": (1, 32, 4)}, {}),  # one distance for each side
        ({"a": (1, 32, 2), "b": (1, 32, 8), "c": (1, 32, 8)}, {}),
        ({"a": (1, 32, 2), "b": (1, 32, 8), "c": (1, 5)}, {}),
    ],
)
def test_labels_of_levels(outputs: dict[str, tuple[int, ...]], strides: dict[str, tuple[str, int]], tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("cat\ndog\n")
    names, graph = ("cat", "dog"), graph_of({"x": (1, 3, 32, 60)}, outputs)
    expected = {level: Level(names=names, stride=stride, scores="logits") for level, (_, stride) in strides.items()}
    told = {**expected, **{sides: Sides() for sides, _ in strides.values()}}
    assert levels(graph, names, {"x": Image()}) == told
    if told:
        given = Given(task="object-detection", labels={"": tmp_path / "labels"}, inputs={"x": Image()})
        assert Metadata.of(given.of(graph)).tensors == {"x": Image(), **told}


@pytest.mark.parametrize(
    ("content", "shape", "names", "blank"),
    [
        ("a\n#\n", (1, 5, 3), ("", "a", "#"), 0),  # as PaddleOCR's dictionaries are: the blank is not in them, nor the space
        ("a\n#\n", (1, 5, 4), ("", "a", "#", " "), 0),
        ("a\n#\n", (5, 1, 2), ("a", "#"), 0),
        ("a\n\nb\n", (1, 5, 3), ("a", "", "b"), 1),
        ("[\n{\n", (1, 5, 3), ("", "[", "{"), 0),
        ('{"charset": ["", "a", "b"], "word": false}', (1, 5, 3), ("", "a", "b"), 0),  # as those that train for ddddocr write it
    ],
)
def test_characters(content: str, shape: tuple[int, ...], names: tuple[str, ...], blank: int, tmp_path: Path) -> None:
    (tmp_path / "characters").write_text(content)
    graph = graph_of({"x": (1, 1, 8, 8)}, {"y": shape, "other": (1, 9)})
    found = Given(characters={"": tmp_path / "characters"}).of(graph)
    assert Metadata.of(found).tensors == {"y": Characters(names=names, blank=blank)}


@pytest.mark.parametrize(
    ("content", "name", "what"),
    [
        ("a\nb\n", "x", "there is no output 'x'"),
        ("a\n", "", r"has 1 character, and none of y \[1, 5, 4\], z \[1, 5, 4\] has 1 to 3 numbers at each step"),
        ("a\nb\nc\n", "", r"has 3 characters, which y \[1, 5, 4\], z \[1, 5, 4\] can be of"),
        ("[1", "", "is no JSON"),
    ],
)
def test_characters_of_nothing(content: str, name: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "characters").write_text(content)
    with pytest.raises((ValidationError, FormatError), match=what):
        Given(characters={name: tmp_path / "characters"}).of(graph_of({"x": (1, 1, 8, 8)}, {"y": (1, 5, 4), "z": (1, 5, 4)}))


def test_characters_as_an_option(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    (tmp_path / "characters.txt").write_text("a\nb\n")
    save(graph_of({"x": (1, 3, 8, 8)}, {"y": (1, 5, 3)}), tmp_path / "m.webnn")
    said = invoke("webnn2json", tmp_path / "m.webnn", "-o", tmp_path, "--characters", f"y:{tmp_path / 'characters.txt'}")
    assert said.exit_code == 0, said.output
    assert Metadata.of(load(tmp_path / "m.json")).tensors == {"y": Characters(names=("", "a", "b"))}


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 3, 3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        map = self.convolution(x)
        return {"scores": map.mean((2, 3)), "map": map}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    torch.export.save(torch.export.export(Network().eval(), (torch.zeros(1, 3, 8, 8),)), tmp_path / "n.pt2")
    (tmp_path / "three.txt").write_text("cat\ndog\nbird\n")
    (tmp_path / "two.txt").write_text("cat\ndog\n")
    return tmp_path / "n.pt2"


def test_a_conversion_is_told(program: Path, tmp_path: Path, invoke: Callable[..., Result]) -> None:
    options = [
        "--image",
        "x:bgr,size=8,resize=9,crop=center",
        "--labels",
        f"scores:{tmp_path / 'three.txt'}",
        "--task",
        "image-classification",
    ]
    result = invoke("torch2webnn", program, "-o", tmp_path / "out", "--format", "webnn,json,js", *options)
    assert result.exit_code == 0, result.output
    expected = Metadata(
        task="image-classification",
        tensors={"x": Image(channels="bgr", resize="cover", edge=9, scale=1 / 255), "scores": Labels(names=("cat", "dog", "bird"))},
    )
    assert load(tmp_path / "out" / "n.webnn").metadata == load(tmp_path / "out" / "n.json").metadata == expected.document()
    # What is known can be said later, too.
    changed = invoke("webnn2json", tmp_path / "out" / "n.webnn", "-o", tmp_path / "again", "--task", "other", "--image", "x:rgb")
    assert changed.exit_code == 0, changed.output
    metadata = Metadata.of(load(tmp_path / "again" / "n.json"))
    assert (metadata.task, metadata.tensors["x"]) == ("other", Image(scale=1 / 255))


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--image", "x:size=9"], 1, "input x is 8 pixels high and 8 wide, not 9 and 9 [wrong-shape]"),
        (["--image", "y"], 1, "image y: there is no such input [unknown-tensor]"),
        (["--image", "x:gray"], 1, "[1, 3, 8, 8] is not image as --image says: gray in nchw has 1 channel, and there are 3 [wrong-shape]"),
        (["--image", "x:odd"], 2, "'odd' is not known"),
        (["--image", "x", "--image", "x:bgr"], 2, "--image, --audio and --file say what an input is once"),
        (
            ["--labels", "two.txt"],
            1,
            "two.txt has 2 labels, and no axis of scores [1, 3], map [1, 3, 6, 6] is as long [wrong-shape]\nhint: it takes 3 or 6 labels",
        ),
        (
            ["--labels", "three.txt"],
            1,
            "three.txt has 3 labels, as many as scores and map have [refused]\nhint: say which: --labels OUTPUT:FILE",
        ),
        (["--labels", "x:three.txt"], 1, "three.txt: there is no output 'x' [unknown-tensor]\nhint: outputs are scores, map"),
        (["--labels", "nowhere.txt"], 1, "nowhere.txt: there is no such file"),
        (["--labels", "."], 1, ".: it is a folder, not a file [no-such-file]"),
        (["--labels", "n.pt2"], 1, "n.pt2 is no text: byte "),
        (["--task", "Two Words"], 1, "it is like image-classification"),
        (["--generate", "4,16", "--image", "x"], 2, "--generate says what goes in and comes out"),
    ],
)
def test_what_is_refused(
    options: list[str], status: int, said: str, program: Path, monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Result]
) -> None:
    monkeypatch.chdir(program.parent)
    result = invoke("torch2webnn", program, "-o", "out", *options)
    assert result.exit_code == status, result.output
    assert said in result.stderr and "Traceback" not in result.stderr
    assert not Path("out").exists()


def test_a_license() -> None:
    graph = replace(graph_of({"x": (1, 3)}, {"y": (1, 3)}), metadata={"license": "MIT"})
    assert Metadata.of(Given(license="apache-2.0 or mit").of(graph)).license == "Apache-2.0 OR MIT"
    assert Metadata.of(Given(task="depth-estimation").of(graph)).license == "MIT"
    with pytest.raises(ValidationError, match="license 'unknown': it is no name of one"):
        Given(license="unknown").of(graph)


@pytest.mark.parametrize(("last", "scores"), [("softmax", "probabilities"), ("sigmoid", "probabilities"), ("relu", "logits")])
def test_labels_of_what_softmax_made_are_of_probabilities(last: str, scores: str, tmp_path: Path) -> None:
    b = GraphBuilder("network")
    x = b.input("x", "float32", [1, 3, 1, 1])
    y = b.softmax(x, 1) if last == "softmax" else b.call(last, x)
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    graph = Given(labels={"": tmp_path / "labels.txt"}).of(b.build({"y": b.reshape(y, [1, 3])}))
    assert Metadata.of(graph).tensors == {"y": Labels(names=("a", "b", "c"), scores=scores)}  # type: ignore[arg-type]
