"""Garbage is looked for rarely while many objects are made, and as usual afterwards."""

from __future__ import annotations

import gc

import pytest

from webnn_graph.collecting import RARELY, rarely


def test_thresholds_are_as_before_when_the_last_context_ends() -> None:
    before = gc.get_threshold()
    first, second = rarely(), rarely()
    with first:
        second.__enter__()
        assert gc.get_threshold() == RARELY
    assert gc.get_threshold() == RARELY  # the second lasts, as one of another thread may
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before


def test_thresholds_are_as_before_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="wrong"), rarely():
        raise ValueError("wrong")
    assert gc.get_threshold() == before
