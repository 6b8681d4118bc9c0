"""Check the facts of items.csv against two datasets and write FACTS.md.

A film is matched when wikipedia-movies has a row with the same normalised title and a year within one of
ours. Of a matched film, year, directors, cast, genres and countries are compared. That dataset holds
American releases only, so a film it lacks is looked up in ml-latest-small, which knows world cinema but
gives no more than title and year: there the year alone is compared. What differs must either be mended in
items.csv or be explained in disagreements.csv (item_id, field, reason, source). The exit status is 1 when
too few films are in either dataset or a difference has no explanation, so a test can call this script.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATASET = Path("wikipedia-movies") / "movies.jsonl.gz"
TITLES = Path("ml-latest-small") / "movies.csv.gz"

# The dataset's genre names (left) in this catalogue's words. A genre without an entry is not compared,
# because the catalogue has no word for it (Noir, Historical, Silent, Superhero ...).
GENRES = {
    "Action": "action",
    "Adventure": "adventure",
    "Animated": "animation",
    "Biography": "biography",
    "Comedy": "comedy",
    "Crime": "crime",
    "Documentary": "documentary",
    "Drama": "drama",
    "Family": "family",
    "Fantasy": "fantasy",
    "Horror": "horror",
    "Musical": "musical",
    "Mystery": "mystery",
    "Romance": "romance",
    "Science Fiction": "science fiction",
    "Sports": "sport",
    "Thriller": "thriller",
    "War": "war",
    "Western": "western",
}

# Adjectives that name a country of production in the first sentence of an article.
NATIONS = {
    "American": "United States",
    "Argentine": "Argentina",
    "Australian": "Australia",
    "Austrian": "Austria",
    "Belgian": "Belgium",
    "Brazilian": "Brazil",
    "British": "United Kingdom",
    "Canadian": "Canada",
    "Chinese": "China",
    "Czech": "Czech Republic",
    "Danish": "Denmark",
    "French": "France",
    "German": "Germany",
    "Hong Kong": "Hong Kong",
    "Hungarian": "Hungary",
    "Indian": "India",
    "Iranian": "Iran",
    "Irish": "Ireland",
    "Israeli": "Israel",
    "Italian": "Italy",
    "Japanese": "Japan",
    "Mexican": "Mexico",
    "New Zealand": "New Zealand",
    "Norwegian": "Norway",
    "Polish": "Poland",
    "South African": "South Africa",
    "South Korean": "South Korea",
    "Spanish": "Spain",
    "Swedish": "Sweden",
    "Taiwanese": "Taiwan",
}


@dataclass(frozen=True)
class Film:
    """One row of items.csv, as far as it is checked."""

    item_id: str
    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    country: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """One row of the dataset."""

    row: int
    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    article: str
    extract: str


@dataclass(frozen=True)
class Disagreement:
    """One field on which the catalogue and the dataset differ."""

    film: Film
    field: str
    ours: str
    theirs: str
    article: str


@dataclass(frozen=True)
class Found:
    """Where each film of the catalogue was found; a film stands in one of the three."""

    matched: tuple[tuple[Film, Reference], ...]
    listed: tuple[Film, ...]
    """Only in ml-latest-small: title and year compared, nothing else."""
    nowhere: tuple[Film, ...]


@dataclass(frozen=True)
class Explanation:
    """Why a disagreement stands, and what was looked at."""

    reason: str
    source: str


def fold(text: str) -> str:
    """Lower case without accents and punctuation, so that spellings of one name compare equal."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold().replace("&", " and ")
    return " ".join(re.sub(r"[^\w\s]", " ", plain.replace("'", "").replace("’", "")).split())


def fold_title(title: str) -> str:
    """A folded title without its leading article."""
    return re.sub(r"^(the|a|an) (?=.)", "", fold(title))


def read_films(path: Path) -> list[Film]:
    def parts(value: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in value.split("|") if part.strip())

    with path.open(newline="", encoding="utf-8") as handle:
        return [
            Film(
                item_id=row["item_id"],
                title=row["title"],
                year=int(row["year"]),
                genres=parts(row["genres"]),
                directors=parts(row["directors"]),
                cast=parts(row["cast"]),
                country=parts(row["country"]),
            )
            for row in csv.DictReader(handle)
        ]


def read_references(path: Path, wanted: set[str]) -> dict[str, list[Reference]]:
    """The dataset's rows under their folded title, only those titles that the catalogue holds."""
    found: dict[str, list[Reference]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            key = fold_title(row["title"])
            if key in wanted:
                found[key].append(
                    Reference(
                        row=row["id"],
                        title=row["title"],
                        year=row["year"],
                        genres=tuple(row["genres"]),
                        directors=tuple(row["director"]),
                        cast=tuple(row["cast"]),
                        article=row["wiki"] or "",
                        extract=row["extract"],
                    )
                )
    return found


def title_forms(entry: str) -> list[str]:
    """Every title in an entry such as "Strada, La" or "Ran (a.k.a. Chaos)", articles put back in front."""
    forms = [re.sub(r"\s*\(.*", "", entry), *re.findall(r"\((?:a\.k\.a\. )?([^()]*)\)", entry)]
    articles = r"(The|An?|L[ae]s?|L'|Il|El|Los|D[aei][rse]|Une?)"
    return [re.sub(rf"^(.*), {articles}$", r"\2 \1", form).replace("L' ", "L'") for form in forms]


def read_title_years(path: Path, wanted: set[str]) -> dict[str, set[int]]:
    """The years that ml-latest-small gives to a folded title, only those titles that the catalogue holds."""
    found: dict[str, set[int]] = defaultdict(set)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            entry = re.fullmatch(r"(.*\S)\s*\((\d{4})\)\s*", row["title"])
            if entry is None:  # a few entries have no year
                continue
            for form in title_forms(entry[1]):
                if fold_title(form) in wanted:
                    found[fold_title(form)].add(int(entry[2]))
    return found


def best_match(film: Film, candidates: Iterable[Reference]) -> Reference | None:
    """The candidate within a year that shares most people with the film; then the nearest year."""
    people = {fold(name) for name in (*film.directors, *film.cast)}

    def closeness(reference: Reference) -> tuple[int, int]:
        theirs = {fold(name) for name in (*reference.directors, *reference.cast)}
        return len(people & theirs), -abs(reference.year - film.year)

    near = [reference for reference in candidates if abs(reference.year - film.year) <= 1]
    return max(near, key=closeness) if near else None


def missing_names(names: Sequence[str], listed: Sequence[str], extract: str) -> list[str]:
    """Names that are neither in the dataset's list nor in the article's text."""
    known = {fold(name) for name in listed}
    text = f" {fold(extract)} "

    def mentioned(name: str) -> bool:
        given, _, surname = name.partition(" ")
        siblings = rf" {re.escape(fold(given))} and \w+ {re.escape(fold(surname))} "  # "Joel and Ethan Coen"
        return name in known or f" {name} " in text or re.search(siblings, text) is not None

    return [name for name in names if not mentioned(fold(name))]


def first_sentence(extract: str) -> str:
    return re.split(r"(?<=[a-z)])\.\s", extract, maxsplit=1)[0]


def named_nations(reference: Reference) -> set[str]:
    """Countries that the article's opening words, up to 'film' or 'directed', call the film's own."""
    opening = first_sentence(reference.extract)
    words = re.search(r"\b(?:is|was)\b(.*?)(?:\b(?:film|directed|written|produced|based)\b|$)", opening)
    if words is None:
        return set()
    text = words.group(1)
    if "language" in text:  # "Japanese-language American film" names a language, not a country
        text = re.sub(r"\b[A-Z][a-z]+-language", "", text)
    return {
        country for adjective, country in NATIONS.items() if re.search(rf"\b{adjective}(?=[\s\-–])", text)
    }


def says_director(reference: Reference) -> bool:
    return bool(reference.directors) or "directed by" in reference.extract


def silence(film: Film, reference: Reference) -> list[str]:
    """Fields of the film that the dataset has nothing to say about."""
    unsaid = not says_director(reference) and missing_names(film.directors, (), reference.extract)
    return ["directors"] * bool(unsaid) + ["cast"] * (not reference.cast)


def compare(film: Film, reference: Reference) -> Iterator[Disagreement]:
    """What the dataset says otherwise. A shorter list is not a disagreement, a different one is."""

    def differs(field: str, ours: str, theirs: str) -> Disagreement:
        return Disagreement(film, field, ours, theirs, reference.article)

    if reference.year != film.year:
        yield differs("year", str(film.year), str(reference.year))
    absent = missing_names(film.directors, reference.directors, reference.extract)
    ours = {fold(name) for name in film.directors}
    # The dataset cuts "Joel and Ethan Coen" into "Joel", "Ethan Coen".
    ours |= {name.split()[0] for name in ours}
    extra = [name for name in reference.directors if fold(name) not in ours]
    if (absent and says_director(reference)) or extra:
        theirs = ", ".join(reference.directors) or "another name in the text"
        yield differs("directors", ", ".join(film.directors), theirs)
    if reference.cast:
        absent = missing_names(film.cast, reference.cast, reference.extract)
        if absent:
            yield differs("cast", ", ".join(absent), ", ".join(reference.cast))
    lacking = sorted({GENRES[g] for g in reference.genres if g in GENRES} - set(film.genres))
    if lacking:
        yield differs("genres", ", ".join(film.genres), "also " + ", ".join(lacking))
    nations = named_nations(reference) - {c.replace("West Germany", "Germany") for c in film.country}
    if nations:
        yield differs("country", ", ".join(film.country), "also " + ", ".join(sorted(nations)))


def nearest_year(film: Film, years: Iterable[int]) -> int | None:
    """The year that is closest to the film's, if one lies within a year of it."""
    near = [year for year in years if abs(year - film.year) <= 1]
    return min(near, key=lambda year: abs(year - film.year)) if near else None


def look_up(
    films: Sequence[Film], references: dict[str, list[Reference]], years: dict[str, set[int]]
) -> tuple[Found, list[Disagreement]]:
    matched: list[tuple[Film, Reference]] = []
    listed: list[Film] = []
    nowhere: list[Film] = []
    disagreements: list[Disagreement] = []
    for film in films:
        reference = best_match(film, references.get(fold_title(film.title), []))
        year = nearest_year(film, years.get(fold_title(film.title), ()))
        if reference is not None:
            matched.append((film, reference))
            disagreements += compare(film, reference)
        elif year is not None:
            listed.append(film)
            if year != film.year:
                disagreements.append(Disagreement(film, "year", str(film.year), str(year), ""))
        else:
            nowhere.append(film)
    return Found(tuple(matched), tuple(listed), tuple(nowhere)), disagreements


def read_explanations(path: Path) -> dict[tuple[str, str], Explanation]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as handle:
        return {
            (row["item_id"], row["field"]): Explanation(row["reason"], row["source"])
            for row in csv.DictReader(handle)
        }


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def names(films: Iterable[Film]) -> list[str]:
    return [f"- {film.title} ({film.year}), {', '.join(film.country)}" for film in films]


def summary(found: Found) -> list[str]:
    """How many films each dataset knew, in words and shares."""
    total = len(found.matched) + len(found.listed) + len(found.nowhere)
    either = len(found.matched) + len(found.listed)
    return [
        f"**{len(found.matched)} of {total} films matched ({len(found.matched) / total:.1%})** in"
        " `wikipedia-movies`, American",
        "releases of 1900-2023, by normalised title and year within one. Of the others,",
        f"{len(found.listed)} are in `ml-latest-small` by title and year, so that **{either} of {total}"
        f" ({either / total:.1%})** are in",
        f"one of the two and {len(found.nowhere)} in neither.",
    ]


def report(
    found: Found,
    disagreements: Sequence[Disagreement],
    explanations: dict[tuple[str, str], Explanation],
) -> str:
    """FACTS.md."""
    silent = "; ".join(
        f"{film.title} ({field})" for film, reference in found.matched for field in silence(film, reference)
    )
    lines = [
        "# Facts of the film catalogue, checked",
        "",
        "Written by `data/demo/films/check_facts.py`: edit `items.csv` and `disagreements.csv` instead.",
        "",
        *summary(found),
        "",
        "Compared on each matched film: year; every director; every actor we name (in the dataset's cast",
        "list or its text); every genre of the dataset that our vocabulary can express; the nationality that",
        "the article's opening names. The dataset naming fewer genres or countries than we do is no",
        "disagreement. **Not** in the dataset, so not checked by this script: runtime, original language,",
        "and countries beyond the first sentence (see `../README.md` for the runtimes).",
        "",
        "Of a film that only `ml-latest-small` has, the title and the year are compared and nothing else.",
        "",
        f"`wikipedia-movies` is silent, so nothing was compared, on: {silent or 'nothing'}.",
        "",
        f"## Standing disagreements: {len(disagreements)}",
        "",
        "Our mistakes, and genres fairly missed, are mended in `items.csv` and no longer appear. These stay:",
        "",
        "| film | field | ours | dataset | why ours stays | source |",
        "|---|---|---|---|---|---|",
    ]
    for item in disagreements:
        note = explanations.get((item.film.item_id, item.field), Explanation("**unexplained**", ""))
        title = f"{item.film.title} ({item.film.year})"
        source = note.source
        if not source and item.article:
            source = f"the row's own text, Wikipedia article `{item.article}`"
        row = (title, item.field, item.ours, item.theirs, note.reason, source)
        lines.append("| " + " | ".join(cell(value) for value in row) + " |")
    lines += [
        "",
        f"## Title and year only: {len(found.listed)}",
        "",
        "In `ml-latest-small` and not in `wikipedia-movies`. Directors, cast, genres and countries come from",
        "general knowledge and are not checked by this script:",
        "",
        *names(found.listed),
        "",
        f"## In neither dataset: {len(found.nowhere)}",
        "",
        "Kept for the breadth of the catalogue. No fact of theirs is checked by this script:",
        "",
        *names(found.nowhere),
    ]
    return "\n".join(lines) + "\n"


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=Path, default=HERE / "items.csv")
    parser.add_argument("--explanations", type=Path, default=HERE / "disagreements.csv")
    parser.add_argument("--report", type=Path, default=HERE / "FACTS.md", help="where to write the report")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=os.environ.get("PARLEY_DATA_DIR"),
        help="folder that holds wikipedia-movies/ and ml-latest-small/ (default: PARLEY_DATA_DIR)",
    )
    parser.add_argument("--minimum", type=float, default=0.9, help="least share of films in either dataset")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    if arguments.data_dir is None:
        print("error: set PARLEY_DATA_DIR or give --data-dir", file=sys.stderr)
        return 2
    dataset, titles = arguments.data_dir / DATASET, arguments.data_dir / TITLES
    for path in (arguments.items, dataset, titles):
        if not path.is_file():
            print(f"error: {path} is missing", file=sys.stderr)
            return 2

    films = read_films(arguments.items)
    if not films:
        print(f"error: {arguments.items} holds no films", file=sys.stderr)
        return 2
    wanted = {fold_title(film.title) for film in films}
    found, disagreements = look_up(films, read_references(dataset, wanted), read_title_years(titles, wanted))
    explanations = read_explanations(arguments.explanations)

    for film in found.nowhere:
        print(f"in neither dataset: {film.title} ({film.year})")
    for item in disagreements:
        known = "explained" if (item.film.item_id, item.field) in explanations else "UNEXPLAINED"
        print(f"{known}: {item.film.item_id} {item.field}: ours {item.ours!r}, dataset {item.theirs!r}")
    stale = set(explanations) - {(item.film.item_id, item.field) for item in disagreements}
    for item_id, field in sorted(stale):
        print(f"no longer a disagreement, drop it: {item_id} {field}")
    unexplained = [d for d in disagreements if (d.film.item_id, d.field) not in explanations]
    share = 1 - len(found.nowhere) / len(films)
    print(f"{len(found.matched)} of {len(films)} films matched ({len(found.matched) / len(films):.1%})")
    print(f"{len(found.listed)} more in {TITLES.parent} by title and year: {share:.1%} in either")
    print(f"{len(disagreements)} disagreements, {len(unexplained)} unexplained")
    arguments.report.write_text(report(found, disagreements, explanations), encoding="utf-8")
    return 1 if share < arguments.minimum or unexplained or stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
