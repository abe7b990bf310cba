"""The commands that convert: a source model to a graph, and a graph from one form to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from converters.commands.chosen import check_of, destination_of, given_of, joining_of, quantizing_of, refuse_described, sizes_of
from converters.commands.console import Command, Result, SupervisedCommand, note, progress
from converters.commands.options import (
    BESIDE,
    EXISTING,
    conversion_options,
    factory_options,
    folder_option,
    form_options,
    generate_options,
    mapping_option,
    module_options,
    onnx_options,
    padding_option,
    submodule_option,
    task_option,
    trust_options,
)
from converters.commands.values import DIMENSION_SIZES, SHAPE, VALUE

SEVERAL = "Several, as in --dim height=224,448 --dim width=224,448, give a graph for the first of each, one for the second, and so on."


@click.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@mapping_option("--dim", DIMENSION_SIZES, f"Size of a named dimension{BESIDE}. {SEVERAL}")
@padding_option
@mapping_option("--shape", SHAPE, "Whole shape of an input; a dimension may have a name, whose size --dim gives.")
@mapping_option("--bind", VALUE, "Turn an input into a constant: a number, a JSON list or a .npy file.")
@click.option("--input", "inputs", multiple=True, metavar="TENSOR", help="Begin the graph at this tensor instead of the model's inputs.")
@click.option("--output", "outputs", multiple=True, metavar="TENSOR", help="End the graph at this tensor instead of the model's outputs.")
@click.option(
    "--unsupported-floats",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="What bfloat16 and float64, which WebNN lacks, become.",
)
@click.option("--simplify/--no-simplify", default=False, help="Run onnxsim first.  [default: no-simplify]")
@task_option
@generate_options
@conversion_options
@click.version_option(package_name="webnn-convert")
def onnx2webnn(model: Path, formats: list[str], verify: bool, simplify: bool, **options: Any) -> Result:
    """Convert the ONNX file MODEL to WebNN; with --generate also the folder of an encoder or decoders with a cache.

    Writes the graph as text (.webnn), JSON (.json), an ES module (.js), an ONNX model (.onnx) or a Python module (.py), with its weights
    (.safetensors) beside it.
    """
    from converters.commands.sizes import SeveralSizes, converted_sizes
    from converters.commands.workflow import converted
    from converters.onnx import convert
    from converters.onnx.reading.files import files_of
    from converters.onnx.reading.onnxsim import convert_simplified
    from converters.onnx.source import OnnxSource
    from converters.random_numbers import INPUTS, Chosen
    from webnn_graph.file_kinds import ModelKind, check_kind

    if options["generate"]:
        return _generating(model, formats, verify, simplify, options)
    sizes, destination, check = sizes_of(options, model), destination_of(options, model, formats, files_of), check_of(options)
    quantizing, given = quantizing_of(options, check), given_of(options)
    joining = joining_of(options, sizes, quantizing)
    check_kind(model, ModelKind.ONNX)
    what = {"bind": options["bind"], "inputs": options["inputs"], "outputs": options["outputs"]}
    frontend = partial(convert_simplified, report=note) if simplify else convert
    random = options["random"]
    how = {
        "unsupported_floats": options["unsupported_floats"],
        "random": None if random is None else INPUTS,
        "budget": options["budget"],
    }
    convert_model = partial(frontend, model, name=destination.stem, shapes=options["shape"], **how, **what)
    source = partial(OnnxSource, model, **what)
    if len(sizes) == 1:
        chosen = Chosen(random, partial(convert_model, dims=sizes[0]), source)
        return converted(lambda: given.of(chosen.convert()), destination, chosen.source, check if verify else None, quantizing, joining)
    several = SeveralSizes(
        lambda dims: given.of(convert_model(dims=dims)), lambda _: source(), sizes, options["padding"], options["budget"]
    )
    return converted_sizes(several, destination, check if verify else None, quantizing)


def _generating(model: Path, formats: list[str], verify: bool, simplify: bool, options: dict[str, Any]) -> Result:
    """The package of an ONNX model that generates."""
    from converters.commands.workflow import converted_package
    from converters.onnx.generation import GeneratingModel
    from converters.onnx.generation.files import find_files

    refuse_described(options)
    others = [name for name in ("inputs", "outputs", "shape", "random", "padding") if options[name] not in ((), {}, None)]
    others += ["simplify"] if simplify else []
    others += ["unsupported-floats"] if options["unsupported_floats"] != "float32" else []
    if others:
        named = {"inputs": "input", "outputs": "output"}
        raise click.UsageError(f"--generate says what the graphs are; --{named.get(others[0], others[0])} is for other models")
    (prompt, cache), top = options["generate"], options["top_logits"]
    sizes = sizes_of(options, model)
    if len(sizes) > 1:
        raise click.UsageError("--generate takes one size of each dimension")
    destination = destination_of(options, model, formats, lambda path: find_files(path).all)
    check = check_of(options)
    quantizing = quantizing_of(options, check)
    generating = GeneratingModel(
        model,
        prompt_length=prompt,
        cache_length=cache,
        top=top,
        name=destination.stem,
        dims=sizes[0],
        bind=options["bind"],
        budget=options["budget"],
    )
    return converted_package(generating, destination, check if verify else None, quantizing)


@click.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@click.option(
    "--input",
    "specifications",
    multiple=True,
    metavar="'x:float32[1,3,224,224]'",
    help="Name, type and shape of an input; a dimension may have a name.",
)
@mapping_option(
    "--dim",
    DIMENSION_SIZES,
    f"Size of a dimension that has a name in --input, of a program's symbol, or of what a folder takes{BESIDE}. {SEVERAL}",
)
@padding_option
@factory_options
@generate_options
@submodule_option
@trust_options
@conversion_options
@click.version_option(package_name="webnn-convert")
def torch2webnn(model: Path, specifications: Sequence[str], formats: list[str], verify: bool, **options: Any) -> Result:
    """Convert the PyTorch model MODEL to WebNN.

    MODEL is an exported program (.pt2), a TorchScript archive, a state dict (.pt, .pth, .bin, .safetensors), or the folder of
    a Hugging Face model; which one is found from its content.

    Writes the graph as text (.webnn), JSON (.json), an ES module (.js), an ONNX model (.onnx) or a Python module (.py), with its weights
    (.safetensors) beside it.
    """
    from converters.commands.sizes import SeveralSizes, converted_sizes
    from converters.commands.workflow import converted, converted_package
    from converters.random_numbers import INPUTS, Chosen
    from converters.torch.archive import kind_of
    from converters.torch.files import files_of
    from converters.torch.generation import GenerativeModel, Lengths
    from converters.torch.inputs import InputSpec, read_inputs
    from converters.torch.model import TorchModel
    from webnn_graph.budget import Budget

    lengths, random, said = options["generate"], options["random"], options["dim"]
    if lengths and random is not None:
        raise click.UsageError("--random is for other models than those of --generate")
    if lengths and (specifications or options["padding"]):
        raise click.UsageError("--generate says what the inputs are; --input and --padding are for other models")
    if lengths:
        refuse_described(options)
    inputs = [_specification(InputSpec.parse, text) for text in specifications]
    sizes, destination, check = sizes_of(options, model), destination_of(options, model, formats, files_of), check_of(options, read_inputs)
    quantizing, given = quantizing_of(options, check), given_of(options)
    joining = joining_of(options, sizes, quantizing)
    kind_of(model)
    loading: dict[str, Any] = {
        name: options[name] for name in ("factory", "factory_args", "state_dict", "task", "submodule", "trust_pickle", "trust_script")
    }
    loading["budget"] = Budget(options["budget"])
    if lengths:
        if len(sizes) > 1:
            raise click.UsageError("a model that generates has inputs of one size: --dim NAME=N")
        wanted = Lengths(lengths[0], lengths[1], options["top_logits"])
        generating = GenerativeModel(model, wanted, dims={dim: sizes[0][dim] for dim in said}, name=destination.stem, **loading)
        return converted_package(generating, destination, check if verify else None, quantizing)
    loading |= {"inputs": inputs, "name": destination.stem}
    if len(sizes) == 1:
        source = TorchModel(model, values=check.inputs, dims=sizes[0], random=None if random is None else INPUTS, **loading)
        chosen = Chosen(random, source.convert, source.source)
        return converted(lambda: given.of(chosen.convert()), destination, chosen.source, check if verify else None, quantizing, joining)

    def of_size(*dims: tuple[str, int]) -> TorchModel:
        return TorchModel(model, dims=dict(dims), **{**loading, "budget": Budget(options["budget"])})

    made = cache(of_size) if verify else of_size  # to read and trace it takes long, to keep it takes memory
    several = SeveralSizes(
        lambda dims: given.of(made(*dims.items()).convert()),
        lambda dims: made(*dims.items()).source(),
        sizes,
        options["padding"],
        options["budget"],
    )
    return converted_sizes(several, destination, check if verify else None, quantizing)


def _specification(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 'x:float32[1,3,224,224]'", param_hint="--input") from None


def _convert_graph(model: Path, formats: Sequence[str], options: dict[str, Any]) -> Result:
    from converters.commands.saving import save
    from converters.commands.workflow import Conversion, Part
    from webnn_graph.file_kinds import ModelKind, check_kind
    from webnn_graph.formats import files_of, load
    from webnn_graph.formats.shards import in_place_of
    from webnn_graph.formats.table import WEIGHTS

    destination = destination_of(options, model, formats, files_of)
    check_kind(model, ModelKind.GRAPH)
    weights = model.with_suffix(WEIGHTS)
    destination.check(own=[weights, *in_place_of(weights)])
    given, joining = given_of(options), joining_of(options)
    with progress("reading ..."):
        graph = given.of(load(model, dims=options["dim"]))
        graph = joining(graph).graph if joining else graph
    with progress("writing ..."):
        return Conversion([Part(save(graph, destination, read_from=model))])


@click.command(cls=Command)
@form_options
@folder_option
@module_options
@click.version_option(package_name="webnn-convert")
def webnn2js(graph: Path, formats: list[str], **options: Any) -> Result:
    """Write the ES module, its type declarations and its weights for GRAPH, a .webnn or .json file."""
    return _convert_graph(graph, formats, options)


@click.command(cls=Command)
@form_options
@click.version_option(package_name="webnn-convert")
def webnn2json(graph: Path, **options: Any) -> Result:
    """Write the .webnn file GRAPH as webnn-graph-json."""
    return _convert_graph(graph, ["json"], options)


@click.command(cls=Command)
@form_options
@onnx_options
@click.version_option(package_name="webnn-convert")
def webnn2onnx(graph: Path, **options: Any) -> Result:
    """Write the ONNX model of GRAPH, a .webnn or .json file, whose weights stay in its .safetensors file."""
    return _convert_graph(graph, ["onnx"], options)


@click.command(cls=Command)
@form_options
@click.version_option(package_name="webnn-convert")
def json2webnn(graph: Path, **options: Any) -> Result:
    """Write the webnn-graph-json file GRAPH as .webnn text."""
    return _convert_graph(graph, ["webnn"], options)
