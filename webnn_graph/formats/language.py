"""What the writer of a graph's calls has to know of a language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand


@dataclass(frozen=True)
class Language:
    """How a language spells the calls of ``MLGraphBuilder``, and functions of them.

    Attributes:
        reserved: Words that cannot name a variable where the calls stand.
        variable: The variable of an operand, by its name; different for different names.
        string: A literal of a text.
        constant: The expression that makes a constant with its values written out.
        call: The expression of a node's call: of the node, the expression of each operand that it reads, and the expression of its
            label, which is empty when it is to carry none.
        assigned: The statement that gives names to what an expression is; those that nobody reads are empty. With ``True`` the
            expression is a list of them.
        function: The lines of a function: of its name, its parameters and the lines of its body.
        returned: The statement that returns what expressions are, a list if there are several.
    """

    reserved: frozenset[str]
    variable: Callable[[str], str]
    string: Callable[[str], str]
    constant: Callable[[Operand, Array], str]
    call: Callable[[Node, Sequence[str], str], str]
    assigned: Callable[[Sequence[str], str, bool], str]
    function: Callable[[str, Sequence[str], Sequence[str]], list[str]]
    returned: Callable[[Sequence[str]], str]
