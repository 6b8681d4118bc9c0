"""The two panels beside a conversation: the visitor's conversations, and what is believed of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.profile import Belief, Consent, Profile, Source, Stance
from ui.words import ago, clipped, escape

STANCES: Mapping[Stance, str] = {
    "likes": "You like",
    "dislikes": "You don’t like",
    "knows": "You know",
    "hidden": "Never shown",
}
SOURCES: Mapping[Source, str] = {
    "said": "you said so",
    "button": "by a button on this page",
    "api": "from an app",
    "imported": "from imported data",
    "simulated": "made up for the demo",
    "profile": "from your profile",
}
CONSENTS: Mapping[Consent, tuple[str, str]] = {
    "personalise": ("Personalise", "What you say and like shapes all your conversations."),
    "session_only": (
        "This conversation only",
        "What you say and like counts where it was said, and nowhere else.",
    ),
}
LONGEST_QUOTE = 140
PENCIL, CROSS = "M5 19l1-4L16.500 4.500l3 3L9 18z", "M6.500 6.500l11 11M17.500 6.500l-11 11"


def sessions_html(sessions: Sequence[Mapping[str, Any]], now: datetime | None = None) -> str:
    """The visitor's conversations, latest first."""
    if not sessions:
        return '<p class="none">Your conversations will be kept here.</p>'
    rows = "".join(_session(one, now) for one in sessions)
    return f'<ul class="sessions">{rows}</ul>'


def beliefs_html(beliefs: Sequence[Belief], profile: Profile, now: datetime | None = None) -> str:
    """What is believed, by stance, each with its source; and how far it may be used."""
    groups = "".join(
        f"<section><h3>{title}</h3><ul>{rows}</ul></section>"
        for stance, title in STANCES.items()
        if (rows := "".join(_belief(one, now) for one in beliefs if one.stance == stance))
    )
    nothing = '<p class="none">Nothing yet. It fills as you talk and press the buttons on the cards.</p>'
    return f'<div class="beliefs">{groups or nothing}</div>{_consent(profile.consent)}'


def _session(session: Mapping[str, Any], now: datetime | None) -> str:
    title = session["title"] or "Conversation"
    key = escape(session["session_id"])
    return (
        f'<li data-session="{key}"><a class="open" href="#{key}" data-do="open">'
        f'<bdi class="name">{escape(clipped(title, 80))}</bdi>'
        f'<span class="when">{escape(ago(session["updated_at"], now))}</span></a>'
        f"{_icon('rename', f'Rename: {title}', 'Rename', PENCIL)}"
        f"{_icon('delete', f'Delete: {title}', 'Delete', CROSS)}"
        "</li>"
    )


def _belief(belief: Belief, now: datetime | None) -> str:
    source = SOURCES[belief.source]
    if belief.quote:
        source = f"you said “{clipped(belief.quote, LONGEST_QUOTE)}”"
    when = f" · {ago(belief.at, now)}" if belief.at is not None else ""
    return (
        f'<li data-key="{escape(belief.key)}"><div><bdi class="name">{escape(belief.text)}</bdi>'
        f'<span class="source" dir="auto">{escape(source)}{escape(when)}</span></div>'
        f"{_icon('forget', f'Forget: {belief.text}', 'Forget this', CROSS)}</li>"
    )


def _icon(does: str, label: str, hint: str, drawing: str) -> str:
    return (
        f'<button type="button" class="icon" data-do="{does}" aria-label="{escape(label)}" title="{hint}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{drawing}"/></svg></button>'
    )


def _consent(given: Consent) -> str:
    choices = "".join(
        f'<label><input type="radio" name="consent" value="{consent}" data-do="consent"'
        f"{' checked' if consent == given else ''}>"
        f"<span><b>{name}</b><small>{sentence}</small></span></label>"
        for consent, (name, sentence) in CONSENTS.items()
    )
    return f'<fieldset class="consent"><legend>How far it may be used</legend>{choices}</fieldset>'
