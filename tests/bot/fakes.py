"""A Parley that answers from a list, for the doors in front of it."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

from bot.errors import ForeignTurn, MessageError, UnknownBelief, UnknownSession, UnknownTurn
from bot.intent import Intent
from bot.profile import Belief, Profile
from bot.reply import Evidence, Listed, ModelReport, Recommendation, Said, Turn, Understood
from bot.settings import load_settings
from ranking.actions import ActionsConfig
from ranking.errors import IdempotencyConflict, UnknownEvent, UnknownItem
from ranking.events import BehaviourEvent
from ranking.rank import Scores
from retrieval.catalogue import Catalogue
from retrieval.items import CatalogueConfig, FieldSpec, Item

NOW = datetime(2026, 1, 1, tzinfo=UTC)

ITEMS = [
    Item(
        "lamp", "The Lantern Keeper", "A lighthouse and its last keeper.", {"year": 1984, "genres": ["drama"]}
    ),
    Item("crumb", "Crumbs <b>& Co</b> {{value}} ${1+1}", "Two bakers fall out.", {"year": 1999}),
    Item("owl", "猫头鹰 🦉", "An owl learns to sing.", {"year": 2011, "genres": ["animation"]}),
]


class FixedParley:
    """Recommends the catalogue in its order; keeps sessions and events in memory."""

    model_name = "fixed"

    def __init__(self, state_dir, items=ITEMS):
        self.settings = load_settings(None, state_dir=state_dir)
        fields = {"year": FieldSpec(type="int"), "genres": FieldSpec(type="list")}
        self.catalogue = Catalogue(CatalogueConfig(noun="film", nouns="films", fields=fields), items)
        self.actions = ActionsConfig()
        self.events = []
        self.keys = {}
        self.held = {}
        self.begun = 0
        self.profiles = {}
        self.calls = []
        self.closed = False
        self.between = lambda: None
        """Called before each sentence of a stream: a test may wait or raise here."""

    def close(self):
        self.closed = True

    def chat(self, user_id, message, *, session_id=None, k=5, context=None, history=(), retry_of=None):
        *_, turn = self.stream(
            user_id, message, session_id=session_id, k=k, context=context, history=history, retry_of=retry_of
        )
        return turn

    def stream(
        self,
        user_id,
        message,
        *,
        session_id=None,
        k=5,
        context=None,
        history=(),
        retry_of=None,
        stopped=lambda: False,
    ):
        self.calls.append({"k": k, "context": context, "history": list(history), "retry_of": retry_of})
        if not message.strip():
            raise MessageError("the message is empty")
        if len(message) > self.settings.server.max_message_chars:
            raise MessageError("the message is too long")
        if message == "explode":
            raise RuntimeError("a secret of the inside")
        if session_id is None:
            self.begun += 1
            session_id = f"session{self.begun}"
            self.held[session_id] = {"user_id": user_id, "title": None, "turns": []}
        session = self.held.get(session_id)
        if session is None or session["user_id"] != user_id:
            raise UnknownSession(session_id)
        if retry_of is not None:
            if not session["turns"] or session["turns"][-1].turn_id != retry_of:
                raise UnknownTurn(retry_of)
            session["turns"].pop()
        turn_id = f"{session_id}-turn{len(session['turns']) + 1}"
        intent = Intent(("request",), query=message)
        found = tuple(self.recommendations(user_id, k=k))
        yield Understood(session_id, turn_id, intent, ())
        yield Listed(tuple(replace(one, explanation="") for one in found))
        said = []
        for text, item_id in [
            (f"You said: {message}", None),
            *((one.explanation, one.item_id) for one in found),
        ]:
            self.between()
            if stopped():
                break
            said.append(text)
            yield Said(text, item_id)
        turn = Turn(
            session_id=session_id,
            turn_id=turn_id,
            reply=" ".join(said[:1]),
            intent=intent,
            recommendations=found,
            events=(),
            variant="full",
            model=ModelReport("fixed", fallback=message == "fall back", reason=None),
            timings_ms={"understand": 2.0, "total": 5.0},
            suggestions=("Something shorter",),
            stopped=len(said) <= len(found),
        )
        session["turns"].append(turn)
        yield turn

    def openings(self):
        return ["Something calm", "A drama from the 1980s"]

    def profile(self, user_id):
        return self.profiles.get(user_id, Profile())

    def set_profile(self, user_id, profile):
        for item_id in profile.hidden:
            self.item(item_id)
        self.profiles[user_id] = profile
        return profile

    def beliefs(self, user_id):
        profile = self.profile(user_id)
        told = [
            Belief(f"{stance}:{taste.text}", stance, taste.text, None, "profile", at=taste.at)
            for stance, tastes in (("likes", profile.likes), ("dislikes", profile.dislikes))
            for taste in tastes
        ]
        hidden = [
            Belief(f"hidden:{one}", "hidden", self.item(one).title, one, "profile") for one in profile.hidden
        ]
        stances = {"like": "likes", "dislike": "dislikes", "reject": "dislikes", "seen": "knows"}
        learned = [
            Belief(
                f"event:{event.event_id}",
                stances.get(event.action, "knows"),
                self.item(event.item_id).title,
                event.item_id,
                "button",
                at=event.timestamp,
            )
            for event in reversed(self.events)
            if event.user_id == user_id
        ]
        return learned + told + hidden

    def forget(self, user_id, key):
        if key not in [belief.key for belief in self.beliefs(user_id)]:
            raise UnknownBelief(key)
        kind, rest = key.split(":", 1)
        profile = self.profile(user_id)
        if kind == "event":
            self.retract(rest)
        elif kind == "hidden":
            self.profiles[user_id] = replace(
                profile, hidden=tuple(one for one in profile.hidden if one != rest)
            )
        else:
            kept = tuple(one for one in getattr(profile, kind) if one.text != rest)
            self.profiles[user_id] = replace(profile, **{kind: kept})

    def recommendations(self, user_id, k=5):
        hidden = {e.item_id for e in self.events if e.user_id == user_id and e.action in ("dislike", "seen")}
        kept = [item for item in self.catalogue.items if item.item_id not in hidden]
        return [
            Recommendation(
                item.item_id,
                item.title,
                rank,
                f"Because of {item.title}.",
                (Evidence("year", item.fields["year"]),),
                Scores(semantic=0.5, lexical=0.0, mf=0.1, popularity=0.2, fused=1.0),
            )
            for rank, item in enumerate(kept[:k], start=1)
        ]

    def similar(self, item_id, k=5):
        self.item(item_id)
        return self.recommendations("nobody", k=k)

    def feedback(self, user_id, item_id, action, *, value=None, session_id=None, turn_id=None, key=None):
        action = self.actions.canonical(action)
        self.actions.check(action, value)
        self.item(item_id)
        if session_id is not None:
            self.session(session_id, user_id)
        if turn_id is not None:
            mine = [one for key, one in self.held.items() if session_id in (None, key)]
            turns = [turn for one in mine if one["user_id"] == user_id for turn in one["turns"]]
            if turn_id not in [turn.turn_id for turn in turns]:
                raise ForeignTurn(turn_id)
        event = BehaviourEvent(
            f"event{len(self.events) + 1}",
            user_id,
            item_id,
            action,
            value,
            NOW,
            "feedback",
            session_id,
            turn_id,
        )
        if key is not None and (user_id, key) in self.keys:
            earlier = self.keys[user_id, key]
            if replace(event, event_id=earlier.event_id) != earlier:
                raise IdempotencyConflict(key)
            return earlier, False
        if key is not None:
            self.keys[user_id, key] = event
        self.events.append(event)
        return event, True

    def retract(self, event_id):
        for event in self.events:
            if event.event_id == event_id:
                self.events.remove(event)
                return event
        raise UnknownEvent(event_id)

    def item(self, item_id):
        found = self.catalogue.get(item_id)
        if found is None:
            raise UnknownItem(item_id)
        return found

    def events_of(self, user_id):
        return [event for event in self.events if event.user_id == user_id]

    def user(self, user_id):
        events = [asdict(event) for event in self.events if event.user_id == user_id]
        sessions = [self.session(one["session_id"], user_id) for one in self.sessions(user_id)]
        return {
            "user_id": user_id,
            "profile": asdict(self.profile(user_id)),
            "events": events,
            "taken_back": [],
            "impressions": [],
            "sessions": sessions,
        }

    def erase(self, user_id):
        before = len(self.events)
        self.events = [event for event in self.events if event.user_id != user_id]
        self.profiles.pop(user_id, None)
        return {"events": before - len(self.events)}

    def sessions(self, user_id):
        return [
            {"session_id": key, "title": session["title"], "created_at": NOW, "updated_at": NOW}
            for key, session in self.held.items()
            if session["user_id"] == user_id
        ]

    def session(self, session_id, user_id, *, limit=None, before=None):
        session = self.held.get(session_id)
        if session is None or session["user_id"] != user_id:
            raise UnknownSession(session_id)
        turns = [
            {
                "turn_id": turn.turn_id,
                "position": position,
                "created_at": NOW,
                "message": turn.intent.query,
                "reply": turn.reply,
                "intent": turn.intent.as_dict(),
                "payload": {
                    "recommendations": [asdict(one) for one in turn.recommendations],
                    "suggestions": list(turn.suggestions),
                    "stopped": turn.stopped,
                },
            }
            for position, turn in enumerate(session["turns"][:before])
        ]
        count, turns = len(session["turns"]), turns[-limit:] if limit else turns
        return {
            "session_id": session_id,
            "title": session["title"],
            "created_at": NOW,
            "updated_at": NOW,
            "turns_count": count,
            "turns": turns,
        }

    def rename_session(self, session_id, user_id, title):
        self.session(session_id, user_id)
        self.held[session_id]["title"] = title

    def delete_session(self, session_id, user_id):
        self.session(session_id, user_id)
        del self.held[session_id]

    def understand(self, text, *, history=(), shown=()):
        self.calls.append({"text": text, "history": list(history), "shown": list(shown)})
        return Intent(("request",), query=text)

    def health(self):
        return {"items": len(self.catalogue), "users": 0, "model": self.model_name, "semantic": True}
