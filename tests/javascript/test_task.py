"""The module of a task as pages import it, with the mock of WebNN, which gives the input back: answers, options, errors, types, sizes."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.formats.test_task import meaning
from tests.javascript.written import TSC, needs_node, needs_tsc, node
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import save
from webnn_graph.metadata import (
    Boxes,
    Centers,
    Characters,
    Depth,
    Detections,
    Embedding,
    Geometry,
    Image,
    Labels,
    Mask,
    Meaning,
    Points,
    Prototypes,
    Regions,
)

WAYS: Mapping[str, tuple[list[int], Mapping[str, tuple[list[int], Meaning]]]] = {
    "classify": ([1, 1, 2, 2], {"y": ([1, 4], Labels(names=("a", "b", "c", "d"), scores="probabilities"))}),
    "boxes": (
        [1, 1, 2, 4],
        {"y": ([2, 4], Boxes(unit="pixels")), "z": ([2, 4], Labels(names=("a", "b", "c", "d"), scores="probabilities"))},
    ),
    "detections": ([1, 1, 2, 6], {"y": ([1, 2, 6], Detections(names=("a", "b"), form="rows"))}),
    "points": (
        [1, 1, 2, 9],
        {"y": ([1, 2, 9], Detections(names=("a", "b"), form="rows", points=Points(count=1, scored=True, names=("nose",))))},
    ),
    "instances": (
        [1, 1, 2, 4],
        {"y": ([1, 1, 8], Detections(names=("a", "b"), form="final", coefficients=2)), "z": ([2, 2, 2], Prototypes())},
    ),
    "centers": (
        [1, 1, 1, 6],
        {
            "y": ([1, 2, 1, 3], Centers(names=("a", "b"), stride=2, points=Points(count=1), overlap=0.3)),
            "z": ([1, 2, 1, 3], Geometry(holds="sizes")),
            "v": ([1, 2, 1, 3], Geometry(holds="offsets")),
            "w": ([1, 2, 1, 3], Geometry(holds="points")),
        },
    ),
    "segment": ([1, 1, 2, 3], {"y": ([1, 2, 3], Mask(names=("a", "b", "c")))}),
    "depth": ([1, 1, 2, 3], {"y": ([1, 2, 3], Depth(inverse=True))}),
    "regions": ([1, 1, 16, 24], {"y": ([1, 1, 16, 24], Regions(label="line", dilated=False))}),
    "embed": ([1, 1, 2, 2], {"y": ([1, 2, 2], Embedding(pooling="mean", normalized=True))}),
    "recognize": ([1, 1, 2, 3], {"y": ([1, 2, 3], Characters(names=("", "a", "b"), scores="probabilities"))}),
}
"""The shape of a grey picture, and of the outputs that are its pixels."""


def written(way: str, folder: Path, stem: str = "model") -> Path:
    """The module of a task, whose model gives the picture back."""
    shape, outputs = WAYS[way]
    b = GraphBuilder(way)
    image = b.relu(b.input("image", "float32", shape))
    graph = b.build({name: b.reshape(image, shape) for name, (shape, _) in outputs.items()})
    (folder / "package.json").write_text('{"type": "module"}')
    meanings = {name: one for name, (_, one) in outputs.items()}
    save(meaning(graph, image=Image(channels="gray", scale=0.01), **meanings), folder / f"{stem}.js")
    return folder / f"{stem}.task.js"


HEAD = """
const failing = (promise) => promise.then(() => "fine", (error) => [error.name, error.code, error.message]);
const picture = (width, height, ...values) => ({ width, height, data: Uint8ClampedArray.from(values.flatMap((v) => [v, v, v, 255])) });
const context = mock.context();
const asked = await module.load({ context });
const row = picture(2, 2, 10, 40, 20, 30);
"""
SAID = "bad-input"
ROWS: dict[str, tuple[str, str, Any]] = {
    "labels": (
        "classify",
        "return [await asked.classify(row, { top: 2 }), (await asked.classify(row)).length];",
        [[{"label": "b", "score": 0.4}, {"label": "d", "score": 0.3}], 4],
    ),
    "boxes": (
        "boxes",
        """
        const data = [100, 0, 300, 200, 0, 0, 400, 90]; // both tensors: [1, 0, 3, 2] and [0, 0, 4, 0.9]
        return asked.detect(picture(4, 2, ...data.map((v) => Math.min(v, 255))), { threshold: 0.95 });
        """,
        [
            {"label": "c", "score": 2.55, "box": {"left": 1, "top": 0, "right": 2.55, "bottom": 2}},
            {"label": "c", "score": 2.55, "box": {"left": 0, "top": 0, "right": 2.55, "bottom": 0.9}},
        ],
    ),
    "boxes that overlap": (
        "boxes",
        """
        const boxes = picture(4, 2, 100, 0, 255, 200, 0, 0, 255, 90);
        const found = [{}, { overlap: 0.4 }, { overlap: 0.3 }].map((options) => asked.detect(boxes, options));
        return (await Promise.all(found)).map((objects) => objects.length);
        """,
        [2, 2, 1],
    ),
    "detections": (
        "detections",
        """
        const two = picture(6, 2, 100, 100, 200, 200, 60, 0, 100, 100, 200, 180, 70, 10);
        const [one, all] = [await asked.detect(two, { overlap: 1, threshold: 0.65 }), await asked.detect(two, { overlap: 1 })];
        return [await asked.detect(two), one.length, all.length];
        """,
        [[{"label": "a", "score": 0.7, "box": {"left": 0, "top": 0.1, "right": 2, "bottom": 1.9}}], 1, 2],
    ),
    "scores that are lowered": (
        "detections",
        """
        const two = picture(6, 2, 100, 100, 200, 200, 60, 0, 100, 100, 200, 180, 70, 10);
        return (await asked.detect(two, { soft: true, threshold: 0.05 })).map(({ score }) => score);
        """,
        [0.7, 0.06],
    ),
    "points": (
        "points",
        "return asked.detect(picture(9, 2, 100, 100, 200, 200, 60, 0, 150, 50, 90, ...Array(9).fill(0)));",
        [
            {
                "label": "a",
                "score": 0.6,
                "box": {"left": 0, "top": 0, "right": 2, "bottom": 2},
                "points": [{"name": "nose", "x": 1.5, "y": 0.5, "score": 0.9}],
            }
        ],
    ),
    "centers": (
        "centers",
        """
        const cells = picture(6, 1, 90, 0, 0, 20, 40, 0); // of each map: 0.9, 0, 0 and 0.2, 0.4, 0
        return [await asked.detect(cells), (await asked.detect(cells, { threshold: 0.3 })).length];
        """,
        [
            [
                {
                    "label": "a",
                    "score": 0.9,
                    "box": {"left": 0.9, "top": 0.2, "right": 2.7, "bottom": 0.6},
                    "points": [{"x": 2.52, "y": 0.28}],
                }
            ],
            2,
        ],
    ),
    "what centers share": (
        "centers",
        """
        const cells = picture(6, 1, 200, 200, 0, 100, 100, 0); // 4 x 2 pixels twice, 2 apart: a third
        const all = [{}, { overlap: undefined }, { overlap: 0.4 }].map((options) => asked.detect(cells, options));
        return (await Promise.all(all)).map((found) => found.length);
        """,
        [1, 1, 2],
    ),
    "masks": (
        "instances",
        """
        const [{ mask, ...found }] = await asked.detect(picture(4, 2, 0, 100, 255, 200, 90, 100, 20, 10));
        const { pixels, ...place } = mask;
        return [found, place, [...pixels], pixels.constructor.name];
        """,
        [
            {"label": "b", "score": 0.9, "box": {"left": 0, "top": 1, "right": 2.55, "bottom": 2}},
            {"left": 0, "top": 1, "width": 3, "height": 1},
            [1, 1, 1],
            "Uint8Array",
        ],
    ),
    "regions": (
        "regions",
        """
        const bar = (value) => (_, i) => (i % 24 >= 4 && i % 24 < 20 && i >= 120 && i < 264 ? value : 0);
        const page = picture(24, 16, ...Array.from({ length: 384 }, bar(70)));
        const found = await asked.detect(page);
        const { width, height, data } = await module.cut(page, { corners: [[4, 5], [20, 5], [20, 11], [4, 11]] });
        const less = await asked.detect(page, { threshold: 0.71 });
        const isBar = data.every((value, i) => value === (i % 4 === 3 ? 255 : 70));
        return [found, less, [width, height, isBar], await failing(module.cut(page, {}))];
        """,
        [
            [
                {
                    "label": "line",
                    "score": pytest.approx(0.7),
                    "box": {"left": 1, "top": 2, "right": 22, "bottom": 13},
                    "corners": [[1, 2], [22, 2], [22, 13], [1, 13]],
                }
            ],
            [],
            [16, 6, True],
            ["ModelError", "bad-input", "what is cut out has four corners, [x, y] each"],
        ],
    ),
    "text": ("recognize", "return asked.recognize(picture(3, 2, 0, 0, 50, 0, 70, 0));", {"text": "ba", "score": 0.6}),
    "a mask": (
        "segment",
        """
        const { classes, ...more } = await asked.segment(picture(3, 2, 0, 100, 200, 255, 0, 60));
        return [more, [...classes], classes.constructor.name, [...(await asked.segment(picture(1, 1, 100))).classes]];
        """,
        [{"width": 3, "height": 2, "labels": ["a", "b", "c"]}, [0, 1, 2, 2, 0, 1], "Uint8Array", [1]],
    ),
    "a depth": (
        "depth",
        """
        const { values, ...more } = await asked.depth(picture(3, 2, 0, 100, 200, 255, 0, 60));
        const even = await asked.depth(picture(6, 4, ...Array(24).fill(100)));
        return [more, [...values], even.values.every((value) => Math.abs(value - 1) < 1e-6)];
        """,
        [{"width": 3, "height": 2, "inverse": True}, [0, 1, 2, 2.55, 0, 0.6], True],
    ),
    "a vector": (
        "embed",
        """
        const vector = await asked.embed(picture(2, 2, 20, 10, 40, 70));
        const wrong = [[[1], [1, 2]], [[], []], [undefined, undefined]].map(([one, other]) => {
          try { return module.similar(one, other); } catch (error) { return error.code; }
        });
        const alike = [module.similar(vector, [3, 4]), module.similar([1, 0], [0, 1]), module.similar([1, 2], [-2, -4])];
        return [[...vector], vector.constructor.name, wrong, alike, module.similar([0, 0], [1, 0])];
        """,
        [[0.6, 0.8], "Float32Array", ["bad-input"] * 3, [1, 0, -1], 0],
    ),
    "the model is there, and ends": (
        "classify",
        "asked.destroy(); return [(await asked.model.lost).code, (await failing(asked.classify(row)))[1]];",
        ["destroyed", "destroyed"],
    ),
    "a picture is read before the call returns": (
        "classify",
        "const call = asked.classify(row, { top: 1 }); row.data.fill(0); return call;",
        [{"label": "b", "score": 0.4}],
    ),
    "the task": ("detections", "return module.task;", {"name": "detect", "takes": "image", "gives": "objects"}),
    "options of load": ("classify", "return (await failing(module.load({ context, cahce: 1 })))[1];", SAID),
    "no picture": (
        "classify",
        """
        const given = [undefined, null, "cat.jpg", 7, [], {}, { width: 2, height: 2, data: new Uint8ClampedArray(15) },
          { width: 2, height: 2, data: new Float32Array(16) }];
        const said = await Promise.all(given.map((source) => failing(asked.classify(source))));
        return [[...new Set(said.map(([name, code]) => `${name} ${code}`))], said[0][2], said[2][2]];
        """,
        [
            ["ModelError bad-input"],
            *(
                "a picture is one of HTMLImageElement, HTMLVideoElement, HTMLCanvasElement, OffscreenCanvas, ImageBitmap, VideoFrame, "
                f"ImageData, Blob, File, not {kind}"
                for kind in ("undefined", "string")
            ),
        ],
    ),
    "no pixels": (
        "classify",
        "return failing(asked.classify({ width: 0, height: 3, data: new Uint8ClampedArray(0) }));",
        ["ModelError", SAID, "the picture has 0 x 3 pixels"],
    ),
    "an element without a picture": (
        "classify",
        """
        const element = { [Symbol.toStringTag]: "HTMLImageElement", complete: true, naturalWidth: 0, naturalHeight: 0 };
        const video = { [Symbol.toStringTag]: "HTMLVideoElement", readyState: 1 };
        return [(await failing(asked.classify(element)))[2], (await failing(asked.classify(video)))[2]];
        """,
        [f"the {kind} has no picture yet: wait until it is loaded" for kind in ("HTMLImageElement", "HTMLVideoElement")],
    ),
    "options": (
        "detections",
        """
        const given = [{ treshold: 1 }, { threshold: 2 }, { threshold: "0.5" }, { overlap: NaN }, null,
          { constructor: 1 }, { threshold: null }];
        const said = await Promise.all(given.map((options) => failing(asked.detect(row, options))));
        return [new Set(said.map(([name, code]) => name + code)).size, said[0][2], said[1][2], said[2][2], said[4][2]];
        """,
        [
            1,
            "there is no option treshold; there are threshold, overlap, soft, signal",
            "threshold is a number from 0 to 1, not 2",
            "threshold is a number from 0 to 1, not 0.5",
            "options are given as an object",
        ],
    ),
    "aborted before": (
        "classify",
        """
        const call = failing(asked.classify(row, { signal: AbortSignal.abort("closed") }));
        return [...(await call).slice(1), context.bound];
        """,
        ["aborted", "aborted: closed", None],
    ),
    "aborted while it computes": (
        "classify",
        """
        const stop = new AbortController();
        const call = failing(asked.classify(row, { signal: stop.signal }));
        await null; await null; stop.abort();
        return [(await call)[1], (await asked.classify(row, { signal: new AbortController().signal })).length];
        """,
        ["aborted", 4],
    ),
    "not aborted": (
        "classify",
        """
        const stop = new AbortController();
        const found = await asked.classify(row, { signal: stop.signal, top: undefined }); stop.abort();
        return found.length;
        """,
        4,
    ),
}


def rounded(value: Any) -> Any:
    """Numbers as float32 nearly has them."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: rounded(member) for name, member in value.items()}
    return [rounded(member) for member in value] if isinstance(value, list) else value


@needs_node
@pytest.mark.parametrize(("way", "script", "expected"), ROWS.values(), ids=ROWS)
def test_rows(way: str, script: str, expected: Any, tmp_path: Path) -> None:
    module = written(way, tmp_path)
    made = node(module, HEAD + f"const made = await (async () => {{ {script} }})(); console.log(JSON.stringify(made));")
    assert rounded(made) == expected


@needs_node
def test_a_module_of_any_name_is_imported(tmp_path: Path) -> None:
    module = written("classify", tmp_path, "a b#c?%41.model")
    assert module.name == "a b#c?%41.model.task.js"
    script = "const asked = await module.load({ context: mock.context() }); console.log(JSON.stringify(typeof asked.classify))"
    assert node(module, script) == "function"


USAGE = """
import { load, task } from "./model.task.js";
import { ModelError } from "./model.js";

const asked = await load({ devices: ["gpu"] });
const image = document.querySelector("img")!;
const elements = [document.createElement("video"), document.createElement("canvas")];
for (const source of [...elements, new OffscreenCanvas(1, 1), new Blob(), new File([], "")]) await asked.METHOD(source);
await asked.METHOD(await createImageBitmap(image));
await asked.METHOD(new VideoFrame(image, { timestamp: 0 }));
await asked.METHOD(new ImageData(1, 1), { signal: new AbortController().signal });
asked.model.lost.then((error: ModelError) => error.code);
const found = await asked.METHOD(image);
READ
const [name, takes]: ["METHOD", "image"] = [task.name, task.takes];
asked.destroy();
// @ts-expect-error
await asked.METHOD("cat.jpg");
// @ts-expect-error
await asked.METHOD(image, { treshold: 1 });
"""
READ = {
    "classify": "const text: string = found[0].label + found[0].score.toFixed(); await asked.classify(image, { top: 3 });",
    "boxes": "const side: number = found[0].box.left; await asked.detect(image, { threshold: 0.1 });",
    "detections": "const side: number = found[0].box.left; await asked.detect(image, { threshold: 0.1, overlap: 0.3 });",
    "points": "const [point] = found[0].points; const at: number = point.x + (point.score ?? 0); const of = point.name?.length;",
    "centers": "const at: number = found[0].points[0].x + found[0].box.left; await asked.detect(image, { overlap: 0.3, soft: true });",
    "instances": "const { left, pixels } = found[0].mask; const at: number = left + pixels[0] + found[0].box.top;",
    "regions": "const side: number = found[0].corners[3][1]; await asked.detect(await cut(image, found[0]), { threshold: 0.1 });",
    "segment": "const size: number = found.width * found.height; const label: string = found.labels[found.classes[0]];",
    "depth": "const near: number = found.inverse ? found.values[0] : -found.values[0];",
    "embed": "const numbers: Float32Array = found; const alike: number = similar(found, [1, 2]);",
    "recognize": "const text: string = found.text + found.score.toFixed();",
}


@needs_tsc
@pytest.mark.parametrize("way", WAYS)
def test_declarations(way: str, tmp_path: Path) -> None:
    written(way, tmp_path)
    method = dict.fromkeys(("boxes", "detections", "points", "centers", "instances", "regions"), "detect").get(way, way)
    more = {"embed": "similar", "regions": "cut"}.get(way)
    usage = USAGE.replace("load, task", f"load, {more}, task") if more else USAGE
    (tmp_path / "usage.ts").write_text(usage.replace("METHOD", method).replace("READ", READ[way]))
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    for libraries in ([], ["--lib", "es2022,webworker"]):
        file = "model.task.d.ts" if libraries else "usage.ts"
        done = subprocess.run([str(TSC), *options, *libraries, file], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
    (tmp_path / "usage.ts").write_text(USAGE.replace("METHOD", "describe").replace("READ", READ[way]))
    wrong = subprocess.run([str(TSC), *options, "usage.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "Property 'describe' does not exist" in wrong.stdout


@pytest.mark.parametrize("way", WAYS)
def test_modules_are_small(way: str, tmp_path: Path) -> None:
    most = {"points": 5900, "centers": 5950, "instances": 6300, "regions": 7700}.get(way, 5800)
    assert len(gzip.compress(written(way, tmp_path).read_bytes(), 9)) < most


def test_what_a_page_reads_is_what_the_template_says(tmp_path: Path) -> None:
    """Facts of Python's side, at their one home."""
    from webnn_graph import tasks
    from webnn_graph.tasks import answers, pictures

    text = written("detections", tmp_path).read_text("utf-8")
    for name, value in {"MOST_PIXELS": pictures.MOST_PIXELS, "MOST_BOXES": answers.MOST_BOXES}.items():
        assert f"const {name} = {json.dumps(value)};" in text
    assert f"{{ threshold: {tasks.THRESHOLD}, overlap: {answers.OVERLAP}, soft: false }}" in text
