"""The user's browser."""

from __future__ import annotations

import webbrowser


def open_window(address: str) -> None:
    """Opens an address in the user's browser, if there is one that does not take over the terminal."""
    if _has_window():
        webbrowser.open(address)


def _has_window() -> bool:
    try:
        return not isinstance(webbrowser.get(), webbrowser.GenericBrowser) or isinstance(webbrowser.get(), webbrowser.BackgroundBrowser)
    except webbrowser.Error:
        return False
