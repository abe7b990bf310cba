"""A module in a page beside onnxruntime-web: ``python -m benchmarks.page MODEL...``."""

import os
from pathlib import Path

from benchmarks.results import ROOT

ORT = Path(os.environ.get("WEBNN_ORT") or ROOT / ".venv" / "npm" / "node_modules" / "onnxruntime-web")
"""The folder of onnxruntime-web."""
