"""Names of licenses: SPDX expressions where models say what is one, in whatever case."""

from __future__ import annotations

from webnn_graph.names import LICENSE

UNSAID = ("other", "unknown")
"""What Hugging Face calls a license that has no name."""


def license_of(said: str) -> str:
    """The SPDX expression that a text is or begins with; else the text, where it is a name; else nothing."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    for text in (said, *said.split()[:1]):
        try:
            return canonicalize_license_expression(text)
        except InvalidLicenseExpression:
            continue
    return said if LICENSE.fullmatch(said) and said.lower() not in UNSAID else ""
