"""The codes of errors: short, stable names of what can be wrong, with what to do about each.

A program asks for ``error.code``; people look it up in docs/errors.md, which ``make docs`` writes from here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A kind of error.

    Attributes:
        about: What is wrong, in a sentence.
        remedy: What to do about it.
    """

    about: str
    remedy: str

    def __new__(cls, value: str, *row: str) -> Self:
        """A member of the table."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.about, member.remedy = (" ".join(text.split()) for text in row)
        return member

    # ------------------------------------------------------------------------------------------------ what a model's sizes are
    MISSING_DIMENSION = (
        "missing-dimension",
        "A dimension of the model has no size.",
        """WebNN graphs have static shapes, so every dimension needs a number. Give a named one with `--dim NAME=N` and an input whose
        dimensions have no names with `--shape INPUT=1,3,224,224`; in Python these are `dims=` and `shapes=`. The hint lists all of
        them. `--dim NAME=32,128` makes a graph for each of several sizes.""",
    )
    UNKNOWN_DIMENSION = (
        "unknown-dimension",
        "A size is given for a dimension that the model does not have.",
        "Take a name that the message lists; names are case-sensitive. A dimension with a fixed size takes none.",
    )
    WRONG_SHAPE = (
        "wrong-shape",
        "A shape, a value or a meaning is given that does not fit what the model says of its input or output.",
        """Only dimensions without a size can be chosen; the message shows the fixed ones. For other fixed sizes, export the model
        again.""",
    )
    # --------------------------------------------------------------------------------------------------------- what it computes
    UNSUPPORTED_OPERATOR = (
        "unsupported-operator",
        "Nodes of the model have no equivalent in WebNN.",
        """The message lists all of them, with node names and the reason. Often they are before or behind the network proper
        (decoding, non-maximum suppression): end the graph before them with `--output TENSOR`, or begin it after them with
        `--input TENSOR`, and do the rest in your own code; the hint names the tensor. Otherwise change the model: the lists of
        operators say what can be converted, and with which restrictions.""",
    )
    CANNOT_CONVERT = (
        "cannot-convert",
        "The model, or an option for it, is one that no WebNN graph can be made of.",
        "The message says which part. Do what the hint says, or change the model before it is exported.",
    )
    DEPENDS_ON_DATA = (
        "depends-on-data",
        "A shape or an argument is computed from the input's values, and WebNN needs it at conversion.",
        """If it depends on an input that is the same in every call (a length, a sampling rate), make that a constant:
        `--bind INPUT=VALUE`. Otherwise cut the graph before the node with `--output`.""",
    )
    UNKNOWN_TENSOR = (
        "unknown-tensor",
        "An input, output or tensor is named that is not there.",
        "Take a name that the message or `webnn inspect` lists; names are case-sensitive.",
    )
    BEYOND_TARGET = (
        "beyond-target",
        "The target does not take the graph, and nothing equal can stand for what it refuses.",
        "`webnn check GRAPH --target NAME` lists every place. Write for another target, or change the model there.",
    )
    UNKNOWN_TARGET = (
        "unknown-target",
        "A target is neither a built-in one nor a file that describes one.",
        "`webnn target list` shows the built-in ones; `webnn target dump` writes a file for a browser.",
    )
    BUDGET_EXCEEDED = (
        "budget-exceeded",
        "The conversion would take more work, memory or time than models need.",
        """If you trust the model, allow more with `--budget 4`. If it is a stranger's, be suspicious: a small file can ask for any
        amount. Smaller sizes (`--dim`) need less.""",
    )
    INVALID_GRAPH = (
        "invalid-graph",
        "A call of an operator, or a graph, breaks a rule of the WebNN standard.",
        "The message names the operator, the rule and the operands' types and shapes.",
    )
    # ------------------------------------------------------------------------------------------------------------------- files
    NO_SUCH_FILE = (
        "no-such-file",
        "A file cannot be read: it is not there, is a folder, or belongs to somebody else.",
        "Check the path. It is relative to the current folder.",
    )
    FILE_EXISTS = (
        "file-exists",
        "A file that would be written is already there.",
        "`--force` replaces it; `-o DIR` and `--name NAME` write elsewhere. Nothing has been written.",
    )
    WOULD_OVERWRITE_SOURCE = (
        "would-overwrite-source",
        "A file that would be written is one that the command reads.",
        "Write elsewhere with `-o DIR` or `--name NAME`. `--force` does not change this: a model is never written over.",
    )
    CANNOT_WRITE = (
        "cannot-write",
        "A file cannot be written.",
        "Check the space and the rights in the folder. The files that were there before are whole.",
    )
    FOLDER_BUSY = (
        "folder-busy",
        "Another process is writing to the folder.",
        "Wait until it has finished, or write to another folder.",
    )
    UNKNOWN_FORMAT = (
        "unknown-format",
        "The form of a file cannot be told from its suffix.",
        "Use one of the suffixes that the hint lists.",
    )
    WRONG_KIND = (
        "wrong-kind",
        "A file is of another kind than is read here.",
        """The message says what it is, by its content where that shows it; the hint says which command takes it, or how a model that can
        be converted is made of it.""",
    )
    DAMAGED_FILE = (
        "damaged-file",
        "A file is not what its format says: it is damaged or truncated.",
        "Copy or download it again, or write it again with the software that made it.",
    )
    SYNTAX_ERROR = (
        "syntax-error",
        "A graph's text or JSON breaks the grammar.",
        "The message shows line, column and place. docs/grammar.md has the grammar, `webnn-graph.schema.json` describes the JSON.",
    )
    MISSING_WEIGHTS = (
        "missing-weights",
        "Weights that the graph or the model needs are not there.",
        "Put the file of weights beside the graph, under the same name, or the missing shards into the model's folder.",
    )
    WEIGHTS_DO_NOT_MATCH = (
        "weights-do-not-match",
        "The graph and its weights are not of one conversion.",
        """Copy both files anew from where they were written, or convert again. For weights that were changed on purpose, take the line
        with the digest out of the graph's file.""",
    )
    NOT_TRUSTED = (
        "not-trusted",
        "The file holds code, or objects that could run some.",
        """Ask for a file that holds only data: a `.pt2` program (`torch.export.save`) or a state dict. If you trust whoever made it,
        `--trust-pickle` or `--trust-script` lets it run, with all of your rights. docs/security.md says what each door opens.""",
    )
    # ----------------------------------------------------------------------------------------------------------- PyTorch models
    MISSING_MODULE = (
        "missing-module",
        "The file holds weights only; the module they belong to is not in it.",
        "Name a callable that returns the module: `--model package.module:callable`, with `--model-args` for its arguments.",
    )
    MISSING_EXAMPLE_INPUTS = (
        "missing-example-inputs",
        "It is not known which inputs the model takes.",
        "Describe each: `--input 'x:float32[1,3,224,224]'`; in Python, pass example tensors.",
    )
    # ----------------------------------------------------------------------------------------------------------------- running
    UNKNOWN_INPUT = (
        "unknown-input",
        "A value is given for an input that the graph does not have, or a picture, a sound, a text or a file to one that takes none.",
        "Take a name that the message or `webnn inspect` lists; `webnn inspect` also says what inputs are.",
    )
    MISSING_INPUT = (
        "missing-input",
        "The graph has an input that no value was given for.",
        "Pass an array for every input; `webnn run` makes up those that are not given.",
    )
    WRONG_INPUT = (
        "wrong-input",
        "What an input is given has another type, shape, length or range than the input, or nothing can be made of it.",
        """The message shows both. Convert an array with `astype`, and give it the whole shape, the batch included; take another picture,
        sound, text or file.""",
    )
    UNKNOWN_RUNTIME = (
        "unknown-runtime",
        "There is no runtime of that name.",
        "The hint lists them.",
    )
    RUNTIME_UNAVAILABLE = (
        "runtime-unavailable",
        "A browser, rustnn or a library is not installed, or does not start.",
        "Install the extra that the hint names. A browser is found by `--browser`, by `WEBNN_CHROMIUM`, or as the installed Chrome.",
    )
    CACHE_FULL = (
        "cache-full",
        "The cache of a model that generates does not hold all tokens of the conversation.",
        """Begin anew, ask for fewer tokens with `--max-tokens`, or convert the model again: `--generate PROMPT,CACHE` says how many tokens
        the cache holds.""",
    )
    EXECUTION_FAILED = (
        "execution-failed",
        "A runtime failed while it computed the graph.",
        "`webnn check GRAPH --target chromium` says what a browser does not take. `--runtime reference` computes every graph.",
    )
    INTERRUPTED = (
        "interrupted",
        "A signal ended the work.",
        "Start again; the files are as they were before.",
    )
    REFUSED = (
        "refused",
        "What was asked for cannot be done.",
        "The message says why.",
    )
