"""The reply: which sentences a plan needs, with which facts, and how they stand together.

The writer words them; here it is decided what they are about. Every stand-in sentence is plain and true.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bot.claims import ClaimChecker, Record
from bot.facts import Fact, Reasons, field_fact, joined, quoted, said_yes_to, title_fact, value_words
from bot.intent import Inquiry, Intent, Mention
from bot.layout import Message
from bot.model import Model
from bot.policy import Plan
from bot.reply import Evidence, Recommendation, Said
from bot.state import DialogueState
from bot.values import ValueIndex
from bot.writing import Order, Writer, Written
from ranking.rank import Ranked
from ranking.users import UserState
from retrieval.filters import Constraint
from retrieval.items import Item, Role
from retrieval.open import Retrieval

_KINDS = {
    "film": "film", "movie": "film", "book": "book", "novel": "book", "restaurant": "place", "hotel": "place",
    "place": "place", "product": "product",
}  # fmt: skip
_COMPARED: tuple[Role, ...] = (
    "year",
    "runtime",
    "price",
    "rating",
    "genre",
    "category",
    "colour",
    "material",
    "director",
    "brand",
)
MOST_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Response:
    """The reply as text, the recommendations with their reasons, why a plain sentence stands in (None when
    none does), and whether the answer was stopped before its end.
    """

    reply: str
    recommendations: tuple[Recommendation, ...] = ()
    failure: str | None = None
    stopped: bool = False


class Responder:
    """Answers in sentences about one catalogue."""

    def __init__(self, retrieval: Retrieval, model: Model, values: ValueIndex) -> None:
        self._catalogue = retrieval.catalogue
        self._values = values
        self._reasons = Reasons(retrieval)
        kind = _KINDS.get(retrieval.catalogue.config.noun, "item")
        self.writer = Writer(model, kind, ClaimChecker(retrieval.catalogue))

    def respond(
        self,
        plan: Plan,
        intent: Intent,
        before: DialogueState,
        state: DialogueState,
        user: UserState,
        ranked: Sequence[Ranked],
        *,
        given_up: Sequence[Constraint],
        closest: str | None = None,
        message: str,
        history: Sequence[Message],
        seed: int,
        tell: Callable[[Said], None] = lambda _said: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Response:
        """Word the plan; all sentences of a turn are drafted together.

        `tell` hears each as soon as it is ready to be shown. Once `stopped` is true the rest is left unsaid;
        items that were not spoken of have an empty explanation then.
        """
        items = [self._catalogue[one.item_id] for one in ranked]
        leads = [
            *(self._answers(intent, before, state, user) if plan.answer else ()),
            *(self._acknowledgements(plan, intent)),
            *(self._retractions(intent, before, state)),
        ]
        leads += self._openings(plan, state, user, items, given_up, closest, message)
        reasons = [self._reason(item, state, user, seed) for item in items]
        if not leads and not reasons:
            leads = [Order("chat", (), "Tell me a little more about what you want.", utterance=message)]

        def told(place: int, said: Written) -> None:
            about = place - len(leads)
            tell(Said(said.text, items[about].item_id if about >= 0 else None))

        person = self._known(
            intent, state, user, [message, *(one.text for one in history if one.role == "user")]
        )
        written = self.writer.write([*leads, *reasons], person, seed, tell=told, stopped=stopped)
        first, explained = written[: len(leads)], written[len(leads) :]
        recommendations = tuple(
            Recommendation(
                item.item_id, item.title, one.rank, said.text if said else "",
                _evidence(said, item) if said else (), one.scores,
            )
            for item, one, said in zip_longest(items, ranked, explained)
        )  # fmt: skip
        lines = [
            " ".join(said.text for said in first),
            *(f"{one.rank}. {one.explanation}" for one in recommendations if one.explanation),
        ]
        failure = next((said.failure for said in written if said.failure), None)
        return Response(
            "\n".join(line for line in lines if line),
            recommendations,
            failure,
            stopped=len(written) < len(leads) + len(reasons),
        )

    def _known(self, intent: Intent, state: DialogueState, user: UserState, said: Sequence[str]) -> Record:
        """What may be said of the person: what they like, know and turned down, and their own words."""
        wishes = [
            state.query,
            *(wish.query for wish in state.wishes),
            *(one.text for one in state.constraints),
        ]
        events = {event.item_id for event in user.events}
        return Record(
            liked=(*state.models, *said_yes_to(user), *state.tastes, *intent.taken, *_named(intent.likes)),
            seen=(*events, *_named(intent.seen), *intent.references),
            disliked=(*state.excluded, *intent.turned_down, *_named(intent.dislikes)),
            words=(*said, *wishes, *state.tastes, *intent.retracts),
        )

    def _openings(
        self,
        plan: Plan,
        state: DialogueState,
        user: UserState,
        items: Sequence[Item],
        given_up: Sequence[Constraint],
        closest: str | None,
        message: str,
    ) -> list[Order]:
        noun = self._catalogue.config.nouns
        if plan.out_of_scope:
            return [Order("other", (), f"I can only help with finding {noun} here.", utterance=message)]
        orders = []
        if plan.chat:
            orders.append(Order("chat", (), "I am here to help you find something.", utterance=message))
        if plan.welcome and items:
            orders.append(Order("welcome", (), "Here are a few to start from; tell me what you think."))
        elif plan.question is not None:
            options = plan.question.options
            field = plan.question.field
            is_year = self._catalogue.config.role_of(field) == "year"
            facts = (
                Fact("FIELD", "decade" if is_year else field.replace("_", " ")),
                Fact("OPTION1", options[0]),
                Fact("OPTION2", options[1]),
            )
            plain = "Which would you prefer, [OPTION1] or [OPTION2]?"
            examples = tuple(self._catalogue.items[at] for at in plan.question.examples)
            orders.append(Order("question", facts, plain, ("OPTION1", "OPTION2"), items=examples))
        elif plan.recommend and not items:
            orders.append(Order("nothing", (), "I have nothing left that fits; try loosening a wish."))
        elif given_up:
            orders.append(self._closest(given_up, closest))
        elif plan.recommend:
            orders.append(self._opening(state, user))
        return orders

    def _closest(self, given_up: Sequence[Constraint], closest: str | None) -> Order:
        """What could not be met, and how near the nearest item comes where that is a number."""
        texts = list(dict.fromkeys(constraint.text for constraint in given_up))
        wish = Fact("WISH", joined([quoted(text) for text in texts]), Evidence("wish", texts))
        if closest is None:
            return Order("closest", (wish,), "Nothing fits [WISH] exactly; these come closest.", ("WISH",))
        item, field = self._catalogue[closest], given_up[0].field
        value = item.fields[field]
        words = value_words(value, self._catalogue.config.fields[field].unit)
        facts = (wish, Fact("FIELD", field.replace("_", " ")), Fact("VALUE", words, Evidence(field, value)))
        plain = "Nothing fits [WISH]; the closest has [FIELD]: [VALUE]."
        return Order("closest", facts, plain, ("WISH", "VALUE"), items=(item,))

    def _opening(self, state: DialogueState, user: UserState) -> Order:
        plain = "Here is what I found."
        wish = next((wish.query for wish in reversed(state.wishes) if wish.query), "")
        if wish:
            return Order("open", (Fact("WISH", quoted(wish)),), plain, ("WISH",))
        liked = [*reversed(state.models), *said_yes_to(user)]
        if liked and liked[0] in self._catalogue:
            return Order("open", (Fact("LIKED", self._catalogue[liked[0]].title),), plain, ("LIKED",))
        if state.tastes:
            return Order("open", (Fact("TASTE", state.tastes[-1].lower()),), plain, ("TASTE",))
        return Order("open", (), plain)

    def _reason(self, item: Item, state: DialogueState, user: UserState, seed: int) -> Order:
        facts = self._reasons.chosen(item, state, user, state.query, f"{seed}|{item.item_id}")
        shown = [fact for fact in facts if fact.name not in ("TITLE", "LIKED", "TASTE", "WISH")]
        plain = "[TITLE]" + (f": [{shown[0].name}]." if shown else " may be worth a look.")
        # One of the facts about the person must be said; of the item's own, the writer chooses.
        personal = [fact.name for fact in facts if fact.name in ("WISH", "LIKED", "TASTE")][:1]
        return Order("item", tuple(facts), plain, ("TITLE", *personal), items=(item,))

    def _answers(
        self, intent: Intent, before: DialogueState, state: DialogueState, user: UserState
    ) -> list[Order]:
        about = [item for item in intent.references if item in self._catalogue]
        if not about and not intent.unresolved:
            about = list(before.focus or before.shown[:1])
        items = [self._catalogue[item] for item in about]
        orders: list[Order] = []
        for inquiry in intent.inquiries or (Inquiry("ask", "tell me more"),):
            pointed = bool(intent.references or intent.unresolved)
            which = not pointed and len(before.shown) > 1 and self._is_superlative(inquiry.text)
            if which or inquiry.kind == "compare":
                if which or (len(items) < 2 and not intent.unresolved):
                    items = self._contenders(before.shown, inquiry.text)
                orders += self._comparison(items[:2], inquiry.text)
            elif inquiry.kind == "why":
                orders += [self._why(item, state, user) for item in items[:1]]
            else:
                orders += [self._fact(item, inquiry.text) for item in items[:2]]
        plain = "I am not sure which one you mean; name it, or give its number."
        return orders[:MOST_ANSWERS] or [Order("unknown", (), plain)]

    def _fact(self, item: Item, words: str) -> Order:
        field = self._values.field_named(words) or self._values.field_asked(words)
        title = title_fact(item)
        if field == "description" and item.description:
            about = Fact("ABOUT", item.description, Evidence("description", item.description))
            return Order("answer", (title, about), "[TITLE]: [ABOUT]", ("ABOUT",), items=(item,))
        if field is not None and item.fields.get(field) not in (None, "", []):
            fact = field_fact(self._catalogue, item, field)
            name = field.replace("_", " ")
            if fact is not None:
                return Order(
                    "answer", (title, fact), f"[TITLE], {name}: [{fact.name}].", ("TITLE", fact.name),
                    items=(item,),
                )  # fmt: skip
            spec = self._catalogue.config.fields[field]
            value = Fact(
                "VALUE", value_words(item.fields[field], spec.unit), Evidence(field, item.fields[field])
            )
            return Order(
                "answer",
                (title, Fact("FIELD", name), value),
                "[TITLE], [FIELD]: [VALUE].",
                ("TITLE", "VALUE"),
                items=(item,),
            )
        if field is not None and field != "description":
            silent = Fact("FIELD", field.replace("_", " "))
            return Order(
                "unknown", (title, silent), "My record of [TITLE] does not say.", ("TITLE",), items=(item,)
            )
        return Order("unknown", (title,), "My record of [TITLE] does not say.", ("TITLE",), items=(item,))

    def _why(self, item: Item, state: DialogueState, user: UserState) -> Order:
        personal = self._reasons.personal(item, state, user, state.query)
        facts = [title_fact(item), *personal[:2]]
        if len(facts) < 3:
            own = (field_fact(self._catalogue, item, field) for field in self._catalogue.config.fields)
            facts += [fact for fact in own if fact][: 3 - len(facts)]
        if len(facts) == 1:
            plain = "My record of [TITLE] does not say."
            return Order("unknown", tuple(facts), plain, ("TITLE",), items=(item,))
        said = tuple(fact.name for fact in facts[:2])
        return Order("why", tuple(facts), f"[TITLE] came up for [{facts[1].name}].", said, items=(item,))

    def _is_superlative(self, words: str) -> bool:
        """ "The newest" asks which of several, whatever else was read."""
        degree = self._values.degree(words)
        return degree is not None and degree[2].endswith("est")

    def _contenders(self, shown: Sequence[str], words: str) -> list[Item]:
        """The shown items to compare when none is named: of "which is the newest?" the newest first."""
        items = [self._catalogue[item] for item in shown if item in self._catalogue]
        degree = self._values.degree(words)
        if degree is not None:
            field, sign, _ = degree
            numbers = {item.item_id: item.fields.get(field) for item in items}
            measured = {item: float(n) for item, n in numbers.items() if isinstance(n, int | float)}
            items = [item for item in items if item.item_id in measured]
            items.sort(key=lambda item: sign * measured[item.item_id], reverse=True)
        return items

    def _comparison(self, pair: Sequence[Item], words: str) -> list[Order]:
        """What sets two items apart, the field that was spoken of first."""
        if len(pair) < 2:
            return []
        degree = self._values.degree(words)
        config = self._catalogue.config
        fields = [config.field_with_role(role) for role in _COMPARED]
        ordered = [degree[0] if degree else None, *fields]
        orders = []
        for field in dict.fromkeys(field for field in ordered if field):
            left, right = pair[0].fields.get(field), pair[1].fields.get(field)
            if left is None or right is None or left == right:
                continue
            unit = config.fields[field].unit
            facts = (
                title_fact(pair[0]), title_fact(pair[1], "TITLE2"), Fact("FIELD", field.replace("_", " ")),
                Fact("VALUE", value_words(left, unit), Evidence(field, left)),
                Fact("VALUE2", value_words(right, unit), Evidence(field, right)),
            )  # fmt: skip
            plain = "[FIELD]: [TITLE] has [VALUE], [TITLE2] has [VALUE2]."
            said = ("TITLE", "TITLE2", "VALUE", "VALUE2")
            orders.append(Order("compare", facts, plain, said, items=tuple(pair)))
        return orders[: 1 if degree else 2]

    def _acknowledgements(self, plan: Plan, intent: Intent) -> list[Order]:
        tasks = {
            "accept": "accepted",
            "reject": "rejected",
            "seen": "seen",
            "liked": "liked",
            "disliked": "disliked",
        }
        plains = {
            "accepted": "Good choice: [TITLE].",
            "rejected": "I will leave [TITLE] out.",
            "seen": "Noted: you know [TITLE].",
            "liked": "Noted.",
            "disliked": "Noted.",
        }
        orders = []
        for act in plan.acknowledge[:2]:
            fact, items = self._acknowledged(act, intent)
            if fact is not None:
                orders.append(Order(tasks[act], (fact,), plains[tasks[act]], (fact.name,), items=items))
        return orders

    def _acknowledged(self, act: str, intent: Intent) -> tuple[Fact | None, tuple[Item, ...]]:
        """What an act is about: items by their titles, else the person's own words."""
        mentions = {"liked": intent.likes, "disliked": intent.dislikes, "seen": intent.seen}.get(act, ())
        named = [mention.item_id for mention in mentions if mention.item_id]
        meant = {"accept": intent.taken, "reject": intent.turned_down, "seen": intent.references}.get(act, ())
        items = list(meant) or named
        if items and items[0] in self._catalogue:
            known = tuple(self._catalogue[item] for item in items[:2] if item in self._catalogue)
            return Fact("TITLE", " and ".join(item.title for item in known)), known
        words = [mention.text for mention in mentions]
        return (Fact("TASTE", words[0].lower()) if words and act in ("liked", "disliked") else None), ()

    def _retractions(self, intent: Intent, before: DialogueState, state: DialogueState) -> list[Order]:
        """What was dropped; "start over", which drops all, needs no word about it."""
        unchanged = (before.wishes, before.tastes) == (state.wishes, state.tastes)
        if not intent.retracts or unchanged or not (state.wishes or state.tastes):
            return []
        wish = Fact("WISH", quoted(intent.retracts[0]), Evidence("retracted", intent.retracts[0]))
        return [Order("retracted", (wish,), "I have dropped [WISH].", ("WISH",))]


def _named(mentions: Sequence[Mention]) -> list[str]:
    """The items that mentions name, and the words of the rest."""
    return [mention.item_id or mention.text for mention in mentions]


def _evidence(said: Written, item: Item) -> tuple[Evidence, ...]:
    """What the sentence rests on; a sentence that names the item alone rests on its title."""
    found = tuple(fact.evidence for fact in said.used if fact.evidence is not None)
    return found or (Evidence("title", item.title),)
