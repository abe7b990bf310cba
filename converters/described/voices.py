"""Which outputs of a model of voice activity are its states, and which says whether somebody speaks."""

from __future__ import annotations

from collections.abc import Mapping

from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Audio, Meaning, Speech, State

TASK = "voice-activity-detection"


def voice(graph: Graph, known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """What outputs are of which nothing is known, of a graph one of whose inputs is a sound.

    Inputs that no sound is are states: of two outputs as large as one the first is the next value of the first.
    """
    if not any(isinstance(meaning, Audio) for meaning in known.values()):
        return {}
    left = [operand for operand in graph.outputs if operand.name not in known]
    found: dict[str, Meaning] = {}
    for given in (operand for operand in graph.given_inputs if operand.name not in known):
        if next_value := next((operand for operand in left if _alike(operand, given)), None):
            found[next_value.name] = State(input=given.name)
            left.remove(next_value)
    return found | ({left[0].name: Speech()} if len(left) == 1 else {})


def _alike(one: Operand, other: Operand) -> bool:
    return (one.shape, one.data_type) == (other.shape, other.data_type)
