"""What columns are called in catalogues of many kinds, in English and Chinese: the words by which
`retrieval.guess` knows a column, and by which people speak of it."""

from dataclasses import dataclass
from typing import Literal

from retrieval.items import Role

Part = Literal["id", "title", "description", "aliases"]

PARTS: dict[Part, tuple[str, ...]] = {
    "id": ("item_id", "id", "uuid", "guid", "asin", "sku", "编号"),
    "title": (
        "title",
        "name",
        "item_name",
        "product_name",
        "primary_title",
        "title_en",
        "course_title",
        "名称",
        "名字",
        "标题",
        "片名",
        "书名",
        "店名",
        "商品名",
        "商品名称",
        "酒店名称",
        "影片名",
    ),
    "description": (
        "description",
        "overview",
        "plot",
        "summary",
        "synopsis",
        "abstract",
        "about",
        "blurb",
        "desc",
        "product_description",
        "plot_summary",
        "short_description",
        "long_description",
        "body",
        "content",
        "text",
        "details",
        "简介",
        "描述",
        "介绍",
        "剧情",
        "剧情简介",
        "内容简介",
        "概述",
        "详情",
    ),
    "aliases": (
        "aliases",
        "alias",
        "original_title",
        "other_titles",
        "other_names",
        "alternative_titles",
        "aka",
        "also_known_as",
        "别名",
        "又名",
        "原名",
    ),
}
"""Names of the columns that every item has, the surest first."""


@dataclass(frozen=True, slots=True)
class Known:
    """A field that many catalogues have."""

    name: str
    """What it is called in the configuration."""
    columns: tuple[str, ...]
    """Names of columns, in words; those of one word are known within longer names, too."""
    aliases: tuple[str, ...] = ()
    """How people speak of it."""
    role: Role | None = None
    unit: str | None = None
    listed: bool = False
    """Whether one item may have several, so that commas part them."""


# In the order in which a card shows them.
KNOWN: tuple[Known, ...] = (
    Known(
        "year",
        ("year", "published", "released", "年份", "上映年份", "出版年"),
        ("released", "came out"),
        "year",
        "year",
    ),
    Known("genres", ("genre", "genres", "类型", "题材"), ("genre", "kind"), "genre", listed=True),
    Known(
        "category",
        ("category", "categories", "类别", "酒店类型", "分类", "品类"),
        ("kind", "type"),
        "category",
    ),
    Known("cuisine", ("cuisine", "cuisines", "菜系"), ("food", "kitchen"), "cuisine", listed=True),
    Known(
        "dishes",
        ("dishes", "menu", "specialties", "推荐菜", "特色菜", "招牌菜"),
        ("dish", "food", "菜"),
        "cuisine",
        listed=True,
    ),
    Known(
        "authors",
        ("author", "authors", "writer", "writers", "作者"),
        ("author", "writer", "written by"),
        "author",
        listed=True,
    ),
    Known(
        "directors", ("director", "directors", "导演"), ("director", "directed by"), "director", listed=True
    ),
    Known(
        "cast",
        ("cast", "actors", "actor", "starring", "演员", "主演"),
        ("actor", "actress", "starring", "with"),
        "cast",
        listed=True,
    ),
    Known("brand", ("brand", "maker", "manufacturer", "品牌"), ("maker", "make"), "brand"),
    Known(
        "price",
        ("price", "cost", "tuition", "fee", "fare", "价格", "售价", "现价", "人均", "人均消费", "均价"),
        ("cost", "costs"),
        "price",
    ),
    Known(
        "runtime",
        ("runtime", "duration", "length", "minutes", "片长", "时长"),
        ("length", "long", "duration"),
        "runtime",
    ),
    Known("pages", ("pages", "page_count", "num_pages", "页数"), ("long", "length"), unit="pages"),
    Known("rating", ("rating", "score", "stars", "评分", "星级"), ("rated", "stars", "reviews"), "rating"),
    Known(
        "area",
        (
            "area",
            "district",
            "neighbourhood",
            "neighborhood",
            "city",
            "location",
            "区域",
            "商圈",
            "城市",
            "地区",
        ),
        ("neighbourhood", "part of town"),
        "area",
    ),
    Known("country", ("country", "countries", "国家"), ("made in",), "country", listed=True),
    Known("language", ("language", "languages", "lang", "语言"), (), "language"),
    Known(
        "colour",
        ("colour", "color", "colours", "colors", "颜色"),
        ("color", "coloured"),
        "colour",
        listed=True,
    ),
    Known(
        "material",
        ("material", "materials", "fabric", "材质"),
        ("made of", "made from"),
        "material",
        listed=True,
    ),
    Known("level", ("level", "difficulty", "难度"), ("difficulty",)),
    Known("in_stock", ("in_stock", "available", "availability", "有货"), ("in stock", "available")),
    Known("tags", ("tags", "keywords", "标签", "关键词"), ("tag",), listed=True),
    Known(
        "sights",
        ("sights", "nearby_attractions", "周边景点", "附近景点"),
        ("near", "close to", "附近"),
        listed=True,
    ),
    Known("hotels", ("nearby_hotels", "周边酒店"), ("hotel nearby",), listed=True),
    Known("restaurants", ("nearby_restaurants", "周边餐馆"), ("restaurant nearby",), listed=True),
    Known("facilities", ("facilities", "amenities", "services", "酒店设施", "设施"), ("with",), listed=True),
    Known("station", ("station", "metro", "subway", "地铁"), ("subway", "metro")),
    Known("address", ("address", "地址"), ("where",)),
    Known("opening_hours", ("opening_hours", "hours", "营业时间", "开放时间"), ("open", "opening hours")),
)

NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("book", "books"): (
        "book",
        "books",
        "novel",
        "novels",
        "goodbooks",
        "goodreads",
        "isbn",
        "author",
        "authors",
        "pages",
        "图书",
        "书籍",
        "书名",
        "作者",
    ),
    ("film", "films"): (
        "film",
        "films",
        "movie",
        "movies",
        "cinema",
        "director",
        "directors",
        "runtime",
        "imdb",
        "tmdb",
        "movielens",
        "电影",
        "片名",
        "导演",
    ),
    ("restaurant", "restaurants"): (
        "restaurant",
        "restaurants",
        "cuisine",
        "cuisines",
        "dishes",
        "dining",
        "餐馆",
        "餐厅",
        "推荐菜",
        "菜系",
    ),
    ("hotel", "hotels"): ("hotel", "hotels", "酒店", "酒店设施"),
    ("course", "courses"): ("course", "courses", "instructor", "lecturer", "class", "课程"),
    ("song", "songs"): ("song", "songs", "track", "tracks", "artist", "album", "music", "歌曲"),
    ("game", "games"): ("game", "games", "steam", "boardgame", "boardgames", "platform", "游戏"),
    ("recipe", "recipes"): ("recipe", "recipes", "ingredients", "食谱"),
    ("place", "places"): (
        "attraction",
        "attractions",
        "place",
        "places",
        "sight",
        "sights",
        "poi",
        "venues",
        "景点",
    ),
    ("podcast", "podcasts"): ("podcast", "podcasts", "episode", "episodes"),
    ("product", "products"): (
        "product",
        "products",
        "retail",
        "shop",
        "store",
        "stock",
        "sku",
        "asin",
        "brand",
        "price",
        "items",
        "商品",
        "产品",
    ),
}
"""What one and several of a kind of thing are called, and the words in file and column names that tell."""

IDENTIFIERS = frozenset(
    {
        "id",
        "ids",
        "isbn",
        "isbn13",
        "issn",
        "uuid",
        "guid",
        "asin",
        "sku",
        "ean",
        "upc",
        "barcode",
        "slug",
        "index",
        "hash",
        "编号",
    }
)
PRIVATE = frozenset({"phone", "telephone", "tel", "fax", "email", "mail", "电话", "传真", "邮箱"})
COUNTS = frozenset({"count", "counts", "votes", "num", "total", "n"})
FILE_WORDS = frozenset({
    "items", "records", "rows", "files", "things", "entries", "results", "values", "details", "docs",
    "documents", "objects", "samples", "exports", "lists", "catalogs", "catalogues", "features", "series",
})  # fmt: skip
"""What files are called that say nothing of what is in them."""

LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
    "ara": "Arabic", "cze": "Czech", "ces": "Czech", "dan": "Danish", "ger": "German", "deu": "German",
    "gre": "Greek", "eng": "English", "spa": "Spanish", "per": "Persian", "fas": "Persian", "fin": "Finnish",
    "fre": "French", "fra": "French", "heb": "Hebrew", "hin": "Hindi", "hun": "Hungarian",
    "ind": "Indonesian",
    "ita": "Italian", "jpn": "Japanese", "kor": "Korean", "dut": "Dutch", "nld": "Dutch", "nor": "Norwegian",
    "pol": "Polish", "por": "Portuguese", "rum": "Romanian", "ron": "Romanian", "rus": "Russian",
    "swe": "Swedish", "tha": "Thai", "tur": "Turkish", "ukr": "Ukrainian", "vie": "Vietnamese",
    "chi": "Chinese", "zho": "Chinese", "lat": "Latin", "mul": "several languages",
}  # fmt: skip
"""Languages by their codes of two and of three letters; what follows a hyphen is a country."""
