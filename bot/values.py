"""What words mean in terms of catalogue fields: values by name, by part of a name and by meaning.

Built once per catalogue. Knows the catalogue and the encoder; nothing of dialogue.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import yaml

import prompts
from retrieval.catalogue import Catalogue
from retrieval.embedding import TextEncoder
from retrieval.everyday import FUNCTION_WORDS
from retrieval.items import FieldSpec
from retrieval.text import fold

SAME_MEANING = 0.76
"""Cosine from which "a scary film" and "a horror film" are the same: true pairs have .77 to .94, strangers
up to .75. Words alone, without the noun, keep apart far worse."""
FEW_VALUES = 120
"""Fields with more distinct values are matched by name only: names of people have no synonyms."""
MOST_WORDS = 3
"""Longer wordings are for the search by meaning, not for a filter."""
_AROUND = {"a", "an", "the", "some", "something", "anything", "more", "really", "very", "one", "ones"}
_AROUND |= {"film", "films", "movie", "movies"}
_PEOPLE = {"director", "cast", "author"}
_NAMES = {*_PEOPLE, "brand", "area", "colour", "language", "country"}
"""Roles whose values are names: a word near in meaning, gold to silver or Asian to Japanese, is another."""
EVERYDAY = 3000
"""The encoder's vocabulary is sorted by frequency: a surname below this rank is an everyday word, too, as
White (2,317) and Day (2,154) are, and Lee (3,389) is not."""
_BY, _WITH = {"by", "from"}, {"with", "starring", "featuring", "stars"}
_MADE_BY, _PLAYED_BY = {"director", "author", "brand"}, {"cast"}


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """Values of one field that words stand for; several where a part of a name is shared."""

    field: str
    values: tuple[str, ...]
    words: str


class ValueIndex:
    """Words to values, over the fields that may filter."""

    def __init__(self, catalogue: Catalogue, encoder: TextEncoder) -> None:
        self._catalogue = catalogue
        self._encoder = encoder
        self._by_key: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._by_surname: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._synonyms: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._meanings: list[tuple[str, str]] = []
        for field, spec in catalogue.config.fields.items():
            if spec.filter and spec.type in ("category", "list"):
                self._add(field, spec)
        noun = catalogue.config.noun
        labels = [f"{value} {noun}" for _, value in self._meanings]
        self._vectors = encoder.encode(labels) if labels else np.zeros((0, 1), dtype=np.float32)
        self._longest = max((len(key.split()) for key in self._by_key), default=0) + 1  # for an "and"
        self._add_synonyms()
        self._degrees = _degrees(catalogue)
        self._questions = _Questions(catalogue, encoder)

    def _add(self, field: str, spec: FieldSpec) -> None:
        values = [str(value) for value in self._catalogue.values(field)]
        role = spec.role_of(field)
        people = role in _PEOPLE
        ranks = self._encoder.word_ranks
        for value in values:
            for key in _keys(value, people=people):
                # "white" is a colour before it is Betty White; "Doris Day" in full is always she.
                everyday = people and key != _fold(value) and ranks.get(key, EVERYDAY) < EVERYDAY
                (self._by_surname if everyday else self._by_key)[key][field].append(value)
        if len(values) <= FEW_VALUES and role not in _NAMES:
            self._meanings += [(field, value) for value in values]

    def _add_synonyms(self) -> None:
        """Words of prompts/synonyms.yaml, where the catalogue has their values and no such value itself."""
        for role, values in yaml.safe_load(prompts.text("synonyms.yaml")).items():
            field = self._catalogue.config.field_with_role(role)
            for value, words in values.items():
                named = self._by_key.get(_fold(value), {}).get(field or "", [])
                for key in dict.fromkeys(map(_fold, words)):
                    self._synonyms[key] += [(str(field), one) for one in named if key not in self._by_key]

    def find(self, words: str, before: str = "") -> list[FieldMatch]:
        """The values that `words` name, longest names first; by meaning when none is named.

        `before` is what stands before the words in the utterance: "by" speaks of makers, "with" of cast.
        """
        return self.named(words, before) or self.meant(words)

    def named(self, words: str, before: str = "", asked: str | None = None) -> list[FieldMatch]:
        """The values that `words` call by name or by a synonym; of two alike, that of the field `asked`."""
        tokens = re.findall(r"[\w'’.-]+", words)
        matches: list[FieldMatch] = []
        at = 0
        while at < len(tokens):
            for length in range(min(self._longest, len(tokens) - at), 0, -1):
                phrase = " ".join(tokens[at : at + length])
                found = self._called(phrase, before if at == 0 else " ".join(tokens[:at]), asked)
                if found:
                    matches += found
                    at += length
                    break
            else:
                at += 1
        return matches

    def _called(self, phrase: str, before: str, asked: str | None) -> list[FieldMatch]:
        spellings = _spellings(phrase)
        found = next((self._by_key[key] for key in spellings if key in self._by_key), None)
        if found is None and (phrase[:1].isupper() or _leads_to_people(before)):
            found = self._by_surname.get(_fold(phrase))
        if found:
            field = asked if asked in found else self._preferred(list(found), before)
            return [FieldMatch(field, tuple(dict.fromkeys(found[field])), phrase)]
        alike = next((self._synonyms[key] for key in spellings if key in self._synonyms), [])
        return [FieldMatch(field, (value,), phrase) for field, value in alike]

    def _preferred(self, fields: Sequence[str], before: str) -> str:
        roles = {field: self._catalogue.config.role_of(field) or "" for field in fields}
        last = _last_word(before)
        if last in _BY:
            fields = [field for field in fields if roles[field] in _MADE_BY] or fields
        if last in _WITH:
            fields = [field for field in fields if roles[field] in _PLAYED_BY] or fields
        return fields[0]

    def meant(self, words: str) -> list[FieldMatch]:
        """The value nearest in meaning to a few `words`, if it is near enough."""
        bare = " ".join(word for word in words.lower().split() if word not in _AROUND)
        if not self._meanings or not bare or len(bare.split()) > MOST_WORDS:
            return []
        noun = self._catalogue.config.noun
        similarity = self._vectors @ self._encoder.encode([f"{bare} {noun}"])[0]  # (values,)
        best = int(similarity.argmax())
        if similarity[best] < SAME_MEANING:
            return []
        field, value = self._meanings[best]
        return [FieldMatch(field, (value,), words)]

    def degree(self, words: str) -> tuple[str, int, str] | None:
        """The field that a word of degree speaks of, +1 or -1, and the word: "cheaper" is (price, -1)."""
        spaced = " ".join(re.findall(r"[\w-]+", words.lower()))
        lowered = f" {spaced} "
        spoken = [word for word in self._degrees if f" {word} " in lowered]
        longest = max(spoken, key=len, default=None)
        return None if longest is None else (*self._degrees[longest], longest)

    def field_named(self, words: str) -> str | None:
        """The field whose name or alias stands in `words`."""
        spaced = " ".join(re.findall(r"[\w-]+", words.lower()))
        lowered = f" {spaced} "
        for field, spec in self._catalogue.config.fields.items():
            names = [name.lower().replace("_", " ") for name in (field, *spec.aliases)]
            if any(f" {name} " in lowered for name in names if name not in FUNCTION_WORDS):
                return field
        return None

    def field_asked(self, words: str) -> str | None:
        """The field that a question is about, `description` for what happens; None when none is near."""
        return self._questions.field(words)


def _last_word(before: str) -> str:
    return (before.lower().split() or [""])[-1]


def _leads_to_people(before: str) -> bool:
    return _last_word(before) in _BY | _WITH


def _keys(value: str, *, people: bool) -> Iterable[str]:
    folded = _fold(value)
    yield folded
    if people and len(folded.split()) > 1:
        last = folded.split()[-1]
        if len(last) > 2:
            yield last


def _fold(text: str) -> str:
    words = re.findall(r"\w+", fold(text).replace("'s", ""))
    return " ".join(word for word in words if word != "and")  # "Brindle & Co"


def _spellings(phrase: str) -> Collection[str]:
    folded = _fold(phrase)
    plural = [folded[:-1]] if folded.endswith("s") and len(folded) > 3 else []
    plural += [folded[:-3] + "y"] if folded.endswith("ies") else []
    plural += [folded[:-2]] if folded.endswith("es") and len(folded) > 4 else []
    return [folded, *plural, folded + "s"]


def _degrees(catalogue: Catalogue) -> dict[str, tuple[str, int]]:
    degrees: dict[str, tuple[str, int]] = {}
    for role, directions in yaml.safe_load(prompts.text("degrees.yaml")).items():
        field = catalogue.config.field_with_role(role)
        if field is not None:
            degrees |= dict.fromkeys(directions["up"], (field, 1))
            degrees |= dict.fromkeys(directions["down"], (field, -1))
    return degrees


class _Questions:
    """Which field a question asks for: the nearest of the phrasings in prompts/questions.yaml."""

    NEAR = 0.45
    """Questions about a field that is there have .49 and more; about what no field holds, up to .44."""

    def __init__(self, catalogue: Catalogue, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._fields: list[str | None] = []
        texts: list[str] = []
        for role, phrasings in yaml.safe_load(prompts.text("questions.yaml")).items():
            field = "description" if role == "about" else catalogue.config.field_with_role(role)
            texts += phrasings
            self._fields += [field] * len(phrasings)
        for field, spec in catalogue.config.fields.items():
            texts += [field.replace("_", " "), *spec.aliases]
            self._fields += [field] * (1 + len(spec.aliases))
        self._vectors = encoder.encode(texts)

    def field(self, words: str) -> str | None:
        similarity = self._vectors @ self._encoder.encode([words])[0]
        best = int(similarity.argmax())
        return self._fields[best] if similarity[best] >= self.NEAR else None
