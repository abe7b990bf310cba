"""What is known of a model's inputs and outputs beside its numbers: from files of its folder, from itself, from options."""

from __future__ import annotations

from converters.described.describing import described as described
