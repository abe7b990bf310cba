"""The calls of a graph as statements; what repeats is a function among them, called with the names of its weights."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from webnn_graph.formats.language import Language
from webnn_graph.formats.wishes import LONGEST, common_end, kind_of, module_of
from webnn_graph.graph import Graph, Node, Operand, operands_in
from webnn_graph.names import IDENTIFIER, Names
from webnn_graph.ops import OPS
from webnn_graph.repeats import Block, Item, Use, items_of

Column: TypeAlias = tuple[Operand, ...]
"""What is read at one place of a block, by each of its uses."""

TEXTS = {"weight": "name", "label": "path"}
"""What the beginning of several strings is called, by what they are of."""


def statements(
    graph: Graph, nodes: Sequence[Node], weights: Collection[Operand], labels: bool, language: Language
) -> tuple[list[str], list[str]]:
    """The statements that make a graph with ``builder``, in which ``weight(name)`` is the operand of a weight.

    Args:
        graph: Whose inputs are variables already.
        nodes: Those of its nodes that are calls.
        weights: What ``weight`` gives: constants, and results of nodes that are no calls.
        labels: Whether every call carries its node's label.
        language: What they are written in.

    Returns:
        The lines of constants, and those of everything else.
    """
    writer = _Writer(graph, nodes, frozenset(weights), labels, language)
    lines = writer.lines()
    made = {
        operand: _weight(language.string(operand.name)) for operand in weights if operand not in writer.named and writer.times[operand] > 1
    }
    inline = {operand: array for operand, array in graph.constants.items() if operand not in writer.weights and writer.times[operand]}
    made |= {operand: language.constant(operand, array) for operand, array in inline.items()}
    return [language.assigned([writer.operand(operand)], expression, False) for operand, expression in made.items()], lines


def _weight(name: str) -> str:
    """The operand of a weight, by the expression of its name."""
    return f"weight({name})"


class _Text(NamedTuple):
    """A string that differs between the uses of a block.

    Attributes:
        what: What it is of: a weight, whose name it is, or a label.
        wish: What a parameter is called, if possible, that is this string.
        values: The string of each use.
    """

    what: str
    wish: str
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Function:
    """A block as a function.

    Attributes:
        name: What it is called.
        lines: Its text.
        operands: The parameters that are operands: where each is among what a use reads.
        texts: The parameters behind them, which are strings, or what strings begin with.
    """

    name: str
    lines: Sequence[str]
    operands: Sequence[int]
    texts: Sequence[_Text]

    def call(self, read: Sequence[str], texts: Sequence[str]) -> str:
        """A call, by the expressions of all that a use reads, and of the strings."""
        return f"{self.name}({', '.join([*(read[place] for place in self.operands), *texts])})"


class _Writer:
    """Writes statements, and each function before the first use of its block."""

    def __init__(self, graph: Graph, nodes: Sequence[Node], weights: frozenset[Operand], labels: bool, language: Language) -> None:
        self.weights = weights
        self.labels = labels
        self.language = language
        self.named: set[Operand] = set()
        """Weights that functions get by their names."""
        self.times = Counter(operand for node in nodes for operand in node.operands)
        """How often each operand is read."""
        self.functions: dict[Block, _Function] = {}
        self.number: dict[Use, int] = {}
        """Of each use of these blocks which one it is."""
        self._items = items_of(nodes, weights | graph.constants.keys(), frozenset(graph.outputs))
        self._outputs = frozenset(graph.outputs)
        self._names = Names()
        variables = map(language.variable, graph.operands)
        for name in dict.fromkeys((*language.reserved, *graph.operands, *filter(IDENTIFIER.match, variables))):
            self._names.take(name)
        long = [(operand, node.op) for node in nodes for operand in node.outputs if len(operand.name) > LONGEST]
        self._short = {operand: self._names.take(op) for operand, op in long if operand not in self._outputs}

    def operand(self, operand: Operand) -> str:
        """The expression of an operand outside of functions: its variable, or where it is made if nothing else reads it."""
        if operand in self.weights and self.times[operand] == 1:
            return _weight(self.language.string(operand.name))
        return self._short.get(operand) or self.language.variable(operand.name)

    def lines(self) -> list[str]:
        """The lines of the whole graph."""
        needed = {operand for item in self._items for operand in item.operands} | self._outputs
        lines = []
        for item in self._items:
            read = [self.operand(operand) for operand in item.operands]
            made = [self.operand(operand) if operand in needed or isinstance(item, Node) else "" for operand in item.outputs]
            if isinstance(item, Node):
                expression = self.language.call(item, read, self.language.string(item.label) if self.labels and item.label else "")
            else:
                if new := self._defined(item.block):
                    lines += [*new, ""]
                function = self.functions[item.block]
                expression = function.call(read, [self.language.string(text.values[self.number[item]]) for text in function.texts])
            lines.append(self.language.assigned(made, expression, _is_list(item, made)))
        return lines

    def _defined(self, block: Block) -> list[str]:
        """The lines of a block's function, behind those of what it calls, as far as they are not written yet."""
        if block in self.functions:
            return []
        before = [line for item in block.uses[0].items if isinstance(item, Use) for line in self._defined(item.block)]
        name = self._names.take(module_of(block) or "block")
        self.functions[block] = _Body(block, self).function(name)
        self.number |= {use: number for number, use in enumerate(block.uses)}
        return [*before, "", *self.functions[block].lines]


def _is_list(item: Item, names: Sequence[str]) -> bool:
    """Whether the call of an item gives a list of what the names are for."""
    return OPS[item.op].returns_list if isinstance(item, Node) else len(names) > 1


class _Body:
    """Writes the function of a block. Its first use stands for all of them."""

    def __init__(self, block: Block, writer: _Writer) -> None:
        self._block = block
        self._writer = writer
        self._language = writer.language
        self._columns: list[Column] = list(zip(*(use.operands for use in block.uses), strict=True))
        self._times = Counter(self._columns)
        self._first_places = {column: place for place, column in reversed(list(enumerate(self._columns)))}
        self._items = [(item, read, self._spelled(item)) for item, read in _reads(block.uses[0].items, self._columns)]
        self._names = Names()
        called = [writer.functions[item.block].name for item, _, _ in self._items if isinstance(item, Use)]
        shared = [writer.operand(column[0]) for column in self._columns if _is_shared(column)]
        for name in (*self._language.reserved, *shared, *called):
            self._names.take(name)
        self._expressions: dict[Operand | Column, str] = {}
        self._strings: dict[Hashable, str] = {}

    def function(self, name: str) -> _Function:
        """The function, called like this."""
        passed = self._operand_parameters()
        texts = self._text_parameters()
        parameters = [*(self._expressions[column] for column in passed), *(text.wish for text in texts)]
        lines = self._language.function(name, parameters, self._lines())
        return _Function(name, lines, [self._first_places[column] for column in passed], texts)

    def _spelled(self, item: Item) -> Sequence[int]:
        """The places of the operands that the statement of an item names."""
        return range(len(item.operands)) if isinstance(item, Node) else self._writer.functions[item.block].operands

    def _operand_parameters(self) -> list[Column]:
        """What each use passes; it is known by its parameter's name from now on, and what all read alike by its own."""
        passed = []
        for column in dict.fromkeys(read[place] for _, read, places in self._items for place in places):
            if isinstance(column, Operand) or self._is_named(column):
                continue
            if _is_shared(column):
                self._expressions[column] = self._writer.operand(column[0])
                continue
            kinds = {kind_of(operand.name) for operand in column}
            self._expressions[column] = self._names.take(kinds.pop() if len(kinds) == 1 else "x")
            passed.append(column)
        return passed

    def _is_named(self, column: Column) -> bool:
        """Whether these are weights of which each is read by its use alone, and only where the others are by theirs."""
        times = self._times[column]
        return all(operand in self._writer.weights and self._writer.times[operand] == times for operand in column)

    def _text_parameters(self) -> list[_Text]:
        """What each use passes of strings; all strings are known by their expressions from now on."""
        parts: dict[tuple[str, tuple[str, ...]], list[tuple[Hashable, str, _Text]]] = defaultdict(list)
        for key, text in self._texts():
            if len(set(text.values)) == 1:
                self._strings[key] = self._language.string(text.values[0])
                continue
            end = common_end(text.values)
            parts[text.what, tuple(value.removesuffix(end) for value in text.values)].append((key, end, text))
        parameters = []
        for (what, beginnings), members in sorted(parts.items(), key=lambda part: list(TEXTS).index(part[0][0])):
            is_one = len({end for _, end, _ in members}) == 1
            first = members[0][2]
            name = self._names.take(kind_of(first.wish) if is_one else TEXTS[what])
            parameters.append(_Text(what, name, first.values if is_one else beginnings))
            for key, end, _ in members:
                self._strings[key] = name if is_one or not end else f"{name} + {self._language.string(end)}"
        return parameters

    def _texts(self) -> Iterator[tuple[Hashable, _Text]]:
        """The strings in the statements: weights' names by the weights, labels by the nodes, others by the item and their place."""
        seen = set()
        for index, (item, read, places) in enumerate(self._items):
            alike = [use.items[index] for use in self._block.uses]
            roles = self._roles(item)
            for place in places:
                column = read[place]
                if not isinstance(column, Operand) and column not in seen and self._is_named(column):
                    seen.add(column)
                    self._writer.named.update(column)
                    yield column, _Text("weight", roles[place], tuple(operand.name for operand in column))
            if isinstance(item, Node):
                if self._writer.labels and item.label:
                    yield item, _Text("label", TEXTS["label"], tuple(node.label for node in alike if isinstance(node, Node)))
                continue
            uses = [self._writer.number[use] for use in alike if isinstance(use, Use)]
            for place, text in enumerate(self._writer.functions[item.block].texts):
                yield (item, place), text._replace(values=tuple(text.values[use] for use in uses))

    def _lines(self) -> list[str]:
        """The statements of the function."""
        needed = {read[place] for _, read, places in self._items for place in places} | set(self._block.uses[0].outputs)
        spelled = Counter(read[place] for _, read, places in self._items for place in places)
        results = self._block.uses[0].outputs
        lines = []
        for item, read, places in self._items:
            for place in places:
                column = read[place]
                if column in self._expressions:
                    continue
                assert not isinstance(column, Operand), "made before it is read"
                self._expressions[column] = expression = _weight(self._strings[column])
                if spelled[column] > 1:
                    self._expressions[column] = self._names.take(self._roles(item)[place])
                    lines.append(self._language.assigned([self._expressions[column]], expression, False))
            expressions = [self._expressions.get(operand, "") for operand in read]
            if isinstance(item, Node):
                expression = self._language.call(item, expressions, self._strings.get(item, ""))
            else:
                function = self._writer.functions[item.block]
                expression = function.call(expressions, [self._strings[item, place] for place in range(len(function.texts))])
            if item is self._items[-1][0] and item.outputs == results and len(results) == 1:
                return [*lines, self._language.returned([expression])]
            wish = item.op if isinstance(item, Node) else "x"
            is_needed = [operand in needed or isinstance(item, Node) for operand in item.outputs]
            names = [self._names.take(kind_of(o.name, wish)) if needs else "" for o, needs in zip(item.outputs, is_needed, strict=True)]
            self._expressions |= dict(zip(item.outputs, names, strict=True))
            lines.append(self._language.assigned(names, expression, _is_list(item, names)))
        return [*lines, self._language.returned([self._expressions[operand] for operand in results])]

    def _roles(self, item: Item) -> list[str]:
        """What the operands are called that an item reads: the names of the arguments."""
        if isinstance(item, Use):
            return ["x"] * len(item.operands)
        names = [name for name, value in item.arguments.items() for _ in operands_in(value)]
        return [TEXTS["weight"] if name in self._language.reserved else name for name in names]


def _reads(items: Sequence[Item], columns: Sequence[Column]) -> Iterator[tuple[Item, list[Operand | Column]]]:
    """Each item with what it reads: operands that are made in the block, columns of others."""
    rest = iter(columns)
    made: set[Operand] = set()
    for item in items:
        yield item, [operand if operand in made else next(rest) for operand in item.operands]
        made.update(item.outputs)


def _is_shared(column: Column) -> bool:
    """Whether all uses read the same operand."""
    return len(set(column)) == 1
