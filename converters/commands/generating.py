"""What ``webnn generate`` does and shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from converters.chat import prompt_of
from converters.commands.console import Result, note, progress, say, write
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, FormatError, WebNNError
from webnn_graph.feeds import read_value
from webnn_graph.generation import Generator
from webnn_graph.generation.sound import HINT, SUFFIX, read_sound
from webnn_graph.generation.telling import Source, joined
from webnn_graph.generation.text import DATA, Tokenizer


@dataclass
class Generated(Result):
    """What a model generates, token after token.

    Attributes:
        model: The model; it is opened when its tokens are asked for.
        source: What it is given; None for what its settings say.
        how: Arguments of `Generator.generate`.
        tokenizer: What makes text of tokens; None for numbers.
        ids: What was generated.
        is_full: Whether the cache ended it.
    """

    model: Generator
    source: Source | None
    how: Mapping[str, Any]
    tokenizer: Tokenizer | None
    ids: list[int] = field(default_factory=list)
    is_full: bool = False

    def show(self) -> None:
        """See `Result`."""
        try:
            for piece in self._pieces():
                write(piece)
        finally:
            if self.ids:
                say("")
        if self.is_full:
            note(f"note: the cache is full: it holds {self.model.settings.cache} tokens")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        pieces = list(self._pieces())
        text = "".join(pieces) if self.tokenizer else None
        known = self.model.ids[: len(self.model.ids) - len(self.ids)]
        return {"runtime": self.model.runtime, "prompt": known, "ids": self.ids, "text": text, "cache_full": self.is_full}

    def _pieces(self) -> Iterator[str]:
        stream = self.tokenizer.stream() if self.tokenizer else None
        with progress("opening it ..."):
            self.model.__enter__()
        try:
            for token in self.model.generate(self.source, **self.how):
                self.ids.append(token)
                yield stream.add(token) if stream else self._number(token)
        except ExecutionError as error:
            # Who does not say how many tokens gets as many as there is room for.
            if error.code != Code.CACHE_FULL or not self.ids or self.how.get("max_tokens"):
                raise
            self.is_full = True
        finally:
            self.model.__exit__(None, None, None)
        if stream:
            yield stream.rest()

    def _number(self, token: int) -> str:
        return str(token) if len(self.ids) == 1 else f" {token}"


def generated(
    folder: Path,
    prompt: str | None,
    messages: Sequence[Mapping[str, str]],
    ids: list[int] | None,
    file: Path | None,
    *,
    runtime: str | None,
    browser: str | None,
    **how: Any,
) -> Generated:
    """Generates with the model in a folder.

    Args:
        folder: The folder.
        prompt: Text that comes first.
        messages: A conversation that is to be answered, see `converters.chat.prompt_of`.
        ids: Tokens that do.
        file: Numbers for an encoder, or a recording.
        runtime: See `Generator`, as for ``browser``.
        browser: See there.
        how: See `Generator.generate`.

    Raises:
        WebNNError: The folder is no such, or a file in it is damaged; there is nothing that makes tokens of text; or the file is
            damaged, or no sound that the model takes.
    """
    with progress("reading ..."):
        model = Generator.open(folder, runtime=runtime, browser=browser)
        tokenizer = Tokenizer(folder, instead="give tokens: --ids 1,2,3") if prompt is not None or messages else _tokenizer(folder)
        text = prompt_of(folder, messages) if messages else prompt
    tokens = ids
    if text is not None:
        assert tokenizer
        tokens = tokenizer.encode(text, marked=not messages)
    numbers = None if file is None else _numbers(model, file)
    return Generated(model, joined(tokens, numbers, model.graphs), how, tokenizer)


def _numbers(model: Generator, file: Path) -> Array:
    """What a file holds for an encoder. Raises `FormatError`."""
    rate, suffix = model.settings.sampling_rate, file.suffix.lower()
    if suffix == SUFFIX:
        if rate is None:
            raise FormatError(f"{file} is a sound, and the model says of none how many samples a second it takes", "give a .npy file")
        return read_sound(file, rate)
    if suffix != ".npy":
        picture = "a .npy file has a picture, as numbers that the model's processor makes of it"
        hint = HINT.format(rate=rate) if rate else picture
        raise FormatError(f"{file} is neither a .npy file of numbers nor a {SUFFIX} file", hint, code=Code.WRONG_KIND)
    return np.asarray(read_value(str(file)))


def _tokenizer(folder: Path) -> Tokenizer | None:
    """What makes text of tokens, where that can be; why not is said."""
    try:
        return Tokenizer(folder)
    except WebNNError as error:
        if (folder / DATA).exists():
            note(f"note: {error.what}; tokens are shown by number")
        return None
