"""``generation.json``: what generating with graphs takes besides the graphs.

The file is read from strangers: a value of another type, or out of its range, is one error that says where.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from webnn_graph.codes import Code
from webnn_graph.errors import ExecutionError, FormatError

FILE = "generation.json"
MOST_BYTES = 2**20
"""Of a file: settings are short."""
FORMAT, VERSION = "webnn-generation", 1
MOST_TOKENS = 2**24
MOST_BEAMS = 64

Token: TypeAlias = Annotated[int, Meta(ge=0, lt=2**31)]
Tokens: TypeAlias = Annotated[tuple[Token, ...], Meta(max_length=2**16)]
Ids: TypeAlias = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=40)], Token], Meta(max_length=1000)]
Length: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_TOKENS)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=1e6)]


class SamplingDefaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model's authors draw its tokens, as ``generation_config.json`` has it; None for what they do not say."""

    temperature: Positive | None = None
    top_k: Annotated[int, Meta(ge=1, le=MOST_TOKENS)] | None = None
    top_p: Share | None = None
    min_p: Share | None = None
    repetition_penalty: Positive | None = None


class Beams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Beam search, as ``generation_config.json`` has it.

    Attributes:
        num_beams: How many sequences go on at a time; 1 is greedy.
        length_penalty: The power of the length that a sequence's score is divided by.
        early_stopping: Whether to end with as many finished sequences; "never" ends when none can become better.
        renormalize: Whether probabilities of what may come add up to 1 again.
    """

    num_beams: Annotated[int, Meta(ge=1, le=MOST_BEAMS)] = 1
    length_penalty: Annotated[float, Meta(ge=-100, le=100)] = 1.0
    early_stopping: bool | Literal["never"] = False
    renormalize: bool = False

    @classmethod
    def of(cls, known: Beams, **said: Any) -> Beams:
        """Those that a caller says, None for what is known. Raises `ExecutionError` when a value is out of its range."""
        values = msgspec.structs.asdict(known) | {name: value for name, value in said.items() if value is not None}
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$.")
            name = where.rstrip("`")
            raise ExecutionError(f"{name} is {values.get(name)!r}: {what[:1].lower()}{what[1:]}") from None


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Whisper's prompt and its times are made of, as ``generation_config.json`` has it.

    Attributes:
        tasks: The token of each task.
        task: That which is done if the caller says none; None for no token of one.
        no_timestamps: What says, at the end of the prompt, that no times are wanted. Those behind it are times.
        max_initial_timestamp: How many times after the beginning the first may be.
    """

    tasks: Ids = {}
    task: Annotated[str, Meta(max_length=40)] | None = None
    no_timestamps: Token | None = None
    max_initial_timestamp: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a loop needs to know; tokens are ids.

    Attributes:
        kind: Whether ``decode`` goes on after its own tokens alone, or is told by what ``encode`` gives, too.
        cache: How many tokens the states hold.
        model_type: The architecture's name.
        padding: Whether a shorter prompt may be filled up. Where states are recurrent it may not: only whole pieces go through
            ``prefill``, the others token by token through ``decode``.
        start: What a generation begins with if the caller says nothing.
        eos: Each of them ends a generation.
        pad: What fills up the input of ``encode``.
        max_length: Tokens of a generation with those it begins with; None for what the cache holds.
        min_length: Tokens until which none of ``eos`` is taken.
        sampling: How the model's authors draw tokens.
        beams: How they search.
        suppress: Never taken.
        begin_suppress: Not taken as the first.
        forced_bos: What comes second whatever the logits are.
        forced_eos: What comes last, at ``max_length``.
        no_repeat_ngram_size: Sequences of so many tokens do not come twice.
        source_vocabulary: How many tokens ``encode`` knows, where that differs from what ``decode`` does.
        sampling_rate: Samples a second of the sound that is taken.
        languages: The token of each language. It comes second: of the prompt where there is ``speech``, else as ``forced_bos``.
        language: That if the caller says none; None to have the model choose.
        speech: What a model of Whisper's kind is told in its prompt.
    """

    kind: Literal["decoder", "encoder-decoder"]
    cache: Length
    model_type: Annotated[str, Meta(max_length=100)] = ""
    padding: bool = True
    start: Tokens = ()
    eos: Tokens = ()
    pad: Token | None = None
    max_length: Length | None = None
    min_length: Length | None = None
    sampling: SamplingDefaults = SamplingDefaults()
    beams: Beams = Beams()
    suppress: Tokens = ()
    begin_suppress: Tokens = ()
    forced_bos: Token | None = None
    forced_eos: Token | None = None
    no_repeat_ngram_size: Length | None = None
    source_vocabulary: Length | None = None
    sampling_rate: Annotated[int, Meta(ge=1, le=2**20)] | None = None
    languages: Ids = {}
    language: Annotated[str, Meta(max_length=40)] | None = None
    speech: Speech | None = None

    def document(self) -> dict[str, Any]:
        """The object that stands in the file: what is not known is not in it."""
        return {"format": FORMAT, "version": VERSION, **_said(self)}

    def text(self) -> str:
        """The file's text. Raises `FormatError` when a value is out of its range."""
        text = json.dumps(self.document(), indent=2) + "\n"
        parsed(text.encode(), FILE)
        return text


def _said(struct: msgspec.Struct) -> dict[str, Any]:
    """The members that differ from their defaults, and those that have none."""
    said = {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if value != default:
            said[field.name] = _said(value) if isinstance(value, msgspec.Struct) else value
    return said


def parsed(content: bytes, file: str) -> Settings:
    """The settings of a file's content; ``file`` is what messages call it. Raises `FormatError`."""
    if len(content) > MOST_BYTES:
        raise FormatError(f"{file} has {len(content):,} bytes; settings of a generation have at most {MOST_BYTES:,}")
    try:
        document = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(f"{file} is not JSON: {error}") from None
    if document.pop("format", None) != FORMAT:
        raise FormatError(f"{file} is no {FORMAT}", "give the folder that --generate wrote")
    version = document.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        raise FormatError(
            f"{file} is of version {str(version)[:40]}; known is {VERSION}", "it was written by another version of webnn-convert"
        )
    try:
        return msgspec.convert(document, Settings)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(f"{file}: {error}") from None


def read(folder: Path) -> Settings:
    """The settings in a folder.

    Raises:
        FormatError: There are none, or they are damaged.
    """
    file = folder / FILE
    if not file.is_file():
        raise FormatError(f"{folder} has no {FILE}: no model that generates is in it", "--generate writes one", code=Code.WRONG_KIND)
    with file.open("rb") as content:
        return parsed(content.read(MOST_BYTES + 1), str(file))
