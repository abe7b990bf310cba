"""Chromium: what it says that it takes, and how it fails at some of it."""
