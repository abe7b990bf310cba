"""What is found when the writer of files is killed at each call of the system that it makes, as a Markdown table.

python -m tests.formats
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from converters.commands.listing import markdown
from tests.formats.test_killed import BEFORE, outcomes

with tempfile.TemporaryDirectory() as folder:
    columns = [list(outcomes(Path(folder) / "folder", before)) for before in BEFORE]
    rows = [(call, at_once, repaired) for before in columns[:1] for call, at_once, repaired in before]
    sys.stdout.write(markdown(["killed before", "found", "after the next write into the folder"], rows) + "\n")
    for before, table in zip(BEFORE, columns, strict=True):
        counts = {verdict: sum(at_once == verdict for _, at_once, _ in table) for verdict in dict.fromkeys(row[1] for row in table)}
        sys.stdout.write(f"\n{before}: {len(table)} calls, " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + "\n")
