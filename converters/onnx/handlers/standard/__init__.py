"""Handlers of the standard operator set."""
