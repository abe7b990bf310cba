"""Changes of texts as tokens: exchanged, doubled, dropped, put in, and others of their kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|@?[A-Za-z_][\w./$]*|-?\d[\w.]*(?:[eE][+-]\d+)?|\s+|.', re.DOTALL)


def changed(text: str, random: Random, alike: Callable[[str, Random], str], spellings: Sequence[str]) -> str:
    """The text with one of its tokens changed.

    Args:
        text: Of any language that looks like most.
        random: Decides.
        alike: Another token of the kind of the given one.
        spellings: Tokens that may be put in.
    """
    tokens = TOKEN.findall(text)
    at = [i for i, token in enumerate(tokens) if not token.isspace()]
    words = [i for i in at if len(tokens[i]) > 1 or tokens[i].isalnum()]
    if not words:
        return text
    i, j = random.choice(at), random.choice(at)
    word, other = random.choice(words), random.choice(words)
    match random.randrange(12):
        case 0:
            tokens[i], tokens[j] = tokens[j], tokens[i]
        case 1:
            tokens[word] = tokens[other]
        case 2:
            tokens[word], tokens[other] = tokens[other], tokens[word]
        case 3:
            del tokens[i]
        case 4:
            tokens.insert(j, tokens[i])
        case 5:
            tokens.insert(i, random.choice(spellings))
        case _:
            tokens[word] = alike(tokens[word], random)
    return "".join(tokens)


def changed_lines(text: str, random: Random) -> str:
    """The text with two lines exchanged, or one doubled or dropped."""
    lines = text.splitlines(keepends=True) or [""]
    i, j = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(3):
        case 0:
            lines[i], lines[j] = lines[j], lines[i]
        case 1:
            lines.insert(j, lines[i])
        case _:
            del lines[i]
    return "".join(lines)
