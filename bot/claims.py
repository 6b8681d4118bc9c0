"""The claim checker: what a text says of items and of the person, claim by claim, held to the record.

It reads free text, whoever wrote it: titles, people and their roles, values of fields, numbers, comparisons,
what the person is said to have liked or asked for, and claims that no field holds. The record is all it trusts:
the items' fields and descriptions, and this person's own words and events.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from bot.mentions import PEOPLE, Mention, Mentions, cues
from bot.quantities import parse_number, parse_quantity
from bot.wording import plain_words
from retrieval.catalogue import Catalogue
from retrieval.everyday import FUNCTION_WORDS
from retrieval.items import Item, Role
from retrieval.text import fold, singular
from storage.base import utcnow

_UNITS: dict[str, Role] = {"minutes": "runtime", "money": "price", "stars": "rating", "year": "year"}
_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9À-Þ])|\n+")
_CLAUSE = re.compile(r"[;:—–]|\s-\s|,|\b(?:but|while|whereas|though|although|so|because|and)\b")
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|nor|neither|nothing|none|isn['’]t|wasn['’]t|aren['’]t|doesn['’]t|don['’]t|didn['’]t|"
    r"won['’]t|hasn['’]t|far from|anything but|rather than|instead of|free of|avoids?|minus|skips?)\b",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(
    r"\b(?:not (?:only|just|to mention)|no (?:less|fewer) than|no more than|nothing but|no (?:doubt|wonder|problem|question)|why not)\b",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BEFORE_NUMBER = re.compile(
    r"(?:(?P<below>just under|under|less than|below|shy of|short of|fewer than|within|at most|up to|no more than|not quite|before|prior to|earlier than|older than)"
    r"|(?P<near>around|about|roughly|approximately|circa|nearly|almost|close to|some|or so)"
    r"|(?P<above>just over|over|more than|above|upwards of|at least|no less than|past|after|since|later than|newer than))"
    r"(?:\s+(?:an?|the|only))?\s*[$£€]?$",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"[;:—–!?,]|\s-\s|\.(?=\s|$)|\b(?:but|while|so|because|then|and (?:I|this|it|here|try))\b"
)
_ASKING = re.compile(
    r"\b(?:did|do|does|have|had|has|would|are|were|shall|could|can|will|should|may)\s*$", re.IGNORECASE
)
_IF = re.compile(r"\b(?:if|when|whenever|unless|whether|should|in case|as soon as|once)\s*$", re.IGNORECASE)
_BETWEEN = (
    "did|do|had|have|both|really|also|already|just|once|clearly|so|said|told me|mentioned|that|say|were|are|you|"
    "must|being|a|big|your|much|first|originally|only|always|recently"
)
EXACT_MINUTES, NEAR = 7, 0.12
"""A length in words of hours may be off by so many minutes; "about" and "just under" by such a share."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a text may be held to.

    `items` are those that it is about; `liked`, `seen` and `disliked` hold ids of items and words of the person's;
    `words` is all that they said.
    """

    items: tuple[Item, ...] = ()
    liked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One atomic claim: its kind, the words that make it, and why it does not hold ("" where it does)."""

    kind: str
    text: str
    fault: str = ""

    @property
    def holds(self) -> bool:
        return not self.fault


@dataclass(slots=True)
class _Sentence:
    """A sentence under examination: its mentions, and which parts speak of the person."""

    text: str
    mentions: list[Mention]
    personal: list[tuple[int, int, str]] = field(default_factory=list)
    """Start and end of what the person is said to have liked, seen, disliked or wanted, and which of these."""

    def is_personal(self, start: int) -> bool:
        return any(first <= start < last for first, last, _ in self.personal)


class ClaimChecker:
    """Holds texts about one catalogue to the record. Threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mentions = Mentions(catalogue)

    def check(self, text: str, record: Record) -> list[Claim]:
        """The claims of `text`, in order, each with its fault if it has one."""
        known = [
            *record.items,
            *self._items(record.liked),
            *self._items(record.seen),
            *self._items(record.disliked),
        ]
        for item in record.items:
            if item.description and item.description in text:  # the record itself
                text = text.replace(item.description, " ")
        claims: list[Claim] = []
        subject = record.items[0] if len(record.items) == 1 else None
        for sentence in self._sentences(text, known):
            found, subject = self._judge(sentence, record, subject)
            claims += found
        return claims

    def faults(self, text: str, record: Record) -> list[Claim]:
        """The claims that do not hold."""
        return [claim for claim in self.check(text, record) if not claim.holds]

    def _items(self, ids: Sequence[str]) -> list[Item]:
        return [self._catalogue[one] for one in ids if one in self._catalogue]

    def _sentences(self, text: str, known: Sequence[Item]) -> Iterator[_Sentence]:
        """Sentences with their mentions; a stop within a title or a name ends none."""
        mentions = self._mentions.find(text, known)
        start = 0
        ends = [
            found.start()
            for found in _END.finditer(text)
            if not any(m.start < found.start() < m.end for m in mentions)
        ]
        for end in [*ends, len(text)]:
            inside = [
                Mention(m.kind, m.start - start, m.end - start, m.text, m.items, m.readings, m.unit, m.number)
                for m in mentions
                if start <= m.start < end
            ]
            sentence = _Sentence(text[start:end], inside)
            sentence.personal = list(_personal(sentence))
            if sentence.text.strip():
                yield sentence
            start = end

    def _judge(
        self, sentence: _Sentence, record: Record, subject: Item | None
    ) -> tuple[list[Claim], Item | None]:
        """The claims of one sentence, and the item that the next one goes on about."""
        claims: list[Claim] = []
        claims += self._about_the_person(sentence, record)
        compared, used = self._comparisons(sentence, record, subject)
        claims += compared
        ids = {item.item_id: item for item in record.items}
        titles = [
            (m, ids[next(i for i in m.items if i in ids)])
            for m in sentence.mentions
            if m.kind == "title"
            and not sentence.is_personal(m.start)
            and m not in used
            and any(i in ids for i in m.items)
        ]
        for mention in sentence.mentions:
            if sentence.is_personal(mention.start) or mention in used:
                continue
            about = _subject(mention, titles, subject)
            claims.append(self._claim(mention, sentence, record, about))
        claims += self._unrecorded(sentence, record)
        return claims, titles[-1][1] if titles else subject

    def _claim(self, mention: Mention, sentence: _Sentence, record: Record, about: Item | None) -> Claim:
        """One mention outside of what is said of the person."""
        own = {*record.liked, *record.seen, *record.disliked, *(item.item_id for item in record.items)}
        if mention.kind == "title":
            fault = "" if own & set(mention.items) or self._is_said(mention.text, record) else "another item"
            return Claim("title", mention.text, fault)
        if mention.kind == "quote":
            said = self._is_said(mention.text, record) or self._in_texts(mention.text, record)
            return Claim("quote", mention.text, "" if said else "not what was said")
        if mention.kind == "name":
            said = self._is_said(mention.text, record) or self._in_texts(mention.text, record)
            return Claim("name", mention.text, "" if said else "a name outside the record")
        items = [about] if about is not None else list(record.items)
        denied = _is_denied(sentence.text, mention.start)
        if mention.kind == "number":
            return Claim(
                "number",
                mention.text,
                self._number_fault(mention, sentence.text, items, record, denied=denied),
            )
        role = _role_of(sentence, mention)
        return Claim("value", mention.text, self._value_fault(mention, items, role, record, denied=denied))

    def _value_fault(
        self, mention: Mention, items: Sequence[Item], role: str | None, record: Record, *, denied: bool
    ) -> str:
        """Why a value is none of an item of `items`, in that role; of a denied one, why it is."""
        config = self._catalogue.config
        readings = list(mention.readings)
        if not items:  # nothing is said of an item
            return ""
        if role == "about":  # what happens in it
            held = any(_holds_words(item.description, mention.text) for item in items)
            return "" if held else "not what it is about"
        if role is not None:
            wanted = cues()["made_by"] if role == "made_by" else [role]
            readings = [one for one in readings if config.role_of(one[0]) in wanted] or readings
            if not any(config.role_of(name) in wanted for name, _ in readings) and any(
                config.role_of(name) in PEOPLE for name, _ in readings
            ):
                return f"no {role}"
        true = any(_has(item, name, value) for item in items for name, value in readings)
        if denied:
            return "denies what the record says" if true else ""
        if true:
            return ""
        if not any(config.role_of(name) in PEOPLE for name, _ in readings) and any(
            _holds_words(_text_of(item), mention.text) for item in items
        ):
            return ""
        return "not what the record says"

    def _number_fault(
        self, mention: Mention, text: str, items: Sequence[Item], record: Record, *, denied: bool
    ) -> str:
        before = _BEFORE_NUMBER.search(text[: mention.start])
        behind = re.match(r"\s*(?:or so|or thereabouts|-?ish)\b", text[mention.end :])
        kind = (
            "near" if behind else next((k for k, v in before.groupdict().items() if v), "") if before else ""
        )
        if mention.unit in ("plain", "years"):
            values = [v for item in items for v in _numbers_of(item)]
            held = mention.number in values or any(
                _holds_words(_text_of(item), mention.text) for item in record.items
            )
            return "" if held or self._is_said(mention.text, record) else "a number outside the record"
        name = self._field_of(mention.unit)
        numbers = [float(v) for item in items if name and isinstance(v := item.fields.get(name), int | float)]
        true = any(_agrees(value, mention, kind) for value in numbers)
        if denied or re.search(r"\b(?:nothing|none|no \w+)\b[^,;.]*$", text[: mention.start], re.I):
            # What could not be met is the person's own wish, and the item does not meet it.
            return "denies what the record says" if true and numbers else ""
        if true or any(
            _holds_words(item.description, mention.text) or _holds_words(item.title, mention.text)
            for item in items
        ):
            return ""
        return "another number in the record" if numbers else "no such number in the record"

    def _field_of(self, unit: str) -> str | None:
        config = self._catalogue.config
        by_unit = next(
            (name for name, spec in config.fields.items() if (spec.unit or "").lower() == unit), None
        )
        if by_unit is not None or unit not in _UNITS:
            return by_unit
        name = config.field_with_role(_UNITS[unit])
        counts = config.fields[name].unit if name else None
        return None if unit == "minutes" and counts not in (None, "minutes") else name

    def _comparisons(
        self, sentence: _Sentence, record: Record, subject: Item | None
    ) -> tuple[list[Claim], list[Mention]]:
        """ "Twenty minutes shorter than Heat", "the newer of the two": with the mentions that they use up."""
        claims: list[Claim] = []
        used: list[Mention] = []
        for role, sign, found in _compared_in(sentence.text, "compared"):
            name = self._catalogue.config.field_with_role(role)
            if name is None or sentence.is_personal(found.start()):
                continue
            amount = next(
                (
                    m
                    for m in reversed(sentence.mentions)
                    if m.kind == "number"
                    and m.end <= found.start()
                    and not sentence.text[m.end : found.start()].strip(" a-")
                ),
                None,
            )
            than = re.match(r"\s*(?:\w+\s+)?than\s+", sentence.text[found.end() :])
            titles = [m for m in sentence.mentions if m.kind == "title"]
            other = next((m for m in titles if than and m.start >= found.end()), None) if than else None
            mine = next((m for m in reversed(titles) if m.end <= found.start() and m is not other), None)
            left = (
                self._catalogue[mine.items[0]]
                if mine is not None and not sentence.is_personal(mine.start)
                else subject
            )
            if other is not None and left is not None and left.item_id == other.items[0]:
                left = next((item for item in record.items if item.item_id != other.items[0]), None)
            if other is None:
                if (
                    re.match(r"\s*(?:of the two|of the pair|one)\b", sentence.text[found.end() :])
                    and len(record.items) == 2
                ):
                    right = next(
                        (item for item in record.items if left is not None and item.item_id != left.item_id),
                        None,
                    )
                else:
                    continue
            else:
                right = self._catalogue[other.items[0]]
            text = sentence.text[
                (amount.start if amount else found.start()) : (other.end if other else found.end())
            ]
            claims.append(
                Claim(
                    "comparison",
                    text,
                    _comparison_fault(
                        left, right, name, sign, amount, denied=_is_denied(sentence.text, found.start())
                    ),
                )
            )
            used += [m for m in (amount, other) if m is not None]
        for role, sign, found in _compared_in(sentence.text, "superlatives"):
            name = self._catalogue.config.field_with_role(role)
            if name is None or len(record.items) < 2:
                continue
            titles = [m for m in sentence.mentions if m.kind == "title" and not sentence.is_personal(m.start)]
            near = min(
                titles,
                key=lambda m: min(abs(m.end - found.start()), abs(m.start - found.end())),
                default=None,
            )
            item = self._catalogue[near.items[0]] if near is not None else subject
            values = [float(v) for one in record.items if isinstance(v := one.fields.get(name), int | float)]
            mine_value = item.fields.get(name) if item is not None else None
            best = (
                isinstance(mine_value, int | float)
                and values
                and float(mine_value) == (max(values) if sign > 0 else min(values))
            )
            claims.append(Claim("comparison", found.group(), "" if best else "not by the record"))
        return claims, used

    def _about_the_person(self, sentence: _Sentence, record: Record) -> list[Claim]:
        claims = []
        for start, end, kind in sentence.personal:
            words = sentence.text[start:end]
            inside = [m for m in sentence.mentions if start <= m.start < end]
            claims.append(Claim("you", words.strip(), self._person_fault(words, inside, kind, record)))
        return claims

    def _person_fault(self, words: str, inside: Sequence[Mention], kind: str, record: Record) -> str:
        """Why the person is not known to have liked, seen, disliked or wanted what `words` name."""
        pools = {
            "liked": record.liked,
            "seen": (*record.seen, *record.liked, *record.disliked),
            "disliked": (*record.disliked, *record.words),
            "wanted": record.words,
        }
        allowed = pools[kind]
        for mention in inside:
            if (
                mention.kind == "title"
                and not set(mention.items) & set(allowed)
                and not _said_in(mention.text, allowed)
            ):
                return f"the person {kind} no such thing"
        named = [m for m in inside if m.kind == "title"]
        if kind in ("liked", "seen") and named:
            inside = [m for m in inside if m.kind != "title"]
        texts = [
            *(w for w in allowed if w not in self._catalogue),
            *record.words,
            *record.liked,
            *record.disliked,
        ]
        texts += [
            _text_of(item) for item in self._items(allowed) if any(item.item_id in m.items for m in named)
        ]
        stems = {stem for text in texts for stem in _stems(text)}
        for mention in inside:
            if mention.kind in ("value", "name") and not self._is_wished(mention, stems, texts):
                return "not what the person said"
            if mention.kind == "number" and not _is_number_said(mention, words, texts):
                return "not what the person said"
            if mention.kind == "quote" and not any(_holds_words(text, mention.text) for text in texts):
                return "not what the person said"
        covered = [(m.start, m.end) for m in inside]
        return "" if covered or named else self._words_fault(words, stems)

    def _words_fault(self, words: str, stems: set[str]) -> str:
        said = [w for w in _stems(words) if w not in _empty_words()]
        missing = [w for w in said if w not in stems]
        return "not what the person said" if said and len(missing) == len(said) else ""

    def _is_wished(self, mention: Mention, stems: set[str], texts: Sequence[str]) -> bool:
        if any(stem in stems for stem in _stems(mention.text)):
            return True
        other = {reading for text in texts for m in self._mentions.find(text, ()) for reading in m.readings}
        return bool(other & set(mention.readings))

    def _unrecorded(self, sentence: _Sentence, record: Record) -> list[Claim]:
        """Claims that no field holds, such as awards: not supported unless the item's own text speaks of them."""
        texts = " ".join([*(_text_of(item) for item in record.items), *record.words])
        held = set(_stems(texts))
        claims = []
        for found in _WORD.finditer(sentence.text):
            word = fold(found.group())
            inside = any(m.start <= found.start() < m.end for m in sentence.mentions)
            if inside or sentence.is_personal(found.start()) or not _unrecorded_words().fullmatch(word):
                continue
            fault = "" if set(_stems(word)) & held else "no field holds this"
            claims.append(Claim("unrecorded", found.group(), fault))
        return claims

    def _is_said(self, words: str, record: Record) -> bool:
        return _said_in(words, (*record.words, *record.liked, *record.disliked, *record.seen))

    @staticmethod
    def _in_texts(words: str, record: Record) -> bool:
        return any(_holds_words(_text_of(item), words) for item in record.items)


def _subject(mention: Mention, titles: Sequence[tuple[Mention, Item]], carried: Item | None) -> Item | None:
    """What is spoken of at `mention`: the title before it in the sentence, else what was spoken of, else the one behind."""
    before = [item for title, item in titles if title.start <= mention.start]
    behind = [item for title, item in titles if title.start > mention.start]
    if before:
        return before[-1]
    return behind[0] if behind else carried


def _personal(sentence: _Sentence) -> Iterator[tuple[int, int, str]]:
    """What the person is said to have done, and of what: from behind the verb to the end of the clause."""
    covered = 0
    for found in _you().finditer(sentence.text):
        if found.start() < covered:
            continue
        start, kind = found.end(), _kind_of(found)
        if _ASKING.search(sentence.text[: found.start()]) or (
            kind == "wanted" and _IF.search(sentence.text[: found.start()])
        ):
            continue
        covered = _end_of_object(sentence, start)
        # "You loved Heat and wanted something short": one more verb of the same person.
        for more in _and_you().finditer(sentence.text, start, covered):
            if not any(m.start < more.start() < m.end for m in sentence.mentions):
                yield start, more.start(), kind
                start, kind = more.end(), _kind_of(more)
        yield start, covered, kind


def _end_of_object(sentence: _Sentence, start: int) -> int:
    quoted = next((m for m in sentence.mentions if m.kind == "quote" and m.start >= start), None)
    if quoted is not None and not sentence.text[start : quoted.start].strip():
        return quoted.end
    for stop in _STOPS.finditer(sentence.text, start):
        if not any(m.start < stop.start() < m.end for m in sentence.mentions):
            return stop.start()
    return len(sentence.text)


def _kind_of(found: re.Match[str]) -> str:
    return next(name for name, verb in found.groupdict().items() if verb)


@cache
def _verbs() -> str:
    """What a person does, in named groups; denied verbs come first: "didn't like"."""
    parts = []
    for kind, verbs in sorted(cues()["you"].items(), key=lambda one: one[0] != "disliked"):
        listed = "|".join(
            re.escape(verb).replace("'", "['’]") for verb in sorted(verbs, key=len, reverse=True)
        )
        parts.append(f"(?P<{kind}>{listed})")
    return rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)"


@cache
def _you() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:you|your)(?:\s*['’](?:ve|d|re))?(?:\s+(?:{_BETWEEN}))*\s*{_verbs()}", re.IGNORECASE
    )


@cache
def _and_you() -> re.Pattern[str]:
    return re.compile(rf"(?:,\s*)?\band(?:\s+(?:{_BETWEEN}))*\s+{_verbs()}", re.IGNORECASE)


def _role_of(sentence: _Sentence, mention: Mention) -> str | None:
    """The role that the words beside a person, brand or material give it; None where they give none."""
    text = sentence.text
    behind = text[mention.end :]
    for role, words in cues()["roles"]["after"].items():
        verbs = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        if re.match(
            rf"\s*(?:,?\s*(?:also|both|again|all|each|who|and \w+ \w+)\s+)?(?:{verbs})\b", behind, re.I
        ):
            return str(role)
    before = text[: mention.start]
    clause = re.split(r"[;—–.]|\b(?:while|whereas|but)\b", before)[-1]
    best: tuple[int, int, str] | None = None
    for role, words in cues()["roles"]["before"].items():
        for word in words:
            for found in re.finditer(rf"\b{re.escape(word)}\b", clause, re.I):
                place = (found.end(), len(word), str(role))
                best = place if best is None or place > best else best
    if best is None:
        return None
    # "Directed by A, it has B": a comma and a new verb end what a role reaches; "starring A, B and C" does not.
    between = clause[best[0] :]
    reach = re.sub(r"[A-ZÀ-Þ][\w'’.-]*|,|\band\b|\bthe\b|\bofficial\b|\bgreat\b|\s", "", between)
    return best[2] if len(reach) <= 14 else None


def _is_denied(text: str, start: int) -> bool:
    """Whether what begins at `start` is denied within its clause."""
    before = _NOT_ONLY.sub(" ", text[:start])
    clause = re.split(r"[;:—–,.!?]|\b(?:but|while|whereas|though|so|because)\b", before)[-1]
    denial = None
    for denial in _DENIAL.finditer(clause):
        pass
    return denial is not None and len(clause[denial.end() :].split()) <= 6


def _compared_in(text: str, kind: str) -> Iterator[tuple[Role, int, re.Match[str]]]:
    for role, directions in cues()[kind].items():
        for direction, words in directions.items():
            for word in words:
                # "More expensive" is found as such, "less" only before "than".
                tail = r"(?=\s+than)" if word == "less" else ""
                for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w){tail}", text, re.I):
                    yield role, 1 if direction == "up" else -1, found


def _comparison_fault(
    left: Item | None, right: Item | None, name: str, sign: int, amount: Mention | None, *, denied: bool
) -> str:
    if left is None or right is None:
        return "compares with something outside the record"
    mine, other = left.fields.get(name), right.fields.get(name)
    if not isinstance(mine, int | float) or not isinstance(other, int | float):
        return "the record has no number to compare"
    difference = sign * (float(mine) - float(other))
    if denied:
        return "" if difference <= 0 else "denies what the record says"
    if difference <= 0:
        return "the other way round"
    if (
        amount is not None
        and amount.number
        and not math.isclose(
            difference, amount.number, rel_tol=NEAR + 0.05, abs_tol=1.0 if amount.number > 3 else 0.6
        )
    ):
        return "by another amount"
    return ""


def _agrees(value: float, mention: Mention, kind: str) -> bool:
    """Whether a field's number is what the text says of it."""
    said = mention.number
    if mention.unit == "year" and not re.fullmatch(r"\d{4}", mention.text):
        quantity = parse_quantity(mention.text, utcnow())
        if quantity is None or quantity.low is None or quantity.high is None:
            return False
        if kind == "below":
            return value < quantity.low
        if kind == "above":
            return value >= quantity.low
        return quantity.low <= value <= quantity.high
    if kind == "below":
        return value < said or (mention.unit == "minutes" and value <= said)
    if kind == "above":
        return value > said or (mention.unit == "year" and value >= said)
    if kind == "near":
        return math.isclose(value, said, rel_tol=NEAR if mention.unit != "year" else 0.002)
    if (
        mention.unit == "minutes"
        and "min" not in mention.text.lower()
        and not re.search(r"\dh", mention.text)
    ):
        return abs(value - said) <= EXACT_MINUTES
    if mention.unit == "money":
        return math.isclose(value, said, abs_tol=0.51)
    return math.isclose(value, said, abs_tol=0.05)


def _is_number_said(mention: Mention, words: str, texts: Sequence[str]) -> bool:
    """Whether the person spoke of that number, in digits or words, of whatever unit."""
    for text in texts:
        if _holds_words(text, mention.text):
            return True
        numbers = [parse_number(part) for part in re.findall(r"[\w$£€.,]+(?:[ -]\w+)?", text)]
        quantity, mine = parse_quantity(text, utcnow()), parse_quantity(mention.text, utcnow())
        if mention.number in numbers:
            return True
        if quantity is not None and mention.number in (quantity.low, quantity.high):
            return True
        if (
            quantity is not None
            and mine is not None
            and mine.low is not None
            and (quantity.low, quantity.high) == (mine.low, mine.high)
        ):
            return True
    return False


def _has(item: Item, name: str, value: str) -> bool:
    held = item.fields.get(name)
    values = held if isinstance(held, list) else [held]
    return any(isinstance(one, str) and one.casefold() == value.casefold() for one in values)


def _numbers_of(item: Item) -> list[float]:
    return [float(v) for v in item.fields.values() if isinstance(v, int | float) and not isinstance(v, bool)]


def _text_of(item: Item) -> str:
    """All that is known of an item, in words."""
    parts: list[str] = [item.title, *item.aliases, item.description]
    for value in item.fields.values():
        parts += value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return ". ".join(parts)


def _holds_words(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(fold(words.strip(' .,!?')))}(?!\w)", fold(text)) is not None


def _said_in(words: str, texts: Sequence[str]) -> bool:
    return any(_holds_words(text, words) for text in texts)


def _stems(text: str) -> list[str]:
    """Words without their endings, rough: enough to meet again what was said in another form."""
    return [_stem(fold(word)) for word in _WORD.findall(text)]


@cache
def _stem(word: str) -> str:
    word = singular(word.removesuffix("'s"))
    for ending in ("ingly", "ing", "edly", "ed", "ly", "er", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


@cache
def _empty_words() -> frozenset[str]:
    return frozenset(_stem(word) for word in plain_words("") | FUNCTION_WORDS)


@cache
def _unrecorded_words() -> re.Pattern[str]:
    listed = (re.escape(word).replace(r"\*", r"\w*") for word in cues()["unrecorded"])
    return re.compile("|".join(listed))
