"""``webnn zoo``: its options, one call into this package, one result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from converters.commands.console import Group, Result, verbosity_options
from converters.commands.options import BROWSER_HELP, EXISTING, TARGET_NAMES, format_option, options, runtime_options
from webnn_graph.runtimes import RUNTIMES

if TYPE_CHECKING:
    from models.zoo.manifest import Zoo
    from models.zoo.report import Report

F = TypeVar("F", bound=Callable[..., Any])
CACHE_NOTE = "Models are kept in $WEBNN_CACHE, by default webnn-convert in the user's cache folder."
REPORTS = "build/zoo-report"
TIMEOUT = 900
MEGABYTE = 10**6


@click.group(cls=Group)
def zoo() -> None:
    """Convert and verify many models."""


def _runtimes(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name for text in value for name in text.split(",")))
    unknown = [name for name in names if name not in RUNTIMES]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(RUNTIMES)}")
    return names


def _report(context: click.Context, parameter: click.Parameter, value: Path | None) -> Report | None:
    from models.zoo.report import read

    return read(value) if value else None


zoo_options = options(
    click.argument("names", nargs=-1, metavar="[NAME|TAG]..."),
    click.option("--zoo", "manifest", type=EXISTING, metavar="FILE.toml", help="The manifest of the models; by default this project's."),
    click.option("--trust-python", is_flag=True, help="Let rows of --zoo run Python code, with all of your rights."),
)
"""Which models a command is about."""


def _chosen(manifest: Path | None, trust_python: bool) -> Zoo:
    from models.zoo.manifest import read
    from models.zoo.manifest import zoo as own

    return read(manifest, trusted=trust_python) if manifest else own()


@zoo.command("list")
@zoo_options
@verbosity_options
def list_models(names: Sequence[str], manifest: Path | None, trust_python: bool) -> Result:
    """Show the models, where they are from and their options."""
    from converters.commands.listing import Cell, Listing, words

    rows = [
        {
            "name": m.name,
            "task": m.task,
            "source": m.source,
            "file": Path(m.file).name,
            "license": m.license,
            "tags": m.tags,
            "options": m.options,
        }
        for m in _chosen(manifest, trust_python).select(names)
    ]
    columns: dict[str, Cell] = {"name": str, "task": str, "source": str, "file": str, "tags": words, "license": str, "options": str}
    return Listing("models", columns, rows, brief=("name", "task", "options"))


@zoo.command(epilog=CACHE_NOTE)
@zoo_options
@click.option("-o", "--output-dir", type=EXISTING, help="Copy the files here, too.")
@verbosity_options
def fetch(names: Sequence[str], manifest: Path | None, trust_python: bool, output_dir: Path | None) -> Result:
    """Download the models, or make them."""
    from models.zoo import actions

    chosen = _chosen(manifest, trust_python)
    return actions.fetch_all(chosen.select(names), chosen.folder, output_dir)


@zoo.command(epilog=CACHE_NOTE)
@zoo_options
@click.option("-o", "--output-dir", type=EXISTING, default="build/zoo", show_default=True, help="Where the files go.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 when a file there is not what would be written.")
@format_option
@verbosity_options
def convert(names: Sequence[str], manifest: Path | None, trust_python: bool, output_dir: Path, check: bool, formats: list[str]) -> Result:
    """Convert the models, or check what was converted."""
    from models.zoo import actions

    chosen = _chosen(manifest, trust_python)
    act = actions.check_all if check else actions.convert_all
    return act(chosen.select(names), chosen.folder, output_dir, formats)


@zoo.command(epilog=CACHE_NOTE)
@zoo_options
@click.option("--target", metavar="NAME", help=f"Convert for this: {TARGET_NAMES}.")
@runtime_options
@verbosity_options
def verify(names: Sequence[str], manifest: Path | None, trust_python: bool, target: str | None, **how: Any) -> Result:
    """Convert and verify the models one by one.

    All in this process, and without a report: `webnn zoo run` does more.
    """
    from models.zoo import actions
    from webnn_graph.targets import load_target

    chosen = _chosen(manifest, trust_python)
    return actions.verify_all(chosen.select(names), chosen.folder, target=load_target(target) if target else None, **how)


@zoo.command(epilog=CACHE_NOTE)
@zoo_options
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    default=("reference",),
    callback=_runtimes,
    metavar=",".join(RUNTIMES),
    help="What computes the graphs.  [default: reference]",
)
@click.option("--target", default="", metavar="NAME", help=f"Convert for this: {TARGET_NAMES}.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="How many models are worked on at once.")
@click.option("--shard", default="", metavar="I/N", help="Only every Nth of the models, from the Ith on.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=TIMEOUT, show_default=True, help="Seconds for a model.")
@click.option("--memory", type=click.IntRange(1), metavar="MB", help="Memory for a model.  [default: 80 % of the machine's, by --jobs]")
@click.option(
    "--since",
    type=EXISTING,
    callback=_report,
    metavar="REPORT",
    help="Reuse what this report knows, and exit with 1 only for what got worse.",
)
@click.option("--keep-going/--fail-fast", default=True, help="Whether models that are not as expected end the run.  [default: keep-going]")
@click.option("--pictures/--no-pictures", default=None, help="Whether graphs are drawn for the report.  [default: without --cluster]")
@click.option("--cluster", default="", metavar="ADDRESS", help="Have a Dask cluster do the work: its scheduler, or local to start one.")
@click.option("--browser", default="", help=BROWSER_HELP)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of made-up input values.")
@click.option("-o", "--output-dir", type=EXISTING, default=REPORTS, show_default=True, help="Where the reports go.")
@verbosity_options
def run(
    names: Sequence[str], manifest: Path | None, trust_python: bool, output_dir: Path, shard: str, cluster: str, jobs: int, **how: Any
) -> Result:
    """Convert and verify the models, and report on all.

    Each is done in a process of its own. A model that crashes, hangs or takes too much memory has that as its verdict. What an
    earlier run found out about the same models, options and versions is not done again.
    """
    import psutil

    from models.zoo import runs
    from models.zoo.process import Limits
    from models.zoo.run import Request
    from models.zoo.run import shard as part

    chosen = _chosen(manifest, trust_python)
    models = chosen.select(names)
    how["pictures"] = not cluster if how["pictures"] is None else how["pictures"]
    megabytes = how.pop("memory")
    memory = megabytes * MEGABYTE if megabytes else int(0.8 * psutil.virtual_memory().total / jobs)
    limits = Limits(how.pop("timeout"), memory)
    request = Request(zoo=chosen, models=part(models, shard) if shard else models, shard=shard, limits=limits, output=output_dir, **how)
    return runs.done(request, jobs, cluster)


@zoo.command()
@click.argument("reports", nargs=-1, required=True, type=EXISTING)
@click.option("-o", "--output-dir", type=EXISTING, default=REPORTS, show_default=True, help="Where the reports go.")
@click.option("--since", type=EXISTING, callback=_report, metavar="REPORT", help="Show what has changed since this report.")
@verbosity_options
def report(reports: Sequence[Path], output_dir: Path, since: Report | None) -> Result:
    """Make one report of several, such as shards'."""
    from models.zoo import runs

    return runs.together(reports, output_dir, since)


@zoo.command()
@click.argument("old", type=EXISTING)
@click.argument("new", type=EXISTING)
@click.option("--difference", type=click.FloatRange(1), default=10, show_default=True, help="Times as far from what is right.")
@click.option("--size", type=click.FloatRange(1), default=1.02, show_default=True, help="Times as many operators, or bytes of weights.")
@click.option("--time", type=click.FloatRange(1), default=2, show_default=True, help="Times as long.")
@click.option("--seconds", type=click.FloatRange(0), default=0.5, show_default=True, help="And seconds longer.")
@verbosity_options
def diff(old: Path, new: Path, **thresholds: float) -> Result:
    """Say what changed from report OLD to NEW.

    What became better, worse, larger, slower, is gone or new. Exits with 1 when something became worse, larger or slower than
    the thresholds allow.
    """
    from models.zoo.changes import Thresholds, changes
    from models.zoo.report import read
    from models.zoo.showing import Compared

    return Compared(changes(read(old), read(new), Thresholds(**thresholds)))
