"""Made-up reports of runs, of any length: all verdicts, models with and without everything, the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from models.zoo.report import Computation, Conversion, Report, Row, Verdict

RUNTIMES = {"reference": "0.1.0", "browser": "147.0.7727.0", "rustnn": "0.5.12"}
TASKS = ("detection", "text recognition", "layout", "speech", "embeddings", "denoising", "wake word", "")
TAGS = (("vision", "small"), ("audio",), ("text", "quantized"), ())
BLOCKING = ("TopK", "NonMaxSuppression", "Loop", "If", "ScatterND", "GridSample", "STFT", "RoiAlign")
FAILURES = {
    Verdict.FAILED: ("execution-failed", "Failed to execute 'build' on 'MLGraphBuilder': resample2d has a wrong result for sizes"),
    Verdict.MEMORY: ("out-of-memory", "The process was killed: it had 4.0 GB, and may have 4.0 GB"),
    Verdict.TIMEOUT: ("timeout", "It was not done after 300 s"),
    Verdict.CRASHED: ("crashed", "The browser has gone: SIGSEGV in XNNPackGraphBuilder"),
}
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'`${alert(1)}\\ & &lt; $(rm -rf ~)",
    "half \ud800 and \udfff",
    "right to left \u202e\u2067evil\u202c",
    "a\nb\r\tc\x00\x1b[31m\u2028|`*",
    "x" * 10_000,
    "javascript:alert(1)",
    "__proto__",
    "-rf",
)
"""What a stranger may call things."""


def report(count: int, *, seed: int = 0) -> Report:
    """A run with so many models; the same for the same numbers."""
    random = Random(seed)
    return Report(
        version="0.1.0",
        code="5f1a4c9e",
        versions={"python": "3.12.3", "platform": "Linux-6.8-x86_64", "numpy": "2.3.1", "onnx": "1.19.0", "torch": "2.10.0"},
        runtimes=RUNTIMES,
        started="2026-03-14T03:12:44Z",
        seconds=count * 7.25,
        rows=list(_rows(count, random)),
        manifest="own zoo.toml",
        target="portable",
        timeout=300.0,
        memory=4_000_000_000,
    )


def hostile() -> Report:
    """A run in which each text is one of `HOSTILE`."""
    rows = [
        Row(
            text,
            Verdict.DIFFERS,
            False,
            text,
            Conversion(Verdict.OK if place % 2 else Verdict.REFUSED, text, text, 1.0, 5, 6, 7, 8, text, [text]),
            {text: Computation(Verdict.DIFFERS, False, text, text, text, float("inf"), 1e-4, None, 0.1)},
            *(text, text, text, text, [text], text, text),
            picture=text,
        )
        for place, text in enumerate(HOSTILE)
    ]
    return replace(
        report(0), rows=rows, runtimes=dict.fromkeys(HOSTILE, "1"), versions=dict.fromkeys(HOSTILE, HOSTILE[0]), target=HOSTILE[2]
    )


def _rows(count: int, random: Random) -> Iterator[Row]:
    for place in range(count):
        size = int(10 ** random.uniform(4, 8.5))
        nodes = int(10 ** random.uniform(1.2, 3.5))
        conversion = _conversion(place, nodes, size, random)
        runtimes = dict(_computations(place, random)) if conversion.verdict is Verdict.OK else {}
        verdict = max((conversion.verdict, *(computed.verdict for computed in runtimes.values())), key=lambda verdict: verdict.rank)
        is_expected = conversion.verdict in (Verdict.OK, Verdict.REFUSED) and place % 29 != 13
        yield Row(
            name=f"{('yolo', 'ppocr', 'whisper', 'minilm', 'silero', 'denoiser')[place % 6]}_{('n', 's', 'm', 'large')[place % 4]}_{place}",
            verdict=verdict,
            expected=is_expected and all(computed.expected for computed in runtimes.values()),
            source=f"pypi:package-{place}==1.{place % 10}.0",
            conversion=conversion,
            runtimes=runtimes,
            file=f"package_{place}/models/model.onnx",
            sha256=f"{random.getrandbits(256):064x}",
            task=TASKS[place % len(TASKS)],
            license="Apache-2.0" if place % 3 else "MIT",
            tags=TAGS[place % len(TAGS)],
            frontend="torch" if place % 11 == 10 else "onnx",
            options="--dim batch=1 --shape image=1,3,224,224" if place % 2 else "",
            peak_bytes=size * 3 + 150_000_000,
            seconds=10 ** random.uniform(0, 2),
            key=f"{random.getrandbits(64):016x}",
            reused=place % 5 == 0,
            picture=f"pictures/model_{place}.html" if conversion.verdict is Verdict.OK else "",
        )


def _conversion(place: int, nodes: int, size: int, random: Random) -> Conversion:
    seconds = 10 ** random.uniform(-1.3, 1.2)
    if place % 9 == 4:
        blocking = sorted({random.choice(BLOCKING[: random.randint(1, len(BLOCKING))]) for _ in range(random.randint(1, 3))})
        names = ", ".join(blocking)
        message = (
            f"{len(blocking)} operators of model_{place}.onnx (opset 17) have no WebNN lowering: {names}\n  hint: --output ends the graph"
        )
        return Conversion(Verdict.REFUSED, message, "unsupported-operator", seconds, nodes, size, blocking=blocking)
    if place % 31 == 17:
        code, message = FAILURES[Verdict.MEMORY]
        return Conversion(Verdict.MEMORY, message, code, seconds, nodes, size)
    digest = f"{random.getrandbits(128):032x}"
    return Conversion(Verdict.OK, "", "", seconds, nodes, size, int(nodes * random.uniform(0.5, 1)), int(size * 0.97), digest)


def _computations(place: int, random: Random) -> Iterator[tuple[str, Computation]]:
    for number, name in enumerate(RUNTIMES):
        if place % 10 == 7 and name == "rustnn":
            continue
        verdict = _verdict(place + 7 * number)
        seconds, tolerance = 10 ** random.uniform(-3, 0.5), 1e-4 if place % 6 else 1e-3
        load = None if name == "reference" else seconds / 3
        relative = 0.0 if place % 17 == 3 else 10 ** random.uniform(-7.5, -4.2)
        if verdict in FAILURES:
            code, message = FAILURES[verdict]
            yield name, Computation(verdict, False, message, code, tolerance=tolerance, key="k")
        elif verdict is Verdict.DIFFERS:
            message = "output y differs by 3.2e-2 where 1.0e-04 is allowed"
            yield (
                name,
                Computation(verdict, place % 2 == 0, message, "", "y", tolerance * 10 ** random.uniform(0.2, 3), tolerance, load, seconds),
            )
        else:
            yield name, Computation(verdict, True, "", "", "y", relative, tolerance, load, seconds, "k")


def _verdict(number: int) -> Verdict:
    rare: Mapping[int, Verdict] = {11: Verdict.NOISE, 23: Verdict.DIFFERS, 37: Verdict.FAILED, 53: Verdict.TIMEOUT, 59: Verdict.CRASHED}
    return rare.get(number % 61, Verdict.OK)
