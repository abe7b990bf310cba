"""The command that computes models of the zoo in real browsers."""

from __future__ import annotations

import pytest

from benchmarks.page import ORT
from models.zoo.manifest import select
from tests.everywhere.browsers import Visitor
from tests.everywhere.models import rows


@pytest.mark.browser
@pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)")
@pytest.mark.parametrize("anywhere", ["firefox"], indirect=True)
def test_a_row(anywhere: Visitor) -> None:
    [([model, browser, backend, megabytes, *_, difference], is_right)] = rows(select(["bert"]), [anywhere])
    assert (model, browser, backend, is_right) == ("bert", "firefox", "ort-wasm", True)
    assert float(megabytes) > 10  # the library
    assert 0 < float(difference) < 1e-4
