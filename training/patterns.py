"""Turns made from patterns and catalogue values: breadth over fields and domains that people's labels lack.

A pattern is a sentence with slots in brackets, `[want:{genre}]`, nestable, and value names in braces; one
rendering gives the text and its spans. The values come from the datasets at training time.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.layout import Message
from training.sources import LabelledTurn, books, films, products

GENRES = [
    "comedy",
    "drama",
    "thriller",
    "horror",
    "sci-fi",
    "science fiction",
    "fantasy",
    "western",
    "crime",
    "mystery",
    "romance",
    "romantic comedy",
    "animated",
    "animation",
    "documentary",
    "musical",
    "war",
    "action",
    "adventure",
    "family",
    "superhero",
    "noir",
    "biopic",
    "heist",
    "spy",
]
MOODS = [
    "funny",
    "light",
    "dark",
    "scary",
    "uplifting",
    "sad",
    "cozy",
    "tense",
    "slow",
    "quirky",
    "romantic",
    "weird",
    "smart",
    "relaxing",
    "gripping",
    "silly",
    "heartwarming",
    "violent",
    "clever",
    "thoughtful",
    "fun",
    "feel-good",
    "creepy",
    "moving",
    "easygoing",
]
THEMES = [
    "a road trip",
    "space",
    "time travel",
    "two brothers",
    "growing up",
    "a small town",
    "the sea",
    "revenge",
    "chess",
    "robots",
    "a family secret",
    "cooking",
    "a robbery",
    "friendship",
    "a haunted house",
    "the french revolution",
    "dogs",
    "high school",
    "a journalist",
    "winter",
    "a detective who is losing it",
    "music",
    "life in prison",
    "the desert",
    "lawyers",
    "boxing",
    "a wedding",
    "dreams",
    "survival",
    "politics",
]
LANGUAGES = [
    "french",
    "Spanish",
    "korean",
    "Japanese",
    "italian",
    "German",
    "Hindi",
    "swedish",
    "Danish",
    "Chinese",
    "Portuguese",
    "persian",
]
COLOURS = [
    "red",
    "black",
    "navy",
    "green",
    "white",
    "yellow",
    "grey",
    "pink",
    "beige",
    "orange",
    "purple",
    "dark blue",
    "brown",
    "silver",
]
MATERIALS = [
    "leather",
    "cotton",
    "wood",
    "wool",
    "steel",
    "plastic",
    "canvas",
    "bamboo",
    "glass",
    "ceramic",
    "recycled",
]
CUISINES = [
    "italian",
    "thai",
    "mexican",
    "indian",
    "Japanese",
    "vegan",
    "greek",
    "Ethiopian",
    "Korean",
    "tapas",
    "seafood",
    "Lebanese",
]
PLACES = [
    "downtown",
    "near the station",
    "by the river",
    "in the old town",
    "close to the museum",
    "in Soho",
    "on the beach",
]
OCCASIONS = [
    "a birthday",
    "my sister",
    "hiking",
    "the office",
    "a rainy sunday",
    "date night",
    "my kids",
    "a beginner",
    "my mum",
    "travelling",
    "christmas",
    "a small kitchen",
    "after work",
    "the weekend",
    "a long flight",
    "my flatmate",
]
COUNTS = ["two", "three", "four", "five", "six", "ten", "3", "5", "7", "8", "a couple of", "one"]
ORDINALS = [
    "the first one",
    "the second one",
    "the third",
    "the last one",
    "number two",
    "number 3",
    "the first",
    "the fourth one",
    "that one",
    "this one",
    "the second",
    "that",
    "it",
    "the 2nd",
    "the one at the top",
    "the other one",
    "the final one",
]
PAIRS = [
    "the first two",
    "the first and the third",
    "them",
    "these two",
    "the last two",
    "the second and third",
    "those",
    "number one and number four",
    "the top two",
    "both",
    "one and two",
]

REQUEST = """
i want [need:{a_genre} {noun}]|any good [need:[want:{genre}] {nouns}]?|can you suggest [need:[want:{genre}] {nouns} [want:{time}]]?
looking for [need:something [want:{mood}] [want:{time}]]|[need:[want:{genre}] {noun} with [want:{person}]] please
hi, i'd like [need:{a_genre} {noun} about {theme}]|do you have [need:anything about {theme}]?|[need:{nouns} about {theme}]
what's a [want:{mood}] [need:{noun} about {theme}]?|got anything by [want:{person}]?|recommend me [need:something by [want:{person}]]
something like [like:{title}]|[need:{nouns} similar to [like:{title}]]?|i loved [like:{title}], what else is there
i'm in the mood for [need:something [want:{mood}] and [want:{mood}]]|show me [count:{count}] [need:[want:{genre}] {nouns}]
give me [count:{count}] [need:{nouns} [want:{time}]]|what should i watch tonight|help me find something good|surprise me
need [need:[want:{mood}] {noun} [want:{length}]]|[need:[want:{genre}] [want:{length}] [want:{time}]]|please find [need:{nouns} in [want:{language}]]
is there [need:a [want:{language}] {noun} about {theme}]?|[need:[want:{genre}]] but [avoid:{genre}] is not my thing|[need:[want:{genre}] {noun}], nothing with [avoid:{person}]
i feel [need:{mood} today], pick me a {noun}|[need:[want:{language}] [want:{genre}] {nouns}] [want:{time}]|could you find me [need:a [want:{mood}] {noun} for {occasion}]
we want [need:[want:{genre}] without {mood} scenes]|[count:{count}] [need:{nouns} [want:{length}]] please|tell me [need:what to watch with {occasion}]
hello! looking for [need:{nouns} that feel [want:{mood}]], not [avoid:{genre}] though|my favourite is [like:{title}]. any [need:{nouns} like that]?
"""
SHOP_REQUEST = """
i need [need:a [want:{colour}] [want:{product}]]|[need:[want:{product}]] [want:{price}]|looking for [need:[want:{product}] for {occasion}]
show me [count:{count}] [need:[want:{product}]]|do you sell [need:[want:{product}] made of [want:{material}]]?|[need:cheap [want:{product}]] please
hi there, i want [need:a [want:{material}] [want:{product}] [want:{price}]]|a gift for [need:{occasion}], [want:{price}]|[need:[want:{product}]] in [want:{colour}] or [want:{colour}]
any [need:[want:{product}]] that is not [avoid:{material}]?|can you find me [need:[want:{colour}] [want:{product}]] with a rating [want:over four stars]
where can i get [need:a good [want:{product}]]|i'd like [need:a [want:{product}]], no [avoid:{colour}]|buying [need:[want:{product}]], budget is [want:{price}]
want [need:something for {occasion}] [want:{price}]|[need:[want:{colour}] [want:{product}]], must be [want:in stock]|[need:{product_like}] [want:{price}] thanks
"""
PLACE_REQUEST = """
find [need:a [want:{cuisine}] place] [want:{place}]|[need:[want:{cuisine}] food] [want:{price}] a head|where can we eat [need:[want:{cuisine}]] tonight?
i want [need:somewhere [want:{mood}] for {occasion}]|[need:a hotel] [want:{place}] [want:{price}] a night|any [need:[want:{cuisine}] restaurant [want:{place}]]?
looking for [need:a course on {theme}] for [want:beginners]|[need:a podcast about {theme}], [want:{length}]|i want to learn about [need:{theme}]
"""
BOOK_REQUEST = """
any [need:books like [like:{book}]]?|i want [need:a [want:{mood}] novel]|what should i read after [like:{book}]
[need:something by [want:{author}]]|recommend [need:a [want:{genre}] novel about {theme}]|[need:short books [want:{time}]]
"""
REFINE = """
[need:something [want:{mood}er]]|more [need:[want:{mood}]]|[need:{nouns} [want:{time}]] instead|can we go [need:[want:newer]]?|only [need:[want:{genre}]] please
not so [avoid:{mood}]|too [avoid:{mood}], something else|no [avoid:{genre}]|nothing with [avoid:{person}] please|less [avoid:{mood}] maybe
make it [need:[want:{length}]]|[need:[want:{time}]] please|it should be in [want:{language}]|like [ref:{ordinal}] but [need:[want:newer]]|[ref:{ordinal}] but [need:more [want:{mood}]]
scrap the [retract:{genre}]|forget [retract:{time}]|forget about [retract:{person}]|actually [retract:{genre}] is fine after all|drop the [retract:{genre}], i want [need:[want:{genre}]]
never mind [retract:{length}]|no more [avoid:{genre}] please|without [avoid:{person}]|anything [want:{length}]?|i'd rather have [need:[want:{genre}]]
older ones, [need:[want:{time}]]|[need:the same but [want:{mood}]]|ok but [want:{length}]|hmm, [need:more like [like:{title}]]|something [need:less like {ordinal}] and [need:[want:{mood}]]
"""
SHOP_REFINE = """
[need:[want:cheaper]] please|anything [want:{price}]?|do you have it in [want:{colour}]|not [avoid:{colour}]|no [avoid:{material}] please|in [want:{material}] instead
too [avoid:expensive]|[need:a bigger one]|like [ref:{ordinal}] but [need:[want:cheaper]]|[ref:{ordinal}] in [want:{colour}] would be perfect|forget [retract:{price}]
[want:{price}] would be better|the [retract:{colour}] doesn't matter anymore|only [want:in stock] ones|something [need:lighter] [want:{price}]|rather [want:{colour}] than [avoid:{colour}]
"""
INFORM = """
i love [like:{title}]|i really like [like:{genre}] {nouns}|[like:{person}] is great|i hate [dislike:{genre}]|can't stand [dislike:{person}]|my favorites are [like:{title}] and [like:{title}]
i enjoy [like:{genre}] and [like:{genre}]|it's for {occasion}|i usually watch [like:{genre}]|i'm a big fan of [like:{person}]|not a fan of [dislike:{genre}]|[dislike:{title}] was awful
no|yes|either is fine|doesn't matter|i grew up with [like:{title}]|i didn't like [dislike:{title}] at all|mostly [like:{genre}]|never heard of [ref:{ordinal}]|i haven't seen [ref:{ordinal}]
i like [like:{genre}] but not [dislike:{genre}]|[like:{title}] is one of my favourites|we loved [like:{title}]|i'm not into [dislike:{genre}]
"""
SHOP_INFORM = """
i like [like:{colour}]|i hate [dislike:{material}]|i love my [like:{product}]|about [want:{price}]|it's for {occasion}|[like:{colour}] is my colour|i'm allergic to [dislike:{material}]
"""
ACCEPT = """
i'll take [ref:{ordinal}]|[ref:{ordinal}] sounds great|perfect, i'll watch [ref:{ordinal}]|ok let's go with [ref:{ordinal}]|sounds good|great pick, thanks|[ref:{title}] it is
i'll check [ref:{ordinal}] out|yes please, [ref:{ordinal}]|good choice|i will give [ref:{title}] a go|sold|that looks good|adding [ref:{ordinal}] to my list|i'd like to see [ref:{ordinal}]
"""
REJECT = """
not [ref:{ordinal}]|nah|no thanks|don't like [ref:{ordinal}]|[ref:{ordinal}] is not for me|not interested in [ref:{title}]|pass on [ref:{ordinal}]|none of [ref:{pair}]
i don't want [ref:{title}]|[ref:{ordinal}] looks boring|skip [ref:{ordinal}]|no, not [ref:{title}]|remove [ref:{ordinal}]|please never show me [ref:{title}] again|meh, [ref:{ordinal}] is not my thing
"""
SEEN = """
seen [ref:{ordinal}]|i've already seen [seen:{title}]|i saw [seen:{title}] last week|already own [ref:{ordinal}]|seen [ref:{pair}]|i know [seen:{title}] already|watched [ref:{ordinal}] yesterday
i have [ref:{ordinal}] at home|already read [seen:{book}]|[seen:{title}], seen it|i've watched [seen:{title}] and [seen:{title}]|seen them all
"""
SEEN_LIKED = """
i've seen [ref:{ordinal}] and loved it|seen [seen:{title}], it was great|[ref:{ordinal}] was amazing when i saw it|saw [seen:{title}] [like:{title0}] was brilliant
already seen [ref:{ordinal}], really enjoyed it|yes i saw [ref:{ordinal}] and liked it|watched [ref:{ordinal}] twice, love it
"""
INQUIRE = """
[ask:who directed] [ref:{ordinal}]?|[ask:who plays in] [ref:{ordinal}]|[ask:how long is] [ref:{ordinal}]?|[ask:what's] [ref:{ordinal}] [ask:about]?|[ask:when was] [ref:{title}] [ask:made]?
[why:why] [ref:{ordinal}]?|[why:why did you pick] [ref:{title}]|[why:why] would i like [ref:{ordinal}]?|[compare:compare] [ref:{pair}]|[compare:which is shorter], [ref:{ordinal}] or [ref:{title}]?
[compare:what's the difference between] [ref:{pair}]?|[compare:which one is better]|[ask:is] [ref:{ordinal}] [ask:any good]?|[ask:who's in] [ref:{title}]?|[ask:tell me more] about [ref:{ordinal}]
[ask:what language] is [ref:{ordinal}] in?|[ask:what genre] is [ref:{ordinal}]|[ask:what year is] [ref:{ordinal}] from|[why:what made you suggest] [ref:{ordinal}]|[ask:is] [ref:{ordinal}] [ask:scary]?
[ask:who wrote] [ref:{title}]|[ask:who stars in] [ref:{ordinal}]|[ask:what happens in] [ref:{title}]?|[ask:runtime of] [ref:{ordinal}]?|[compare:is] [ref:{ordinal}] [compare:newer than] [ref:{title}]?
"""
SHOP_INQUIRE = """
[ask:how much is] [ref:{ordinal}]?|[ask:what does] [ref:{ordinal}] [ask:cost]|[ask:what colour is] [ref:{ordinal}]|[ask:is] [ref:{ordinal}] [ask:in stock]?|[ask:what's] [ref:{ordinal}] [ask:made of]?
[ask:who makes] [ref:{ordinal}]|[why:why] [ref:{ordinal}]?|[compare:compare] [ref:{pair}]|[compare:which is cheaper]?|[ask:what rating] does [ref:{ordinal}] have|[compare:difference between] [ref:{pair}]?
"""
MORE = "more|more please|another one|show me more|what else|anything else?|[count:{count}] more|give me [count:{count}]|next|others?|any other ideas|another|one more|keep going"
RESET = "[retract:start over]|let's [retract:start again]|[retract:forget everything]|[retract:clear all that], new search|[retract:reset]"
CHAT = (
    "hi|hello there|hey|thanks|thank you so much|bye|goodbye!|good morning|how are you?|lol|ok cool|haha nice|you're great|"
    "thx|have a good one|see you|what's your name|hi how's it going|ok|alright|cheers|great, thanks, bye"
)

WISHES = (
    ("request", "film", REQUEST), ("request", "product", SHOP_REQUEST), ("request", "place", PLACE_REQUEST),
    ("request", "book", BOOK_REQUEST), ("refine", "film", REFINE), ("refine", "product", SHOP_REFINE),
    ("inform", "film", INFORM), ("inform", "product", SHOP_INFORM), ("accept", "film", ACCEPT), ("accept", "product", ACCEPT),
    ("reject", "film", REJECT), ("reject", "product", REJECT), ("seen", "film", SEEN), ("seen inform", "film", SEEN_LIKED),
    ("inquire", "film", INQUIRE), ("inquire", "product", SHOP_INQUIRE), ("request", "film", MORE), ("request", "product", MORE),
    ("request", "film", RESET), ("chat", "film", CHAT), ("chat", "product", CHAT),
)  # fmt: skip
WEIGHTS = (20, 12, 6, 5, 14, 9, 9, 3, 5, 2, 5, 2, 6, 3, 12, 6, 5, 2, 2, 2, 1)
JOINS = (", ", ". ", " and ", "! ", " - ", ", also ", ". ok ", " but ")


@dataclass(frozen=True, slots=True)
class _Pattern:
    acts: tuple[str, ...]
    domain: str
    text: str


_PATTERNS = [
    [_Pattern(tuple(acts.split()), domain, text) for text in re.split(r"[|\n]", patterns.strip()) if text]
    for acts, domain, patterns in WISHES
]


def make_turns(count: int, seed: int) -> list[LabelledTurn]:
    """`count` labelled turns with made-up histories."""
    rng = random.Random(seed)
    return [_turn(rng) for _ in range(count)]


def _turn(rng: random.Random) -> LabelledTurn:
    group = rng.choices(_PATTERNS, WEIGHTS)[0]
    pattern = rng.choice(group)
    text, spans = _render(pattern, rng)
    acts = list(pattern.acts)
    if rng.random() < 0.22:
        second = rng.choice(rng.choices(_PATTERNS, WEIGHTS)[0])
        same_side = (second.domain == "film") == (pattern.domain == "film")
        if same_side and not set(second.acts) & set(acts):
            more, more_spans = _render(second, rng)
            joined = text.rstrip("?.!") + rng.choice(JOINS)
            spans += [(slot, start + len(joined), end + len(joined)) for slot, start, end in more_spans]
            text, acts = joined + more, acts + list(second.acts)
    needs_offer = bool({"refine", "accept", "reject", "inquire", "seen"} & set(acts)) or any(
        slot in ("ref", "retract") for slot, _, _ in spans
    )
    return LabelledTurn(_history(rng, pattern.domain, needs_offer), text, tuple(acts), tuple(spans))


def _render(pattern: _Pattern, rng: random.Random) -> tuple[str, list[tuple[str, int, int]]]:
    values: dict[str, str] = {}
    text = re.sub(
        r"\{(\w+)\}", lambda match: _value(match.group(1), pattern.domain, rng, values), pattern.text
    )
    return parse_marked(text)


def parse_marked(marked: str) -> tuple[str, list[tuple[str, int, int]]]:
    """`"a [want:red] bag"` to its text and spans."""
    text, spans, stack = "", [], []
    for piece in re.split(r"(\[[a-z]+:|\])", marked):
        if piece == "]" and stack:
            slot, start = stack.pop()
            spans.append((slot, start, len(text)))
        elif re.fullmatch(r"\[[a-z]+:", piece):
            stack.append((piece[1:-1], len(text)))
        else:
            text += piece
    return text, spans


def _value(name: str, domain: str, rng: random.Random, values: dict[str, str]) -> str:
    if name == "title0":
        return values["title"]
    chosen = choose(name, domain, rng)
    values[name] = chosen
    return chosen.replace("[", "(").replace("]", ")")


def choose(name: str, domain: str, rng: random.Random) -> str:
    noun = {"film": ["movie", "film", "flick"], "book": ["book"], "place": ["place"]}.get(domain, ["thing"])
    match name:
        case "noun" | "nouns":
            word = rng.choice(noun)
            return word + "s" if name == "nouns" else word
        case "genre":
            return rng.choice(GENRES)
        case "a_genre":
            genre = rng.choice(GENRES)
            return f"{'an' if genre[0] in 'aeiou' else 'a'} [want:{genre}]"
        case "title":
            if domain == "film":
                return rng.choice(films()).title
            return str(rng.choice(products())["name"]) if domain == "product" else rng.choice(books())[0]
        case "person":
            film = rng.choice(films())
            return rng.choice(film.cast + film.directors)
        case "book":
            return rng.choice(books())[0]
        case "author":
            return rng.choice(books())[1]
        case "product":
            product = rng.choice(products())
            return str(product["style"] or product["category"]).replace("-", " ")
        case "product_like":
            return f"[want:{rng.choice(COLOURS)}] " + str(rng.choice(products())["style"])
        case "time":
            return _time(rng)
        case "length":
            return _length(rng)
        case "price":
            return _price(rng)
    lists: dict[str, Sequence[str]] = {
        "mood": MOODS, "theme": THEMES, "language": LANGUAGES, "colour": COLOURS, "material": MATERIALS,
        "cuisine": CUISINES, "place": PLACES, "occasion": OCCASIONS, "count": COUNTS, "ordinal": ORDINALS, "pair": PAIRS,
    }  # fmt: skip
    return rng.choice(lists[name])


def _time(rng: random.Random) -> str:
    decade = rng.choice(["60", "70", "80", "90", "2000", "2010", "50", "40", "30"])
    year = rng.randint(1940, 2024)
    return rng.choice(
        [
            f"from the {decade}s", f"from the {decade}'s", f"of the {decade}s", f"after {year}", f"before {year}", f"from {year}",
            f"since {year}", f"newer than {year}", f"older than {year}", f"between {year} and {year + rng.randint(2, 15)}",
            "from the last five years", "recent", "old", "modern", "from the nineties", "from the eighties", f"in {year}", "new",
            "from last year", f"no older than {year}", f"made in the {decade}s", "from the last decade", f"{decade}s",
        ]
    )  # fmt: skip


def _length(rng: random.Random) -> str:
    minutes = rng.choice([80, 90, 95, 100, 110, 120, 150])
    return rng.choice(
        [
            "under two hours", "less than 2 hours", f"under {minutes} minutes", f"shorter than {minutes} min", "short",
            "over two hours", f"at most {minutes} minutes", "not longer than 90 minutes", f"around {minutes} minutes", "long",
            "under an hour and a half", f"max {minutes} mins", "two hours tops", "shorter", f"more than {minutes} minutes",
        ]
    )  # fmt: skip


def _price(rng: random.Random) -> str:
    n = rng.choice([10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200, 300])
    sign = rng.choice(["$", "£", "€"])
    word = rng.choice(["dollars", "bucks", "euros", "pounds", "usd"])
    return rng.choice(
        [
            f"under {sign}{n}", f"less than {n} {word}", f"below {n}", f"around {n} {word}", f"up to {sign}{n}", f"max {n} {word}",
            f"between {n} and {n + 40} {word}", f"no more than {sign}{n}", f"at most {n} {word}", f"over {sign}{n}", "cheap",
            f"for about {sign}{n}", f"{n} {word} or less", "not too expensive", f"from {sign}{n} to {sign}{n + 25}", "inexpensive",
        ]
    )  # fmt: skip


def _history(rng: random.Random, domain: str, needs_offer: bool) -> tuple[Message, ...]:
    if not needs_offer and rng.random() < 0.5:
        return ()
    opener, _ = _render(rng.choice(_PATTERNS[1 if domain == "product" else 0]), rng)
    titles = [choose("title", domain, rng) for _ in range(rng.randint(1, 4))]
    if needs_offer or rng.random() < 0.6:
        said = rng.choice(
            [
                f"You might enjoy {titles[0]}. " + " ".join(f"{title} fits too." for title in titles[1:]),
                f"How about {titles[0]}?", f"Have you seen {titles[0]}?",
                "Here are some ideas: " + ", ".join(titles) + ".",
                f"{titles[0]} comes close to what you described. " + " ".join(f"Or try {title}." for title in titles[1:]),
                "I picked " + " and ".join(titles) + " for you.",
            ]
        )  # fmt: skip
    else:
        said = rng.choice(
            [
                "Hello! What are you in the mood for?", "Would you like something light or something serious?",
                "What kind do you usually like?", "Hi, what can I find for you?", "Do you prefer newer or older ones?",
                "How much would you like to spend?", "Who is it for?", "Any favourites?",
            ]
        )  # fmt: skip
    return (Message("user", opener), Message("assistant", said))
