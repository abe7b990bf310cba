"""Work that may crash, hang or exhaust memory, in a process of its own.

PyTorch's TorchScript and ONNX's own C++ code end the process on some damaged models. A *worker* is a function of a module,
``worker(data: bytes, **arguments) -> bytes``; it is called in a new interpreter that may not write files, whose output on the
terminal goes nowhere, and that is ended when it takes too long or too much memory. Only bytes come back: nothing that is
unpickled.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from converters.supervised import end_with
from webnn_graph import errors
from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError, Where

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from webnn_graph.own import come_first; come_first(); "
    "from converters.isolated import serve; serve(*sys.argv[2:])"
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Threads would multiply the memory that is reserved, and the processor time that is counted."""

SECONDS_PER_PROCESSOR_SECOND = 3
"""Seconds that may pass for a second of processor time."""


@dataclass(frozen=True)
class Limits:
    """What a worker may use.

    Attributes:
        seconds: Of processor time; a busy machine may take `SECONDS_PER_PROCESSOR_SECOND` times as long.
        memory: Bytes that it may allocate.
        file_size: Bytes of a file that it may write.
    """

    seconds: float = 20
    memory: int = 4 << 30
    file_size: int = 0


class Stopped(Exception):
    """A worker ended without an answer; the text says why: ``crashed (SIGSEGV)``, ``took longer than 20 seconds``."""


def isolated(worker: Callable[..., bytes], data: bytes, limits: Limits = Limits(), **arguments: Any) -> bytes:
    """What ``worker(data, **arguments)`` returns, computed in a process of its own.

    Args:
        worker: A function that can be imported.
        data: Its first argument.
        limits: What it may use.
        arguments: Its other arguments, plain data as JSON has.

    Raises:
        WebNNError: The worker raised it.
        Stopped: It crashed, ran out of memory or time, or raised anything else.
    """
    limited = json.dumps([limits.seconds, limits.memory, limits.file_size])
    called = [str(os.getpid()), f"{worker.__module__}:{worker.__qualname__}", limited, json.dumps(arguments)]
    command = [sys.executable, "-P", "-c", START, json.dumps(sys.path), *called]
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_PER_PROCESSOR_SECOND * limits.seconds,
            check=False,
            env=os.environ | ONE_THREAD,
        )
    except subprocess.TimeoutExpired:
        raise Stopped(f"took longer than {limits.seconds:g} seconds") from None
    status, newline, answer = done.stdout.partition(b"\n")
    if done.returncode or not newline:
        raise Stopped(_how_it_ended(done.returncode, limits))
    if status == b"done":
        return answer
    kind, what, hint, where, code = json.loads(answer)
    if kind == "MemoryError":
        raise Stopped(f"needed more than {limits.memory >> 20:,} MiB of memory")
    error = getattr(errors, kind, None)
    if error is None or not code:  # of another library, which may call an error the same
        raise Stopped(f"failed ({kind}: {what})" if what else f"failed ({kind})")
    raise error(what, hint, Where(**where), Code(code))


def _how_it_ended(code: int, limits: Limits) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"took longer than {limits.seconds:g} seconds or more than {limits.memory >> 20:,} MiB of memory"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"status {code}"
    return f"crashed ({name})"


# ------------------------------------------------------------------------------------------------------------ in the new process
def serve(parent: str, worker: str, limited: str, arguments: str) -> None:
    """Answers one call: the data on stdin, on stdout ``done`` or ``error`` on a line of its own and what belongs to it."""
    data, answer = sys.stdin.buffer.read(), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # what the work prints may come from the model
        os.dup2(nowhere, descriptor)
    module, _, name = worker.partition(":")
    function = getattr(importlib.import_module(module), name)
    tempfile.gettempdir()  # it tries to write there when it is asked first, which libraries do when they are imported
    end_with(int(parent))
    seconds, memory, file_size = json.loads(limited)
    _restrict(seconds, memory, file_size)
    if not file_size:
        _confine()
    try:
        status, result = b"done", function(data, **json.loads(arguments))
    except WebNNError as error:
        status, result = b"error", json.dumps([type(error).__name__, error.what, error.hint, asdict(error.where), error.code]).encode()
    except BaseException as error:  # whatever it is, it has to be said to the other process
        lines = str(error).strip().splitlines() or [""]
        status, result = b"error", json.dumps([type(error).__name__, lines[0][:1000], "", {}, ""]).encode()
    with answer:
        answer.write(status + b"\n")
        answer.write(result)
    os._exit(0)  # destructors of a damaged model may crash, too; the answer is given


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = re.compile(
    r"subprocess\..*|socket\.(connect|bind|sendto|getaddrinfo)|os\.(system|exec|spawn|posix_spawn|fork|forkpty|startfile"
    r"|remove|rename|rmdir|link|symlink|truncate|chmod|chown|kill|setxattr)|shutil\..*|ctypes\.dlopen"
)
"""Events of Python's audit that no conversion has."""


def _confine() -> None:
    """Python code in this process may open files to read them, and nothing else outside of it: a second wall behind the checks."""

    def audit(event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & WRITES and args[0] != os.devnull
        if writes or FORBIDDEN.fullmatch(event):
            raise PermissionError(f"{event} is not allowed here")

    sys.addaudithook(audit)


def _restrict(seconds: float, memory: int, file_size: int) -> None:
    """Sets the system's own limits, where it has them."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
