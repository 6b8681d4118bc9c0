"""The datasets that the recipe learns from, as plain Python values; addresses and licences in README.md.

Reads what lies under `PARLEY_DATA_DIR`. Dialogues of held-out ReDial seekers and every published test
split stay out of everything here but `redial_held_out`.
"""

import csv
import gzip
import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.layout import Message

LABELS = Path(__file__).parent / "labels"
OWN = ("films", "shop", "followups", "talk")
"""Labelled turns of our own that are trained on; `dev` is chosen by."""


def data_dir() -> Path:
    """The folder of datasets, from `PARLEY_DATA_DIR`."""
    value = os.environ.get("PARLEY_DATA_DIR")
    if not value or not Path(value).is_dir():
        raise SystemExit("set PARLEY_DATA_DIR to the folder that holds the datasets of training/README.md")
    return Path(value)


def read_jsonl(path: Path) -> Iterator[Any]:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@dataclass(frozen=True, slots=True)
class Dialogue:
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One message with its label; `spans` is None where only the acts are known."""

    history: tuple[Message, ...]
    text: str
    acts: tuple[str, ...]
    spans: tuple[tuple[str, int, int], ...] | None
    dialogue: str = ""
    """The published id of the dialogue it comes from, where it has one."""


def redial_text(text: str, names: dict[str, str]) -> str:
    def title(match: re.Match[str]) -> str:
        name = names.get(match.group(1))
        return re.sub(r"\s*\(\d{4}\)$", "", name) if name else match.group(0)

    return html.unescape(re.sub(r"@(\d+)", title, text)).strip()


@cache
def _held_out_seekers() -> frozenset[int]:
    return frozenset(json.loads((LABELS / "redial_held_out_seekers.json").read_text()))


def _redial(*, held_out: bool) -> Iterator[tuple[str, list[tuple[int | None, Message]]]]:
    """Train dialogues with their messages' ids; those of held-out seekers only if asked for."""
    for row in read_jsonl(data_dir() / "redial" / "train_partial.jsonl.gz"):
        if row["initiatorWorkerId"] in _held_out_seekers() and not held_out:
            continue
        names = row["movieMentions"] or {}
        messages = [
            (
                message.get("messageId"),
                Message(
                    "user" if message["senderWorkerId"] == row["initiatorWorkerId"] else "assistant",
                    redial_text(message["text"], names),
                ),
            )
            for message in row["messages"]
        ]
        yield row["conversationId"], messages


def redial_dialogues() -> Iterator[Dialogue]:
    """ReDial train dialogues, without those of held-out seekers."""
    for _, messages in _redial(held_out=False):
        yield Dialogue(tuple(message for _, message in messages))


def redial_labelled(name: str) -> list[LabelledTurn]:
    """Our labels of ReDial messages: `train`, `dev` of other dialogues, or `test` of held-out seekers."""
    labels = {
        (row["conversation_id"], row["message_id"]): row
        for row in read_jsonl(LABELS / f"redial_{name}.jsonl")
    }
    turns = []
    for conversation, messages in _redial(held_out=name != "train"):
        for i, (message_id, message) in enumerate(messages):
            label = labels.get((conversation, message_id))
            if label and message.role == "user":
                history = tuple(earlier for _, earlier in messages[max(0, i - 4) : i])
                spans = tuple((slot, start, end) for slot, start, end in label["spans"])
                turns.append(LabelledTurn(history, message.text, tuple(label["acts"]), spans, conversation))
    if len(turns) != len(labels):
        raise SystemExit(f"only {len(turns)} of {len(labels)} labelled ReDial messages were found")
    return turns


def own_labelled(name: str) -> list[LabelledTurn]:
    """Turns written and labelled for this project: one of OWN, or `dev`."""
    turns = []
    for row in read_jsonl(LABELS / f"turns_{name}.jsonl"):
        history = tuple(Message(message["role"], message["text"]) for message in row["history"])
        spans = tuple(locate(row["text"], [(slot, words) for slot, words in row["spans"]]))
        turns.append(LabelledTurn(history, row["text"], tuple(row["acts"]), spans))
    return turns


def unlabelled() -> Iterator[LabelledTurn]:
    """Seekers' messages that nobody labelled: ReDial's, without held-out seekers', and CCPE-M's; no acts."""
    labelled = {
        (row["conversation_id"], row["message_id"])
        for name in ("train", "dev")
        for row in read_jsonl(LABELS / f"redial_{name}.jsonl")
    }
    chosen_by = {row["conversation_id"] for row in read_jsonl(LABELS / "redial_dev.jsonl")}
    for conversation, messages in _redial(held_out=False):
        if conversation in chosen_by:
            continue
        said = [message for _, message in messages]
        for i, (message_id, message) in enumerate(messages):
            if message.role == "user" and (conversation, message_id) not in labelled:
                yield LabelledTurn(tuple(said[max(0, i - 4) : i]), message.text, (), None, conversation)
    plain = [*redial_text_only(), *ccpe()]
    for dialogue in plain:
        for i, message in enumerate(dialogue.messages):
            if message.role == "user":
                yield LabelledTurn(dialogue.messages[max(0, i - 4) : i], message.text, (), None)


def taught_turns(file: Path) -> list[LabelledTurn]:
    """What `training.teach` wrote."""
    return [
        LabelledTurn(
            tuple(Message(role, text) for role, text in row["history"]),
            row["text"],
            tuple(row["acts"]),
            tuple((slot, start, end) for slot, start, end in row["spans"]),
        )
        for row in read_jsonl(file)
    ]


def locate(text: str, spans: list[tuple[str, str]]) -> Iterator[tuple[str, int, int]]:
    """Character positions of spans given by their words; equal words of one slot take the next place."""
    after: dict[tuple[str, str], int] = {}
    for slot, words in spans:
        match = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)").search(text, after.get((slot, words), 0))
        start = match.start() if match else text.find(words)
        after[(slot, words)] = start + 1
        yield slot, start, start + len(words)


def sgd_dialogues() -> Iterator[dict[str, Any]]:
    """SGD train dialogues as published."""
    yield from read_jsonl(data_dir() / "sgd" / "train.jsonl.gz")


def chatter() -> Iterator[Dialogue]:
    """Open-domain and elicitation dialogues, for language alone."""
    for row in read_jsonl(data_dir() / "self-dialogue" / "dialogues.jsonl.gz"):
        yield Dialogue(
            tuple(Message("user" if i % 2 else "assistant", t) for i, t in enumerate(row["turns"]))
        )
    yield from ccpe()


def ccpe() -> Iterator[Dialogue]:
    """People asked about their taste in films, by voice."""
    for row in read_jsonl(data_dir() / "ccpe-m" / "dialogues.jsonl.gz"):
        yield Dialogue(
            tuple(Message("user" if t["speaker"] == "USER" else "assistant", t["text"]) for t in row["turns"])
        )


def redial_text_only() -> Iterator[Dialogue]:
    """Further ReDial dialogues of train, without ids; titles without quotes and year, as elsewhere."""
    for row in read_jsonl(data_dir() / "redial" / "train_text_only.jsonl.gz"):
        yield Dialogue(
            tuple(
                Message(
                    "user" if message["role"] == "seeker" else "assistant",
                    re.sub(r'"([^"]+?)\s*\(\d{4}\)"', r"\1", html.unescape(message["text"])).strip(),
                )
                for message in row["messages"]
            )
        )


def clinc() -> list[tuple[str, str]]:
    """CLINC150 train utterances with their intents."""
    with gzip.open(data_dir() / "clinc150" / "data_full.json.gz", "rt", encoding="utf-8") as file:
        data = json.load(file)
    return [(text, intent) for text, intent in data["train"] + data["oos_train"]]


def multidogo(domain: str) -> Iterator[tuple[str, str]]:
    """MultiDoGO train utterances of one domain's customers, with their intents."""
    with gzip.open(data_dir() / "multidogo" / f"{domain}_train.tsv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield row["utterance"], row["intent"]


def moviebot() -> Iterator[tuple[list[Message], list[str]]]:
    """IAI MovieBot's dialogues: messages up to one of the user's, and the acts of that one."""
    with gzip.open(
        data_dir() / "iai-moviebot" / "annotated_dialogues.json.gz", "rt", encoding="utf-8"
    ) as file:
        for dialogue in json.load(file):
            messages: list[Message] = []
            for turn in dialogue["conversation"]:
                user = turn["participant"] == "USER"
                messages.append(Message("user" if user else "assistant", turn["utterance"].strip()))
                if user:
                    yield messages[:], [act["intent"] for act in turn["dialogue_acts"]]


@dataclass(frozen=True, slots=True)
class Film:
    title: str
    year: int
    genres: tuple[str, ...]
    cast: tuple[str, ...]
    directors: tuple[str, ...]


@cache
def films() -> list[Film]:
    """Films with genre and cast, newer ones more likely to be known."""
    rows = read_jsonl(data_dir() / "wikipedia-movies" / "movies.jsonl.gz")
    return [
        Film(row["title"], row["year"], tuple(row["genres"]), tuple(row["cast"][:4]), tuple(row["director"]))
        for row in rows
        if row["genres"] and len(row["cast"]) >= 2 and row["year"] >= 1960 and len(row["title"]) < 45
    ]


@cache
def books() -> list[tuple[str, str]]:
    """Title and first author."""
    with gzip.open(data_dir() / "goodbooks-10k" / "books.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [(re.sub(r"\s*\(.*", "", row["title"]), row["authors"].split(",")[0]) for row in rows]


@cache
def products() -> list[dict[str, Any]]:
    return list(read_jsonl(data_dir() / "retail-demo-store" / "products.jsonl.gz"))


def catalogue_texts() -> Iterator[str]:
    """Descriptions, for the tokenizer's sake: the words that catalogues use."""
    for row in read_jsonl(data_dir() / "wikipedia-movies" / "movies.jsonl.gz"):
        yield f"{row['title']} {' '.join(row['cast'][:3])} {row['extract'][:200]}"
    for product in products():
        yield f"{product['name']} {product['description']}"
    for title, author in books():
        yield f"{title} {author}"
