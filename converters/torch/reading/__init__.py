"""Reading of PyTorch's files as what strangers wrote.

PyTorch's own loaders run code of a file in many places: pickles, guards, size expressions, names that become Python source. So
they never see a file here. Its fields are read, compared with a description of what an honest file holds, and written anew;
whatever the description does not know is refused.
"""

from __future__ import annotations
