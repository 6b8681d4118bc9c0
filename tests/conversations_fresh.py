"""Further conversations, as people type them in passing; written without a look at the training text."""

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
    tells,
    without,
)

_HORROR = each_has("genres", "horror")
_SF = each_has("genres", "science fiction")
_COMEDY = each_has("genres", "comedy")
_ROMANCE = each_has("genres", "romance")
_ANIMATION = each_has("genres", "animation")
_ACTION = each_has("genres", "action")
_WESTERN = each_has("genres", "western")
_DRAMA = each_has("genres", "drama")
_THRILLER = each_has("genres", "thriller")
_BEFORE_1990 = each_within("year", 0, 1990)

FRESH_FILMS = [
    films(
        "halloween party",
        Say("any good horror from before 1990?", (_HORROR, _BEFORE_1990)),
        Say("ideally with some sci-fi in it", (_HORROR, _SF)),
        Say(
            "hm the sci-fi doesn't matter actually",
            (_BEFORE_1990, not_all_have("genres", "science fiction")),
        ),
        Say(
            "number 2 i know, saw it at the cinema", (learned("seen", 2), without("known")), keep={"known": 2}
        ),
    ),
    films(
        "date night",
        Say("rom com for me and my girlfriend", (_COMEDY, _ROMANCE)),
        Say("nothing older than 1985 tho", (_ROMANCE, each_within("year", 1985, EVER))),
        Say("which of these is shortest?", (nothing(), names_extreme("runtime", -1))),
        Say("ok we'll watch the second then", (learned("accept", 2),), keep={"tonight": 2}),
        Browse((without("tonight"),)),
    ),
    films(
        "nolan and caine",
        Say("christopher nolan films", (each_has("directors", "Christopher Nolan"),)),
        Say("i've seen inception", (learned("seen", "inception-2010"), without("inception-2010"))),
        Say(
            "doesn't have to be nolan but Michael Caine should be in it",
            (each_has("cast", "Michael Caine"), not_all_have("directors", "Christopher Nolan")),
        ),
        Say("which is the newest", (names_extreme("year", 1),)),
    ),
    films(
        "a small boy watches too",
        Say("movie night with my 5 year old, any cartoons?", (_ANIMATION,)),
        Say("we only have an hour and a half", (_ANIMATION, each_within("runtime", 0, 90))),
        Say(
            "he hates singing so no musicals please",
            (each_within("runtime", 0, 90), none_has("genres", "musical")),
        ),
        Say("tell me a bit about the first", (nothing(), names(1))),
    ),
    films(
        "bored on a sunday",
        Say("bored. what should i watch", (asks(),)),
        Say("idk, some action", (_ACTION,)),
        Say("from the 80s maybe", (_ACTION, each_within("year", 1980, 1989))),
        Say("ugh i hated the third", (learned("dislike|reject", 3), without("hated")), keep={"hated": 3}),
        Anew(),
        Say("80s action again pls", (_ACTION, without("hated"))),
    ),
    films(
        "the godfather and after",
        Say("do you have The Godfather?", (names("the-godfather-1972"),)),
        Say("loved it!", (learned("like", "the-godfather-1972"),)),
        Say(
            "what's similar, but not by Coppola",
            (none_has("directors", "Francis Ford Coppola"), without("the-godfather-1972")),
        ),
        Say(
            "any of that with Robert De Niro?",
            (each_has("cast", "Robert De Niro"), none_has("directors", "Francis Ford Coppola")),
        ),
    ),
    films(
        "granddad's cowboys",
        Say("cowboy stuff for grandpa, so westerns", (_WESTERN,)),
        Say("not the italian ones", (_WESTERN, none_has("country", "Italy"))),
        Say(
            "before 1975 pls",
            (none_has("country", "Italy"), each_within("year", 0, 1975)),
        ),
        Say("why the 2nd?", (names(2),)),
        Say("got a western from South Korea?", (admits(),)),
    ),
    films(
        "two against four",
        Say(
            "sci-fi made after 2005",
            (_SF, each_within("year", 2005, EVER)),
        ),
        Say("2 or 4, what's the difference", (nothing(), names(2, 4))),
        Say("who is in number 4?", (tells("cast", 4),)),
        Say(
            "show me two others",
            (exactly(2), fresh(), each_within("year", 2005, EVER)),
        ),
    ),
    films(
        "pizza, then subtitles",
        Say("order me a pizza", (nothing(), learned_nothing())),
        Say("haha ok. a drama that's not in english", (_DRAMA, none_has("language", "English"))),
        Say(
            "after 2010",
            (none_has("language", "English"), each_within("year", 2010, EVER)),
        ),
        React("seen", 1, keep="known"),
        Say("more", (fresh(), none_has("language", "English"), without("known"))),
    ),
    films(
        "four thrillers less one",
        Say(
            "can i get 4 thrillers from the 70s or 80s?",
            (exactly(4), _THRILLER, each_within("year", 1970, 1989)),
        ),
        Say("don't want the last one", (learned("reject|dislike", 4), without("no")), keep={"no": 4}),
        Say("give me 1 more instead", (exactly(1), fresh())),
        Say("how many minutes is that one", (tells("runtime", 1),)),
    ),
]

_JACKETS = each_has("category", "jackets")
_TOYS = each_has("category", "toys")
_HEADPHONES = each_has("category", "headphones")
_KITCHEN = each_has("category", "kitchen")
_SHOES = each_has("category", "running shoes")
_IN_STOCK = each("in stock", lambda product: product["in_stock"])

FRESH_SHOP = [
    shop(
        "anything but pink",
        Say("jacket, max 150 dollars", (_JACKETS, each_within("price", 0, 150))),
        Say(
            "any colour but pink",
            (each_within("price", 0, 150), none_has("colour", "pink")),
        ),
        Say("how much is number two", (tells("price", 2),)),
        Say("good, i'll take it", (learned("accept|purchase", 2),)),
        Say("perfect thank you", (nothing(),)),
    ),
    shop(
        "a cute otter",
        Say("dont really know what i want", (asks(),)),
        Say("toys maybe? for a 4 year old", (_TOYS,)),
        Say("up to 30 bucks", (each_within("price", 0, 30),)),
        Say("aww i love the otter", (learned("like", "otter-plush"),)),
    ),
    shop(
        "stars on the ears",
        Say(
            "headphones with 4 stars or better",
            (_HEADPHONES, each_within("rating", 4, 5)),
        ),
        Say("only what you have in stock right now", (each_within("rating", 4, 5), _IN_STOCK)),
        Say("what's the best rated one", (names_extreme("rating", 1),)),
        Say("hm can you go cheaper?", (_HEADPHONES, lower("price"))),
    ),
    shop(
        "new flat",
        Say("moved house, need kitchen things. not black", (_KITCHEN, none_has("colour", "black"))),
        Say("what material is the 4th", (tells("material", 4),)),
        Say("oh i have that already", (learned("seen|purchase|accept", 4),), keep={"owned": 4}),
        Say("show the others again", (_KITCHEN, without("owned"))),
        Browse((without("owned"),)),
    ),
    shop(
        "marathon in spring",
        Say("strideon running shoes", (_SHOES, each_has("brand", "Strideon"))),
        Say("not the first, too ugly", (learned("reject|dislike", 1), without("no")), keep={"no": 1}),
        Say("other brands are ok too", (_SHOES, not_all_have("brand", "Strideon"), without("no"))),
        Say("difference between 1 and 2?", (names(1, 2),)),
        Say("what's the weather like on sunday", (nothing(), learned_nothing())),
    ),
]

FRESH = [*FRESH_FILMS, *FRESH_SHOP]
