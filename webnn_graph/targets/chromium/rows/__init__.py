"""The quirks of Chromium by what they are about."""
