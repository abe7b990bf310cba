"""Graphs that begin at what a page has, and end at what it wants: `joined` puts the steps before and behind a model into its graph."""

from __future__ import annotations

from converters.joining.joined import Joined as Joined
from converters.joining.joined import joined as joined
from converters.joining.joined import label_of as label_of
