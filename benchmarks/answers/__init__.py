"""Whether models answer alike: by ``webnn run`` and by the code of the packages that ship them."""
