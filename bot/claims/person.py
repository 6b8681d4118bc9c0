"""What a text says of the person: whether they liked, saw, turned down or wanted it."""

from collections.abc import Sequence

from bot.claims.mentions import Mention, Mentions
from bot.claims.numbers import is_number_said
from bot.claims.record import Record
from bot.claims.words import empty_words, holds_words, said_in, stems, text_of
from retrieval.catalogue import Catalogue

UNSAID = "not what the person said"


class PersonClaims:
    """Judges what a person is said to have done, by what is held about them."""

    def __init__(self, catalogue: Catalogue, mentions: Mentions) -> None:
        self._catalogue = catalogue
        self._mentions = mentions

    def fault(self, words: str, inside: Sequence[Mention], kind: str, record: Record) -> str:
        """Why the person is not known to have `kind` what `words` name; "" where they are."""
        allowed = {
            "liked": record.liked,
            "seen": (*record.seen, *record.liked, *record.disliked),
            "disliked": (*record.disliked, *record.words),
            "wanted": record.words,
        }[kind]
        met = (*allowed, *record.liked, *record.seen, *record.disliked) if kind == "wanted" else allowed
        titles = [mention for mention in inside if mention.kind == "title"]
        if not all(set(one.items) & set(met) or said_in(one.text, met) for one in titles):
            return f"the person {kind} no such thing"
        texts = [
            *record.words,
            *(one for one in (*record.liked, *record.disliked) if one not in self._catalogue),
        ]
        for title in titles:  # "the heist in Heat"
            texts += [text_of(self._catalogue[item]) for item in title.items if item in allowed]
        known = {stem for text in texts for stem in stems(text)}
        if not all(self._is_said(mention, texts, known) for mention in inside):
            return UNSAID
        return "" if inside else _words_fault(words, known)

    def _is_said(self, mention: Mention, texts: Sequence[str], known: set[str]) -> bool:
        if mention.kind == "number":
            return is_number_said(mention, texts)
        if mention.kind == "quote":
            return any(holds_words(text, mention.text) for text in texts)
        if mention.kind == "title" or any(stem in known for stem in stems(mention.text)):
            return True
        return bool(
            set(mention.readings) & {r for t in texts for m in self._mentions.find(t, ()) for r in m.readings}
        )


def _words_fault(words: str, known: set[str]) -> str:
    """Of words that name no value: whether none of those that say something was said."""
    telling = [stem for stem in stems(words) if stem not in empty_words()]
    return UNSAID if telling and not known & set(telling) else ""
