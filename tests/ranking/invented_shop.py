"""A small invented shop, people who buy there, and an encoder whose vectors can be worked out by hand."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import insert

from ranking.events import BehaviourEvent
from retrieval.catalogue import Catalogue
from retrieval.items import CatalogueConfig, FieldSpec, Item, ItemRow
from storage.base import utcnow

KINDS = ("lantern", "kettle", "rug", "puzzle")
PER_KIND = 10
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class WordEncoder:
    """An encoder that hashes words into 64 buckets: texts that share words are close."""

    digest = "words"

    def encode(self, texts):
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.casefold().split():
                row[zlib.crc32(word.encode()) % 64] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def unknown_share(self, text):
        return sum(not character.isascii() for character in text) / max(len(text), 1)


@dataclass
class Shelf:
    """What the ranking room needs of an opened retrieval room."""

    catalogue: Catalogue
    encoder: WordEncoder
    matrix: np.ndarray


def shop_items():
    return [
        Item(f"{kind}-{number}", f"{kind} {number}", f"a {kind}", {"kind": kind, "price": 10 * number})
        for kind in KINDS
        for number in range(PER_KIND)
    ]


def shelf_of(items, name="shop"):
    fields = {"kind": FieldSpec(type="category"), "price": FieldSpec(type="int", unit="USD")}
    encoder = WordEncoder()
    matrix = encoder.encode([f"{item.title} {item.description}" for item in items])
    return Shelf(Catalogue(CatalogueConfig(name=name, fields=fields), items), encoder, matrix)


def act(user, item, action, minute=0, value=None, event_id="", source="ingest"):
    """An event some minutes after noon."""
    moment = NOON + timedelta(minutes=minute)
    return BehaviourEvent(event_id, user, item, action, value, moment, source)


def fans(people_per_kind=8, likes=6, seed=0):
    """Likes of people who each care for one kind of thing, and a stray one now and then."""
    random = np.random.default_rng(seed)
    events = []
    for kind in KINDS:
        for person in range(people_per_kind):
            numbers = random.choice(PER_KIND, size=likes, replace=False)
            user = f"fan-of-{kind}-{person}"
            events += [act(user, f"{kind}-{n}", "like", minute) for minute, n in enumerate(numbers)]
            events.append(act(user, f"{random.choice(KINDS)}-{random.integers(PER_KIND)}", "click", 99))
    return events


def put_items(engine, items):
    with engine.begin() as connection:
        rows = [
            {"item_id": item.item_id, "title": item.title, "description": item.description}
            | {"fields": dict(item.fields), "aliases": [], "digest": "", "added_at": utcnow()}
            for item in items
        ]
        connection.execute(insert(ItemRow), rows)
