"""GatedSiLU, an operator of Acme's models, for webnn-convert: x is split into two halves a and b; the result is a * sigmoid(a) * b."""
