"""The panels: each belief with its source, each conversation with its title."""

from datetime import UTC, datetime, timedelta

from bot.profile import Belief, Profile
from ui.panel import beliefs_html, sessions_html

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def test_each_belief_says_where_it_came_from_and_can_be_removed():
    beliefs = [
        Belief("a", "likes", "Heat", "heat", "said", "I loved <Heat>", NOW - timedelta(hours=2)),
        Belief("b", "dislikes", "musicals", None, "profile"),
        Belief("c", "knows", "Jaws", "jaws", "button", at=NOW),
        Belief("d", "hidden", "Cats", "cats", "profile"),
        Belief("e", "likes", "Alien", "alien", "api", at=NOW),
        Belief("f", "likes", "Up", "up", "imported", at=NOW),
        Belief("g", "likes", "Big", "big", "simulated", at=NOW),
    ]
    shown = beliefs_html(beliefs, Profile(), NOW)
    assert "you said “I loved &lt;Heat&gt;” · 2 h ago" in shown
    assert "by a button on this page · just now" in shown
    for source in ("from an app", "from imported data", "made up for the demo", "from your profile"):
        assert source in shown
    assert [shown.index(f'data-key="{key}"') for key in "aefgbcd"] == sorted(
        shown.index(f'data-key="{key}"') for key in "abcdefg"
    )
    assert shown.count('data-do="forget"') == len(beliefs)


def test_nothing_believed_is_said_kindly():
    assert "Nothing yet" in beliefs_html([], Profile())


def test_the_consent_given_is_chosen():
    shown = beliefs_html([], Profile(consent="session_only"))
    assert 'value="session_only" data-do="consent" checked' in shown
    assert shown.count(" checked") == 1


def test_conversations_have_titles_and_times():
    rows = [
        {"session_id": "s1", "title": "<i>calm</i>", "updated_at": NOW - timedelta(minutes=3)},
        {"session_id": "s2", "title": None, "updated_at": NOW - timedelta(days=1)},
    ]
    shown = sessions_html(rows, NOW)
    assert "&lt;i&gt;calm&lt;/i&gt;" in shown
    assert "3 min ago" in shown
    assert "Conversation" in shown
    assert "will be kept here" in sessions_html([])
