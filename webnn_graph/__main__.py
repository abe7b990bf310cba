"""``python -m webnn_graph`` is the ``webnn`` command."""

from __future__ import annotations

from webnn_graph import programs

programs.webnn(prog_name="webnn")
