"""Compares both graphs with PyTorch."""

import numpy as np
import torch
from acme_webnn.torch_operators import gated_silu

from webnn_graph import load

x = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
for name in ("of_onnx.webnn", "of_torch.webnn"):
    graph = load(name)
    np.testing.assert_allclose(graph(x.numpy())["y"], gated_silu(x), rtol=1e-6)
    print(name, "computes what PyTorch computes")
