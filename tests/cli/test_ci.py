"""What runs elsewhere: the workflow of GitHub, GitLab's jobs in the documentation, the image. Their scripts run here with stand-ins."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import cli

ROOT = Path(cli.__file__).parent
PAGE = (ROOT / "docs" / "start" / "ci.md").read_text("utf-8")
GITHUB: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "zoo.yml").read_text("utf-8"))
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)]
GITLAB: dict[str, Any] = next(block for block in BLOCKS if "stages" in block)
STEPS: dict[str, str] = {step.get("name", ""): step["run"] for job in GITHUB["jobs"].values() for step in job["steps"] if "run" in step}
WEBNN = """#!/bin/bash
echo "webnn $*" >> said
while [ $# -gt 0 ]; do case "$1" in --output-dir) folder=$2;; esac; shift; done
if [ -n "$folder" ] && [ -n "$REPORTS" ]; then mkdir -p "$folder"; touch "$folder/report.json"; echo summary > "$folder/summary.md"; fi
exit $STATUS
"""
GH = """#!/bin/bash
case "$2 $3" in "list "*) printf '%s\\n' $NIGHTS;; "download $WITH_REPORT") mkdir -p "${@: -1}";; *) exit 1;; esac
"""
CURL = """#!/bin/bash
echo "curl $*" >> said
while [ $# -gt 0 ]; do case "$1" in --output) file=$2;; esac; shift; done
if [ -n "$file" ]; then if [ -n "$WITH_REPORT" ]; then touch "$file"; else exit 22; fi; fi
"""


@pytest.fixture
def bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs a script as a CI does, in a folder of its own; returns its exit status, and the commands that it ran."""
    (tmp_path / "bin").mkdir()
    for name, script in (("webnn", WEBNN), ("gh", GH), ("curl", CURL), ("pip", "#!/bin/bash\n")):
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(script: str, **variables: str) -> tuple[int, list[str]]:
        given = {"STATUS": "0", "REPORTS": "yes", "SHARD": "2/4", "MODELS": "", "GITHUB_STEP_SUMMARY": "page", "GITHUB_REPOSITORY": "a/b"}
        environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", **given, **variables}
        Path("said").write_text("")
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=environment, capture_output=True)
        return done.returncode, Path("said").read_text().splitlines()

    yield run


# ------------------------------------------------------------------------------------------------------------------------- GitHub
RUN = "webnn zoo run --runtime reference,browser,rustnn --shard 2/4 --jobs 2 --output-dir report"


@pytest.mark.parametrize(
    ("step", "there", "variables", "expected"),
    [
        ("Run", [], {}, (0, [RUN])),
        ("Run", [], {"MODELS": "real small"}, (0, [RUN.replace("run", "run real small", 1)])),
        ("Run", [], {"MODELS": "$(touch ran) ;touch ran"}, (0, [RUN.replace("run", "run $(touch ran) ;touch ran", 1)])),
        ("Run", ["since"], {}, (0, [RUN.replace(" --output", " --since since --output")])),
        ("Run", [], {"STATUS": "3"}, (0, [RUN])),
        ("Run", [], {"STATUS": "1", "REPORTS": ""}, (1, [RUN])),
        ("Report", ["shards/a"], {}, (0, ["webnn zoo report shards/a --output-dir zoo-report"])),
        (
            "Report",
            ["shards/a", "shards/b", "since"],
            {},
            (0, ["webnn zoo report shards/a shards/b --since since --output-dir zoo-report"]),
        ),
        ("Report", ["shards/a"], {"STATUS": "1"}, (0, ["webnn zoo report shards/a --output-dir zoo-report"])),
        ("Report", ["shards/a"], {"STATUS": "1", "REPORTS": ""}, (1, ["webnn zoo report shards/a --output-dir zoo-report"])),
        ("Judge", [], {"STATUS": "3"}, (3, ["webnn zoo report zoo-report --output-dir zoo-report"])),
        ("Judge", ["since"], {"STATUS": "1"}, (1, ["webnn zoo diff since zoo-report --time 4 --seconds 10"])),
        ("Judge", ["since"], {}, (0, ["webnn zoo diff since zoo-report --time 4 --seconds 10"])),
    ],
)
def test_a_step(step: str, there: list[str], variables: Mapping[str, str], expected: tuple[int, list[str]], bash: Any) -> None:
    for name in there:
        Path(name).mkdir(parents=True)
    assert bash(STEPS[step], **variables) == expected
    assert not Path("ran").exists()
    if step == "Report" and expected[0] == 0:
        assert Path("page").read_text() == "summary\n"


@pytest.mark.parametrize(
    ("nights", "with_report", "found"), [("12 11", "11", True), ("12 11", "12", True), ("12", "", False), ("", "", False)]
)
def test_the_last_report_is_found(nights: str, with_report: str, found: bool, bash: Any) -> None:
    script = f"bash {shlex.quote(str(ROOT / '.github' / 'last-report.sh'))} since"
    assert bash(script, NIGHTS=nights, WITH_REPORT=with_report)[0] == 0
    assert Path("since").is_dir() == found


def test_the_workflow_has_few_rights() -> None:
    assert GITHUB["permissions"] == {"contents": "read"}
    for job in GITHUB["jobs"].values():
        assert set(job.get("permissions", {}).values()) <= {"read"}
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "values go into a script by its environment"
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", step.get("uses", "a/b@v1"))


# ------------------------------------------------------------------------------------------------------------------------- GitLab
def job(name: str) -> str:
    """The script of a job."""
    return "\n".join([*GITLAB[GITLAB[name]["extends"]]["before_script"], *GITLAB[name]["script"]])


SHARD = "webnn zoo run --zoo webnn.toml --shard 3/4 --output-dir shard-3"
GET = "curl --fail --silent --location --header JOB-TOKEN: secret --output since.json address"
PUT = "curl --fail --silent --header JOB-TOKEN: secret --upload-file zoo-report/report.json address"
MERGED = "webnn zoo report shard-1 --output-dir zoo-report"
SINCE = "--since since.json"


@pytest.mark.parametrize(
    ("name", "pipeline", "variables", "expected"),
    [
        ("zoo", "schedule", {}, (0, [SHARD])),
        ("zoo", "schedule", {"STATUS": "3"}, (0, [SHARD])),
        ("zoo", "schedule", {"STATUS": "1", "REPORTS": ""}, (1, [SHARD])),
        ("zoo", "merge_request_event", {}, (0, [GET, SHARD])),
        ("zoo", "merge_request_event", {"WITH_REPORT": "1"}, (0, [GET, SHARD.replace(" --output", f" {SINCE} --output")])),
        ("zoo-report", "schedule", {}, (0, [MERGED, PUT, "webnn zoo report zoo-report --output-dir zoo-report"])),
        ("zoo-report", "schedule", {"STATUS": "3"}, (3, [MERGED, PUT, "webnn zoo report zoo-report --output-dir zoo-report"])),
        (
            "zoo-report",
            "merge_request_event",
            {"WITH_REPORT": "1", "STATUS": "1"},
            (
                1,
                [
                    GET,
                    MERGED.replace(" --output", f" {SINCE} --output"),
                    "webnn zoo diff since.json zoo-report --time 4 --seconds 10",
                ],
            ),
        ),
    ],
)
def test_a_job(name: str, pipeline: str, variables: Mapping[str, str], expected: tuple[int, list[str]], bash: Any) -> None:
    Path("shard-1").mkdir()
    given = {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "4", "CI_JOB_TOKEN": "secret", "NIGHT": "address", "WITH_REPORT": ""}
    assert bash(job(name), CI_PIPELINE_SOURCE=pipeline, **{**given, **variables}) == expected


# --------------------------------------------------------------------------------------------------------------------------- both
def commands() -> Iterator[str]:
    """Every command of this project that a CI runs."""
    for script in (*STEPS.values(), *map(job, ("zoo", "zoo-report"))):
        yield from re.findall(r"\bwebnn zoo .*?(?= \|\||$)", script, re.MULTILINE)


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_options_exist(line: str) -> None:
    words = re.sub(r"\$\{\w+:\+(--[\w-]+)\}", r"\1", line).split()
    command: Any = cli.webnn
    for name in words[1:3]:
        command = command.commands[name]
    assert isinstance(command, click.Command)
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


def test_both_merge_what_the_shards_are() -> None:
    shards = GITHUB["jobs"]["run"]["strategy"]["matrix"]["shard"]
    assert shards == [f"{i}/{len(shards)}" for i in range(1, len(shards) + 1)]
    assert GITLAB["zoo-report"]["artifacts"]["reports"]["junit"] == "zoo-report/junit.xml"


# ---------------------------------------------------------------------------------------------------------------------- the image
def test_the_image_is_made_of_what_there_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    taken = {line[1:] for line in ignored if line.startswith("!")}
    packages = {name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert all((ROOT / name).exists() for name in taken)
    assert taken >= packages | {
        "pyproject.toml",
        "constraints.txt",
        "cli.py",
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    containerfile = (ROOT / "Containerfile").read_text("utf-8")
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", containerfile, re.MULTILINE)
    assert set(extras.split(",")) <= project["project"]["optional-dependencies"].keys()
    copied = set(re.findall(r"(?:^COPY |source=)(tests/\w+)", containerfile, re.MULTILINE))
    assert copied and copied <= taken
    assert re.search(r"^USER 1000", containerfile, re.MULTILINE)
