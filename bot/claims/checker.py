"""The claim checker: reads free text, whoever wrote it, and holds each claim to the record.

Titles, people and their roles, values of fields, numbers, comparisons, what the person is said to have liked
or asked for, and claims that no field holds. The record is all it trusts: the items' fields and descriptions,
and this person's own words and events.
"""

import re
from collections.abc import Sequence

from bot.claims.comparing import Comparisons, Titles
from bot.claims.mentions import Mention, Mentions, cues
from bot.claims.person import PersonClaims
from bot.claims.record import Claim, Record
from bot.claims.sentences import ORDINALS, PRONOUN, Sentence, sentences
from bot.claims.values import ValueClaims, is_known
from bot.claims.words import (
    WORD,
    empty_words,
    is_denied,
    is_denied_behind,
    stems,
    text_of,
    unrecorded_words,
)
from retrieval.catalogue import Catalogue
from retrieval.items import Item
from retrieval.text import fold

_WHICH = re.compile(r"^,? (?:which|who|that one)\b|,? but which\b")
_PLACES = {"first": 0, "second": 1, "third": 2, "former": 0, "latter": -1, "other": -1}
_GENITIVE = ("'s", "’s", "s'", "s’")
_WORK = re.compile(
    r"\s*(?:\d+\s+|own\s+|\w+\s+)?(?:Xx+|film|movie|picture|novel|book|story|direction)\b", re.IGNORECASE
)
ROLE_REACH = 8
"""So many letters, names aside, may stand between the word that gives a role and the name that plays it."""


class ClaimChecker:
    """Holds texts about one catalogue to the record. Threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mentions = Mentions(catalogue)
        self._person = PersonClaims(catalogue, self._mentions)
        self._comparing = Comparisons(catalogue)
        self._values = ValueClaims(catalogue)

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
            met += self._items([m.items[0] for m in sentence.mentions if m.kind == "title"])
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
                meant = self._subjects(mention, sentence, named, trail[-1:])
                judged = [self._claim(mention, sentence, record, [one]) for one in meant]
                judged = judged or [self._claim(mention, sentence, record, record.items)]
                claims.append(next((claim for claim in judged if claim.holds), judged[0]))
        for flag, field, said in self._values.flags(sentence):
            meant = self._subjects(flag, sentence, titles, trail[-1:]) or list(record.items)
            held = not meant or any(item.fields.get(field) is said for item in meant)
            claims.append(Claim("flag", flag.text, "" if held else "not what the record says"))
        for told, genres in self._values.kinds(sentence):
            meant = self._subjects(told, sentence, titles, trail[-1:]) or list(record.items)
            said = not is_denied(sentence.bare, told.start)
            held = not meant or self._values.is_of_kind(told, genres, meant) is said
            if not sentence.is_personal(told.start):
                claims.append(Claim("kind", told.text, "" if held else "not what the record says"))
        claims += self._values.of_all(sentence, record)
        return [*claims, *compared, *_unrecorded(sentence, record)]

    def _subjects(
        self, mention: Mention, sentence: Sentence, titles: Titles, carried: Sequence[Item]
    ) -> list[Item]:
        """What may be spoken of at `mention`: the title right behind it ("Fellini's 8½") or the one that
        "which" goes on about, else the one before it, else what was spoken of before, which "it" goes on
        about, or the title further behind.
        """
        following = [item for title, item in titles if title.start == mention.end + 1]
        named = [m for m in sentence.mentions if m.kind == "title" and m.end <= mention.start]
        if named and _WHICH.search(sentence.bare[named[-1].end : mention.start]):
            return self._items(named[-1].items[:1])
        before = [item for title, item in titles if title.start <= mention.start]
        behind = [item for title, item in titles if title.start > mention.start]
        if following or before:
            return following or before[-1:]
        goes_on = bool(carried) and PRONOUN.search(sentence.bare[: mention.start]) is not None
        return list(carried) if goes_on else [*behind[:1], *carried]

    def _claim(self, mention: Mention, sentence: Sentence, record: Record, items: Sequence[Item]) -> Claim:
        """One mention outside of what is said of the person, as said of `items`."""
        if mention.kind in ("title", "quote", "name"):
            fault = "" if is_known(mention, record) else "outside the record"
            return Claim(mention.kind, mention.text, fault)
        denied = is_denied(sentence.bare, mention.start) or is_denied_behind(sentence.bare, mention.end)
        if mention.kind == "number":
            fault = self._values.number_fault(mention, sentence.bare, items, record, denied=denied)
        else:
            fault = self._values.value_fault(mention, items, _role_of(sentence, mention), denied=denied)
        return Claim(mention.kind, mention.text, fault)


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


def _role_of(sentence: Sentence, mention: Mention) -> str | None:
    """The role that the words beside a person, brand or material give it; None where they give none."""
    behind = sentence.bare[mention.end :]
    if mention.text.endswith(_GENITIVE):  # "Fellini's film" is made by him, "Hepburn's charm" says nothing
        return "made_by" if _WORK.match(behind) else None
    ahead = None
    for role, words in cues()["roles"]["after"].items():
        verbs = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        between = r"(?:,?\s*(?:also|both|again|all|each|who|and \w+ \w+)\s+)?"
        if ahead is None and re.match(rf"\s*{between}(?:{verbs})\b", behind, re.IGNORECASE):
            ahead = str(role)
    if ahead not in (None, "about"):
        return ahead
    clause = re.split(r"[;—–.]|\b(?:while|whereas|but)\b", sentence.bare[: mention.start])[-1]
    places = [
        (found.end(), len(word), str(role))
        for role, words in cues()["roles"]["before"].items()
        for word in words
        for found in re.finditer(rf"\b{re.escape(word)}\b", clause, re.IGNORECASE)
    ]
    if not places:
        return ahead
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
    claims = []
    for found in WORD.finditer(sentence.bare):
        inside = any(m.start <= found.start() < m.end for m in sentence.mentions)
        named = unrecorded_words().fullmatch(fold(found.group())) is not None
        if named and not inside and not sentence.is_personal(found.start()):
            parts = stems(found.group())
            told = {stem for stem in parts if stem not in empty_words()} or set(parts)
            fault = "" if told <= held else "no field holds this"
            claims.append(Claim("unrecorded", found.group(), fault))
    return claims
