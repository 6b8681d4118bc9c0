"""Two dozen films that nobody made, as rows of a file."""

from retrieval.items import CatalogueConfig, FieldSpec

CONFIG = CatalogueConfig(
    name="invented",
    noun="film",
    nouns="films",
    aliases_column="aliases",
    fields={
        "year": FieldSpec(type="int", unit="year"),
        "genres": FieldSpec(type="list"),
        "director": FieldSpec(type="category"),
        "cast": FieldSpec(type="list"),
        "runtime": FieldSpec(type="int", unit="minutes"),
        "language": FieldSpec(type="category"),
        "score": FieldSpec(type="float"),
        "released": FieldSpec(type="date"),
        "colour": FieldSpec(type="bool"),
    },
)

# id, title, aliases, year, genres, director, cast, runtime, language, score, released, colour, description
ROWS: list[tuple[object, ...]] = [
    ("f01", "The Copper Harbour", None, 1994, "Crime|Drama", "Ada Quill", "Tom Reed|Ines Vale", 128,
     "English", 8.1, "1994-03-04", True, "A dock worker hides stolen money and two old friends turn on each other."),
    ("f02", "Copper Harbour II", None, 1999, "Crime", "Ada Quill", "Tom Reed", 117,
     "English", 6.4, "1999-10-15", True, "Years later the money from the docks surfaces and a patient detective follows it."),
    ("f03", "Copper Harbour: Low Tide", None, 2005, "Crime|Thriller", "Lou Farr", "Ines Vale", 101,
     "English", 5.2, "2005-06-30", True, "The last thief of the harbour trains a crew for one more robbery."),
    ("f04", "Below", None, 2012, "Horror", "Nils Oder", "Ines Vale", 95,
     "English", 7.0, "2012-10-31", True, "Divers hear knocking from a sealed room in a sunken liner."),
    ("f05", "Below", None, 1961, "Drama|War", "Hana Mori", "Karl Benz", 140, "German", None,
     "1961", False, "A submarine crew waits for rescue on the sea bed."),
    ("f06", "Us", None, 2018, "Romance|Drama", "Mia Solano", "Ruth Okoye|Tom Reed", 108,
     "English", 7.7, "2018-02-14", True, "A couple moves through ten years of a marriage in ten dinners."),
    ("f07", "The Lantern Parade", "Festival of Lamps", 2009, "Animation|Family", "Wen Zhao", "Ruth Okoye", 88,
     "English", 8.4, "2009-12-01", True, "A shy paper lantern learns to fly and guides lost children home."),
    ("f08", "灯笼游行", None, 2010, "动画|家庭", "Wen Zhao", "Li Na", 90, "Chinese", 8.0,
     "2010-02-14", True, "一盏害羞的纸灯笼学会飞行，带迷路的孩子回家。"),
    ("f09", "Mourning at Milo's", None, 1987, "Comedy", "Pat Gruber", "Sid Flan", 92,
     "English", 6.9, "1987-05-05", True, "A funeral goes wrong in every funny way when the guests swap coffins."),
    ("f10", "Zero Gravity Waltz", None, 2021, "Science Fiction|Romance", "Mia Solano", "Karl Benz", 124,
     "English", 7.3, "2021-07-09", True, "Two astronauts on a drifting station fall in love while their oxygen runs down."),
    ("f11", "The Quiet Orbit", None, 2016, "Science Fiction", "Nils Oder", "Li Na", 133,
     "English", 7.9, "2016-11-18", True, "A lonely robot keeps a space telescope running long after the crew has gone."),
    ("f12", "Brass & Bone", None, 1978, "Western", "Joe Tarn", "Sid Flan|Karl Benz", 111,
     "English", 7.1, "1978-08-20", True, "A retired sheriff rides out against the railway that bought his town."),
    ("f13", "Amélie of the Marsh", None, 2003, "Fantasy|Romance", "Claire Dunoir", "Ines Vale", 104, "French", 7.6,
     "2003-04-23", True, "A girl raised by herons looks for her mother in the city."),
    ("f14", "Western", None, 1990, "Drama", "Joe Tarn", "Ruth Okoye", 99,
     "English", 6.0, "1990", True, "An ageing cowboy actor plays one final season in a theme park."),
    ("f15", "Night of the Velvet Moth", None, 1969, "Horror|Mystery", "Hana Mori", "Sid Flan", 86,
     "English", 6.6, "1969-01-10", False, "A tailor finds that a velvet coat chooses who will die next."),
    ("f16", "The Last Accordion", None, 2014, "Documentary|Music", "Lou Farr", None, 79, "Portuguese", 8.8,
     "2014-09-09", True, "Four players keep a village band alive as its young people leave."),
    ("f17", "Paperclip Empire", None, 2019, "Comedy", "Pat Gruber", "Tom Reed", 97,
     "English", 6.2, "2019-03-29", True, "An office clerk trades one paperclip up to a whole company."),
    ("f18", "1984 Summers", None, 2001, "Drama|Comedy", "Claire Dunoir", "Li Na", 106, "French", 7.4,
     "2001-08-01", True, "A postman counts his life in summers by the sea."),
    ("f19", "Thunder Alley Girls", None, 1983, "Action|Sport", "Joe Tarn", "Ruth Okoye", 94,
     "English", 5.9, "1983-06-17", True, "A women's racing team outruns its sponsors on mountain roads."),
    ("f20", "Winter Ledger, The", None, 1952, "Film Noir|Crime", "Hana Mori", "Karl Benz", 89,
     "English", 7.8, "1952-02-02", False, "An accountant for the mob keeps two sets of books and one secret."),
    ("f21", "Goldfinches", None, 2011, "Drama", "Mia Solano", "Ines Vale", 115,
     "English", 7.2, "2011-01-21", True, "Sisters who breed birds fight over a house and a letter."),
    ("f22", "Dragon of Tin", None, 1996, "Fantasy|Family", "Wen Zhao", "Sid Flan", 93,
     "English", 6.8, "1996-11-27", True, "A tin toy dragon must win back its fire before the shop closes."),
    ("f23", "Some Kind of Weather", None, None, "Drama", None, None, None, None, None,
     None, None, ""),
    ("f24", "The Copper Harbor Murders", None, 2020, "Documentary|Crime", "Lou Farr", None, 84,
     "English", 6.7, "2020-05-05", True, "Reporters open again the case that inspired a famous film about the docks."),
]  # fmt: skip


def as_row(values: tuple[object, ...]) -> dict[str, object]:
    """One of ROWS under its column names."""
    names = ["item_id", "title", "aliases", *CONFIG.fields, "description"]
    return dict(zip(names, values, strict=True))
