"""The documentation: what of it is generated, and that the rest is true."""
