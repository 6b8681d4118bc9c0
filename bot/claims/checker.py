"""The claim checker: reads free text, whoever wrote it, and holds each claim to the record.

Titles, people and their roles, values of fields, numbers, comparisons, what the person is said to have liked
or asked for, and claims that no field holds. The record is all it trusts: the items' fields and descriptions,
and this person's own words and events.
"""

import re
from collections.abc import Iterator, Sequence

from bot.claims.comparing import Comparisons, Titles
from bot.claims.mentions import PEOPLE, Mention, Mentions, cues
from bot.claims.numbers import agrees, bound_of, numbers_of
from bot.claims.person import PersonClaims
from bot.claims.record import Claim, Record
from bot.claims.sentences import ORDINALS, PRONOUN, Sentence, sentences
from bot.claims.words import (
    WORD,
    has,
    holds_words,
    is_denied,
    is_denied_behind,
    said_in,
    stems,
    text_of,
    unrecorded_words,
)
from retrieval.catalogue import Catalogue
from retrieval.items import Item, Role
from retrieval.text import fold

_UNITS: dict[str, Role] = {"minutes": "runtime", "money": "price", "stars": "rating", "year": "year"}
_BOUNDED: tuple[Role, ...] = ("price", "runtime")
_AT = re.compile(r"\bat (?:\w+ )?$", re.IGNORECASE)
_OUT_OF = re.compile(r"\bout of\s*$|\bun$", re.IGNORECASE)
_PLACES = {"first": 0, "second": 1, "third": 2, "former": 0, "latter": -1, "other": -1}
_GENITIVE = ("'s", "’s", "s'", "s’")
_WORK = re.compile(
    r"\s*(?:\d+\s+|own\s+|\w+\s+)?(?:Xx+|film|movie|picture|novel|book|story|direction)\b", re.IGNORECASE
)
_DENIED = "denies what the record says"
ROLE_REACH = 8
"""So many letters, names aside, may stand between the word that gives a role and the name that plays it."""


class ClaimChecker:
    """Holds texts about one catalogue to the record. Threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mentions = Mentions(catalogue)
        self._person = PersonClaims(catalogue, self._mentions)
        self._comparing = Comparisons(catalogue)

    def check(self, text: str, record: Record) -> list[Claim]:
        """The claims of `text`, sentence by sentence, each with its fault if it has one."""
        for item in record.items:
            if item.description and item.description in text:  # the record itself
                text = text.replace(item.description, " ")
        others = self._items([*record.liked, *record.seen, *record.disliked])
        mentions = self._mentions.find(text, [*record.items, *others])
        trail, met = list(record.items) if len(record.items) == 1 else [], list[Item]()
        claims: list[Claim] = []
        for sentence in sentences(text, mentions):
            titles = _titles(sentence, record, trail)
            claims += self._judge(sentence, record, titles, trail, met)
            trail += [item for _, item in titles]
            met += [self._catalogue[m.items[0]] for m in sentence.mentions if m.kind == "title"]
        return claims

    def faults(self, text: str, record: Record) -> list[Claim]:
        """The claims that do not hold."""
        return [claim for claim in self.check(text, record) if not claim.holds]

    def _items(self, ids: Sequence[str]) -> list[Item]:
        return [self._catalogue[one] for one in ids if one in self._catalogue]

    def _judge(
        self, sentence: Sentence, record: Record, titles: Titles, trail: Sequence[Item], met: Sequence[Item]
    ) -> list[Claim]:
        """The claims of one sentence; `trail` is what was spoken of before it, `met` all that was named."""
        claims = []
        for start, end, kind in sentence.personal:
            words = sentence.text[start:end]
            inside = [m for m in sentence.mentions if start <= m.start < end]
            claims.append(Claim("you", words.strip(), self._person.fault(words, inside, kind, record)))
        compared, used = self._comparing.claims(sentence, record, titles, trail, met)
        for mention in sentence.mentions:
            of_all = sentence.is_of_all(mention.start) and mention.kind in ("value", "number")
            if not sentence.is_personal(mention.start) and not of_all and mention not in used:
                named = [one for one in titles if one[0] not in used]
                meant = _subjects(mention, sentence, named, trail[-1:])
                judged = [self._claim(mention, sentence, record, about) for about in meant or [None]]
                claims.append(next((claim for claim in judged if claim.holds), judged[0]))
        claims += [*self._of_all(sentence, record), *self._flags(sentence, record, titles, trail)]
        return [*claims, *compared, *_unrecorded(sentence, record)]

    def _claim(self, mention: Mention, sentence: Sentence, record: Record, about: Item | None) -> Claim:
        """One mention outside of what is said of the person."""
        if mention.kind in ("title", "quote", "name"):
            fault = "" if _is_known(mention, record) else "outside the record"
            return Claim(mention.kind, mention.text, fault)
        items = [about] if about is not None else list(record.items)
        denied = is_denied(sentence.bare, mention.start) or is_denied_behind(sentence.bare, mention.end)
        if mention.kind == "number":
            fault = self._number_fault(mention, sentence.bare, items, record, denied=denied)
        else:
            fault = self._value_fault(mention, items, _role_of(sentence, mention), denied=denied)
        return Claim(mention.kind, mention.text, fault)

    def _value_fault(self, mention: Mention, items: Sequence[Item], role: str | None, *, denied: bool) -> str:
        """Why a value is of none of `items`, in that role; of a denied one, why it is."""
        if not items:  # nothing is said of an item
            return ""
        role_of = self._catalogue.config.role_of
        readings = list(mention.readings)
        of_people = any(role_of(name) in PEOPLE for name, _ in readings)
        if role == "about" and of_people:
            told = any(holds_words(item.description, mention.text) for item in items)
            return "" if told else "not what it is about"
        if role not in (None, "about"):
            wanted = cues()["made_by"] if role == "made_by" else [role]
            fitting = [one for one in readings if role_of(one[0]) in wanted]
            if of_people and not fitting:
                return "" if denied else f"no {role}"
            readings = fitting or readings
        true = any(has(item, name, value) for item in items for name, value in readings)
        if denied:
            return _DENIED if true else ""
        texts = [item.description if of_people else text_of(item) for item in items]
        told = any(holds_words(text, mention.text) for text in texts)
        return "" if true or told else "not what the record says"

    def _of_all(self, sentence: Sentence, record: Record) -> list[Claim]:
        """What the whole catalogue is said to lack: not so where an item of the record is all of that."""
        inside = [
            m for m in sentence.mentions if sentence.is_of_all(m.start) and m.kind in ("value", "number")
        ]
        if sentence.of_all is None or not inside:
            return []

        def is_so(mention: Mention, item: Item) -> bool:
            if mention.kind == "value":
                return not self._value_fault(mention, [item], None, denied=False)
            bound = bound_of(mention, sentence.bare)
            names = (
                [self._field_of(mention.unit)] if mention.unit not in ("plain", "years") else self._measures()
            )
            held = [item.fields.get(name) for name in names if name]
            return any(isinstance(one, int | float) and agrees(float(one), mention, bound) for one in held)

        contradicted = any(all(is_so(mention, item) for mention in inside) for item in record.items)
        words = sentence.text[slice(*sentence.of_all)]
        return [Claim("of all", words, "an item of the record is just that" if contradicted else "")]

    def _numbers(self, items: Sequence[Item], record: Record) -> set[float]:
        """Numbers that may be told of `items`: their own, those of what the person knows, and by how much
        their lengths and prices differ.
        """
        known = [*record.items, *self._items([*record.liked, *record.seen, *record.disliked])]
        told = {number for item in [*items, *known] for number in numbers_of(item)}
        for name in self._measures():
            held = [item.fields.get(name) for item in [*items, *known]] if name else []
            values = [float(one) for one in held if isinstance(one, int | float)]
            told |= {round(abs(one - other), 2) for one in values for other in values}
        return told

    def _measures(self) -> list[str | None]:
        """The fields that a bare number may bound."""
        return [self._catalogue.config.field_with_role(role) for role in _BOUNDED]

    def _flags(
        self, sentence: Sentence, record: Record, titles: Titles, trail: Sequence[Item]
    ) -> Iterator[Claim]:
        """Yes-or-no fields by name: "in stock", "out of stock"."""
        for field, spec in self._catalogue.config.fields.items():
            if spec.type != "bool":
                continue
            names = sorted({field.replace("_", " "), *spec.aliases}, key=len, reverse=True)
            for found in re.finditer(
                rf"\b(?:{'|'.join(map(re.escape, names))})\b", sentence.bare, re.IGNORECASE
            ):
                here = Mention("value", *found.span(), found.group())
                meant = _subjects(here, sentence, titles, trail[-1:]) or list(record.items)
                denied = is_denied(sentence.bare, found.start()) or _OUT_OF.search(
                    sentence.bare[: found.start()]
                )
                held = any(item.fields.get(field) is (not denied) for item in meant)
                yield Claim("flag", found.group(), "" if held or not meant else "not what the record says")

    def _number_fault(
        self, mention: Mention, text: str, items: Sequence[Item], record: Record, *, denied: bool
    ) -> str:
        name = self._field_of(mention.unit)
        told = any(holds_words(text_of(item), mention.text) for item in items or record.items)
        if mention.unit in ("plain", "years"):
            held = mention.number in self._numbers(items, record)
            return "" if held or told or _is_known(mention, record) else "a number outside the record"
        held_numbers = [item.fields.get(name) for item in items] if name else []
        numbers = [float(one) for one in held_numbers if isinstance(one, int | float)]
        true = any(agrees(number, mention, bound_of(mention, text)) for number in numbers)
        if denied and not _AT.search(text[: mention.start]):
            return _DENIED if true else ""
        if true or told:
            return ""
        return "another number in the record" if numbers else "no such number in the record"

    def _field_of(self, unit: str) -> str | None:
        """The field that counts in `unit`."""
        config = self._catalogue.config
        counting = [name for name, spec in config.fields.items() if (spec.unit or "").lower() == unit]
        if counting or unit not in _UNITS:
            return counting[0] if counting else None
        name = config.field_with_role(_UNITS[unit])
        counts = config.fields[name].unit if name else None
        return None if unit == "minutes" and counts not in (None, "minutes") else name


def _titles(sentence: Sentence, record: Record, trail: Sequence[Item]) -> list[tuple[Mention, Item]]:
    """The items of the record that a sentence speaks of, and where: by title, or as "the first".

    Not those that it names for what the person did.
    """
    items = {item.item_id: item for item in record.items}
    named = [
        (mention, items[item_id])
        for mention in sentence.mentions
        if mention.kind == "title" and not sentence.is_personal(mention.start)
        for item_id in [one for one in mention.items if one in items][:1]
    ]
    met = list({item.item_id: item for item in [*trail, *(item for _, item in named)]}.values())
    for found in ORDINALS.finditer(sentence.bare):
        place = _PLACES[found.group(1).lower()]
        if len(met) > 1 and place < len(met):
            mention = Mention("title", found.start(), found.end(), found.group(), (met[place].item_id,))
            named.append((mention, met[place]))
    return sorted(named, key=lambda one: one[0].start)


def _subjects(mention: Mention, sentence: Sentence, titles: Titles, carried: Sequence[Item]) -> list[Item]:
    """What may be spoken of at `mention`: the title right behind it ("Fellini's 8½"), else the one before it,
    else what was spoken of before, which "it" goes on about, or the title further behind.
    """
    following = [item for title, item in titles if title.start == mention.end + 1]
    before = [item for title, item in titles if title.start <= mention.start]
    behind = [item for title, item in titles if title.start > mention.start]
    if following or before:
        return following or before[-1:]
    goes_on = bool(carried) and PRONOUN.search(sentence.bare[: mention.start]) is not None
    return list(carried) if goes_on else [*behind[:1], *carried]


def _is_known(mention: Mention, record: Record) -> bool:
    """Whether the record speaks of what is named, or the person did."""
    own = (*record.liked, *record.seen, *record.disliked)
    if set(mention.items) & {*own, *(item.item_id for item in record.items)}:
        return True
    if mention.kind != "title" and any(holds_words(text_of(item), mention.text) for item in record.items):
        return True
    return said_in(mention.text, (*record.words, *own))


def _role_of(sentence: Sentence, mention: Mention) -> str | None:
    """The role that the words beside a person, brand or material give it; None where they give none."""
    behind = sentence.bare[mention.end :]
    if mention.text.endswith(_GENITIVE):  # "Fellini's film" is made by him, "Hepburn's charm" says nothing
        return "made_by" if _WORK.match(behind) else None
    for role, words in cues()["roles"]["after"].items():
        verbs = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        between = r"(?:,?\s*(?:also|both|again|all|each|who|and \w+ \w+)\s+)?"
        if re.match(rf"\s*{between}(?:{verbs})\b", behind, re.IGNORECASE):
            return str(role)
    clause = re.split(r"[;—–.]|\b(?:while|whereas|but)\b", sentence.bare[: mention.start])[-1]
    places = [
        (found.end(), len(word), str(role))
        for role, words in cues()["roles"]["before"].items()
        for word in words
        for found in re.finditer(rf"\b{re.escape(word)}\b", clause, re.IGNORECASE)
    ]
    if not places:
        return None
    end, _, role = max(places)
    offset = mention.start - len(clause)
    if any(m.kind == "title" and offset + end <= m.start < mention.start for m in sentence.mentions):
        return None  # another item stands between
    # "Directed by A, it has B" says nothing of B's role; "starring A, B and C" does.
    between = re.sub(r"[A-ZÀ-Þ][\w'’.-]*|,|\band\b|\bthe\b|\s", "", clause[end:])
    return role if len(between) + 3 * len(re.findall(r"\d", between)) <= ROLE_REACH else None


def _unrecorded(sentence: Sentence, record: Record) -> list[Claim]:
    """Claims that no field holds, such as prizes: not supported unless the item's own text speaks of them."""
    held = {stem for item in record.items for stem in stems(text_of(item))}
    held |= {stem for words in record.words for stem in stems(words)}
    return [
        Claim("unrecorded", found.group(), "" if set(stems(found.group())) & held else "no field holds this")
        for found in WORD.finditer(sentence.bare)
        if unrecorded_words().fullmatch(fold(found.group()))
        and not sentence.is_personal(found.start())
        and not any(m.start <= found.start() < m.end for m in sentence.mentions)
    ]
