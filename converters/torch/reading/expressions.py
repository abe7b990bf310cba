"""Sizes that are expressions: ``Add(Symbol('s27', positive=True, integer=True), Integer(3))``, or ``s27 + 3`` as older versions write.

PyTorch hands such text to SymPy, which evaluates it as Python. Here it is parsed, and an expression is built of the operations
that PyTorch writes, from the inside out; nothing of the text is evaluated. Powers have small exponents, so that none is endless.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import sympy
from torch.utils._sympy import functions as torch_functions

from converters.torch.reading.rules import Refused, shown

MAX_LENGTH = 20_000
MAX_OPERATIONS = 1_000
MAX_DIVIDED = 200
MAX_SYMBOLS = 10
"""Operations, and different sizes, in what is divided: SymPy looks for common factors, which takes long in large sums of products."""
MAX_EXPONENT = 16
MAX_NUMBER = 2**64
MAX_BITS = 512
"""Of a number that comes out of an operation."""

SYMBOL = re.compile(r"[a-z]{1,4}[0-9]{1,6}")
"""Names that PyTorch gives to sizes: s27, u0, zuf3."""
ASSUMPTIONS = {"integer", "positive", "nonnegative", "nonzero", "negative", "nonpositive", "real", "finite"}

FUNCTIONS: dict[str, Any] = {
    name: getattr(torch_functions, name)
    for name in (
        "CeilDiv CeilToInt CleanDiv FloatTrueDiv FloorDiv FloorToInt Identity IntTrueDiv IsNonOverlappingAndDenseIndicator LShift "
        "Max Min Mod ModularIndexing PythonMod RShift RoundDecimal RoundToInt ToFloat TruncToFloat TruncToInt Where"
    ).split()
    if hasattr(torch_functions, name)
} | {name: getattr(sympy, name) for name in "Add Mul And Or Not Eq Ne Ge Gt Le Lt floor ceiling Abs sign".split()}
FUNCTIONS |= {
    "Equality": sympy.Eq,
    "Unequality": sympy.Ne,
    "GreaterThan": sympy.Ge,
    "StrictGreaterThan": sympy.Gt,
    "LessThan": sympy.Le,
    "StrictLessThan": sympy.Lt,
}
DIVISIONS = {name for name in FUNCTIONS if "Div" in name or "Mod" in name}
POWERS: dict[str, Any] = {
    "Pow": sympy.Pow,
    "PowByNatural": torch_functions.PowByNatural,
    "FloatPow": torch_functions.FloatPow,
}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: torch_functions.FloorDiv,
    ast.Mod: torch_functions.PythonMod,
    ast.USub: lambda a: -a,
    ast.UAdd: lambda a: a,
    ast.Not: sympy.Not,
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
    ast.GtE: sympy.Ge,
    ast.Gt: sympy.Gt,
    ast.LtE: sympy.Le,
    ast.Lt: sympy.Lt,
}
CONSTANTS = {"true": sympy.true, "false": sympy.false, "True": sympy.true, "False": sympy.false}


def expression(value: Any, where: str) -> sympy.Basic:
    """A rule: the SymPy expression of a text; see `converters.torch.reading.rules`."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        raise Refused(where, f"{shown(value)} is not the expression of a size")
    try:
        tree = ast.parse(value.strip(), mode="eval")
        if sum(1 for _ in ast.walk(tree)) > 4 * MAX_OPERATIONS:
            raise Refused(where, f"{shown(value)} is too long for the expression of a size")
        built = _built(tree.body)
    except _Unknown as error:
        raise Refused(where, f"{error} in {shown(value)}, the expression of a size") from None
    except Refused:
        raise
    except Exception:  # SymPy and PyTorch's functions raise whatever they like for arguments of wrong kinds
        raise Refused(where, f"{shown(value)} is not the expression of a size") from None
    if not isinstance(built, sympy.Basic):
        raise Refused(where, f"{shown(value)} is not the expression of a size")
    return built


class _Unknown(Exception):
    """Something that sizes are not made of; the text names it."""


def _built(node: ast.expr) -> Any:
    """The expression of a node, whose numbers are not too large to go on computing with."""
    made = _made(node)
    numbers = made.atoms(sympy.Rational) if isinstance(made, sympy.Basic) else ()
    if any(max(abs(number.p), number.q).bit_length() > MAX_BITS for number in numbers):
        raise _Unknown("there is a number that is too large")
    return made


def _made(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() as value):
            return sympy.true if value else sympy.false
        case ast.Constant(value=int() as value) if abs(value) <= MAX_NUMBER:
            return sympy.Integer(value)
        case ast.Constant(value=float() as value):
            return sympy.Float(value)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.Name(id=name) if SYMBOL.fullmatch(name):
            return sympy.Symbol(name, integer=True, positive=True) if name[0] == "s" else sympy.Symbol(name, integer=True)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_built(operand))
        case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
            return _power(sympy.Pow, base, exponent)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _applied(OPERATORS[type(op)], [_built(left), _built(right)], isinstance(op, ast.FloorDiv | ast.Mod))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_built(left), _built(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return _called(name, args, keywords)
    raise _Unknown(f"there is {ast.unparse(node)[:60]!r}")


def _called(name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Any:
    if name == "Symbol":
        return _symbol(args, keywords)
    if name in ("Integer", "Float", "Rational"):
        return _literal(name, args, keywords)
    if keywords:
        raise _Unknown(f"{name} has the keyword {keywords[0].arg}")
    if name in POWERS and len(args) == 2:
        return _power(POWERS[name], *args)
    if name not in FUNCTIONS:
        raise _Unknown(f"there is the function {name!r}")
    return _applied(FUNCTIONS[name], list(map(_built, args)), name in DIVISIONS)


def _applied(function: Callable[..., Any], values: list[Any], divides: bool) -> Any:
    if divides and (sum(value.count_ops() + 1 for value in values) > MAX_DIVIDED or len(_symbols(values)) > MAX_SYMBOLS):
        raise _Unknown("there is a division of too many operations or sizes")
    return function(*values)


def _symbols(values: list[Any]) -> set[Any]:
    return {symbol for value in values for symbol in value.free_symbols}


def _symbol(args: list[ast.expr], keywords: list[ast.keyword]) -> sympy.Symbol:
    match args:
        case [ast.Constant(value=str() as name)] if SYMBOL.fullmatch(name):
            pass
        case _:
            raise _Unknown("there is a symbol of another name than sizes have")
    assumptions = {k.arg: k.value.value for k in keywords if k.arg in ASSUMPTIONS and isinstance(k.value, ast.Constant)}
    if len(assumptions) != len(keywords) or not all(isinstance(value, bool) for value in assumptions.values()):
        raise _Unknown("a symbol has an unknown assumption")
    return sympy.Symbol(name, **assumptions)


def _literal(name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Any:
    """``Integer(3)``, ``Float('0.5', precision=53)``, ``Rational(1, 2)``."""
    values = [_plain(arg) for arg in args]
    if name == "Float" and len(values) == 1 and all(k.arg == "precision" and _plain(k.value) == 53 for k in keywords):
        return sympy.Float(float(values[0]))
    whole = all(isinstance(value, int) and abs(value) <= MAX_NUMBER for value in values)
    if keywords or not whole or len(values) != (1 if name == "Integer" else 2) or values[1:] == [0]:
        raise _Unknown(f"{name} has other arguments than a number")
    return sympy.Integer(values[0]) if name == "Integer" else sympy.Rational(*values)


def _plain(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Constant(value=str() as text) if len(text) <= 40:
            return float(text)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    raise _Unknown(f"there is {ast.unparse(node)[:60]!r} instead of a number")


def _power(function: Any, base: ast.expr, exponent: ast.expr) -> Any:
    power, built = _built(exponent), _built(base)
    if not power.is_number or not abs(power) <= MAX_EXPONENT:
        raise _Unknown(f"there is a power with the exponent {str(power)[:40]}")
    if built.has(sympy.Pow) or built.count_ops() > MAX_DIVIDED:
        raise _Unknown("there is a power of powers")
    return function(built, power)
