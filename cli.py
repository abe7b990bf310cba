"""The commands: options, one call into the packages, one report, one exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from converters.commands.chosen import check_of, destination_of, files_given, given_of, joining_of, opening_of, quantizing_of, question_of
from converters.commands.console import Group, Result, SupervisedCommand, progress, verbosity_options
from converters.commands.converting import json2webnn, onnx2webnn, torch2webnn, webnn2js, webnn2json, webnn2onnx
from converters.commands.options import (
    BROWSER_HELP,
    EXISTING,
    TARGET_NAMES,
    asking_options,
    budget_option,
    check_options,
    computing_options,
    describing_options,
    destination_options,
    factory_options,
    fallback_option,
    format_option,
    graph_dims_option,
    joining_options,
    mapping_option,
    opening_options,
    page_options,
    profile_options,
    quantization_options,
    runtime_options,
    sampling_options,
    submodule_option,
    telling_options,
    trust_options,
)
from converters.commands.values import VALUE, Tokens
from models.zoo.commands import zoo


@click.group(cls=Group)
@click.version_option(package_name="webnn-convert")
def webnn() -> None:
    """Look into, run and verify WebNN graphs."""


@webnn.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@opening_options
@verbosity_options
def inspect(model: Path, **options: Any) -> Result:
    """Show the inputs, outputs, operators and weights of MODEL.

    MODEL is a graph, or a source model: of that, also which sizes a conversion needs, which operators it can convert, and where it
    can be cut. Nothing is written.
    """
    from converters.commands.inspecting import inspected

    opening = opening_of(options)
    with progress("looking into it ..."):
        return inspected(model, opening)


@webnn.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@page_options
@click.option("--verify-report", type=EXISTING, metavar="FILE.json", help="Colour by what 'webnn verify --each-node --json' printed.")
@click.option("--times", type=EXISTING, metavar="FILE.json", help="Colour by what 'webnn run --times' or 'webnn profile --times' wrote.")
@click.option("--target", metavar="NAME", help=f"Colour what this does not take: {TARGET_NAMES}.")
@opening_options
@verbosity_options
def view(
    model: Path, file: Path | None, force: bool, verify_report: Path | None, times: Path | None, target: str | None, **options: Any
) -> Result:
    """Show MODEL as a picture in the browser.

    MODEL is a graph or a source model. The picture is one HTML page that needs nothing else. With -o it is written there and not opened.
    """
    from converters.commands.opening import kind_of, open_graph
    from converters.commands.viewing import Viewed, check_page, overlays_of
    from webnn_graph.targets import load_target
    from webnn_graph.view.showing import show

    opening, wanted = opening_of(options), load_target(target) if target else None
    opening.check(model, kind_of(model))
    check_page(file, [model], force=force)
    with progress("opening it ..."):
        graph = open_graph(model, opening)
    with progress("drawing ..."):
        return Viewed(graph, show(graph, file, overlays_of(graph, target=wanted, times=times, report=verify_report)))


@webnn.command(cls=SupervisedCommand)
@click.argument("what", metavar="FOLDER|MODEL|zoo")
@click.option("--port", type=click.IntRange(0, 65535), help="Where on this machine.  [default: 8000, or one that is free]")
@click.option("--open/--no-open", "opens", default=True, help="Whether the user's browser opens it.  [default: open]")
@describing_options
@joining_options
@fallback_option
@opening_options
@verbosity_options
def serve(what: str, port: int | None, opens: bool, fallback: str, **options: Any) -> int:
    """Show a page to try a model in.

    FOLDER is one that --format page or --format js wrote, or has several such folders in it; MODEL is a graph or a source model, which
    is converted first; 'zoo' lists the models of the zoo. The page is at an address of this machine that no other one reaches.
    """
    import tempfile

    from converters.commands.serving import Served, of_path
    from converters.commands.serving import serve as serve_pages
    from webnn_graph.signals import terminating

    given, joining = given_of(options), joining_of(options)
    path, opening = Path(what), opening_of(options)
    with terminating():
        if what == "zoo" and not path.exists():
            from models.zoo.manifest import zoo as own
            from models.zoo.serving import Gallery

            with tempfile.TemporaryDirectory(prefix="webnn-") as folder:
                return serve_pages(Served(Path(folder), Gallery(own(), Path(folder)).page), port, opens=opens)
        with of_path(path, opening, given, joining, {"fallback": fallback} if fallback else {}) as served:
            return serve_pages(served, port, opens=opens)


@webnn.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@profile_options
@click.option("--times", type=EXISTING, metavar="FILE.json", help="Where to save what every call costs, for 'webnn view --times'.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@opening_options
@verbosity_options
def profile(model: Path, runtime: str, browser: str | None, top: int, times: Path | None, force: bool, **options: Any) -> Result:
    """Show which calls of MODEL cost most.

    MODEL is a graph or a source model. A browser computes the graph as far as each call, to see what that adds; inputs are made up.
    """
    from converters.commands.destination import refuse_existing, refuse_sources
    from converters.commands.opening import kind_of, open_graph, sources_of
    from converters.commands.profiling import Profiled
    from converters.commands.report import save_times
    from webnn_graph.runtimes.profiling import profile as measure

    opening = opening_of(options)
    opening.check(model, kind_of(model))
    if times:
        refuse_sources([times], lambda: sources_of(model), "--times takes another file")
        if not force:
            refuse_existing([times])
    with progress("opening it ..."):
        graph = open_graph(model, opening)
    with progress("measuring ..."):
        measured = measure(graph, runtime=runtime, browser=browser)
    if times:
        save_times(times, graph, runtime, {node.outputs[0].name: cost for node, cost in measured.calls.items()})
    return Profiled(measured, top, times)


@webnn.command(cls=SupervisedCommand)
@click.argument("before", type=EXISTING)
@click.argument("after", type=EXISTING)
@page_options
@opening_options
@verbosity_options
def diff(before: Path, after: Path, file: Path | None, force: bool, **options: Any) -> Result:
    """Show what differs between two versions of a model.

    These are graphs or source models: operators added, removed and changed, weights by their digests. With -o the two are written
    side by side as a page. Exits with 3 when anything differs.
    """
    from converters.commands.opening import kind_of, open_graph
    from converters.commands.viewing import Compared, check_page
    from webnn_graph.diff import diff as difference
    from webnn_graph.view.page import diff_page
    from webnn_graph.view.showing import shown

    opening = opening_of(options)
    for model in (before, after):
        opening.check(model, kind_of(model))
    check_page(file, [before, after], force=force)
    with progress("opening them ..."):
        first, second = open_graph(before, opening), open_graph(after, opening)
    captions = (str(before), str(after))
    with progress("comparing ..."):
        found = difference(first, second)
        page = shown(diff_page(first, second, found, captions), "diff", file) if file else None
        return Compared(captions, found, page)


@webnn.command(cls=SupervisedCommand)
@click.argument("model", type=EXISTING)
@destination_options
@format_option
@quantization_options("int8")
@opening_options
@click.option("--verify", is_flag=True, help="Compare what was written with the rounded graph in NumPy; exit with 3 when they differ.")
@check_options
@verbosity_options
def quantize(model: Path, formats: list[str], verify: bool, **options: Any) -> Result:
    """Write MODEL with its weights in fewer bits.

    MODEL is a graph or a source model. It is written as MODEL_int8 beside its weights, in the current folder. Biases, scales of
    normalization, small convolutions and embedding tables stay as they are, and so does what is quantized already.
    """
    from converters.commands.opening import kind_of, open_graph, sources_of
    from converters.commands.workflow import converted

    options["name"] = options["name"] or f"{model.resolve().stem}_{options['weights']}"
    destination, check = destination_of(options, model, formats, sources_of), check_of(options)
    quantizing, opening = quantizing_of(options, check), opening_of(options)
    opening.check(model, kind_of(model))
    return converted(
        lambda: replace(open_graph(model, opening), name=destination.stem), destination, None, check if verify else None, quantizing
    )


@webnn.command()
@click.argument("graphs", type=EXISTING, nargs=-1, required=True)
@graph_dims_option
@verbosity_options
def validate(graphs: Sequence[Path], dim: Mapping[str, int]) -> Result:
    """Check that each of GRAPHS is a valid WebNN graph.

    All of its weights must be there, and be the ones that it was written with. A file of weights stands for the graphs beside it that
    are read with it.
    """
    from converters.commands.report import Valid
    from webnn_graph.formats import load
    from webnn_graph.formats.loading import graphs_of
    from webnn_graph.validation import validate as check

    paths = dict.fromkeys(graph for path in graphs for graph in graphs_of(path))
    loaded = {path: load(path, dims=dim, check_bytes=True) for path in paths}
    for graph in loaded.values():
        check(graph)
    return Valid(loaded)


@webnn.command("check")
@click.argument("graph", type=EXISTING)
@graph_dims_option
@click.option("--target", metavar="NAME", default="portable", show_default=True, help=f"What is to take it: {TARGET_NAMES}.")
@verbosity_options
def check_target(graph: Path, dim: Mapping[str, int], target: str) -> Result:
    """List what a target does not take of GRAPH.

    Says of each whether --target mends it when the graph is converted. Exits with 0 when the target takes the graph as it is or as
    --target writes it, with 1 when something is left.
    """
    from converters.commands.report import Checked
    from webnn_graph.formats import load
    from webnn_graph.targets import load_target
    from webnn_graph.targets.check import check

    wanted, loaded = load_target(target), load(graph, dims=dim)
    return Checked(loaded, wanted, check(loaded, wanted))


@webnn.command()
@click.argument("graph", type=EXISTING)
@graph_dims_option
@mapping_option("--input", VALUE, "Value of an input: a number, a JSON list, a .npy or .npz file. Others are made up.")
@click.option("--inputs", "inputs_file", type=EXISTING, metavar="FILE.npz", help="Values of several inputs, by name.")
@asking_options
@runtime_options
@click.option("-o", "--output", type=EXISTING, metavar="FILE.npz", help="Where to save the outputs.")
@click.option("--times", type=EXISTING, metavar="FILE.json", help="Where to save how long each operator takes, for 'webnn view --times'.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@verbosity_options
def run(
    graph: Path,
    dim: Mapping[str, int],
    input: Mapping[str, Any],
    inputs_file: Path | None,
    runtime: str | None,
    browser: str | None,
    seed: int,
    output: Path | None,
    times: Path | None,
    force: bool,
    **options: Any,
) -> Result:
    """Compute the outputs of GRAPH.

    With --image, --audio, --text or --file, what they say: labels, values, objects, text, the share of each segment, depths, a vector.
    """
    from converters.commands.asking import computation
    from converters.commands.destination import refuse_existing, refuse_sources
    from converters.commands.report import save_times
    from webnn_graph.feeds import read_arrays, save_arrays
    from webnn_graph.file_kinds import ModelKind, check_kind
    from webnn_graph.formats import files_of, load
    from webnn_graph.runtimes import chosen, reference

    if times and runtime not in (None, "reference"):
        raise click.UsageError("--times works with the reference runtime only")
    question = question_of(options, graph)
    graphs = [graph, *([question.recognizer] if question.recognizer else [])]
    for file in graphs:
        check_kind(file, ModelKind.GRAPH)
    written = [file for file in (output, times, question.picture) if file]
    elsewhere = f"{'--save' if question.picture else '-o'} takes another file"
    source = question.source
    given_files = (inputs_file, source.image, source.audio, source.content)
    refuse_sources(written, lambda: [*files_given(*given_files), *(file for one in graphs for file in files_of(one))], elsewhere)
    if not force:
        refuse_existing(written)
    loaded = load(graph, dims=dim)
    given = {**(read_arrays(inputs_file) if inputs_file else {}), **input}
    with progress("computing ..."):
        computed = computation(loaded, question, given, seed, runtime, browser)
        runtime = runtime or ("reference" if times else chosen(loaded))
        outputs = computed.outputs(runtime, browser, one=bool(output or times))
    if output:
        save_arrays(output, computed.once(outputs))
    if times:
        save_times(times, loaded, "reference", reference.measured(loaded, computed.feeds))
    return computed.result(outputs, runtime, output)


@webnn.command()
@click.argument("folder", type=EXISTING)
@click.option("--prompt", metavar="TEXT", help="What comes first: text, which needs a tokenizer.json in FOLDER and the package tokenizers.")
@click.option("--chat", metavar="TEXT", help="A message that is to be answered, in the form of the tokenizer's chat template.")
@click.option("--system", metavar="TEXT", help="What --chat is told before.")
@click.option("--ids", type=Tokens(), help="A prompt as tokens, by number.")
@click.option(
    "--input",
    "file",
    type=EXISTING,
    metavar="FILE",
    help="For a model with an encoder: numbers, a .npy file, or a recording, a .wav file. With --prompt or --ids for "
    "one that takes a picture and a text.",
)
@telling_options
@sampling_options
@computing_options
@verbosity_options
def generate(
    folder: Path,
    prompt: str | None,
    chat: str | None,
    system: str | None,
    ids: list[int] | None,
    file: Path | None,
    runtime: str | None,
    browser: str | None,
    **how: Any,
) -> Result:
    """Generate with the model in FOLDER, which --generate wrote.

    Text appears as it comes. Without a tokenizer it is tokens, by number.
    """
    from converters.commands.generating import generated

    if sum(value is not None for value in (prompt, chat, ids)) > 1:
        raise click.UsageError("--prompt, --chat and --ids are for the same: give one of them")
    if chat is not None and file is not None:
        raise click.UsageError("--input goes with --prompt or --ids, not with --chat")
    if system is not None and chat is None:
        raise click.UsageError("--system goes with --chat")
    if all(value is None for value in (prompt, chat, ids, file)):
        raise click.UsageError("nothing is given to go on from: --prompt, --chat or --ids, for a model with an encoder also --input")
    said = {"system": system, "user": chat}
    messages = [{"role": role, "content": text} for role, text in said.items() if text is not None]
    return generated(folder, prompt, messages, ids, file, runtime=runtime, browser=browser, **how)


@webnn.command(cls=SupervisedCommand)
@click.argument("graph", type=EXISTING)
@click.option("--against", type=EXISTING, required=True, metavar="MODEL", help="The source model, whose numbers are right.")
@graph_dims_option
@mapping_option("--bind", VALUE, "What the input was bound to when the ONNX model was converted.")
@click.option(
    "--input", "inputs", multiple=True, metavar="TENSOR", help="Where the conversion began an ONNX model. Of PyTorch's: 'x:int64[1,8]'."
)
@click.option("--output", "outputs", multiple=True, metavar="TENSOR", help="Where the conversion ended an ONNX model.")
@factory_options
@submodule_option
@trust_options
@budget_option
@check_options
@verbosity_options
def verify(graph: Path, against: Path, dim: Mapping[str, int], **options: Any) -> Result:
    """Compare GRAPH with the model it was converted from.

    That is an ONNX file or what torch2webnn converts. Both compute the same inputs. Exits with 3 and names the first node that differs
    when an output is further away than the tolerance.
    """
    from converters.commands.joining import refuse_joined
    from converters.commands.opening import converted_like, source_of
    from converters.commands.workflow import verified_file
    from converters.random_numbers import INPUTS
    from webnn_graph.formats import load

    check = check_of(options)
    loaded = load(graph, dims=dim)
    refuse_joined(loaded)
    opening = opening_of({**options, "dim": {}, "shape": {}, "random": INPUTS})  # where the graph has them, they are inputs
    return verified_file(loaded, source_of(against, opening, loaded), check, lambda: converted_like(against, opening, loaded))


@webnn.command()
@click.option(
    "--frontend", type=click.Choice(["onnx", "torch"]), help="The operators of a source format instead, and how each is converted."
)
@click.option("--markdown", is_flag=True, help="As a Markdown page.")
@verbosity_options
def ops(frontend: str | None, markdown: bool) -> Result | None:
    """List the operators of WebNN, or of a source format."""
    from converters.commands.listing import Listing, operators

    if frontend:
        coverage = import_module(f"converters.{frontend}.coverage")
        rows = [dict(zip(coverage.COLUMNS, row, strict=True)) for row in coverage.table()]
        columns = dict.fromkeys(coverage.COLUMNS, str)
        listing = Listing("operators", columns, rows, title=coverage.TITLE, introduction=coverage.INTRODUCTION)
    else:
        listing = operators()
    if markdown:
        click.echo(listing.markdown())
        return None
    return listing


@webnn.group()
def target() -> None:
    """Show and make descriptions of implementations, for --target."""


@target.command("list")
@verbosity_options
def list_targets() -> Result:
    """Show the targets that have a name; any other is a file."""
    from converters.commands.listing import Listing
    from webnn_graph.targets import BUILT_IN

    return Listing("targets", {"name": str, "for": str}, [{"name": name, "for": about} for name, (_, about) in BUILT_IN.items()])


@target.command("show")
@click.argument("name")
@verbosity_options
def show_target(name: str) -> Result:
    """Show what the target NAME, or a file, takes.

    These are the data types and ranks of each operator's operands.
    """
    from converters.commands.report import Limits
    from webnn_graph.targets import load_target

    return Limits(load_target(name))


@target.command()
@click.option("--browser", type=str, help=BROWSER_HELP)
@click.option("-o", "--output", type=EXISTING, metavar="FILE.json", required=True, help="Where to save it.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@verbosity_options
def dump(browser: str | None, output: Path, force: bool) -> Result:
    """Ask a browser what it takes, and save that as a file for --target."""
    from converters.commands.destination import refuse_existing
    from converters.commands.report import Dumped
    from webnn_graph.formats.files import write_all
    from webnn_graph.runtimes.browser import BrowserSession
    from webnn_graph.targets.target import described

    if not force:
        refuse_existing([output])
    with progress("starting the browser ..."), BrowserSession(browser) as session:
        limits, version = session.support_limits(), session.chromium.version
    write_all({output: lambda: [described(limits, implementation="Chromium", version=version, device="cpu").encode()]})
    return Dumped(output, "Chromium", version)


webnn.add_command(zoo)


@webnn.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="Put it where SHELL looks for it, in the user's own folders, and say where that is.")
@verbosity_options
def completion(shell: str, install: bool) -> Result:
    """Print what makes SHELL complete these commands.

    It is for all six: eval "$(webnn completion bash)" switches it on in one shell.
    """
    from converters.commands.completion import Scripts, script
    from converters.commands.completion import install as put

    texts = {name: script(shell, name, command) for name, command in PROGRAMS.items()}
    return put(shell, texts) if install else Scripts(shell, texts)


PROGRAMS = {str(command.name): command for command in (onnx2webnn, torch2webnn, webnn2js, webnn2json, webnn2onnx, json2webnn, webnn)}
"""What is installed, by name."""

if __name__ == "__main__":
    webnn()
