"""Prints the measurements: ``python -m tests.benchmarks``."""

from __future__ import annotations

import os


def main() -> None:
    """Limits everything to one thread, which works only before NumPy is imported, and measures."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    from tests.benchmarks import reference

    reference.main()


if __name__ == "__main__":
    main()
