"""Options that several commands have, and what they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from converters.commands.console import verbosity_options
from converters.commands.values import (
    AUDIO,
    BYTES,
    CENTERS,
    DIMENSION,
    IMAGE,
    LABELS,
    LENGTHS,
    PICTURE_SIZE,
    SHAPE,
    VALUE,
    Assignment,
    ByteCount,
    Fallback,
    RandomNumbers,
)
from webnn_graph.formats.table import LIBRARIES, OPSETS, Format, writable, written_as
from webnn_graph.quantization.scheme import BLOCK_SIZE, Weights
from webnn_graph.runtimes import RUNTIMES
from webnn_graph.tasks import THRESHOLD, TOP

F = TypeVar("F", bound=Callable[..., Any])
BESIDE = ", where model.dims.json beside the model does not say it"
EXISTING = click.Path(path_type=Path)
TARGET_NAMES = "portable, chromium, rustnn, pywebnn, standard, or a .json file with opSupportLimits() of a browser"
BROWSER_HELP = "Executable of the browser; by default $WEBNN_CHROMIUM, then an installed Chrome."


def _as_mapping(context: click.Context, parameter: click.Parameter, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise click.BadParameter(f"{max(names, key=names.count)} is given twice")
    return dict(pairs)


def _formats(known: Callable[[], Sequence[str]], context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> list[str]:
    names = [name for text in value for name in text.split(",")]
    unknown = [name for name in names if name not in known()]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known())}")
    return names


def _json(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        json.loads(value or "{}")
    except (ValueError, RecursionError):
        raise click.BadParameter(f"{value!r} is not JSON") from None
    return value


def _stem(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (not value or Path(value).name != value or value in (".", "..")):
        raise click.BadParameter("a file name without folder and suffix is expected")
    return value


def _format_option(formats: Callable[[], Iterable[Format]], default: str) -> Callable[[F], F]:
    """``--format`` of these formats, and of the folders that their files can be the core of."""

    def known() -> list[str]:
        return [name for format in formats() for name in (format.name, *format.folders)]

    return click.option(
        "--format",
        "formats",
        multiple=True,
        default=(default,),
        callback=partial(_formats, known),
        metavar=",".join(known()),
        help=f"Forms to write.  [default: {default}]",
    )


def _without_labels() -> str:
    return ", ".join(format.suffix for format in writable() if not format.labels)


def _default_targets() -> str:
    return ", ".join(f"{next(iter(format.targets))} for {format.suffix}" for format in writable() if format.targets)


def _default_tolerances() -> str:
    return ", ".join(f"{runtime.tolerance:.0e} {runtime.name}".replace("e-0", "e-") for runtime in RUNTIMES.values())


def mapping_option(name: str, kind: Assignment, text: str) -> Callable[[F], F]:
    """A repeatable ``NAME=VALUE`` option whose values arrive as one mapping."""
    return click.option(name, type=kind, multiple=True, callback=_as_mapping, help=text)


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order of the help."""

    def decorate(command: F) -> F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


graph_dims_option = mapping_option("--dim", DIMENSION, "Size of a dynamic dimension, which graphs of rustnn may have.")

destination_options = options(
    click.option("-o", "--output-dir", type=EXISTING, default=".", help="Where the files go.  [default: the current folder]"),
    click.option("--name", callback=_stem, help="Name of the graph and stem of the files; by default the model file's."),
    click.option(
        "--node-names/--no-node-names",
        "node_names",
        default=None,
        help=f"Whether operators carry their names in the source model; by default all but {_without_labels()} do.",
    ),
    click.option(
        "--target",
        metavar="NAME",
        help=f"Write what this takes: {TARGET_NAMES}.  [default: {_default_targets()}, standard for the other forms]",
    ),
    click.option(
        "--max-shard-size",
        type=ByteCount(),
        help="Write the weights to several files of at most this size, with an index, when there are more; like 500MB.",
    ),
    click.option(
        "--expand",
        type=click.Choice(("load", "run")),
        help="Compute what reads only constants, like quantized weights, once when a module is loaded, or in every run.  "
        "[default: what the target says, load]",
    ),
    click.option("--force", is_flag=True, help="Replace files that exist."),
)
onnx_options = options(
    click.option(
        "--opset",
        type=click.IntRange(OPSETS[0], OPSETS[-1]),
        help=f"Version of ONNX's operator set in .onnx, from {OPSETS[0]} on.  [default: {OPSETS[-1]}]",
    ),
    click.option("--embed", is_flag=True, help="Put the weights into the .onnx file, where they otherwise stay in .safetensors."),
)
"""Of what is written in ONNX."""
fallback_option = click.option(
    "--fallback",
    type=Fallback(),
    help="Have modules compute with ONNX Runtime Web where WebNN is missing or does not take the graph; MODULE, which may be a "
    f"URL, is what they import of it.  [default: none; {', '.join(LIBRARIES.values())}]",
)
module_options = options(
    fallback_option,
    click.option(
        "--package", default="", metavar="NAME[@VERSION]", help="What a package of npm is called.  [default: by the files' name, 1.0.0]"
    ),
)
"""Of what is written in JavaScript."""
format_option = _format_option(writable, "webnn")
folder_option = _format_option(lambda: [written_as(Path("x.js"))], "js")
computing_options = options(
    click.option(
        "--runtime",
        type=click.Choice(tuple(RUNTIMES)),
        help="What computes the graph.  [default: reference; onnxruntime for a large graph, where it is installed]",
    ),
    click.option("--browser", type=str, help=BROWSER_HELP),
)
runtime_options = options(
    computing_options,
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of made-up input values."),
)
asking_options = options(
    click.option(
        "--image", type=EXISTING, metavar="FILE", help="A picture, for a graph that says which of its inputs is one; needs pillow."
    ),
    click.option("--audio", type=EXISTING, metavar="FILE.wav", help="The same of a sound, of any length and rate."),
    click.option("--text", metavar="TEXT", help="The same of a text, with the graph's tokenizer beside it; needs tokenizers."),
    click.option("--file", type=EXISTING, metavar="FILE", help="The same of the bytes of a file of any kind, of which both ends are read."),
    click.option("--truncate", is_flag=True, help="Leave out the end of a --text that is longer than the graph takes."),
    click.option("--top", type=click.IntRange(1), default=TOP, show_default=True, help="How many labels to show."),
    click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        help=f"What an object or speech must score.  [default: {THRESHOLD}, of regions as GRAPH says]",
    ),
    click.option("--soft", is_flag=True, help="Have objects that overlap score less, where they would be left out (Soft-NMS)."),
    click.option("--recognizer", type=EXISTING, metavar="GRAPH", help="What reads the lines of text that are found in --image."),
    click.option("--save", "picture", type=EXISTING, metavar="FILE.png", help="Where to save --image with what is found in it."),
)
"""What a graph is asked about, and what is shown of the answer: those of `converters.commands.question.Question`."""
sampling_options = options(
    click.option(
        "--max-tokens",
        type=click.IntRange(1),
        help="Generate so many tokens at most; a token that ends the text ends it before.  [default: the model's limit, or as many as the "
        "cache holds]",
    ),
    click.option(
        "--temperature", type=click.FloatRange(0), help="What logits are divided by before one is drawn.  [default: 0, the largest]"
    ),
    click.option("--top-k", type=click.IntRange(1), help="Draw one of so many.  [default: the model's own, as for the others]"),
    click.option("--top-p", type=click.FloatRange(0, 1), help="Draw one of the most probable that together have this probability."),
    click.option("--min-p", type=click.FloatRange(0, 1), help="Leave out what has less than this share of the most probable one."),
    click.option("--repetition-penalty", type=click.FloatRange(0, min_open=True), help="Make tokens that were there less probable."),
    click.option("--seed", type=click.IntRange(0), help="Draw the same tokens each time.  [default: others each time]"),
    click.option(
        "--beams", type=click.IntRange(1), help="How many sequences are searched.  [default: the model's own; 1 with --temperature]"
    ),
)
"""How tokens are chosen: those of `webnn_graph.generation.Generator.generate`."""
telling_options = options(
    click.option("--language", help="One of a translator's, or of a model of speech.  [default: the model's, or what it finds]"),
    click.option("--task", help="What a model of speech does, like transcribe or translate.  [default: the model's]"),
    click.option("--timestamps", is_flag=True, help="Have a model of speech say when something is said."),
)
"""What a model with an encoder is told."""
profile_options = options(
    click.option(
        "--runtime",
        type=click.Choice([name for name, runtime in RUNTIMES.items() if runtime.profiles]),
        default="browser",
        show_default=True,
        help="What computes the graph.",
    ),
    click.option("--browser", type=str, help=BROWSER_HELP),
    click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="How many calls to show."),
)
check_options = options(
    runtime_options,
    click.option(
        "--inputs", "--inputs-file", "inputs_file", type=EXISTING, metavar="FILE.npz", help="Input values by name; the others are made up."
    ),
    click.option("--tolerance", type=click.FloatRange(0), help=f"Largest relative difference.  [default: {_default_tolerances()}]"),
    click.option("--each-node", is_flag=True, help="Compare every node on the source model's own values: for quantized models."),
)
padding_option = click.option(
    "--padding",
    type=click.Choice(["masked", "zeros", "exact"]),
    help="What becomes of inputs of other sizes than those of --dim NAME=N,N: filled up with zeros and a mask, with zeros, or "
    "refused.  [default: found by computing]",
)
generate_options = options(
    click.option(
        "--generate",
        "--decoder",
        "generate",
        type=LENGTHS,
        help="For a model that generates: graphs that take a prompt of so many tokens at once and a token, with a cache of so many, and "
        "index.js, which generates with them in a page. Writes webnn and js unless --format says something else.",
    ),
    click.option(
        "--top-logits",
        type=click.IntRange(1, 1024),
        default=64,
        show_default=True,
        help="With --generate: how many of the largest logits a call gives in order; 1 is enough for greedy search.",
    ),
)
describing_options = options(
    click.option(
        "--image",
        "images",
        multiple=True,
        type=IMAGE,
        help="What picture an input is, like x:rgb,mean=0.5,std=0.5 of values from 0 to 1, or x:bgr,scale=1 of values to 255; "
        "resize=256,crop=center takes the middle.  [default: as the model's files say]",
    ),
    click.option(
        "--audio",
        "sounds",
        multiple=True,
        type=AUDIO,
        help="What sound an input is: samples a second; x:16000,normalized has mean 0 and variance 1.",
    ),
    click.option(
        "--file",
        "contents",
        multiple=True,
        type=BYTES,
        help="Which bytes of a file an input is, like x:block=4096,first=1024: how many are read at either end, and taken of the first; "
        "other words are last=N, stripped, pad=N and least=N.",
    ),
    click.option(
        "--labels",
        "label_files",
        multiple=True,
        type=LABELS,
        help="What the numbers of an output are called: one a line, or JSON.",
    ),
    click.option(
        "--characters",
        "character_files",
        multiple=True,
        type=LABELS,
        help="What the numbers of a recognizer of text stand for: one a line, or JSON.",
    ),
    click.option(
        "--regression",
        "target_files",
        multiple=True,
        type=LABELS,
        help="What the values of an output are, where they are no scores of labels: a name a line, or JSON with units and polynomials.",
    ),
    click.option(
        "--centers",
        type=CENTERS,
        help="That the labels are of a heat map of centers, with sizes, offsets and points in other outputs: yx if y comes first there, "
        "log if sizes are logarithms, middle if offsets count from the middle of a cell; overlap=0.3 is what two boxes may share.",
    ),
    click.option("--license", default="", help="What the model is licensed under, like Apache-2.0.  [default: as its files say]"),
)
"""What inputs and outputs mean, see `given_of`."""
joining_options = options(
    click.option(
        "--with-preprocessing",
        is_flag=True,
        help="Begin the graph at what a page has: the bytes of a picture, red, green, blue and alpha, as a canvas has them, or the "
        "samples of a sound.",
    ),
    click.option(
        "--picture-size",
        type=PICTURE_SIZE,
        help="Height and width of the pictures that --with-preprocessing takes, which the graph resizes then, like 480x640 of a camera.  "
        "[default: as the model takes them]",
    ),
    click.option(
        "--with-postprocessing",
        is_flag=True,
        help="End the graph at what is wanted: probabilities, corners of boxes, masks, characters, one vector of a text.",
    ),
)
"""What is put into the graph of what inputs and outputs mean, see `joining_of`."""
task_option = click.option("--task", default="", help="What the model is for, like image-classification.  [default: as its files say]")
random_option = click.option(
    "--random",
    type=RandomNumbers(),
    help="What becomes of the model's random numbers: inputs of the graph, which are drawn when it is computed, or constants, drawn "
    "now.  [default: refused]",
)
budget_option = click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="How many times the normal work, memory and time a conversion may take, for large models that you trust.",
)
factory_options = options(
    click.option(
        "--model",
        "factory",
        default="",
        metavar="MODULE:CALLABLE",
        help="For a state dict: its module's class, or what returns the module: package.module:Net or file.py:Net, which runs their code.",
    ),
    click.option(
        "--model-args", "factory_args", default="", callback=_json, metavar="JSON", help="Arguments of --model: an object or a list."
    ),
    click.option("--state-dict", default="", metavar="KEY", help="Which state dict of a checkpoint that holds several, like ema."),
    click.option("--task", default="", help="For a Hugging Face folder: the head, like text-classification.  [default: as in config.json]"),
)
"""What a PyTorch model's module is made with."""
submodule_option = click.option("--submodule", default="", metavar="NAME", help="Convert this part of the model only.")
trust_options = options(
    click.option("--trust-pickle", is_flag=True, help="Unpickle MODEL: this runs any code that it brings, with all of your rights."),
    click.option(
        "--trust-script",
        is_flag=True,
        help="Run the code of the TorchScript archive MODEL though it is more than a network needs: it may read and write your files.",
    ),
)
opening_options = options(
    mapping_option("--dim", DIMENSION, f"Size of a named dimension{BESIDE}."),
    mapping_option("--shape", SHAPE, "Whole shape of an input of an ONNX model."),
    mapping_option("--bind", VALUE, "Turn an input of an ONNX model into a constant."),
    click.option(
        "--input", "inputs", multiple=True, metavar="TENSOR", help="Of an ONNX model: begin here. Of PyTorch's: 'x:float32[1,3,224,224]'."
    ),
    click.option("--output", "outputs", multiple=True, metavar="TENSOR", help="End an ONNX model here."),
    factory_options,
    submodule_option,
    trust_options,
    random_option,
    budget_option,
)
"""What commands take that convert a source model to look at it: an `Opening`, see `opening_of`."""
page_options = options(
    click.option("-o", "--page", "file", type=EXISTING, metavar="FILE.html", help="Where to write the page."),
    click.option("--force", is_flag=True, help="Replace a file that exists."),
)
"""What commands take that make a page."""


def quantization_options(default: str) -> Callable[[F], F]:
    """What commands take that round weights, see `quantizing_of`; ``default`` is what weights become unless somebody says otherwise."""
    return options(
        click.option(
            "--weights",
            type=click.Choice([str(kind) for kind in Weights]),
            default=default,
            show_default=True,
            help="What weights are stored as; the graph computes with floating point numbers whatever they are.",
        ),
        click.option("--block-size", type=click.IntRange(2), help=f"Elements that share a scale in int4.  [default: {BLOCK_SIZE}]"),
        click.option("--keep", multiple=True, metavar="PATTERN", help="Leave layers, or weights, of such names as they are: '*/lm_head*'."),
        click.option("--embeddings", is_flag=True, help="Round embedding tables, too."),
        click.option("--measure/--no-measure", default=True, help="Compute what rounding changes.  [default: measure]"),
    )


conversion_options = options(
    destination_options,
    format_option,
    onnx_options,
    module_options,
    quantization_options("float32"),
    describing_options,
    joining_options,
    random_option,
    budget_option,
    click.option("--verify", is_flag=True, help="Compare the written graph with the source model; exit with 3 when they differ."),
    check_options,
    verbosity_options,
)
"""What every converter from a source format takes, after the options about that format."""
form_options = options(
    click.argument("graph", type=EXISTING),
    graph_dims_option,
    describing_options,
    joining_options,
    task_option,
    destination_options,
    verbosity_options,
)
"""Of the commands that write a graph in another form."""
