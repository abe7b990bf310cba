"""What pages make of pictures and numbers, by the plain modules: as Pillow and `webnn_graph.tasks` do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", minversion="13", reason="pillow is not installed, or takes rows and columns in another order")

import PIL.Image
from PIL.Image import Image as Picture

from tests.javascript.test_runtime import plain  # noqa: F401
from tests.javascript.written import NODE, needs_node
from tests.tasks.pictures import mosaic
from tests.tasks.test_regions import QUADS, drawn
from webnn_graph.data_types import Array, DataType
from webnn_graph.formats.ways import RESAMPLING
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Boxes, Characters, Depth, Detections, Embedding, Image, Labels, Mask, Meaning, Placed, Regions, whole
from webnn_graph.tasks import answers
from webnn_graph.tasks.cutting import cut
from webnn_graph.tasks.maps import distances, segmented
from webnn_graph.tasks.pictures import Fit, prepared
from webnn_graph.tasks.regions import regions
from webnn_graph.tasks.vectors import embedded

pytestmark = needs_node
FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming", "linear", "lanczos4")
OF_WHOLE_NUMBERS = ("nearest", "linear", "lanczos4")
"""Those that are the same to the last bit."""


def noise(height: int, width: int, seed: int = 0) -> Picture:
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def run(folder: Path, script: str, *arguments: str) -> Any:
    """What the body of an asynchronous function returns as JSON, which may import from the folder."""
    (folder / "run.mjs").write_text(f"const [given] = process.argv.slice(2);\nconst made = await (async () => {{ {script} }})();\n" + PRINT)
    done = subprocess.run([str(NODE), str(folder / "run.mjs"), *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PRINT = "console.log(JSON.stringify(made));"
READ = """
const fs = await import("node:fs");
const { prepared: ofNumbers } = await import("./tasks/preparing.js");
const { prepared: ofBytes } = await import("./tasks/bytes.js");
const { cases, areBytes } = JSON.parse(fs.readFileSync(given, "utf8"));
const prepared = areBytes ? ofBytes : ofNumbers;
const fits = [];
for (const [i, { width, height, image }] of cases.entries()) {
  const pixels = new Uint32Array(new Uint8Array(fs.readFileSync(`${given}.${i}`)).buffer);
  const { values, fit, size } = prepared({ width, height, pixels }, image);
  fs.writeFileSync(`${given}.${i}`, new Uint8Array(values.buffer));
  fits.push({ ...fit, rows: size[0], columns: size[1] });
}
return fits;
"""


@dataclass(frozen=True)
class Case:
    """A picture, and the input that it is for."""

    picture: Picture
    image: Image
    operand: Descriptor


def case(picture: Picture, height: int, width: int, data_type: DataType = DataType.FLOAT32, **how: Any) -> Case:
    image = Image(**how)
    shape = (1, image.count, height, width) if image.layout == "nchw" else (1, height, width, image.count)
    return Case(picture, image, Descriptor(data_type, shape))


def made(cases: Sequence[Case], folder: Path, are_bytes: bool = False) -> Iterator[tuple[Array, Mapping[str, float]]]:
    """What JavaScript makes of each, and how it lies there."""
    given = folder / "given"
    _choose(folder / "tasks")
    described = []
    for i, one in enumerate(cases):
        colours = np.array(one.picture.convert("RGBA"))
        colours[..., 3] = 7  # which counts for nothing
        given.with_name(f"given.{i}").write_bytes(colours.tobytes())
        tensor = {"dataType": str(one.operand.data_type), "shape": list(one.operand.shape)}
        described.append({"width": one.picture.width, "height": one.picture.height, "image": {**whole(one.image), **tensor}})
    given.write_text(json.dumps({"cases": described, "areBytes": are_bytes}))
    fits = run(folder, READ, str(given))
    for i, (one, fit) in enumerate(zip(cases, fits, strict=True)):
        data = given.with_name(f"given.{i}").read_bytes()
        yield np.frombuffer(data, one.operand.data_type.numpy).reshape(one.operand.shape), fit


def _choose(folder: Path) -> None:
    """Has the plain modules choose a filter, of which that of a model has one."""
    if not (folder / "pillow.js").exists():
        (folder / "resampling.js").rename(folder / "pillow.js")
    names = [*RESAMPLING, "pillow"]
    imports = [f'import {{ resized as {name} }} from "./{name}.js";' for name in names]
    chosen = f"export const resized = (...given) => (({{ {', '.join(names)} }})[given[3]] ?? pillow)(...given);"
    (folder / "resampling.js").write_text("\n".join([*imports, chosen]))


def differences(cases: Sequence[Case], folder: Path, are_bytes: bool = False) -> Array:
    """By how much each pixel differs from Python's, of all cases."""
    found = []
    for one, (values, fit) in zip(cases, made(cases, folder, are_bytes), strict=True):
        expected, python = prepared(one.picture, one.image, one.operand)
        size = one.image.model_size(one.operand.shape)
        assert [*fit.values()] == [python.width, python.height, python.x_scale, python.y_scale, python.left, python.top, *size], one
        found.append(np.abs(values.astype(np.float64) - expected.astype(np.float64)).ravel())
    return np.concatenate(found)


# ------------------------------------------------------------------------------------------------------------------- pictures
SIZES = [(1, 1), (1, 300), (299, 1), (33, 20), (64, 48), (200, 301), (7, 500), (1000, 3)]
WANTED = [(1, 1), (32, 48), (64, 48), (211, 97)]


@pytest.mark.parametrize("resample", FILTERS)
def test_resizing_is_that_of_pillow(resample: Any, plain: Path) -> None:  # noqa: F811
    cases = [case(make(*size), *wanted, resample=resample) for make, size, wanted in product((mosaic, noise), SIZES, WANTED)]
    rest = differences(cases, plain)
    assert rest.max() <= (0 if resample in OF_WHOLE_NUMBERS else 1)
    assert (rest > 0).mean() < 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_random_inputs(seed: int, plain: Path) -> None:  # noqa: F811
    rng = np.random.default_rng(seed)

    def pick(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    cases = []
    for _ in range(60):
        channels = pick("rgb", "bgr", "gray", "rgba")
        count = pick(0, 1, Image(channels=channels).count)
        how = {
            "channels": channels,
            "layout": pick("nchw", "nhwc"),
            "resize": pick("stretch", "cover", "contain", "square", "line"),
            "edge": pick(None, None, 17, 40),
            "rounded": pick(False, True),
            "resample": pick(*FILTERS),
            "place": pick("center", "corner"),
            "fill": pick(None, 0, 114),
            "placed": pick(None, Placed(height=30, width=40, left=-3, top=2, right=50, bottom=29)),
            "scale": pick(1.0, 1 / 255, 0.0078125),
            "mean": tuple(rng.uniform(0, 1, count).tolist()),
            "std": tuple(rng.uniform(0.2, 1, count).tolist()),
        }
        size, wanted = (tuple(int(side) for side in rng.integers(1, most, 2)) for most in (120, 60))
        cases.append(case(pick(mosaic, noise)(*size, seed), *wanted, **how))
    for one, (values, _) in zip(cases, made(cases, plain), strict=True):
        expected, _ = prepared(one.picture, one.image, one.operand)
        step = one.image.scale / min((*one.image.std, 1.0))
        assert np.abs(values - expected).max() <= 1.001 * step, one
        assert (values != expected).mean() < 0.001, one
    assert differences(cases, plain).max() < 10


def test_the_largest_value_is_255(plain: Path) -> None:  # noqa: F811
    dark = PIL.Image.fromarray(np.asarray(noise(9, 7)) // 3)
    rules: list[dict[str, Any]] = [{}, {"resize": "contain"}, {"resize": "contain", "fill": 114}, {"resize": "cover", "edge": 40}]
    cases = [
        case(dark, 32, 24, channels=channels, peak=True, resample="linear", scale=1 / 255, mean=(0.5,), **rule)
        for channels, rule in product(("rgb", "bgr", "gray"), rules)
    ]
    assert differences([*cases, case(PIL.Image.new("RGB", (5, 5)), 8, 8, peak=True)], plain).max() == 0


@pytest.mark.parametrize("data_type", [DataType.FLOAT16, DataType.UINT8, DataType.INT32, DataType.INT64, DataType.INT8])
def test_data_types(data_type: DataType, plain: Path) -> None:  # noqa: F811
    signed = {"mean": (100.0,), "std": (3.0,)} if data_type is not DataType.UINT8 else {"scale": 0.5}
    cases = [case(noise(9, 7), 9, 7, data_type, **signed), case(noise(9, 7), 14, 12, data_type, resize="contain", **signed)]
    assert differences(cases, plain).max() == 0


@pytest.mark.parametrize("are_bytes", [False, True])
def test_bytes_of_a_canvas(are_bytes: bool, plain: Path) -> None:  # noqa: F811
    """By the plain module that makes nothing else, and by that for all inputs."""
    rules: list[dict[str, Any]] = [{"resize": "stretch"}, {"resize": "cover", "edge": 30}, {"resize": "contain", "place": "corner"}]
    rules += [{"resize": "contain", "fill": 114}, {"resize": "contain", "fill": 255}]
    how: dict[str, Any] = {"channels": "rgba", "layout": "nhwc", "resample": "nearest"}
    cases = [case(noise(*size), 32, 48, DataType.UINT8, **how, **rule) for size, rule in product([(9, 7), (32, 48), (100, 20)], rules)]
    assert differences(cases, plain, are_bytes).max() == 0


def test_a_part_of_an_endless_picture(plain: Path) -> None:  # noqa: F811
    """Resized whole it would have 5 billion pixels."""
    pixels = noise(1, 100_000)
    ((values, _),) = made([case(pixels, 224, 224, resize="cover", resample="bilinear")], plain)
    middle = np.asarray(pixels)[0, 49_995:50_005].astype(float)
    assert (values.min((0, 2, 3)) >= middle.min(0)).all() and (values.max((0, 2, 3)) <= middle.max(0)).all()


def test_a_square_that_is_too_large(plain: Path) -> None:  # noqa: F811
    with pytest.raises(AssertionError, match="the picture is to become 9000 x 9000 pixels; at most 67108864 are made"):
        list(made([case(noise(1, 9000), 8, 8, resize="square")], plain))


# -------------------------------------------------------------------------------------------------------------------- answers
NAMES = ("cat", "dog", "bird", "tree")
FIT = Fit(width=300, height=200, x_scale=1 / 3, y_scale=1 / 2, left=3, top=-2)
ANSWER = """
const fs = await import("node:fs");
const { numbersOf } = await import("./tasks/scores.js");
const { ways, fit } = JSON.parse(fs.readFileSync(given, "utf8"));
const answers = ways.map(async ([fragment, tensors, meanings, options]) => {
  const { answered } = await import(`./tasks/${fragment}.js`);
  const numbers = tensors.map(({ dataType, values }) => {
    const view = { float32: Float32Array, float16: Uint16Array, int64: BigInt64Array }[dataType];
    return numbersOf({ dataType }, view.from(values, dataType === "int64" ? BigInt : Number));
  });
  return answered(numbers, meanings, options, { fit, size: [100, 120] });
});
return Promise.all(answers);
"""


@dataclass
class Asked:
    """Ways to answer, and what Python says of each."""

    ways: list[Any] = field(default_factory=list)
    expected: list[Any] = field(default_factory=list)

    def add(self, way: str, tensors: Sequence[Array], meanings: Sequence[Meaning], *more: float) -> None:
        said = [
            {
                "dataType": tensor.dtype.name,
                "values": (tensor.view(np.uint16) if tensor.dtype == np.float16 else tensor).ravel().tolist(),
            }
            for tensor in tensors
        ]
        fragment = {"classify": "labels", "recognize": "spelling"}.get(way, way)
        names = ("top",) if way == "classify" else ("threshold", "overlap")
        options = dict(zip(names, more, strict=False))
        described = [{**whole(meaning), "shape": list(tensor.shape)} for meaning, tensor in zip(meanings, tensors, strict=True)]
        self.ways.append([fragment, said, described, options])
        outputs = dict(zip("xy", tensors, strict=False))
        read: Mapping[str, Any] = dict(zip("xy", meanings, strict=False))
        if way == "classify":
            self.expected.append([[one.label, one.score] for one in answers.best(tensors[0], read["x"], int(more[0]))])
        elif way == "recognize":
            self.expected.append([list(answers.spelled(tensors[0], read["x"]))])
        else:
            found = answers.objects(outputs, read, (100, 120), FIT, more[0])
            self.expected.append([[one.label, one.score, *one.box] for one in found])

    def check(self, folder: Path) -> None:
        fit = {"width": FIT.width, "height": FIT.height, "xScale": FIT.x_scale, "yScale": FIT.y_scale, "left": FIT.left, "top": FIT.top}
        (folder / "given").write_text(json.dumps({"ways": self.ways, "fit": fit}))
        for (way, *_), found, expected in zip(self.ways, run(folder, ANSWER, str(folder / "given")), self.expected, strict=True):
            rows = [found] if way == "spelling" else found
            assert [next(iter(row.values())) for row in rows] == [row[0] for row in expected], way
            for row, (_, *numbers) in zip(rows, expected, strict=True):
                _, score, *box = row.values()
                np.testing.assert_allclose([score, *(box[0].values() if box else [])], numbers, rtol=1e-12, atol=1e-12)


def test_labels(plain: Path) -> None:  # noqa: F811
    rng, asked = np.random.default_rng(1), Asked()
    for several, scores, type in product((False, True), ("logits", "probabilities"), (np.float32, np.float16, np.int64)):
        numbers = (rng.normal(size=(1, 4)) * 5).astype(type)
        asked.add("classify", [numbers], [Labels(names=NAMES, several=several, scores=scores)], 3)  # type: ignore[arg-type]
    names = tuple(map(str, range(1000)))
    asked.add("classify", [rng.normal(size=(1, 1000, 1, 1)).astype(np.float32)], [Labels(names=names, axis=-3)], 5)
    asked.add("classify", [np.float32([[1, 2, 2, 0]])], [Labels(names=NAMES)], 99)
    asked.add("classify", [np.float32([[1e4, -1e4, 0, 0]])], [Labels(names=NAMES)], 4)
    asked.add("classify", [np.float32([[500, -500, 0, 0]])], [Labels(names=NAMES, several=True)], 4)
    asked.add("classify", [np.float16([[1.5, 6e-8, -0.0, -65504]])], [Labels(names=NAMES, scores="probabilities")], 4)
    asked.check(plain)


def test_objects_of_boxes_and_labels(plain: Path) -> None:  # noqa: F811
    rng, asked = np.random.default_rng(2), Asked()
    for several, format, unit, names in product(
        (False, True), ("xyxy", "xywh", "cxcywh"), ("relative", "pixels"), (NAMES, ("", "dog", "", "tree"), (*NAMES, ""))
    ):
        logits = (rng.normal(size=(1, 30, len(names))) * 3).astype(np.float32)
        boxes = rng.uniform(-0.2, 1.2, (1, 30, 4)).astype(np.float32) * (1 if unit == "relative" else 100)
        meanings = [Boxes(format=format, unit=unit), Labels(names=names, several=several)]  # type: ignore[arg-type]
        asked.add("boxes", [boxes, logits], meanings, 0.6)
    many = (rng.normal(size=(500, 2)) * 3).astype(np.float32)
    asked.add("boxes", [rng.uniform(0.1, 0.7, (500, 4)).astype(np.float32), many], [Boxes(format="xywh"), Labels(names=NAMES[:2])], 0.5)
    beside = np.float32([[-9, 10, -1, 20], [10, 10, 20, 20], [30, 95, 40, 120], [50, 60, 50, 70]])  # of a picture behind 3 columns
    logits = np.float32([[9, 0, 0, 0], [8, 0, 0, 0], [7, 0, 0, 0], [6, 0, 0, 0]])
    asked.add("boxes", [beside, logits], [Boxes(format="xyxy", unit="pixels"), Labels(names=NAMES)], 0.5)
    asked.check(plain)
    assert len(asked.expected.pop()) == 3
    assert len(asked.expected[-1]) == 300 and min(map(len, asked.expected)) > 3


def test_objects_of_cells(plain: Path) -> None:  # noqa: F811
    rng, asked = np.random.default_rng(5), Asked()
    for count in (12 * 15 + 6 * 7 + 3 * 3, 12 * 15 + 6 * 7 + 3 * 3 + 1):  # with cells of 64 pixels, too
        rows = rng.uniform(0, 1, (1, count, 9)).astype(np.float32)
        rows[..., 2:4] -= 0.5
        asked.add("cells", [rows], [Detections(names=NAMES, form="cells")], 0.5, answers.OVERLAP)
    asked.check(plain)
    assert min(map(len, asked.expected)) > 20


@pytest.mark.parametrize("form", ["columns", "rows", "objects", "final"])
def test_objects_of_detections(form: Any, plain: Path) -> None:  # noqa: F811
    rng, asked = np.random.default_rng(3), Asked()
    overlap = () if form == "final" else (answers.OVERLAP,)
    for unit, threshold, names in product(("pixels", "relative"), (0.1, 0.25, 0.9), (NAMES, ("cat", "", "bird", "tree"))):
        rows = np.concatenate([rng.uniform(0, 1, (200, 4)), rng.uniform(0, 1, (200, 4)) ** 4], 1)
        if form == "objects":
            rows = np.insert(rows, 4, rng.uniform(0, 1, 200), axis=1)
        if form == "final":
            rows = np.concatenate([rows[:, :5], rng.uniform(-1, 4, (200, 1))], 1)
        if form == "cells":  # of an input of 100 x 120 pixels
            count = 12 * 15 + 6 * 7 + 3 * 3
            rows = np.concatenate([rng.normal(size=(count, 4)), rng.uniform(0, 1, (count, 5)) ** 2], 1)
        rows[:, :4] *= 1 if form == "cells" or unit == "relative" else 100
        given = rows[None].astype(np.float32)
        given = np.ascontiguousarray(given.transpose(0, 2, 1)) if form == "columns" else given
        for exclusive in (False, True):
            meaning = Detections(names=names, form=form, unit=unit, exclusive=exclusive)  # type: ignore[arg-type]
            asked.add("detections", [given], [meaning], threshold, *overlap)
    asked.check(plain)
    assert max(map(len, asked.expected)) > 20


REGIONS = """
const fs = await import("node:fs");
const { answered } = await import("./tasks/regions.js");
const cases = JSON.parse(fs.readFileSync(given, "utf8"));
return cases.map(([values, tensor, options, place]) => answered([Float32Array.from(values)], [tensor], options, place));
"""


def test_regions(plain: Path) -> None:  # noqa: F811
    """Of a map that is drawn, and of smooth random ones."""
    rng = np.random.default_rng(8)
    maps = [drawn()]
    for _ in range(8):
        coarse = rng.normal(size=[int(side) for side in rng.integers(3, 12, 2)])
        smooth = np.asarray(PIL.Image.fromarray(coarse.astype(np.float32)).resize((90, 70), PIL.Image.Resampling.BICUBIC))
        maps.append((1 / (1 + np.exp(-9 * smooth + 3)))[None].astype(np.float32))
    maps.append(4 * maps[1] - 1)  # with numbers that are no probabilities
    cases, expected = [], []
    for numbers, meaning, fit in product(maps, (Regions(label="a"), Regions(dilated=False, unclip=2, score=0.2)), FITS):
        for threshold in (None, 0.6):
            options = {} if threshold is None else {"threshold": threshold}
            cases.append([numbers.ravel().tolist(), {**whole(meaning), "shape": list(numbers.shape)}, options, place(fit)])
            expected.append(regions(numbers, meaning, (100, 120), fit, threshold))
    (plain / "given").write_text(json.dumps(cases))
    for found, right in zip(run(plain, REGIONS, str(plain / "given")), expected, strict=True):
        sides = ("left", "top", "right", "bottom")
        assert [(one["label"], [one["box"][side] for side in sides], one["corners"]) for one in found] == [
            (one.label, [*one.box], [*map(list, one.corners)]) for one in right
        ]
        assert [one["score"] for one in found] == pytest.approx([one.score for one in right], abs=1e-12)
    assert sum(map(len, expected)) > 100


CUT = """
const fs = await import("node:fs");
const { cut } = await import("./tasks/cutting.js");
const { width, height, data, quads } = JSON.parse(fs.readFileSync(given, "utf8"));
const picture = { width, height, data: Uint8ClampedArray.from(data) };
const wrong = [undefined, [], [[1, 2]], Array(4).fill([1, NaN]), Array(4).fill([0]), [[0, 0], [1e9, 0], [1e9, 1e9], [0, 1e9]]];
const refused = await Promise.all(wrong.map((corners) => cut(picture, { corners }).catch(({ code }) => code)));
const parts = await Promise.all(quads.map((corners) => cut(picture, { corners })));
return [refused, parts.map(({ width, height, data }) => [width, height, [...data]])];
"""


def test_parts_of_pictures(plain: Path) -> None:  # noqa: F811
    picture, quads = noise(45, 80), [*QUADS, ((3, 3),) * 4, ((0, 0), (8, 8), (8, 0), (0, 8))]
    given = {"width": 80, "height": 45, "data": [*picture.convert("RGBA").tobytes()], "quads": quads}
    (plain / "given").write_text(json.dumps(given))
    refused, parts = run(plain, CUT, str(plain / "given"))
    assert refused == ["bad-input"] * 6
    for (width, height, data), corners in zip(parts, quads, strict=True):
        right = cut(picture, corners)
        assert right.size == (width, height)
        assert np.abs(np.reshape(data, (height, width, 4)) - np.asarray(right.convert("RGBA")).astype(int)).max() <= 1


def test_text(plain: Path) -> None:  # noqa: F811
    rng, asked = np.random.default_rng(4), Asked()
    for blank, scores in product((0, 3), ("logits", "probabilities")):
        numbers = rng.normal(size=(1, 60, 5)).astype(np.float32)
        numbers = numbers.repeat(2, 1) if scores == "logits" else np.abs(numbers)
        asked.add("recognize", [numbers], [Characters(names=("", "a", "É", "日本", " "), blank=blank, scores=scores)])  # type: ignore[arg-type]
    asked.add("recognize", [np.float32([[[9, 0], [9, 0]]])], [Characters(names=("", "a"))])
    asked.check(plain)
    assert asked.expected[-1] == [["", 0.0]]


# ----------------------------------------------------------------------------------------------------------- maps and vectors
FITS = (
    Fit(width=30, height=20, x_scale=4.0, y_scale=5.0),
    Fit(width=90, height=41, x_scale=1 / 3, y_scale=1 / 2, left=3, top=-2),
    Fit(width=1, height=1, x_scale=120.0, y_scale=100.0),
)
MAP = """
const fs = await import("node:fs");
const cases = JSON.parse(fs.readFileSync(given, "utf8"));
const made = cases.map(async ([fragment, values, tensor, place]) => {
  const { answered } = await import(`./tasks/${fragment}.js`);
  const found = answered([Float32Array.from(values)], [tensor], {}, place);
  return [...(ArrayBuffer.isView(found) ? found : (found.classes ?? found.values))];
});
return Promise.all(made);
"""


def place(fit: Fit) -> Mapping[str, Any]:
    lies = {"width": fit.width, "height": fit.height, "xScale": fit.x_scale, "yScale": fit.y_scale, "left": fit.left, "top": fit.top}
    return {"fit": lies, "size": [100, 120]}


def test_maps_and_vectors(plain: Path) -> None:  # noqa: F811
    rng = np.random.default_rng(6)
    cases: list[Any] = []
    expected: list[Array] = []

    def add(fragment: str, numbers: Array, meaning: Meaning, right: Array, place: Mapping[str, Any]) -> None:
        cases.append([fragment, numbers.ravel().tolist(), {**whole(meaning), "shape": list(numbers.shape)}, place])
        expected.append(right.ravel())

    for fit, shape, axis in product(FITS, ((1, 7, 9, 13), (9, 13, 300), (2, 7, 1)), (-1, -3)):
        numbers = rng.normal(size=shape).astype(np.float32)
        labels = Labels(names=tuple(map(str, range(shape[axis]))), axis=axis)
        if len(shape) == 4 or axis == -3:
            add("segmenting", numbers, labels, segmented(numbers, labels, (100, 120), fit).classes, place(fit))
    for fit in FITS:
        mask = rng.uniform(-2, 9, (1, 25, 30)).astype(np.float32)
        add("segmenting", mask, Mask(names=NAMES), segmented(mask, Mask(names=NAMES), (100, 120), fit).classes, place(fit))
        for scored in (Mask(names=NAMES[:2], scores="probabilities"), Mask(names=NAMES[:2], scores="logits")):
            add("segmenting", mask / 4, scored, segmented(mask / 4, scored, (100, 120), fit).classes, place(fit))
        add("depths", mask, Depth(), distances(mask, False, (100, 120), fit).values, place(fit))
    many = Mask(names=tuple(map(str, range(257))))  # whose last number is no byte
    add("segmenting", np.full((1, 2, 2), 256.0), many, np.full((FITS[0].height, FITS[0].width), 256), place(FITS[0]))
    there = np.array([[0, 1, 1, 0, 1, 0]])
    for pooling, normalized, known in product(("none", "mean", "first", "last"), (False, True), (None, there, there * 0)):
        numbers = rng.normal(size=(1, 8) if pooling == "none" else (1, 6, 8)).astype(np.float32)
        numbers /= 1000 if known is None else 1  # lengths below 1 become 1, too
        embedding = Embedding(pooling=pooling, normalized=normalized)  # type: ignore[arg-type]
        more = {} if known is None else {"mask": known.ravel().tolist()}
        add("vectors", numbers, embedding, embedded(numbers, embedding, known), more)
    (plain / "given").write_text(json.dumps(cases))
    for found, right, (fragment, *_) in zip(run(plain, MAP, str(plain / "given")), expected, cases, strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=0 if fragment == "segmenting" else 1e-4)
