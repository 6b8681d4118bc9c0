"""What an intent leads to."""

from bot.asking import Question
from bot.intent import Inquiry, Intent, Mention
from bot.policy import Plan, decide
from bot.state import DialogueState, Wish

NOTHING, ASKED = DialogueState(), DialogueState(wishes=(Wish("tense films"),))
QUESTION = Question("genres", ("drama", "comedy"))


def plan(intent, before=NOTHING, state=NOTHING, newcomer=False):
    return decide(intent, before, state, newcomer=newcomer)


def test_a_request_is_answered_with_a_list():
    """With items, and no question."""
    assert plan(Intent(("request",), "tense films"), state=ASKED, newcomer=True) == Plan(recommend=True)


def test_a_vague_request_is_answered_with_a_list_too():
    """As long as no question takes its place."""
    assert plan(Intent(("request",)), newcomer=True) == Plan(recommend=True)


def test_a_question_takes_the_place_of_the_list():
    """And of nothing else."""
    both = Plan(acknowledge=("reject",), recommend=True)

    assert both.asking(QUESTION) == Plan(acknowledge=("reject",), question=QUESTION)


def test_a_rejection_brings_others():
    """Acknowledged and replaced."""
    found = plan(Intent(("reject",), references=("heat",)), before=ASKED, state=ASKED)

    assert found == Plan(acknowledge=("reject",), recommend=True)


def test_an_acceptance_ends_the_list():
    """Who has chosen needs no more choice."""
    assert plan(Intent(("accept",), references=("heat",)), state=ASKED) == Plan(acknowledge=("accept",))


def test_a_question_is_answered():
    """And nothing pushed on the person."""
    intent = Intent(("inquire",), references=("heat",), inquiries=(Inquiry("why", "why"),))

    assert plan(intent, state=ASKED) == Plan(answer=True)


def test_a_question_and_a_request_are_both_served():
    """Several acts, several parts."""
    intent = Intent(("inquire", "refine"), inquiries=(Inquiry("ask", "how long"),))

    assert plan(intent, state=ASKED) == Plan(answer=True, recommend=True)


def test_an_answer_to_our_question_brings_a_list():
    """What was asked for by asking back."""
    pending = DialogueState(pending="genres")

    assert plan(Intent(("inform",), likes=(Mention("drama"),)), before=pending, state=ASKED).recommend


def test_a_newcomers_greeting_is_a_welcome():
    """With something to look at; later ones are small talk."""
    assert plan(Intent(("chat",)), newcomer=True) == Plan(chat=True, welcome=True, recommend=True)
    assert plan(Intent(("chat",)), before=DialogueState(offered=("heat",)), newcomer=True) == Plan(chat=True)


def test_what_is_out_of_scope_is_declined():
    """Politely, and with no list."""
    assert plan(Intent(("other",))) == Plan(out_of_scope=True)
