"""Text for the page: what comes from items or people is escaped, here and nowhere else; times in words."""

import html
from datetime import datetime

from storage.base import utcnow

MINUTE, HOUR, DAY = 60, 3600, 86400


def escape(text: object) -> str:
    """`text` as inert HTML, inert also to the two template languages that Gradio runs over a template."""
    escaped = html.escape(str(text))
    for sign in "{}$`\\":
        escaped = escaped.replace(sign, f"&#{ord(sign)};")
    return escaped


def ago(at: datetime, now: datetime | None = None) -> str:
    """How long ago `at` was, or its date when that says more."""
    seconds = max(0.0, ((now or utcnow()) - at).total_seconds())
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    days = int(seconds // DAY)
    return "yesterday" if days == 1 else f"{days} days ago" if days < 7 else f"{at.day} {at:%b %Y}"


def clipped(text: str, most: int) -> str:
    """`text` in at most `most` characters, at a word where that is possible."""
    if len(text) <= most:
        return text
    head, _, _ = text[: most - 1].rpartition(" ")
    return (head or text[: most - 1]).rstrip(" ,.;:") + "…"
