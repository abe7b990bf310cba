"""The grammar in docs/grammar.md is that of the parser: both read and refuse the same texts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.formats.graphs import EVERY_OPERATOR
from tests.formats.test_bad_input import BAD_TEXT
from tests.formats.test_of_rustnn import OF_RUSTNN
from tests.site.running import DOCS
from webnn_graph.errors import FormatError
from webnn_graph.formats import text

lark = pytest.importorskip("lark", reason="lark is not installed; make test does it")
(GRAMMAR,) = re.findall(r"^```text\n(start:.*?)^```$", (DOCS / "grammar.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
PARSER = lark.Lark(GRAMMAR, parser="lalr")
START = next(rule.origin for rule in PARSER.rules if rule.origin.name == "start")
SAMPLES = {
    "VERSION": ("v1", "v2", "v 1", "v01"),
    "DATA_TYPE": ("f32", "i4", "float16", "uint64"),
    "STRING": ('"a"', '"\\u00e4\\q"', '"# // \\" [;"', '"two\nlines"', '""'),
    "NUMBER": ("0", "-1", "2.5", "-3e5", "007", "1E-3"),
    "INTEGER": ("0", "12", "00"),
    "BYTES": ("[]", "[ 1,2 ]", "[255]", "[\n007 , 0]"),
}
NAMES = ("{}", "a{}", "$x{}.y", "/x{}/y", "true{}", "inputs{}", "dyn{}", "_{}")
SEPARATORS = (" ", " ", " ", "\n", "\t\r\n", " # } ; \n", " // comment\n ")
BEYOND = re.compile("given twice|nested too deeply|is too large|too many digits")
"""What the page says that the grammar does not say."""


class Derivation:
    """Random texts of the grammar."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rules: dict[str, list[list[Any]]] = {}
        for rule in PARSER.rules:
            self.rules.setdefault(rule.origin.name, []).append(list(rule.expansion))
        self.terminals = {terminal.name: terminal.pattern for terminal in PARSER.terminals}
        self.names = 0

    def tokens(self, symbol: Any, depth: int = 0) -> Iterable[str]:
        """Tokens that a symbol may be; the deeper it stands, the fewer."""
        if symbol.is_term:
            yield self._token(symbol.name)
            return
        expansions = self.rules[symbol.name]
        if depth > 12:
            expansions = [min(expansions, key=lambda e: sum(not part.is_term for part in e))]
        for part in self.random.choice(expansions):
            yield from self.tokens(part, depth + 1)

    def _token(self, name: str) -> str:
        if name == "NAME":
            self.names += 1
            return self.random.choice(NAMES[1:]).format(self.names)
        pattern = self.terminals[name]
        return pattern.value if pattern.type == "str" else self.random.choice(SAMPLES[name])

    def written(self, tokens: Iterable[str]) -> str:
        """The tokens with space and comments between them."""
        return "".join(token + self.random.choice(SEPARATORS) for token in tokens)

    def damaged(self, tokens: list[str]) -> list[str]:
        """The tokens but for one, which is left out, doubled, or replaced by another."""
        i, other = self.random.randrange(len(tokens)), self.random.choice([*tokens, "x", "1", "-", "@bytes", '"', "[", "1.", "1x", "v3"])
        return [*tokens[:i], *self.random.choice(([], [tokens[i]] * 2, [other])), *tokens[i + 1 :]]


def is_grammatical(content: str) -> bool:
    try:
        PARSER.parse(content)
    except lark.LarkError:
        return False
    return True


def refusal(content: str) -> str:
    """What the parser says of a text; empty when it reads it."""
    try:
        text.read(content)
    except FormatError as error:
        return error.what
    return ""


@pytest.mark.parametrize("seed", range(60))
def test_both_read_and_refuse_the_same(seed: int) -> None:
    derivation = Derivation(seed)
    tokens = list(derivation.tokens(START))
    written = derivation.written(tokens)
    refused = refusal(written)
    assert is_grammatical(written) and (not refused or BEYOND.search(refused)), (refused, written)
    for _ in range(20):
        content = derivation.written(derivation.damaged(tokens))
        refused = refusal(content)
        assert BEYOND.search(refused) or is_grammatical(content) == (not refused), (refused, content)


def test_derived_texts_have_every_rule_and_token() -> None:
    parsed = [PARSER.parse(d.written(d.tokens(START))) for d in map(Derivation, range(60))]
    rules = {tree.data for whole in parsed for tree in whole.iter_subtrees()}
    assert rules >= {rule.origin.name for rule in PARSER.rules if not rule.origin.name.startswith(("_", "block"))}


@pytest.mark.parametrize("content", [EVERY_OPERATOR, OF_RUSTNN], ids=["every operator", "of rustnn"])
def test_texts_of_the_project_are_grammatical(content: str) -> None:
    assert is_grammatical(content)


@pytest.mark.parametrize("content", [row[0] for row in BAD_TEXT], ids=[row[2][:60] for row in BAD_TEXT])
def test_what_the_parser_refuses_is_not_grammatical(content: str) -> None:
    refused = refusal(content)
    assert BEYOND.search(refused) or is_grammatical(content) == (not refused)
