"""What the options of a command stand for: each function takes its own out of them.

Those that are declared in `converters.commands.options`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from converters.commands.beside import READ, dims_beside
from webnn_graph.formats.table import folders_of, suffix_of, writable
from webnn_graph.quantization.scheme import BLOCK_SIZE, Weights

if TYPE_CHECKING:
    from converters.commands.destination import Destination
    from converters.commands.opening import Opening
    from converters.commands.quantizing import Quantizing
    from converters.commands.question import Question
    from converters.commands.workflow import Check
    from converters.described.given import Given
    from converters.joining import Joined
    from webnn_graph.graph import Graph

DESCRIBING = ("images", "sounds", "contents", "label_files", "character_files", "target_files", "centers", "license")
"""Those of the `describing_options` but for the task."""
SHOWING = ("top", "threshold", "soft", "recognizer", "picture")
"""Those of the `asking_options` that say what is shown."""
JOINING = ("with_preprocessing", "with_postprocessing", "picture_size")
"""The `joining_options`."""


def check_of(options: dict[str, Any], read: Callable[[Path], dict[str, Any]] | None = None) -> Check:
    """Takes the `check_options` out of a command's options; ``read`` reads the file of input values."""
    from converters.commands.workflow import Check
    from webnn_graph.feeds import read_arrays

    runtime, each_node = options.pop("runtime"), options.pop("each_node")
    if each_node and runtime not in (None, "reference"):
        raise click.UsageError("--each-node works with the reference runtime only")
    file = options.pop("inputs_file")
    inputs = (read or read_arrays)(file) if file else {}
    return Check(runtime, options.pop("browser"), options.pop("tolerance"), inputs, options.pop("seed"), each_node)


def quantizing_of(options: dict[str, Any], check: Check) -> Quantizing | None:
    """Takes the `quantization_options` out of a command's options; None where weights stay as they are.

    What rounding changes is measured on the inputs of ``check``.
    """
    from converters.commands.quantizing import Quantizing
    from webnn_graph.quantization import Scheme

    weights, block_size = Weights(options.pop("weights")), options.pop("block_size")
    keep, embeddings, is_measured = options.pop("keep"), options.pop("embeddings"), options.pop("measure")
    if block_size and weights is not Weights.INT4:
        raise click.UsageError("--block-size is for --weights int4")
    if weights is Weights.FLOAT32:
        if keep or embeddings:
            raise click.UsageError("--keep and --embeddings are for --weights float16, int8 or int4")
        return None
    scheme = Scheme(weights, block_size or BLOCK_SIZE, keep, embeddings)
    return Quantizing(scheme, check.inputs if is_measured else None, check.seed)


def refuse_described(options: Mapping[str, Any]) -> None:
    """Raises `click.UsageError` for a model that generates, of which it is known what goes in and comes out."""
    if any(options[name] for name in DESCRIBING):
        raise click.UsageError(
            "--generate says what goes in and comes out; --image, --audio, --file, --labels, --characters, --regression, --centers and "
            "--license are for other models"
        )
    if any(options[name] for name in JOINING):
        raise click.UsageError(
            "--generate says what goes in and comes out; --with-preprocessing and --with-postprocessing are for other models"
        )


def given_of(options: dict[str, Any]) -> Given:
    """Takes the `describing_options` out of a command's options; the task stays, which says other things, too."""
    from converters.described.given import Given

    images, sounds, contents, labels, characters, targets, centers, license = (options.pop(name) for name in DESCRIBING)
    inputs = {name: image for name, image, _ in images} | dict(sounds) | dict(contents)
    if len(inputs) < len(images) + len(sounds) + len(contents):
        raise click.UsageError("--image, --audio and --file say what an input is once")
    if centers is not None and not labels:
        raise click.UsageError("--centers takes --labels FILE, too: what the centers are of")
    sizes = {name: size for name, _, size in images if size}
    return Given(options["task"], inputs, sizes, dict(labels), dict(characters), dict(targets), license, centers)


def question_of(options: dict[str, Any], graph: Path) -> Question:
    """Takes the `asking_options` out of a command's options; the tokenizer of a text is beside the graph's file.

    Raises `click.UsageError` for options that go with others.
    """
    from converters.commands.question import Question, Source

    image, audio, text, content, truncate = (options.pop(name) for name in ("image", "audio", "text", "file", "truncate"))
    question = Question(Source(image, audio, text, content, truncate, graph), **{field: options.pop(field) for field in SHOWING})
    for option, said in {"--save": question.picture, "--soft": question.soft, "--recognizer": question.recognizer}.items():
        if said and not image:
            raise click.UsageError(f"{option} is for --image")
    if truncate and text is None:
        raise click.UsageError("--truncate is for --text")
    if question.picture:
        from converters.commands.answering import check_suffix

        check_suffix(question.picture)
    return question


def joining_of(
    options: dict[str, Any], sizes: Sequence[Mapping[str, int]] = (), quantizing: Quantizing | None = None
) -> Callable[[Graph], Joined] | None:
    """Takes the `joining_options` out of a command's options: what joins to a graph, None where nothing does.

    Raises `click.UsageError` where there are several sizes, or one of pictures without what takes them.
    """
    from converters.joining import joined

    before, after, size = (options.pop(name) for name in JOINING)
    if size and not before:
        raise click.UsageError("--picture-size is for --with-preprocessing")
    if not before and not after:
        return None
    if len(sizes) > 1:
        raise click.UsageError("--with-preprocessing and --with-postprocessing are for one size of each dimension")
    return partial(joined, preprocessing=before, postprocessing=after, rounding=quantizing is not None, picture_size=size)


def sizes_of(options: dict[str, Any], model: Path) -> list[Mapping[str, int]]:
    """Takes the dimensions out of a command's options: their sizes in each graph, of which there are several if one has several.

    What is not said is what the file beside the model says.
    """
    from webnn_graph.errors import ConversionError
    from webnn_graph.sizes.conversion import combinations

    said = options.pop("dim")
    beside = {name: [size] for name, size in dims_beside(model, said).items()}
    try:
        sizes = combinations({**beside, **said})
    except ConversionError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None
    if len(sizes) == 1 and options["padding"]:
        raise click.UsageError("--padding is for several sizes: --dim NAME=N,N")
    if len(sizes) > 1 and options["random"] is not None:
        raise click.UsageError("--random is for one size")
    return sizes


def opening_of(options: dict[str, Any]) -> Opening:
    """Takes the `opening_options` out of a command's options."""
    from converters.commands.opening import Opening

    renamed = {"dim": "dims", "shape": "shapes"}
    own = (
        "bind",
        "inputs",
        "outputs",
        "factory",
        "factory_args",
        "state_dict",
        "task",
        "submodule",
        "trust_pickle",
        "trust_script",
        "random",
        "budget",
    )
    return Opening(**{renamed.get(name, name): options.pop(name) for name in (*renamed, *own)})


def destination_of(options: dict[str, Any], model: Path, formats: Sequence[str], files_of: Callable[[Path], Iterable[Path]]) -> Destination:
    """Takes the `destination_options` out of a command's options; ``files_of`` says what a model is read from."""
    from converters.commands.destination import Destination, tokenizer_of
    from webnn_graph.targets import load_target

    stem, target = options.pop("name") or _stem_of(model), options.pop("target")
    legal = load_target(target) if target else None
    factory = (options.get("factory") or "").rpartition(":")[0]
    given = files_given(target, options.get("inputs_file"), factory)
    where, labels, force, most = (options.pop(name) for name in ("output_dir", "node_names", "force", "max_shard_size"))
    said = options.pop("expand")
    expand = said == "load" if said else legal is None or legal.expand
    more: dict[str, Any] = {name: options.pop(name) for name in ("opset", "embed", "fallback", "package") if name in options}
    if options.get("generate") and _is_default("formats"):
        formats = ("webnn", "js")
    folders = folders_of(formats)
    if more.get("fallback") and suffix_of("js") not in map(suffix_of, formats):
        modules = [name for one in writable() if one.suffix == suffix_of("js") for name in (one.name, *one.folders)]
        raise click.UsageError(f"--fallback is for --format {' or '.join(modules)}")
    if more.get("package") and "npm" not in folders:
        raise click.UsageError("--package is for --format npm")
    if more.get("package"):
        from webnn_graph.formats.npm import Published

        Published.of(more["package"], stem)  # before anything is computed or written
    if folders and options.get("generate"):
        raise click.UsageError(f"--generate writes a folder of its own; --format {folders[0]} is for other models")
    more |= {"folders": folders} if folders else {}
    return Destination(
        where,
        stem,
        formats,
        labels,
        force,
        legal,
        max_shard_size=most,
        expand=expand,
        more=more,
        tokenizer=tokenizer_of(model),
        sources=lambda: [*files_of(model), *given],
    )


def _is_default(option: str) -> bool:
    """Whether the running command was given no such option."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.DEFAULT


def _stem_of(model: Path) -> str:
    """What a model is called: a folder by its own name, however it is referred to."""
    return model.resolve().name or "model" if model.is_dir() else model.stem


def files_given(*more: str | Path | None) -> list[Path]:
    """The files that the running command's options refer to, and those ``more`` that are files."""
    return [*click.get_current_context().meta.get(READ, []), *(Path(path) for path in more if path and Path(path).is_file())]
