"""The claim checker: reads free text, whoever wrote it, and holds each claim to the record.

Titles, people and their roles, values of fields, numbers, comparisons, what the person is said to have liked
or asked for, and claims that no field holds. The record is all it trusts: the items' fields and descriptions,
and this person's own words and events.
"""

import re
from collections.abc import Sequence

from bot.claims.mentions import PEOPLE, Mention, Mentions, cues
from bot.claims.numbers import agrees, bound_of, compared_in, comparison_fault, numbers_of
from bot.claims.person import PersonClaims
from bot.claims.record import Claim, Record
from bot.claims.sentences import Sentence, sentences
from bot.claims.words import WORD, has, holds_words, is_denied, said_in, stems, text_of, unrecorded_words
from retrieval.catalogue import Catalogue
from retrieval.items import Item, Role
from retrieval.text import fold

_UNITS: dict[str, Role] = {"minutes": "runtime", "money": "price", "stars": "rating", "year": "year"}
_NONE_SUCH = re.compile(r"\b(?:nothing|none|no \w+)\b[^,;.]*$", re.IGNORECASE)
_THAN = re.compile(r"\s*(?:\w+\s+)?than\s+")
_OF_TWO = re.compile(r"\s*(?:of the two|of the pair|one)\b")
_DENIED = "denies what the record says"
ROLE_REACH = 14
"""So many letters, names aside, may stand between the word that gives a role and the name that plays it."""

Titles = Sequence[tuple[Mention, Item]]


class ClaimChecker:
    """Holds texts about one catalogue to the record. Threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mentions = Mentions(catalogue)
        self._person = PersonClaims(catalogue, self._mentions)

    def check(self, text: str, record: Record) -> list[Claim]:
        """The claims of `text`, sentence by sentence, each with its fault if it has one."""
        for item in record.items:
            if item.description and item.description in text:  # the record itself
                text = text.replace(item.description, " ")
        others = self._items([*record.liked, *record.seen, *record.disliked])
        mentions = self._mentions.find(text, [*record.items, *others])
        subject = record.items[0] if len(record.items) == 1 else None
        claims: list[Claim] = []
        for sentence in sentences(text, mentions):
            titles = _titles(sentence, record)
            claims += self._judge(sentence, record, titles, subject)
            subject = titles[-1][1] if titles else subject
        return claims

    def faults(self, text: str, record: Record) -> list[Claim]:
        """The claims that do not hold."""
        return [claim for claim in self.check(text, record) if not claim.holds]

    def _items(self, ids: Sequence[str]) -> list[Item]:
        return [self._catalogue[one] for one in ids if one in self._catalogue]

    def _judge(self, sentence: Sentence, record: Record, titles: Titles, subject: Item | None) -> list[Claim]:
        """The claims of one sentence; `subject` is what was spoken of before it."""
        claims = []
        for start, end, kind in sentence.personal:
            words = sentence.text[start:end]
            inside = [m for m in sentence.mentions if start <= m.start < end]
            claims.append(Claim("you", words.strip(), self._person.fault(words, inside, kind, record)))
        compared, used = self._comparisons(sentence, record, subject)
        for mention in sentence.mentions:
            if not sentence.is_personal(mention.start) and mention not in used:
                about = _subject(mention, [one for one in titles if one[0] not in used], subject)
                claims.append(self._claim(mention, sentence, record, about))
        return [
            *claims,
            *compared,
            *self._superlatives(sentence, record, subject),
            *_unrecorded(sentence, record),
        ]

    def _claim(self, mention: Mention, sentence: Sentence, record: Record, about: Item | None) -> Claim:
        """One mention outside of what is said of the person."""
        if mention.kind in ("title", "quote", "name"):
            fault = "" if _is_known(mention, record) else "outside the record"
            return Claim(mention.kind, mention.text, fault)
        items = [about] if about is not None else list(record.items)
        denied = is_denied(sentence.text, mention.start)
        if mention.kind == "number":
            fault = self._number_fault(mention, sentence.text, items, record, denied=denied)
        else:
            fault = self._value_fault(mention, items, _role_of(sentence, mention), denied=denied)
        return Claim(mention.kind, mention.text, fault)

    def _value_fault(self, mention: Mention, items: Sequence[Item], role: str | None, *, denied: bool) -> str:
        """Why a value is of none of `items`, in that role; of a denied one, why it is."""
        if not items:  # nothing is said of an item
            return ""
        if role == "about":
            return (
                ""
                if any(holds_words(item.description, mention.text) for item in items)
                else "not what it is about"
            )
        role_of = self._catalogue.config.role_of
        readings = list(mention.readings)
        of_people = any(role_of(name) in PEOPLE for name, _ in readings)
        if role is not None:
            wanted = cues()["made_by"] if role == "made_by" else [role]
            fitting = [one for one in readings if role_of(one[0]) in wanted]
            if of_people and not fitting:
                return "" if denied else f"no {role}"
            readings = fitting or readings
        true = any(has(item, name, value) for item in items for name, value in readings)
        if denied:
            return _DENIED if true else ""
        told = not of_people and any(holds_words(text_of(item), mention.text) for item in items)
        return "" if true or told else "not what the record says"

    def _number_fault(
        self, mention: Mention, text: str, items: Sequence[Item], record: Record, *, denied: bool
    ) -> str:
        name = self._field_of(mention.unit)
        told = any(holds_words(text_of(item), mention.text) for item in items or record.items)
        if mention.unit in ("plain", "years"):
            held = mention.number in [number for item in items for number in numbers_of(item)]
            return "" if held or told or _is_known(mention, record) else "a number outside the record"
        held_numbers = [item.fields.get(name) for item in items] if name else []
        numbers = [float(one) for one in held_numbers if isinstance(one, int | float)]
        true = any(agrees(number, mention, bound_of(mention, text)) for number in numbers)
        if denied or _NONE_SUCH.search(text[: mention.start]):
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

    def _comparisons(
        self, sentence: Sentence, record: Record, subject: Item | None
    ) -> tuple[list[Claim], list[Mention]]:
        """ "Twenty minutes shorter than Heat", "the newer of the two", with the mentions that they use up."""
        claims: list[Claim] = []
        used: list[Mention] = []
        titles = [m for m in sentence.mentions if m.kind == "title"]
        for role, sign, found in compared_in(sentence.text, "compared"):
            name = self._catalogue.config.field_with_role(role)
            behind = sentence.text[found.end() :]
            than = _THAN.match(behind)
            other = next((m for m in titles if than and m.start >= found.end()), None)
            of_two = _OF_TWO.match(behind) is not None and len(record.items) == 2
            if name is None or sentence.is_personal(found.start()) or not (other or of_two):
                continue
            mine = next((m for m in reversed(titles) if m.end <= found.start()), None)
            told = mine is not None and not sentence.is_personal(mine.start)
            left = self._catalogue[mine.items[0]] if mine is not None and told else subject
            right = self._catalogue[other.items[0]] if other is not None else None
            if left is not None and right is not None and left.item_id == right.item_id:
                left = next((item for item in record.items if item.item_id != right.item_id), None)
            if of_two and left is not None and right is None:
                right = next((item for item in record.items if item.item_id != left.item_id), None)
            amount = _amount(sentence, found.start())
            first, last = amount.start if amount else found.start(), other.end if other else found.end()
            denied = is_denied(sentence.text, found.start())
            fault = comparison_fault(left, right, name, sign, amount, denied=denied)
            claims.append(Claim("comparison", sentence.text[first:last], fault))
            used += [m for m in (amount, other) if m is not None]
        return claims, used

    def _superlatives(self, sentence: Sentence, record: Record, subject: Item | None) -> list[Claim]:
        """ "The newest of these": of the items spoken of, where they are several."""
        claims = []
        titles = _titles(sentence, record)
        for role, sign, found in compared_in(sentence.text, "superlatives"):
            name = self._catalogue.config.field_with_role(role)
            if name is None or len(record.items) < 2:
                continue
            item = _nearest(titles, found.start()) or subject
            held = [one.fields.get(name) for one in record.items]
            numbers = [sign * float(one) for one in held if isinstance(one, int | float)]
            mine = item.fields.get(name) if item is not None else None
            best = isinstance(mine, int | float) and bool(numbers) and sign * float(mine) >= max(numbers)
            claims.append(Claim("comparison", found.group(), "" if best else "not by the record"))
        return claims


def _titles(sentence: Sentence, record: Record) -> list[tuple[Mention, Item]]:
    """The items of the record that a sentence names, and where; not those named for what the person did."""
    items = {item.item_id: item for item in record.items}
    return [
        (mention, items[item_id])
        for mention in sentence.mentions
        if mention.kind == "title" and not sentence.is_personal(mention.start)
        for item_id in [one for one in mention.items if one in items][:1]
    ]


def _subject(mention: Mention, titles: Titles, carried: Item | None) -> Item | None:
    """What is spoken of at `mention`: the title before it, else the one behind, else what was spoken of."""
    before = [item for title, item in titles if title.start <= mention.start]
    behind = [item for title, item in titles if title.start > mention.start]
    return before[-1] if before else behind[0] if behind else carried


def _nearest(titles: Titles, start: int) -> Item | None:
    """The item whose title stands nearest to `start`."""
    far = [(min(abs(m.end - start), abs(m.start - start)), place) for place, (m, _) in enumerate(titles)]
    return titles[min(far)[1]][1] if far else None


def _amount(sentence: Sentence, start: int) -> Mention | None:
    """The number that stands right before a word of comparison: "twenty minutes shorter"."""
    before = [m for m in sentence.mentions if m.kind == "number" and m.end <= start]
    return before[-1] if before and not sentence.text[before[-1].end : start].strip(" -") else None


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
    behind = sentence.text[mention.end :]
    for role, words in cues()["roles"]["after"].items():
        verbs = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        between = r"(?:,?\s*(?:also|both|again|all|each|who|and \w+ \w+)\s+)?"
        if re.match(rf"\s*{between}(?:{verbs})\b", behind, re.IGNORECASE):
            return str(role)
    clause = re.split(r"[;—–.]|\b(?:while|whereas|but)\b", sentence.text[: mention.start])[-1]
    places = [
        (found.end(), len(word), str(role))
        for role, words in cues()["roles"]["before"].items()
        for word in words
        for found in re.finditer(rf"\b{re.escape(word)}\b", clause, re.IGNORECASE)
    ]
    if not places:
        return None
    end, _, role = max(places)
    # "Directed by A, it has B" says nothing of B's role; "starring A, B and C" does.
    between = re.sub(r"[A-ZÀ-Þ][\w'’.-]*|,|\band\b|\bthe\b|\s", "", clause[end:])
    return role if len(between) <= ROLE_REACH else None


def _unrecorded(sentence: Sentence, record: Record) -> list[Claim]:
    """Claims that no field holds, such as prizes: not supported unless the item's own text speaks of them."""
    held = {stem for item in record.items for stem in stems(text_of(item))}
    held |= {stem for words in record.words for stem in stems(words)}
    return [
        Claim("unrecorded", found.group(), "" if set(stems(found.group())) & held else "no field holds this")
        for found in WORD.finditer(sentence.text)
        if unrecorded_words().fullmatch(fold(found.group()))
        and not sentence.is_personal(found.start())
        and not any(m.start <= found.start() < m.end for m in sentence.mentions)
    ]
