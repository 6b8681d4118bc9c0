"""A reader made of word lists, for comparison with the model; the product never imports it.

Written by hand with the labelling guide and the training labels in view, never the test labels.
"""
# ruff: noqa: E501  (a word list reads better unbroken)

import re

from bot.understanding import Reading, Span

_I = re.IGNORECASE
ACT_WORDS: dict[str, str] = {
    "request": r"recommend|suggest|looking for|any (good|other|great|more)|do you have any|can you (help|find)|could you"
    r"|give me|show me|find me|something (like|similar|with)|in the mood|mood for|what else|anything else|another (one|movie)"
    r"|want to (watch|see) (a|some)|i(?: would|'d) like (a|some|something)|i need|what should i",
    "refine": r"instead|rather|newer|older|lighter|funnier|scarier|something (more|less)|more recent|not too|if possible"
    r"|maybe (a|an|some)|but (not|with|no)\b|other than|^or\b|^like\b",
    "inform": r"\bi (also |really |do |just |usually |mostly )*(like|love|enjoy|prefer|hate|dislike)|liked|loved|enjoyed"
    r"|favou?rite|fan of|i'?m into|(haven'?t|have not|not|never|didn'?t) (yet )?(seen?|heard|watch)|(it|that) was|for my"
    r"|my (kids|wife|husband|son|daughter|family|girlfriend|boyfriend)|is (good|great|funny|awesome|hilarious|amazing)",
    "accept": r"(i'?ll|i will|will|gonna|going to|have to|need to|try to) (have to |definitely |try to |also |try and )*"
    r"(watch|check|give|look|see|try|add|rent)|sounds (like |pretty |really |very )*(a )?(good|great|interesting|fun|perfect|"
    r"awesome|intriguing)|check (it|that|them|those|this) out|good (idea|choice|suggestion|pick)|i(?: would|'d) (like|love) to "
    r"(see|watch)|on my list|wanted to (see|watch)",
    "reject": r"no thanks?|not interested|\bnah\b|\bpass\b|not for me|not my (thing|type|style)|don'?t (want|think i)"
    r"|not (a|really a) (big )?fan|not in the mood|something else",
    "seen": r"(?<!haven't )(?<!havent )(?<!not )(?<!never )(?<!you )(?<!yet )\b(seen|watched|saw)\b|i (own|have) (it|that)"
    r"|i read it|already (have|know)",
    "inquire": r"have you (seen|heard|watched)|who('s| is| was| directed| stars| plays)|(it|that|this|movie) about|is (it|that|he|she)\b"
    r"[^.!]*\?|how (long|old|was|is)|why|which (one|is)|did you|do you (like|know|think)|was (it|that)[^.!]*\?|when did|what year"
    r"|any good\?|compare|what is",
    "chat": r"\b(hi|hello|hey|thanks?|thank you|thx|bye|goodbye|welcome|lol|good (morning|night|evening|day)|how are you|ok|okay|"
    r"cool|take care|nice (talking|chatting|to meet))\b|have a (good|great|nice|wonderful|lovely)|^(yes|no|yeah|sure)\W*$",
    "other": r"\b(weather|flight|taxi|ignore (your|all)|instructions|bank|email|alarm|timer|translate|homework)\b",
}
_ACTS = {act: re.compile(words, _I) for act, words in ACT_WORDS.items()}
_GENRES = (
    r"(?:romantic |dark |black )?comed(?:y|ies)|dramas?|thrillers?|horrors?|scary|sci-?fi|science fiction|fantasy|westerns?|"
    r"crime|myster(?:y|ies)|romances?|romantic|animated|animation|documentar(?:y|ies)|musicals?|war|action|adventure|family|"
    r"superhero|kids|funny|suspense|classic"
)
_NAME = r"(?:[A-Z0-9][\w'’:.-]*)(?: (?:(?:of|the|and|in|to|a|&|with|on|for|from) )*[A-Z0-9][\w'’:-]*)*"
_NOT_NAMES = re.compile(
    r"(?:I|I'm|I'll|I've|Im|It|It's|Its|That|This|They|Have|Hi|Hello|Hey|Yes|No|Yeah|Ok|Okay|Thanks?|What|Who|Is|Are|Do|Did|My|"
    r"The|A|And|But|Or|So|Well|Oh|Great|Good|Cool|Also|Maybe|Can|Any|We|You|He|She|If|How|Not|Sure|Sounds|Never|Love|Loved|"
    r"Like|Just|Something|Looking|Have|There|Awesome|Nice|Those|Seen|Will|Would|Could|Wow|Really|Haha|Lol|Then)\b[,.!?']*"
)
_SPAN_RULES: tuple[tuple[str, str], ...] = (
    ("need", r"(?:looking for|recommend(?: me)?|suggest(?: me)?|find(?: me)?|in the mood for|do you have|want to (?:see|watch)|"
             r"i need|give me|would like)\s+(?:an?\s+|some\s+)?([^.,?!]{6,})"),
    ("avoid", rf"\b(?:no|not|without)\s+(?:too\s+|any\s+)?({_GENRES})\b"),
    ("dislike", rf"(?:don'?t (?:really )?like|hate|dislike|can'?t stand|not a fan of)\s+({_GENRES})\b"),
    ("ref", r"\b((?:that|this|the (?:first|second|third|last|other)) (?:one|movie|film)|(?:those|these)(?: (?:two|movies|films))?|"
            r"it|them)\b"),
    ("ref", r"(?:^|[.!?,] ?|seen |saw |watched? |see )(that|this)\b(?! (?:one|movie|film))"),
    ("like", r"(?:loved?|liked?|enjoyed?)\s+(it|them|that(?: one| movie| film)?|those|the (?:first|second|third|last) one)\b"),
    ("like", r"\b(it|that|they|them|those|that (?:one|movie|film))(?:'?s| is| was| are| were)\s+(?:(?:so|really|very|a|such|an|pretty)\s+)*"
             r"(?:good|great|awesome|funny|hilarious|amazing|excellent|fantastic|classic|best)"),
    ("dislike", r"(?:hated?|did ?n[o']?t (?:really )?(?:like|enjoy|care for))\s+(it|them|that(?: one| movie| film)?|those)\b"),
    ("count", r"\b(?:give me|show me|recommend|suggest)\s+(two|three|four|five|\d|a couple)\b"),
    ("why", r"\b(why)\b"),
    ("compare", r"\b(compare|better|difference)\b"),
    ("retract", r"\b(start over|scrap that|forget (?:it|that))\b"),
    ("ask", r"\b([Hh]ave you seen|[Ww]ho (?:is|was|directed|stars|plays)[^.?!,]*|[Hh]ow (?:long|old|was|is)[^.?!,]*|"
            r"[Ww]hat(?:'?s| is| was) (?:it|that) about|[Ii]s (?:it|that) [^.?!,]*(?=\?))"),
)  # fmt: skip
_RULES = [(slot, re.compile(pattern, 0 if slot == "ask" else _I)) for slot, pattern in _SPAN_RULES]
_GENRE = re.compile(rf"\b({_GENRES})\b", _I)
_TIME = re.compile(
    r"\b((?:from |in )?the \d\ds|\d0'?s|before \d{4}|after \d{4}|recent|new(?:er)?|old(?:er)?)\b", _I
)


def read(text: str) -> Reading:
    """Acts by their words, `inform` when there are none; spans by patterns around the words."""
    acts = tuple(act for act, words in _ACTS.items() if words.search(text)) or ("inform",)
    spans = {
        Span(slot, match.group(1).rstrip(), match.start(1), match.start(1) + len(match.group(1).rstrip()))
        for slot, rule in _RULES
        for match in rule.finditer(text)
    }
    asked = "request" in acts or "refine" in acts
    for match in _GENRE.finditer(text):
        spans.add(Span("want" if asked else "like", match.group(1), *match.span(1)))
    if asked:
        spans.update(Span("want", match.group(1), *match.span(1)) for match in _TIME.finditer(text))
    spans.update(
        Span(_slot_of_name(text[:start]), text[start:end], start, end) for start, end in _names(text)
    )
    return Reading(acts, tuple(sorted(spans, key=lambda span: (span.slot, span.start))))


def _names(text: str) -> list[tuple[int, int]]:
    """Runs of capitalised words, without the words that merely open a sentence."""
    found = []
    for match in re.finditer(_NAME, text):
        start, end = match.span()
        while opening := _NOT_NAMES.match(text, start, end):
            start = opening.end() + (opening.end() < end and text[opening.end()] == " ")
        words = text[start:end].rstrip(".:,-")
        if len(words) > 2 and words[0].isupper() and not text.isupper():
            found.append((start, start + len(words)))
    return found


def _slot_of_name(before: str) -> str:
    """What a name is for, by the words of its clause before it."""
    clause = re.split(r"[.!?]", before)[-1].lower()
    if re.search(r"(don'?t|did ?n[o']?t|not) (really )?(like|enjoy)|hate", clause):
        return "dislike"
    if re.search(r"(haven'?t|have not|never|not) (yet )?(seen|heard|watched)", clause):
        return "ref"
    if re.search(r"have you|who|what|is |was |did|watch$|check|see $", clause):
        return "ref"
    return "seen" if re.search(r"(seen|saw|watched)\s+(\w+\s+)?$", clause) else "like"
