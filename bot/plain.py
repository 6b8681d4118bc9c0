"""Text from elsewhere, made fit for a terminal."""

import unicodedata

from rich.text import Text


def plain(text: object, style: str = "") -> Text:
    """`text` as it stands, without markup, and without the control characters that steer a terminal."""
    kept = (one for one in str(text) if one == "\n" or unicodedata.category(one) != "Cc")
    return Text("".join(kept), style)
