"""What goes into a model and comes out of it, as people have it: pictures in, labels, boxes and texts out."""

from __future__ import annotations

TOP = 5
"""Labels that an answer has unless somebody says how many."""
THRESHOLD = 0.5
"""What a box must score to be shown unless somebody says otherwise."""
