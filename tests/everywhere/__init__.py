"""One page in many real browsers: `browsers.py` has them, `site.py` serves it, ``python -m tests.everywhere`` says what they have."""
