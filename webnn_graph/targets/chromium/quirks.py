"""What Chromium, computing on the CPU, refuses, computes wrong or crashes on though it says that it takes it.

They are known by models that failed, and by the fuzzer of ``tests.backends``. Rows of one operator are in the order in which they
are tried; what is quantized comes first, as other rewrites would hide it, and what is only slow comes last.
"""

from __future__ import annotations

from webnn_graph.targets.chromium.rows import arithmetic, images, movement, quantized, returned, slow
from webnn_graph.targets.quirk import Table

QUIRKS = Table((*quantized.ROWS, *images.ROWS, *arithmetic.ROWS, *movement.ROWS, *returned.ROWS, *slow.ROWS))
