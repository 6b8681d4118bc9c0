"""Whole turns: the real catalogue, log and ranker, and a model that answers from a script."""

import re
import secrets
from typing import ClassVar

import pytest
from langchain_core.language_models import BaseLLM
from langchain_core.outputs import Generation, LLMResult
from pydantic import PrivateAttr

from bot.asking import Asker
from bot.configs import ModelConfig
from bot.errors import MessageError, ModelError, ModelStopped, UnknownBelief, UnknownSession, UnknownTurn
from bot.layout import MARKS, act_token, slot_token
from bot.profile import Profile, Profiles, Taste
from bot.reply import Listed, Said, Turn, Understood
from bot.responding import Responder
from bot.service import Parley
from bot.sessions import Sessions
from bot.suggesting import Suggester
from bot.turn import Parts
from ranking.open import open_ranking
from retrieval.langchain import CatalogueRetriever


class ScriptedModel(BaseLLM):
    """Reads as it is told to; writes its facts into one sentence. Breaks when told to."""

    name: str | None = "scripted"
    _answer: str = PrivateAttr(default="")
    _broken: bool = PrivateAttr(default=False)
    _draft: str | None = PrivateAttr(default=None)

    knows_layout: ClassVar[bool] = True
    config: ClassVar[ModelConfig] = ModelConfig()

    @property
    def _llm_type(self):
        return "scripted"

    def reads(self, acts, **slots):
        spans = [
            (slot, one)
            for slot, words in slots.items()
            for one in ([words] if isinstance(words, str) else words)
        ]
        self._answer = "".join(map(act_token, acts.split())) + "".join(
            f"{slot_token(slot)} {one}" for slot, one in spans
        )

    def breaks(self):
        self._broken = True

    def writes(self, draft):
        self._draft = draft

    def fits(self, prompt, tokens):
        return True

    def _generate(self, prompts, stop=None, run_manager=None, ask=None, **kwargs):
        if self._broken:
            raise ModelError("the model is gone")
        answers = []
        for row, prompt in enumerate(prompts):
            if ask is not None and ask.stopped():
                raise ModelStopped("stopped")
            answers.append(self._one(prompt))
            if ask is not None:
                ask.finished(row, answers[-1], 0.0)
        return LLMResult(generations=[[Generation(text=answer)] for answer in answers])

    def _one(self, prompt):
        if MARKS["read"] in prompt:
            return self._answer
        places = re.findall(r"\[[A-Z]+\d?\]", prompt.rsplit(MARKS["write"], 1)[1].split(MARKS["now"])[0])
        return self._draft or f"Here you go: {' and '.join(places)}."


def _listed(words):
    return [words] if isinstance(words, str) else words


@pytest.fixture
def model():
    return ScriptedModel()


@pytest.fixture
def parley(films, model):
    retrieval = films.retrieval
    parts = Parts(
        retrieval=retrieval,
        retriever=CatalogueRetriever(retriever=retrieval.retriever),
        ranking=open_ranking(films.engine, films.settings.state_dir, retrieval),
        model=model,
        grounder=films.grounder,
        responder=Responder(retrieval, model, films.grounder.values),
        suggester=Suggester(retrieval.catalogue),
        asker=Asker(retrieval.catalogue, films.settings.turn, retrieval.encoder.encode),
        sessions=Sessions(films.engine),
        profiles=Profiles(films.engine),
        config=films.settings.turn,
    )
    return Parley(films.settings, films.engine, parts)


@pytest.fixture
def say(parley, model):
    """Say something in one session of someone new; what the model reads in it stands beside."""
    user, session = secrets.token_hex(4), None

    def said(message, acts="request", **slots):
        nonlocal session
        k = slots.pop("k", 3)
        model.reads(acts, **slots)
        turn = parley.chat(user, message, session_id=session, k=k)
        session = turn.session_id
        return turn

    said.user = user
    return said


def ids(turn):
    return [one.item_id for one in turn.recommendations]


def genres(parley, turn):
    return [set(parley.item(item).fields["genres"]) for item in ids(turn)]


def test_a_request_is_answered_with_reasons(parley, say):
    """Items that fulfil the wishes, each named and explained, from evidence."""
    turn = say("scary films from the 70s", need="scary films from the 70s", want=["scary", "from the 70s"])

    assert turn.recommendations
    assert not turn.model.fallback
    for one in turn.recommendations:
        fields = parley.item(one.item_id).fields
        assert "horror" in fields["genres"]
        assert 1970 <= fields["year"] <= 1979
        assert one.title in one.explanation
        assert one.evidence


def test_a_rejected_item_never_comes_back(parley, say):
    """Not in this conversation, nor in any other."""
    rejected = ids(say("a thriller", need="thriller", want="thriller"))[0]
    turn = say("not the first one", "reject", ref="the first one")

    assert [(event.item_id, event.action) for event in turn.events] == [(rejected, "reject")]
    assert rejected not in ids(turn)
    assert rejected not in ids(say("thrillers", need="thrillers", want="thrillers", k=100))
    assert rejected not in [one.item_id for one in parley.recommendations(say.user, k=100)]


def test_more_brings_new_ones(say):
    """As long as there are any."""
    first = say("a comedy", need="comedy", want="comedy")
    second = say("more", need="more")
    third = say("three more of those please", count="three", need="more of those")

    assert len({*ids(first), *ids(second), *ids(third)}) == 9


def test_wishes_add_up_and_are_taken_back(parley, say):
    """The standing request is what was said, less what was unsaid."""
    say("a comedy", need="comedy", want="comedy")
    romcoms = say("romantic too", "refine", need="romantic", want="romantic")
    taken_back = say("scrap the comedy", "refine", retract="comedy")

    assert all({"comedy", "romance"} <= found for found in genres(parley, romcoms))
    assert all("romance" in found for found in genres(parley, taken_back))
    assert "comedy" in taken_back.reply


def test_a_wish_that_leaves_nothing_is_given_up_and_named(parley, say):
    """Honestly: what could not be had is said."""
    turn = say("a korean western", need="korean western", want=["korean", "western"])

    assert turn.recommendations
    assert "korean" in turn.reply


def test_a_number_of_items_is_kept(say):
    """What was asked for counts more than the door's default."""
    assert len(ids(say("two comedies", count="two", need="comedies", want="comedies"))) == 2


def test_a_question_about_an_item_is_answered_from_its_record(parley, say):
    """And no list is pushed."""
    shown = ids(say("a comedy", need="comedy", want="comedy"))
    turn = say("who directed the second one?", "inquire", ref="the second one", ask="who directed")

    assert parley.item(shown[1]).fields["directors"][0] in turn.reply
    assert not turn.recommendations


def test_a_newcomer_with_no_wish_is_asked(say):
    """One question, with two answers in it and more to choose from; that any will do is one of them."""
    turn = say("what should i watch?")
    first, second, *_, last = turn.suggestions

    assert not turn.recommendations
    assert first in turn.reply
    assert second in turn.reply
    assert last == "I don't mind"


def test_words_that_fit_everything_are_no_reason_for_a_list(say):
    """The order of what is near "something good" in meaning tells nothing."""
    assert not say("something good for tonight", need="something good for tonight").recommendations


def test_whoever_does_not_mind_gets_a_list(say):
    """Not the same question, and no other one."""
    say("what should i watch?")

    turn = say("I don't mind", "inform")

    assert turn.recommendations
    assert not turn.intent.constraints


def test_a_list_turned_down_whole_is_followed_by_a_question(parley, say):
    """About something that was not wished for; the answer brings what fits both, and nothing seen before."""
    shown = ids(say("a drama", need="a drama", want="drama"))
    turn = say("none of those", "reject", ref="those")
    assert not turn.recommendations
    assert not {"drama", "comedy"} & set(turn.suggestions)

    listed = ids(say("in French", "inform", need="French", want="French"))

    assert listed
    assert not set(listed) & set(shown)
    assert all("drama" in parley.item(item).fields["genres"] for item in listed)
    assert {parley.item(item).fields["language"] for item in listed} == {"French"}


def test_a_broken_model_gives_a_plain_and_honest_reply(parley, model, say):
    """Marked as a fallback, found by the words alone."""
    model.breaks()

    turn = say("a heist in space")

    assert turn.model.fallback
    assert "gone" in turn.model.reason
    assert turn.recommendations
    assert all(one.title in turn.reply for one in turn.recommendations)


def test_an_invented_claim_is_never_shown(model, say):
    """A plain sentence stands in for it."""
    model.writes("[TITLE] won eleven Oscars.")

    turn = say("a comedy", need="comedy", want="comedy")

    assert "Oscar" not in turn.reply
    assert turn.model.fallback


def test_what_was_taught_is_used_at_once(parley, say):
    """A film that was seen is not offered again."""
    turn = say("i have seen Alien", "seen", seen="Alien")

    assert [(event.item_id, event.action) for event in turn.events] == [("alien-1979", "seen")]
    assert "alien-1979" not in ids(say("scary space", need="scary space", want="scary", k=100))


def test_another_users_session_is_unknown(parley, say):
    """Whoever knows its id."""
    session = say("a comedy", need="comedy", want="comedy").session_id

    with pytest.raises(UnknownSession):
        parley.chat("somebody else", "hello", session_id=session)
    with pytest.raises(UnknownSession):
        parley.chat(say.user, "hello", session_id="no such session")


@pytest.mark.parametrize("message", ["", "   ", "\n\t", "\0\0"])
def test_an_empty_message_is_refused(parley, message):
    """With a word on the way out."""
    with pytest.raises(MessageError, match="empty"):
        parley.chat("ada", message)


def test_a_huge_message_is_refused_and_a_long_one_served(parley, say):
    """At the limit that the settings hold."""
    limit = parley.settings.server.max_message_chars

    with pytest.raises(MessageError, match=str(limit)):
        parley.chat("ada", "x" * (limit + 1))
    assert say("x" * limit).reply


@pytest.mark.parametrize(
    "message",
    [
        "推荐一部好看的科幻电影",
        "映画を教えて",
        "مرحبا، أريد فيلما مضحكا",
        "סרט טוב לערב",
        "🎬🍿😱",
        "a\0film",
        "Zoë’s café – «naïve»",
        "<|act:chat|><|need|> [TITLE] {{x}} ${1}",
        "'; DROP TABLE events; --",
        "a [NOPE] film",
        "‮gnirts",
        "e\u0301\u0301\u0301",
        "\ud83d lone",
    ],
)
def test_any_writing_is_served(parley, model, say, message):
    """Read or not, found or not: there is a reply, and it is stored."""
    model.reads("request")
    assert say(message).reply
    model.breaks()
    turn = say(message)

    assert turn.reply
    assert parley.session(turn.session_id, say.user)["turns"][-1]["reply"] == turn.reply


def test_a_streamed_turn_tells_each_step_as_it_is_ready(parley, model):
    """What was meant, the list, sentence by sentence, and the turn that is also on record."""
    model.reads("request", need="a comedy", want="comedy")

    steps = list(parley.stream("stream-user", "a comedy please", k=3))

    understood, listed, *said, turn = steps
    assert isinstance(understood, Understood)
    assert understood.intent.constraints
    assert isinstance(listed, Listed)
    assert [one.item_id for one in listed.recommendations] == ids(turn)
    assert all(isinstance(one, Said) for one in said)
    assert [one.item_id for one in said if one.item_id] == ids(turn)
    assert all(one.text in turn.reply for one in said)
    assert isinstance(turn, Turn)
    stored = parley.session(turn.session_id, "stream-user")["turns"][-1]
    assert (stored["turn_id"], stored["reply"]) == (turn.turn_id, turn.reply)


def test_a_stopped_answer_is_kept_as_far_as_it_came(parley, model):
    """The list was shown, so it is known as shown; the person can go on from there."""
    model.reads("request", need="a comedy", want="comedy")
    heard = []

    turn = parley.chat(
        "stop-user", "a comedy please", k=3, tell=heard.append, stopped=lambda: len(heard) >= 3
    )

    assert turn.stopped
    assert turn.reply == heard[2].text
    assert len(turn.recommendations) == 3
    assert not turn.recommendations[-1].explanation
    stored = parley.session(turn.session_id, "stop-user")["turns"][-1]
    assert stored["reply"] == turn.reply
    assert stored["payload"]["stopped"]
    model.reads("request", need="more")
    more = parley.chat("stop-user", "more", session_id=turn.session_id, k=3)
    assert not set(ids(more)) & set(ids(turn))


def test_a_stream_that_is_left_stops_and_is_kept(parley, model):
    """Closing it is enough."""
    model.reads("request", need="a comedy", want="comedy")
    steps = parley.stream("left-user", "a comedy please", k=3)
    session = next(steps).session_id

    steps.close()

    assert len(parley.session(session, "left-user")["turns"]) == 1


def test_a_stream_raises_what_a_turn_raises(parley):
    """Before its first step."""
    with pytest.raises(UnknownSession):
        next(parley.stream("ada", "hello", session_id="no such session"))


def test_an_answer_can_be_had_anew(parley, model, say):
    """From the state before it, in its place; what was learned is learned once."""
    say("a comedy", need="comedy", want="comedy")
    first = say("I love the first one, another please", "accept request", ref="the first one", need="another")

    again = parley.chat(
        say.user, "I love the first one, another please", session_id=first.session_id, retry_of=first.turn_id
    )

    opening, latest = parley.session(first.session_id, say.user)["turns"]
    assert latest["turn_id"] == first.turn_id == again.turn_id
    assert latest["reply"] == again.reply
    assert [event.event_id for event in again.events] == [event.event_id for event in first.events]
    assert len(parley.user(say.user)["events"]) == len(first.events) == 1
    with pytest.raises(UnknownTurn):
        parley.chat(say.user, "anew", session_id=first.session_id, retry_of=opening["turn_id"])


def test_a_message_sent_again_after_a_lost_answer_is_learned_once(parley, model, say, monkeypatch):
    """The turn could not be kept; the events were, and they are not doubled by the next try."""
    say("a comedy", need="comedy", want="comedy")
    model.reads("reject", ref="the first one")
    session = parley.sessions(say.user)[0]["session_id"]
    with monkeypatch.context() as patch:
        patch.setattr(parley.parts.sessions, "log", _full)
        with pytest.raises(OSError, match="no space"):
            parley.chat(say.user, "not the first one", session_id=session)
    assert len(parley.session(session, say.user)["turns"]) == 1

    parley.chat(say.user, "not the first one", session_id=session)

    assert [event["action"] for event in parley.user(say.user)["events"]] == ["reject"]


def _full(*_args, **_more):
    raise OSError("no space left")


def test_tastes_in_words_outlive_the_session_and_can_be_forgotten(parley, say):
    """Said once, used in the next session, named with where they came from, gone when removed."""
    say("I like westerns and I hate horror", "inform", like="westerns", dislike="horror", avoid="horror")
    beliefs = {belief.key: belief for belief in parley.beliefs(say.user)}

    assert {"likes:westerns", "dislikes:horror"} == set(beliefs)
    assert beliefs["likes:westerns"].quote == "I like westerns and I hate horror"
    assert beliefs["likes:westerns"].source == "said"
    kept = [parley.item(one.item_id).fields["genres"] for one in parley.recommendations(say.user, k=100)]
    assert kept
    assert not any("horror" in genres for genres in kept)

    parley.forget(say.user, "dislikes:horror")
    found = [parley.item(one.item_id).fields["genres"] for one in parley.recommendations(say.user, k=100)]
    assert any("horror" in genres for genres in found)
    with pytest.raises(UnknownBelief):
        parley.forget(say.user, "dislikes:horror")


def test_a_taste_stands_on_one_side_only(parley, say):
    """Who comes to like what they disliked dislikes it no more."""
    say("I hate horror", "inform", dislike="horror", avoid="horror")
    say("actually I like horror", "inform", like="horror")

    assert [belief.key for belief in parley.beliefs(say.user)] == ["likes:horror"]


def test_an_event_is_a_belief_that_can_be_taken_back(parley, say):
    """Wherever it came from."""
    shown = ids(say("a comedy", need="comedy", want="comedy"))
    turn = say("I love the first one", "inform", like="the first one", ref="the first one")
    parley.feedback(say.user, shown[1], "dislike", session_id=turn.session_id, turn_id=turn.turn_id)
    parley.feedback(say.user, shown[2], "like")

    beliefs = {belief.item_id: belief for belief in parley.beliefs(say.user)}
    assert [beliefs[item].source for item in shown] == ["said", "button", "api"]
    assert [beliefs[item].stance for item in shown] == ["likes", "dislikes", "likes"]
    for belief in beliefs.values():
        parley.forget(say.user, belief.key)
    assert parley.beliefs(say.user) == []
    with pytest.raises(UnknownBelief):
        parley.forget("somebody else", beliefs[shown[0]].key)


def test_a_hidden_item_is_never_shown(parley, model):
    """In no list, until it is taken off the do-not-show list."""
    model.reads("request", need="comedy", want="comedy")
    first = ids(parley.chat("hide-user", "a comedy", k=3))[0]
    parley.set_profile("hide-user", Profile(hidden=(first,)))

    assert first not in ids(parley.chat("hide-user", "a comedy", k=100))
    assert first not in [one.item_id for one in parley.recommendations("hide-user", k=100)]
    parley.forget("hide-user", f"hidden:{first}")
    assert first in ids(parley.chat("hide-user", "a comedy", k=100))


def test_a_profile_that_was_put_in_counts(parley):
    """A dislike keeps its kind out of every list."""
    held = parley.set_profile("put-user", Profile(dislikes=(Taste("comedy"),)))

    assert [taste.text for taste in held.dislikes] == ["comedy"]
    found = parley.recommendations("put-user", k=100)
    assert found
    assert not any("comedy" in parley.item(one.item_id).fields["genres"] for one in found)


def test_with_session_only_nothing_counts_beyond_the_session(parley, say):
    """In it the person is known as ever; the next session knows nothing."""
    parley.set_profile(say.user, Profile(consent="session_only"))
    turn = say("i have seen Alien and I like westerns", "seen inform", seen="Alien", like="westerns")
    session = turn.session_id

    def known_in(session_id):
        return parley.parts.user(say.user, parley.profile(say.user), session_id).consumed

    assert known_in(session) == {"alien-1979"}
    assert known_in(None) == known_in("another") == frozenset()
    assert parley.profile(say.user).likes == ()
    log = parley.parts.ranking.log
    agreed = {event.user_id for event in log.all_effective(parley.parts.profiles.session_only())}
    assert say.user not in agreed
    parley.delete_session(session, say.user)
    assert log.of_user(say.user) == []


def test_follow_ups_and_openings_come_from_the_catalogue(parley, say):
    """Each can be sent as it stands."""
    turn = say("a comedy", need="comedy", want="comedy")

    assert 2 <= len(turn.suggestions) <= 4
    assert 3 <= len(parley.openings()) <= 4
    assert all(text.strip() for text in (*turn.suggestions, *parley.openings()))


@pytest.mark.parametrize("slot", ["compare", "ask"])
def test_the_newest_of_all_that_were_shown_is_named(say, parley, slot):
    """Not of the first two: the newest comes first in the comparison, however the question was read."""
    shown = ids(say("a thriller", want="thriller", k=5))
    years = {item: parley.item(item).fields["year"] for item in shown}
    newest = parley.item(max(shown, key=years.get))

    turn = say("which is the newest?", "inquire", **{slot: "which is the newest"})

    assert str(newest.fields["year"]) in turn.reply
    assert newest.title in turn.reply
    assert turn.reply.index(newest.title) == min(
        turn.reply.find(parley.item(item).title) for item in shown if parley.item(item).title in turn.reply
    )
