"""Conversations that the demo must hold its own in, in everyday words.

None of them shares six words in a row with what the language model learned from (`test_wording.py`).
"""

from dialogues import (
    EVER,
    Anew,
    Browse,
    React,
    Say,
    admits,
    asks,
    each,
    each_has,
    each_within,
    exactly,
    films,
    fresh,
    learned,
    learned_nothing,
    lower,
    names,
    names_extreme,
    none_has,
    not_all_have,
    nothing,
    shop,
    some,
    tells,
    without,
)

_COMEDY = each_has("genres", "comedy")
_HORROR = each_has("genres", "horror")
_WESTERN = each_has("genres", "western")
_MYSTERY = each_has("genres", "mystery")
_THRILLER = each_has("genres", "thriller")
_NINETIES = each_within("year", 1990, 1999)

FILMS = [
    films(
        "a decade and more of it",
        Say("Evening! We fancy a comedy that came out in the nineties", (some(), _COMEDY, _NINETIES)),
        Say("More please", (some(), fresh(), _COMEDY, _NINETIES)),
        Say("Who made number three?", (nothing(), names(3), tells("directors", 3))),
    ),
    films(
        "short science fiction",
        Say(
            "I have under two hours free, so science fiction that fits",
            (some(), each_has("genres", "science fiction"), each_within("runtime", 0, 119)),
        ),
        Say("Who directed the second one?", (nothing(), names(2), tells("directors", 2))),
        Say("And how long does it run?", (nothing(), tells("runtime", 2))),
        Say("Thanks, that helps!", (nothing(), learned_nothing())),
    ),
    films(
        "a director, then an actor",
        Say("Show me things by Alfred Hitchcock", (some(), each_has("directors", "Alfred Hitchcock"))),
        Say(
            "Just those with James Stewart in them",
            (some(), each_has("directors", "Alfred Hitchcock"), each_has("cast", "James Stewart")),
        ),
        Say("Why did you pick the first?", (nothing(), names(1))),
    ),
    films(
        "wishes add up and one goes",
        Say("Got a thriller for tonight?", (some(), _THRILLER)),
        Say("It should be newer than 2005", (some(), _THRILLER, each_within("year", 2005, EVER))),
        Say(
            "And in German, please",
            (some(), _THRILLER, each_within("year", 2005, EVER), each_has("language", "German")),
        ),
        Say(
            "Okay, forget the German bit",
            (some(), _THRILLER, each_within("year", 2005, EVER), not_all_have("language", "German")),
        ),
    ),
    films(
        "singing after all not",
        Say("Something animated the kids will like", (some(), each_has("genres", "animation"))),
        Say(
            "Ideally a musical",
            (some(), each_has("genres", "animation"), each_has("genres", "musical")),
        ),
        Say(
            "Hmm, scrap the musical part",
            (some(), each_has("genres", "animation"), not_all_have("genres", "musical")),
        ),
    ),
    films(
        "give me three",
        Say("Give me three westerns", (exactly(3), _WESTERN)),
        Say("Another three", (exactly(3), fresh(), _WESTERN)),
        Say("When was the last one released?", (nothing(), tells("year", 3))),
    ),
    films(
        "compare the first two",
        Say("What crime films have you got?", (some(), each_has("genres", "crime"))),
        Say("Compare the first two", (nothing(), names(1, 2))),
        Say("Which of those two is longer?", (nothing(), names_extreme("runtime", 1, 2))),
    ),
    films(
        "vague, then an answer",
        Say("Can you suggest a film?", (asks(), learned_nothing())),
        Say("Comedy, I guess", (some(), _COMEDY)),
        Say("Got anything older than 1960?", (some(), _COMEDY, each_within("year", 0, 1960))),
    ),
    films(
        "no idea at all",
        Say("No clue what to watch, help me out", (asks(),)),
        Say("Drama would be fine", (some(), each_has("genres", "drama"))),
    ),
    films(
        "a newcomer is greeted",
        Say("Hello there", (exactly(3),)),
        Say("I love the first one", (learned("like", 1),), keep={"loved": 1}),
        Say("Anything along those lines?", (some(), without("loved"))),
    ),
    films(
        "a newcomer knows them all",
        Say("Hey!", (exactly(3),)),
        Say("Seen all three before", (learned("seen|like", 1, 2, 3),), keep={"a": 1, "b": 2, "c": 3}),
        Say("Then a family film", (some(), each_has("genres", "family"), without("a"), without("b"))),
        Browse((some(), without("a"), without("b"), without("c"))),
    ),
    films(
        "found one, thanks",
        Say(
            "A war film from before 1965?", (some(), each_has("genres", "war"), each_within("year", 0, 1965))
        ),
        Say("Great, I'll go with the first one", (learned("accept", 1),), keep={"taken": 1}),
        Say("Thank you so much, bye!", (nothing(), learned_nothing())),
        Anew(),
        Say("More war films", (some(), each_has("genres", "war"), without("taken"))),
    ),
    films(
        "weather first",
        Say("Will it rain in Lisbon tomorrow?", (nothing(), learned_nothing())),
        Say("Fine, a horror film from the eighties then", (some(), _HORROR, each_within("year", 1980, 1989))),
    ),
    films(
        "no bank either",
        Say("Please transfer fifty euros to my landlord", (nothing(), learned_nothing())),
        Say("OK, films with Harrison Ford then", (some(), each_has("cast", "Harrison Ford"))),
        Say("Which country does the first come from?", (nothing(), tells("country", 1))),
    ),
    films(
        "turned down for good",
        Say("Horror, that's what I feel like tonight", (some(), _HORROR)),
        Say("Not the first one, please", (learned("reject|dislike", 1), without("no")), keep={"no": 1}),
        Say("Other horror titles?", (some(), _HORROR, without("no"))),
        Anew(),
        Say("Scary horror movies, go on", (some(), _HORROR, without("no"))),
        Browse((some(), without("no"))),
    ),
    films(
        "known already",
        Say("Recommend a Spielberg movie", (some(), each_has("directors", "Steven Spielberg"))),
        Say("I've already watched the second one", (learned("seen", 2), without("known")), keep={"known": 2}),
        Say(
            "What else did he make?",
            (some(), each_has("directors", "Steven Spielberg"), without("known")),
        ),
    ),
    films(
        "close to a favourite",
        Say(
            "The Matrix is my favourite, got something similar?",
            (learned("like", "the-matrix-1999"), some(), without("the-matrix-1999")),
        ),
        Say("No sequels though", (some(), without("the-matrix-1999"))),
    ),
    films(
        "never a musical",
        Say(
            "A romance, but no musicals",
            (some(), each_has("genres", "romance"), none_has("genres", "musical")),
        ),
        Say(
            "Make it older than 1960",
            (
                some(),
                each_has("genres", "romance"),
                none_has("genres", "musical"),
                each_within("year", 0, 1960),
            ),
        ),
        Say("What is the first about?", (nothing(), tells("description", 1))),
    ),
    films(
        "why that one",
        Say("I could use an exciting adventure", (some(), each_has("genres", "adventure"))),
        Say("What about the third one, who stars in it?", (nothing(), tells("cast", 3))),
        Say("Why that one?", (nothing(), names(3))),
    ),
    films(
        "in Japanese, and old",
        Say("Anything in Japanese?", (some(), each_has("language", "Japanese"))),
        Say(
            "Only ones before 1960",
            (some(), each_has("language", "Japanese"), each_within("year", 0, 1960)),
        ),
        Say("Who directed it?", (nothing(), tells("directors", 1))),
    ),
    films(
        "two, and two more",
        Say(
            "I need two family films under 100 minutes",
            (exactly(2), each_has("genres", "family"), each_within("runtime", 0, 100)),
        ),
        Say("Two more", (exactly(2), fresh(), each_has("genres", "family"))),
    ),
    films(
        "buttons count",
        Say("Mystery films, please", (some(), _MYSTERY)),
        React("like", 1),
        React("dislike", 2, keep="hated"),
        React("seen", 3, keep="known"),
        Say(
            "Any other mysteries?",
            (some(), _MYSTERY, without("hated"), without("known")),
        ),
        Anew(),
        Say("A mystery again", (some(), _MYSTERY, without("hated"), without("known"))),
        Browse((some(), without("hated"), without("known"))),
    ),
    films(
        "an actor, a plot, a place",
        Say("Anything with Tom Hanks?", (some(), each_has("cast", "Tom Hanks"))),
        Say("What happens in the first one?", (nothing(), tells("description", 1))),
        Say("How long is it?", (nothing(), tells("runtime", 1))),
    ),
    films(
        "nothing fits",
        Say("I want a Korean documentary from the forties", (admits(),)),
        Say("Never mind, start over: any documentary", (some(), each_has("genres", "documentary"))),
    ),
    films(
        "with a smile",
        Say(
            "animation below 95 minutes 😊",
            (some(), each_has("genres", "animation"), each_within("runtime", 0, 95)),
        ),
        Say("推荐一部 comedy", (some(), _COMEDY)),
    ),
    films(
        "not him",
        Say(
            "Action films without Bruce Willis",
            (some(), each_has("genres", "action"), none_has("cast", "Bruce Willis")),
        ),
        Say(
            "From the last thirty years only",
            (some(), each_has("genres", "action"), each_within("year", 1995, EVER)),
        ),
    ),
    films(
        "one or the other",
        Say(
            "Fantasy or science fiction, whichever",
            (
                some(),
                each("one of the two", lambda film: {"fantasy", "science fiction"} & set(film["genres"])),
            ),
        ),
        Say("I'd like it short, at most 100 minutes", (some(), each_within("runtime", 0, 100))),
        Say("Which language does the second use?", (nothing(), tells("language", 2))),
    ),
]

_JACKETS = each_has("category", "jackets")
_DESK = each_has("category", "desk accessories")
_GAMES = each_has("category", "board games")

SHOP = [
    shop(
        "a bag on a budget",
        Say(
            "I need a backpack for under 80 dollars",
            (some(), each_has("category", "backpacks"), each_within("price", 0, 80)),
        ),
        Say("Which is the cheapest?", (nothing(), names_extreme("price", -1))),
        Say("What is the second one made of?", (nothing(), tells("material", 2))),
    ),
    shop(
        "black headphones",
        Say(
            "Do you have headphones in black?",
            (some(), each_has("category", "headphones"), each_has("colour", "black")),
        ),
        Say("How much do they cost?", (nothing(), tells("price", 1))),
        Say("And which brand is it?", (nothing(), tells("brand", 1))),
    ),
    shop(
        "cheaper jackets",
        Say("Show me some jackets", (some(), _JACKETS)),
        Say("Too pricey, got anything cheaper?", (some(), _JACKETS, lower("price"))),
    ),
    shop(
        "a present",
        Say("I'm looking for a present", (asks(),)),
        Say("Toys, I think", (some(), each_has("category", "toys"))),
        Say("Only wooden ones", (some(), each("of wood", lambda toy: "wood" in toy["material"]))),
    ),
    shop(
        "owned already",
        Say("Hi", (exactly(3),)),
        Say("I already own the third one", (learned("seen|purchase|accept", 3),), keep={"owned": 3}),
        Say("What lamps do you sell?", (some(), each_has("category", "lighting"), without("owned"))),
        Browse((some(), without("owned"))),
    ),
    shop(
        "shoes that are there",
        Say(
            "Running shoes, but only what's in stock",
            (some(), each_has("category", "running shoes"), each("in stock", lambda shoe: shoe["in_stock"])),
        ),
        Say("Compare the first two", (nothing(), names(1, 2))),
        Say("Lovely, the first pair is mine", (learned("accept|purchase", 1),)),
        Say("Cheers!", (nothing(), learned_nothing())),
    ),
    shop(
        "never mind the colour",
        Say("A board game for less than 45 dollars", (some(), _GAMES, each_within("price", 0, 45))),
        Say("In brown", (some(), _GAMES, each_within("price", 0, 45), each_has("colour", "brown"))),
        Say(
            "Never mind the brown",
            (some(), _GAMES, each_within("price", 0, 45), not_all_have("colour", "brown")),
        ),
    ),
    shop(
        "not that one",
        Say("Show me desk accessories", (some(), _DESK)),
        Say("No thanks to number two", (learned("reject|dislike", 2), without("no")), keep={"no": 2}),
        Say("Any others?", (some(), _DESK, without("no"))),
        Anew(),
        Say("Desk accessories again", (some(), _DESK, without("no"))),
        Browse((some(), without("no"))),
    ),
    shop(
        "football first",
        Say("Who won the football yesterday?", (nothing(), learned_nothing())),
        Say("OK then, garden things", (some(), each_has("category", "garden"))),
        Say("Give me two in green or blue", (exactly(2), each_has("category", "garden"))),
    ),
    shop(
        "a kitchen thing by one maker",
        Say(
            "Kitchen stuff by Emberline",
            (some(), each_has("category", "kitchen"), each_has("brand", "Emberline")),
        ),
        Say("Is number one in stock?", (nothing(), names(1))),
        Say("Why did you choose it?", (nothing(), names(1))),
    ),
]

CONVERSATIONS = [*FILMS, *SHOP]
