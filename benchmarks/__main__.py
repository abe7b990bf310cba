"""All benchmarks, and the page about them: ``python -m benchmarks``, or ``make bench``; 30 minutes.

What has been measured of pages is kept in ``build/benchmarks``: only models that are missing are measured. ``python -m benchmarks.page
MODEL...``, ``python -m benchmarks.conversion`` and ``python -m benchmarks.report`` do a part each.
"""

from __future__ import annotations

import os


def main() -> None:
    """Limits everything to one thread, which works only before NumPy is imported, and measures."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    from benchmarks import reference, report
    from benchmarks.conversion import __main__ as conversion
    from benchmarks.page import __main__ as page

    reference.main()
    conversion.main()
    page.main([])
    report.main()


if __name__ == "__main__":
    main()
