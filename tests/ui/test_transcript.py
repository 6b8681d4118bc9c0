"""A turn looks the same while it is written, when it is done and when it is read again."""

from dataclasses import replace

from bot.reply import Listed, Said, Turn
from tests.bot.fakes import FixedParley
from ui.cards import Reaction, cards_of
from ui.transcript import Told, chips_html, lead_of, told_of, turn_html


def shown(told, parley):
    return turn_html(told, cards_of(told.listed, told.wishes, parley.catalogue))


def test_a_turn_grows_step_by_step(tmp_path):
    """Cards wait for their reasons; the last step has them all, and no skeleton."""
    parley, told = FixedParley(tmp_path), Told("calm", writing=True)
    assert "Parley is writing" in shown(told, parley)
    waiting = []
    for step in parley.stream("ann", "calm"):
        told = told.after(step)
        waiting.append(shown(told, parley).count("waiting"))
    assert waiting == [0, 3, 3, 2, 1, 0, 0]
    assert not told.writing


def test_a_turn_read_again_is_the_turn_that_was_written(tmp_path):
    parley, told = FixedParley(tmp_path), Told("calm", writing=True)
    for step in parley.stream("ann", "calm"):
        told = told.after(step)
    stored = parley.session("session1", "ann")["turns"][0]
    again = told_of(stored, {})
    assert shown(replace(again, position=None), parley) == shown(told, parley)


def test_numbered_reasons_stand_on_the_cards_alone():
    reply = "Here is what I found.\n1. Heat is tense.\n2. Jaws is wet.\nAnything else?"
    listed = [{"rank": 1, "explanation": "Heat is tense."}, {"rank": 2, "explanation": "Jaws is wet."}]
    assert lead_of(reply, listed) == ("Here is what I found.", "Anything else?")


def test_a_stopped_answer_says_so_and_keeps_what_was_said(tmp_path):
    parley, told = FixedParley(tmp_path), Told("calm", writing=True)
    stop = []
    for step in parley.stream("ann", "calm", stopped=lambda: bool(stop)):
        told = told.after(step)
        if isinstance(step, Said):
            stop.append(True)
    assert isinstance(step, Turn)
    html = shown(told, parley)
    assert "Stopped here." in html
    assert "You said: calm" in html


def test_a_message_is_only_text(tmp_path):
    parley = FixedParley(tmp_path)
    html = shown(Told("<b>x</b> **y** [z](http://a)"), parley)
    assert "&lt;b&gt;x&lt;/b&gt; **y** [z](http://a)" in html


def test_imported_turns_have_one_side_only(tmp_path):
    parley = FixedParley(tmp_path)
    asked = {"turn_id": "t", "position": 0, "message": "hi", "reply": "", "intent": {}, "payload": {}}
    assert "Answer again" in shown(told_of(asked, {}), parley)
    told = {**asked, "message": "", "reply": "Hello."}
    assert "mine" not in shown(told_of(told, {}), parley)


def test_reactions_stand_on_the_cards_of_their_own_turn(tmp_path):
    parley = FixedParley(tmp_path)
    turn = parley.chat("ann", "calm")
    told = Told("calm").after(Listed(turn.recommendations))
    told = replace(told, answers={"owl": Reaction(frozenset({"like"}))})
    assert shown(told, parley).count('aria-pressed="true"') == 1


def test_chips_say_what_they_show():
    assert chips_html((), "x") == ""
    assert chips_html(["<b>"], "x").count("&lt;b&gt;") == 1
