"""Join Wikipedia's films with MovieLens ratings into the two files that `configs/movielens.yaml` ingests.

    python data/prepare_movielens.py [--data-dir DIR] [--output DIR]

Reads, under `--data-dir` (or PARLEY_DATA_DIR):

    wikipedia-movies/movies.jsonl.gz            films: id, title, year, genres, cast, director, extract
    wikipedia-movies/ml_latest_small_map.csv    movieId,wiki_id
    ml-latest-small/ratings.csv[.gz]            userId,movieId,rating,timestamp
    ml-latest-small/movies.csv[.gz]             movieId,title,genres

MovieLens ml-latest-small is GroupLens's, not shipped here and not for commercial use: download it from
https://grouplens.org/datasets/movielens/latest/ and unpack it as `ml-latest-small`. The films' text is
Wikipedia's, under CC BY-SA 4.0.

Writes `items.jsonl` (item_id, title, description, year, genres, directors, cast) and `events.csv`
(user_id, item_id, action, value, timestamp) into `--output`, `data/movielens` unless told otherwise.
Ratings of films without a description are written too: they wait as pending events.
Each file is put in place only once it is whole. Needs nothing but Python.
"""

import argparse
import csv
import gzip
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

OUTPUT = Path(__file__).parent / "movielens"

# Stage directions of Wikipedia's cast lists, such as "(voices)", are nobody's name.
NOT_A_NAME = re.compile(r"^\(|^and |^$")

# The two sources' words for one genre; None for what is no genre.
GENRES = {"sci-fi": "science fiction", "animated": "animation", "film-noir": "noir", "imax": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("PARLEY_DATA_DIR"))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if arguments.data_dir is None:
        sys.exit("name the folder of the datasets with --data-dir or PARLEY_DATA_DIR")
    try:
        items, events = prepare(arguments.data_dir, arguments.output)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    print(f"{items} films and {events} ratings written to {arguments.output}")


def prepare(data_dir: Path, output: Path) -> tuple[int, int]:
    """Write both files; how many films and how many ratings they hold."""
    wikipedia, movielens = data_dir / "wikipedia-movies", data_dir / "ml-latest-small"
    output.mkdir(parents=True, exist_ok=True)
    film_of = {row["movieId"]: int(row["wiki_id"]) for row in read_csv(wikipedia / "ml_latest_small_map.csv")}
    rated = {row["movieId"]: row for row in read_csv(movielens / "movies.csv")}
    films = {film["id"]: film for film in read_films(wikipedia / "movies.jsonl.gz", set(film_of.values()))}

    with whole(output / "items.jsonl") as file:
        known = [movie for movie in film_of if movie in rated and film_of[movie] in films]
        for movie in known:
            item = item_of(movie, films[film_of[movie]], rated[movie])
            file.write(json.dumps(item, ensure_ascii=False) + "\n")

    with whole(output / "events.csv") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "action", "value", "timestamp"])
        count = 0
        for row in read_csv(movielens / "ratings.csv"):
            user = f"ml-user-{row['userId']}"
            writer.writerow([user, item_id(row["movieId"]), "rating", row["rating"], row["timestamp"]])
            count += 1
    return len(known), count


def item_id(movie: str) -> str:
    return f"ml-{movie}"


def item_of(movie: str, film: dict[str, Any], rated: dict[str, str]) -> dict[str, Any]:
    """One catalogue row. Genres are those of both sources, in small letters."""
    listed = [] if rated["genres"] == "(no genres listed)" else rated["genres"].split("|")
    lowered = [genre.lower() for genre in [*film["genres"], *listed]]
    genres = dict.fromkeys(GENRES.get(genre, genre) for genre in lowered)
    return {
        "item_id": item_id(movie),
        "title": film["title"],
        "description": " ".join(film["extract"].split()),
        "year": film["year"],
        "genres": [genre for genre in genres if genre is not None],
        "directors": film["director"],
        "cast": [name for name in film["cast"] if not NOT_A_NAME.match(name)][:6],
    }


def read_films(path: Path, wanted: set[int]) -> Iterator[dict[str, Any]]:
    with opened(path) as file:
        for line in file:
            film = json.loads(line)
            if film["id"] in wanted:
                yield film


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    with opened(path) as file:
        yield from csv.DictReader(file)


def opened(path: Path) -> IO[str]:
    """The file as text, or its .gz twin."""
    if path.suffix != ".gz" and not path.exists():
        twin = path.with_name(path.name + ".gz")
        path = twin if twin.exists() else path
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


class whole:  # noqa: N801 - reads as a verb where it is used
    """A file that takes its name only when everything was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unfinished = path.with_name(path.name + ".unfinished")

    def __enter__(self) -> IO[str]:
        self.file = self.unfinished.open("w", encoding="utf-8", newline="")
        return self.file

    def __exit__(self, kind: object, *_: object) -> None:
        self.file.close()
        if kind is None:
            os.replace(self.unfinished, self.path)
        else:
            self.unfinished.unlink()


if __name__ == "__main__":
    main()
