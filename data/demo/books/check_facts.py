"""Check the facts of items.csv against the goodbooks-10k dataset and write FACTS.md.

A book is matched when the dataset has a row of the same title, ours or an alias, by one of our authors. Of a
matched book, the year of first publication, every author and the series we name are compared; what differs
must either be mended in items.csv or be explained in disagreements.csv (item_id, field, reason). The exit
status is 1 when too few books match, a difference has no explanation or an explanation is no longer needed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATASET = Path("goodbooks-10k") / "books.csv.gz"
LEAST = 0.9
"""Of all books, the share that must be found."""

Row = Mapping[str, str]
Difference = tuple[Row, str, str, str]
"""The book, the field, our value and the dataset's."""
Reasons = Mapping[tuple[str, str], str]


def fold(text: str) -> str:
    """Lower case without accents, punctuation and a leading article, so that spellings compare equal."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold().replace("&", " and ")
    words = " ".join(re.sub(r"[^\w\s]", " ", plain.replace("'", "").replace("’", "")).split())
    return re.sub(r"^(the|a|an) (?=.)", "", words)


def name_words(name: str) -> frozenset[str]:
    """The folded words of a name, initials joined: "J. R. R. Tolkien" has those of "J.R.R. Tolkien"."""
    joined = re.sub(r"(?<=\b\w) (?=\w\b)", "", fold(name.replace(".", " ")))
    return frozenset(joined.replace("dostoyevsky", "dostoevsky").split())


def parts(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


def read_references(path: Path) -> dict[str, list[Row]]:
    """The dataset's rows under their folded titles, without the series in brackets."""
    found: dict[str, list[Row]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            bare = re.sub(r"\s*\([^()]*\)\s*$", "", row["title"])
            for title in {fold(bare), fold(bare.partition(":")[0]), fold(row["original_title"])}:
                found[title].append(row)
    return found


def match(book: Row, references: Mapping[str, Sequence[Row]]) -> Row | None:
    """The most rated row of the book's title by one of its authors."""
    ours = parts(book["authors"])
    titles = [fold(title) for title in (book["title"], *parts(book["aliases"]))]
    rows = [
        row
        for title in titles
        for row in references.get(title, ())
        if any(is_author(name, row) for name in ours)
    ]
    return max(rows, key=lambda row: int(row["ratings_count"]), default=None)


def is_author(name: str, reference: Row) -> bool:
    """Whether the dataset has the name, perhaps longer: "Mary Wollstonecraft Shelley" is Mary Shelley."""
    return any(name_words(name) <= name_words(theirs) for theirs in reference["authors"].split(","))


def differences(book: Row, reference: Row) -> Iterator[Difference]:
    """The dataset names translators and illustrators among the authors: more of them is no difference."""
    year = reference["original_publication_year"].removesuffix(".0")
    if year and year != book["year"]:
        yield book, "year", book["year"], year
    absent = [name for name in parts(book["authors"]) if not is_author(name, reference)]
    if absent:
        yield book, "authors", ", ".join(absent), reference["authors"]
    series = re.search(r"\(([^()]*#[^()]*)\)\s*$", reference["title"])
    if book["series"] and series and fold(book["series"]) not in fold(series[1]):
        yield book, "series", book["series"], series[1]


def report(books: Sequence[Row], unmatched: Sequence[Row], found: Sequence[Difference], why: Reasons) -> str:
    """FACTS.md."""
    matched = len(books) - len(unmatched)
    lines = [
        "# Facts of the book catalogue, checked",
        "",
        "Written by `data/demo/books/check_facts.py`: edit `items.csv` and `disagreements.csv` instead.",
        "",
        f"**{matched} of {len(books)} books matched ({matched / len(books):.1%})** in `goodbooks-10k`",
        "by title and author. Compared on each: year of first publication, every author, and the series we",
        "name where the dataset names one. **Not** in the dataset, so from general knowledge and not checked",
        "by this script: genres, original language, audience, and pages, which differ between editions.",
        "",
        f"## Standing disagreements: {len(found)}",
        "",
        "Our mistakes are mended in `items.csv` and no longer appear. These stay:",
        "",
        "| book | field | ours | dataset | why ours stays |",
        "|---|---|---|---|---|",
    ]
    for book, field, ours, theirs in found:
        reason = why.get((book["item_id"], field), "**unexplained**")
        lines.append(f"| {book['title']} | {field} | {ours} | {theirs} | {reason} |")
    lines += ["", f"## Not in the dataset: {len(unmatched)}", ""]
    lines += [f"- {book['title']} ({book['year']}), {book['authors']}" for book in unmatched] or ["None."]
    return "\n".join(lines) + "\n"


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=os.environ.get("PARLEY_DATA_DIR"),
        help="folder that holds goodbooks-10k/ (default: PARLEY_DATA_DIR)",
    )
    folder = parser.parse_args(argv).data_dir
    if folder is None or not (folder / DATASET).is_file():
        print(f"error: set PARLEY_DATA_DIR or give --data-dir, a folder with {DATASET}", file=sys.stderr)
        return 2

    books = read_csv(HERE / "items.csv")
    why = {(row["item_id"], row["field"]): row["reason"] for row in read_csv(HERE / "disagreements.csv")}
    references = read_references(folder / DATASET)
    pairs = [(book, match(book, references)) for book in books]
    unmatched = [book for book, reference in pairs if reference is None]
    found = [
        one for book, reference in pairs if reference is not None for one in differences(book, reference)
    ]
    for book, field, ours, theirs in found:
        state = "explained" if (book["item_id"], field) in why else "UNEXPLAINED"
        print(f"{state}: {book['item_id']} {field}: ours {ours!r}, dataset {theirs!r}")
    unexplained = [one for one in found if (one[0]["item_id"], one[1]) not in why]
    stale = set(why) - {(book["item_id"], field) for book, field, _, _ in found}
    for item_id, field in sorted(stale):
        print(f"no longer a disagreement, drop it: {item_id} {field}")
    print(
        f"{len(books) - len(unmatched)} of {len(books)} matched, {len(unexplained)} differences unexplained"
    )
    (HERE / "FACTS.md").write_text(report(books, unmatched, found, why), encoding="utf-8")
    few = len(unmatched) > (1 - LEAST) * len(books)
    return 1 if few or unexplained or stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
