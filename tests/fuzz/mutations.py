"""Changes that know no format, and the numbers and texts that readers stumble over."""

from __future__ import annotations

from random import Random

MARKER = "MARKER"
"""What code in a file would make in the working folder, if it were run."""
SECRET = "secret"
"""A file outside the model's folder, which no model may have read."""
OWNED = "\x1b]0;owned\x07"
"""What a terminal would obey."""

INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, 16, 255, 256, 65536, 10**6, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53 + 1)
HUGE = (2**62, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, 10**30, -(10**39), 10**300)
FLOATS = (0.5, -0.0, 1e-45, 1e-320, 0.1, -1.5, 65504.0, 65520.0, 3.4e38, 3.5e38, 1e300, float("nan"), float("inf"), float("-inf"))
TEXTS = (
    *("", " ", "x", "y", "true", "null", "NaN", "-Infinity", "0", "float32", "int4", "same-upper", "__proto__", "constructor", "class"),
    *("__metadata__", "a.b::c", "a b", "ünïcode", "日本語", "\x00", OWNED, "\u202eabc", "\u2028", "\ud800", "\ufeff", "\\", '"', "'"),
    "`${x}`",
    *("</script>", "*/", "//", "%s", "{x}", "x" * 300, f"../{SECRET}", f"../{MARKER}", f"/tmp/{MARKER}", "..", ".", "/", "CON", "-1"),
)
DANGEROUS = (
    f"__import__('os').mkdir('{MARKER}')",
    f"x=__import__('os').mkdir('{MARKER}')",
    f"Max(__import__('os').mkdir('{MARKER}'), 1)",
    f"os.mkdir('{MARKER}')",
    f"(lambda: exec(\"import os; os.mkdir('{MARKER}')\"))()",
    "9**9**9**9",
    "2**(2**40)",
    "().__class__.__base__.__subclasses__()",
    "factorial(10**7)",
    "antigravity",
    "this",
    "torch.ops.load_library",
    "os.system",
    "builtins.eval",
)
"""Texts that do something when they are evaluated, imported or resolved."""


def integer(random: Random, near: int = 0) -> int:
    """One that is near another, or at the end of a range."""
    match random.randrange(8):
        case 0 | 1 | 2:
            return near + random.choice((-1, 1, 2))
        case 3:
            return near * random.choice((2, -1, 1000, 10**9))
        case 4:
            return random.choice(HUGE)
        case 5:
            return random.choice(INTEGERS)
        case _:
            return random.randint(0, 4)


def number(random: Random, near: float = 0) -> int | float:
    """An integer or a float."""
    return random.choice(FLOATS) if random.random() < 0.4 else integer(random, int(near) if abs(near) < 2**63 else 0)


def text(random: Random, near: str = "") -> str:
    """A text like another one, or one with a meaning somewhere."""
    match random.randrange(8):
        case 0:
            return near + random.choice(TEXTS)
        case 1:
            return near[: random.randint(0, len(near))]
        case 2:
            return near.swapcase()
        case 3:
            return random.choice(DANGEROUS)
        case _:
            return random.choice(TEXTS)


def damaged(content: bytes, random: Random) -> bytes:
    """One change of bytes: some flipped, overwritten, cut out, put in, doubled, or the end cut off."""
    at = random.randint(0, len(content))
    size = random.choice((1, 1, 2, 4, 8, 64, 1000))
    match random.randrange(7):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + content[at + size :]
        case 2:
            return content[:at] + content[at : at + size] + content[at:]
        case 3:
            return content[:at] + random.randbytes(size) + content[at:]
        case 4:
            value = random.choice((0, 1, 0x7F, 0x80, 0xFF, 2**31, 2**63, 2**64 - 1)).to_bytes(8, "little")[: min(size, 8)]
            return content[:at] + value + content[at + len(value) :]
        case _:
            changed = bytearray(content)
            for _ in range(random.randint(1, 3) if changed else 0):
                changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
            return bytes(changed)
