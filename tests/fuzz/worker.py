"""The process that runs cases: ``python -m tests.fuzz.worker FORMAT FOLDER SECONDS MEMORY``.

It loads what a format needs, then forks a child, which runs one case after the other. Here, in the parent, the child is
ended when a case takes too long or too much memory, and a new one is forked when it has ended, which costs no loading.
Requests and answers are lines of JSON on the standard streams.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.fuzz import forking
from tests.fuzz.case import Case, format_module, made
from tests.fuzz.guard import Guard, listing
from tests.fuzz.mutations import OWNED, SECRET
from tests.fuzz.verdict import Verdict, of_error, of_success, of_trace

RESERVED = 8 << 30
"""Most bytes that it may ask for, whether it uses them or not."""
CASES = 500
"""Cases that a child runs before it makes room for another, so that what is left behind does not add up."""
BROKEN = 70
"""Status with which a child ends when it is these tests that are wrong."""
PATIENCE = 3
LOOKS = 0.02
"""Seconds between two looks at the memory of the child."""


@dataclass(frozen=True)
class Limits:
    """What a case may use.

    Attributes:
        seconds: How long it may compute. It may take longer than that on a machine that does something else besides, but not
            `PATIENCE` times as long.
        memory: Most bytes in memory of the process that runs it, and of those that it starts.
    """

    seconds: float
    memory: int


class Folders:
    """Where cases run: each has its own file in ``in`` and writes to ``out``; nothing else may change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        inner = root / "a" / "b"
        self.input, self.output, self.work, self.temporary = (inner / name for name in ("in", "out", "work", "tmp"))
        for folder in (self.input, self.output, self.work, self.temporary, root / "home", root / "cache"):
            folder.mkdir(parents=True, exist_ok=True)
        (inner / SECRET).write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
        self.printed = root / "printed"
        self.trace = root / "trace"

    def clear(self) -> None:
        """Empties the folders of the case before, and those that must be empty."""
        for folder in (self.input, self.output, self.work, self.temporary):
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        self.printed.write_bytes(b"")
        self.trace.write_bytes(b"")

    def place(self, module: ModuleType, case: Case) -> tuple[Path, dict[str, Any]]:
        """Writes the case's files; returns the path of the one that was changed, and the options to feed it with."""
        base = made(module, case)
        for name, content in {**base.beside, base.name: base.content}.items():
            (self.input / name).write_bytes(content)
        return self.input / base.name, dict(base.options)


# ------------------------------------------------------------------------------------------------------------------ the child
def serve(module: ModuleType, folders: Folders, limits: Limits, requests: int, answers: int) -> None:
    """Runs cases until there are no more requests."""
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    printed = os.open(folders.printed, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (RESERVED, RESERVED))
    trace = folders.trace.open("a")
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGUSR1, trace)
    peak = Peak()
    guard = Guard([folders.input, folders.output, folders.temporary])
    forking.install(guard)
    with os.fdopen(requests) as lines, os.fdopen(answers, "w") as answer:
        for line in lines:
            verdict = _run(module, folders, Case(*json.loads(line)), guard)
            if (used := peak.bytes()) > limits.memory:
                verdict = Verdict("memory", f"{used >> 20} MiB", signature=verdict.signature)
            peak.start()
            answer.write(json.dumps(verdict.__dict__) + "\n")
            answer.flush()


def _run(module: ModuleType, folders: Folders, case: Case, guard: Guard) -> Verdict:
    folders.clear()
    path, options = folders.place(module, case)
    before = listing(folders.root, folders.output)
    start = sum(os.times()[:4])
    try:
        with guard:
            module.feed(path, folders.output, **options)
    except BaseException as error:
        verdict = of_error(error)
    else:
        verdict = of_success()
    verdict.seconds = sum(os.times()[:4]) - start
    return _besides(verdict, folders, before, guard)


def _besides(verdict: Verdict, folders: Folders, before: dict[str, tuple[int, int]], guard: Guard) -> Verdict:
    """The verdict, or another one because of what happened besides."""
    with suppress(ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    printed, after = folders.printed.read_bytes(), listing(folders.root, folders.output)
    changed = [name for name, state in after.items() if before.get(name) != state and name != str(folders.printed)]
    if guard.seen:
        return Verdict("side effect", guard.seen[0], signature=guard.seen[0].partition("(")[0])
    if changed or len(after) < len(before):
        what = f"{', '.join(changed) or 'a file'} {'was written' if changed else 'is gone'}"
        return Verdict("side effect", what, signature="file")
    if OWNED.encode() in printed:
        return Verdict("side effect", "a model's text was printed as it is", signature="printed")
    return verdict


class Peak:
    """The most bytes that this process had in memory, where the system tells."""

    def __init__(self) -> None:
        self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY) if Path("/proc/self/clear_refs").exists() else -1
        self.start()

    def start(self) -> None:
        """From now on."""
        if self._reset >= 0:
            os.write(self._reset, b"5")

    def bytes(self) -> int:
        """Since `start`; 0 where the system does not tell."""
        lines = Path("/proc/self/status").read_text().splitlines() if self._reset >= 0 else []
        return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


# ----------------------------------------------------------------------------------------------------------------- the parent
class Child:
    """A process that runs cases."""

    def __init__(self, module: ModuleType, folders: Folders, limits: Limits) -> None:
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        self.pid = os.fork()
        self.cases = 0
        self._folders = folders
        self._limits = limits
        if self.pid == 0:
            os.close(self._requests)
            os.close(self._answers)
            complaints = os.dup(2)
            try:
                serve(module, folders, limits, requests, answers)
            except BaseException:  # what is wrong with these tests themselves
                os.write(complaints, traceback.format_exc().encode())
                os._exit(BROKEN)
            os._exit(0)
        os.close(requests)
        os.close(answers)

    def run(self, request: str) -> Verdict:
        """The verdict on a case; the child has ended when `ended` says so."""
        self.cases += 1
        with suppress(BrokenPipeError):
            os.write(self._requests, request.encode() + b"\n")
        start, computed, answer = time.monotonic(), seconds_of(self.pid), b""
        while not answer.endswith(b"\n"):
            if select.select([self._answers], [], [], LOOKS)[0]:
                piece = os.read(self._answers, 1 << 16)
                if not piece:
                    return self._ended()
                answer += piece
                continue
            if (used := memory_of(self.pid)) > self._limits.memory:
                return self._stopped("memory", f"{used >> 20} MiB and growing")
            took = max(seconds_of(self.pid) - computed, (time.monotonic() - start) / PATIENCE)
            if took > self._limits.seconds:
                return self._stopped("timeout", f"longer than {self._limits.seconds:g} s")
        return Verdict(**json.loads(answer))

    @property
    def ended(self) -> bool:
        """Whether there is no such process any more."""
        return self.pid == 0

    def close(self) -> None:
        """Ends the process and those that it started."""
        if self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        for descriptor in (self._requests, self._answers):
            os.close(descriptor)

    def _stopped(self, kind: str, text: str) -> Verdict:
        os.kill(self.pid, signal.SIGUSR1)  # writes where it is
        time.sleep(0.2)
        self.close()
        return of_trace(kind, text, self._folders.trace.read_text())

    def _ended(self) -> Verdict:
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == BROKEN:
            raise SystemExit("the child that runs cases has failed")
        self.pid = 0
        self.close()
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return of_trace("crash", f"the process ended: {how}", self._folders.trace.read_text())


def memory_of(pid: int) -> int:
    """Bytes in memory of a process and those that it started."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() + sum(memory_of(int(child)) for child in children)


def seconds_of(pid: int) -> float:
    """Processor time of a process and those that it started."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(seconds_of(int(child)) for child in children)


def main(name: str, root: str, seconds: str, memory: str) -> None:
    """Answers requests: a list ``[base, changes]`` runs a case, an object ``{"case": ..., "to": folder}`` only writes it."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folders, limits = Folders(Path(root)), Limits(float(seconds), int(memory))
    os.chdir(folders.work)
    module = format_module(name)
    _warm_up(module, folders)
    child: Child | None = None
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if isinstance(request, dict):
            print(json.dumps(_write(module, Case(*request["case"]), Path(request["to"]))), flush=True)
            continue
        if child is None or child.ended or child.cases >= CASES:
            if child is not None and not child.ended:
                child.close()
            child = Child(module, folders, limits)
        print(json.dumps(child.run(line.strip()).__dict__), flush=True)
    if child is not None and not child.ended:
        child.close()


def _warm_up(module: ModuleType, folders: Folders) -> None:
    """Feeds the first of the honest files, so that children find everything imported."""
    folders.clear()
    path, options = folders.place(module, Case(0, ()))
    try:
        module.feed(path, folders.output, **options)
    except Exception:
        traceback.print_exc()
        raise SystemExit("an honest file is refused") from None


def _write(module: ModuleType, case: Case, folder: Path) -> list[str]:
    base = made(module, case)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**base.beside, base.name: base.content}.items():
        (folder / name).write_bytes(content)
    return [base.name, *base.beside]


if __name__ == "__main__":
    main(*sys.argv[1:])
