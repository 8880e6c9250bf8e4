"""The sources of the book's pages: both languages paired, glossary, references."""

import copy
import re
import sys
from pathlib import Path

import pytest
import yaml

from builder.book import Address

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
sys.path.insert(0, str(BOOK / "ext"))

from docutils.core import publish_doctree  # noqa: E402
from explore_site import claims_page, dot_plot, editions, links, sharing  # noqa: E402
from explore_site.particles import join_particles  # noqa: E402
from explore_site.words import words  # noqa: E402

PAGES = sorted(path.name for path in (BOOK / "ko").glob("*.md"))


def _text(language, page):
    return (BOOK / language / page).read_text("utf-8")


def _prose(source):
    """Return a page without its code blocks, whose # begin comments."""
    return re.sub(r"(?ms)^```(?!\{).*?^```$", "", source)


def test_both_languages_have_the_same_pages():
    english = sorted(path.name for path in (BOOK / "en").glob("*.md"))
    assert english == PAGES


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(?m)^(#+) ", id="headings"),
        pytest.param(r"(?m)^\(([\w-]+)\)=$", id="targets"),
        pytest.param(r"\$([^$\n]+)\$", id="formulas"),
        pytest.param(r"(?m)^( *)(?:[-*]|\d+\.) ", id="list items"),
        pytest.param(r"(?m)^: ", id="definitions"),
        pytest.param(r"(?m)^\|.*\|$(?#)()", id="table rows"),
        pytest.param(r"(?m)^(?:```|:::)(\{.*)$", id="directives"),
    ],
)
def test_both_languages_are_built_alike(page, pattern):
    korean = re.findall(pattern, _prose(_text("ko", page)))
    english = re.findall(pattern, _prose(_text("en", page)))
    assert korean == english, f"{page} differs between ko and en"


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_link_alike(page):
    def linked(language):
        found = re.findall(r"\]\(([^)]+)\)", _text(language, page))
        return sorted(re.sub(r"/(ko|en)/|/deed\.ko$|/$", "/", link) for link in found)

    assert linked("ko") == linked("en"), f"{page} links differ between ko and en"


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_show_the_same_commands(page):
    def commands(language):
        blocks = re.findall(r"(?ms)^```bash\n(.*?)^```", _text(language, page))
        plain = re.sub(r" +#.*", "", "".join(blocks))
        # Each page names its own language.
        for place in ("notebooks/", "--lang ", "03_attention-"):
            plain = plain.replace(f"{place}{language}", f"{place}LANGUAGE")
        return plain

    assert commands("ko") == commands("en"), f"{page} commands differ"


def _terms(language):
    """Return {key: (heading, definition)} of a glossary."""
    pattern = r"(?m)^\(term-([\w-]+)\)=\n### (.+)\n\n(.+)$"
    entries = re.findall(pattern, _text(language, "glossary.md"))
    return {key: (heading, definition) for key, heading, definition in entries}


def test_glossaries_have_the_same_terms_in_the_same_order():
    assert list(_terms("ko")) == list(_terms("en"))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_glossary_entry_is_short_and_whole(language):
    headings = re.findall(r"(?m)^### ", _text(language, "glossary.md"))
    terms = _terms(language)
    assert len(headings) == len(terms), "an entry lacks its target or its definition"
    for key, (_, definition) in terms.items():
        sentences = re.findall(r"[.?!](?: |$)", definition)
        assert 1 <= len(sentences) <= 3, f"{key}: {len(sentences)} sentences"


def test_korean_terms_are_korean_with_english_beside():
    for key, (heading, _) in _terms("ko").items():
        assert re.fullmatch(r".*[가-힣].*\(.*[A-Za-z]+.*\)|[A-Z]+", heading), key


def _config(path):
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def test_the_english_settings_differ_only_where_they_must():
    english = _config("book/en/_config.yml")
    expected = copy.deepcopy(_config("_config.yml"))
    del expected["repository"]  # the address stands in one place
    expected["sphinx"]["config"]["language"] = "en"
    expected["sphinx"]["local_extensions"]["explore_site"] = "../ext"
    assert english == expected


def test_both_contents_list_the_same_pages():
    def files(path):
        toc = _config(path)
        chapters = [[c["file"] for c in part["chapters"]] for part in toc["parts"]]
        return [toc["root"], *chapters]

    korean = str(files("_toc.yml")).replace("/ko/", "/en/")
    assert korean == str(files("book/en/_toc.yml"))


def test_references_have_what_a_reader_needs():
    bib = (BOOK / "references.bib").read_text("utf-8")
    entries = re.findall(r"(?ms)^@(\w+)\{([\w]+),\n(.*?)^\}$", bib)
    assert len(entries) == bib.count("\n@") + 1
    keys = [key for _, key, _ in entries]
    assert keys == sorted(set(keys))
    for _, key, body in entries:
        for field in ("author", "title", "year"):
            assert f"  {field} = {{" in body, f"{key} has no {field}"


# ---- The extension ------------------------------------------------------------------


def test_our_words_have_the_same_blanks_in_both_languages():
    korean, english = words("ko"), words("en")
    for key in korean:
        assert korean[key].count("{}") == english[key].count("{}"), key


@pytest.mark.parametrize(
    ("page", "language", "twin"),
    [
        ("book/ko/glossary", "ko", "en/book/en/glossary.html"),
        ("book/en/glossary", "en", "../book/ko/glossary.html"),
        ("search", "ko", "en/search.html"),
        ("search", "en", "../search.html"),
        ("book/ko/only-here", "ko", "en/book/en/index.html"),
    ],
)
def test_twins(page, language, twin):
    assert editions.twin(page, language) == twin


@pytest.fixture
def at_github(monkeypatch):
    table = {"url": "https://github.com/Someone/a-book", "branch": "main"}
    monkeypatch.setattr(editions, "repository", lambda: table)


def test_with_an_address_lessons_open_in_colab(at_github):
    assert editions.colab_url("notebooks/en/01_seq2seq") == (
        "https://colab.research.google.com/github/Someone/a-book/blob/main/"
        "notebooks/en/01_seq2seq.ipynb"
    )


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("Someone/a-book", "https://someone.github.io/a-book"),
        ("Someone/someone.github.io", "https://someone.github.io"),
        ("Someone/Someone.github.io", "https://someone.github.io"),
    ],
)
def test_a_fork_named_like_its_host_is_the_whole_host(repository, site):
    url = f"https://github.com/{repository}"
    assert editions.site_url(url) == site
    assert Address(url).pages.lower() == site.lower()


def test_a_branch_of_another_name():
    place = Address("https://github.com/someone/a-book", "master").colab("x.ipynb")
    assert place.endswith("/someone/a-book/blob/master/x.ipynb")


def test_without_an_address_none_is_invented(monkeypatch):
    table = {"url": "https://example.invalid/OWNER/a-book", "branch": "main"}
    monkeypatch.setattr(editions, "repository", lambda: table)
    assert editions.address() == "" and editions.colab_url("notebooks/ko/x") == ""


def test_published_links_become_links_in_the_book(at_github):
    site = "https://someone.github.io/a-book"
    source = [
        f"{site}/book/ko/glossary.html#term-token {site}/en/book/en/claims.html "
        "https://Someone.github.io/a-book/notebooks/ko/02_x.html "
        "https://elsewhere.io/x.html"
    ]
    links._to_local(None, "notebooks/ko/01_x", source)
    assert source == [
        "/book/ko/glossary.md#term-token /book/en/claims.md "
        "/notebooks/ko/02_x.ipynb https://elsewhere.io/x.html"
    ]


def test_the_repository_of_a_whole_host_is_not_named_twice():
    url = "https://github.com/Someone/someone.github.io"
    assert editions.site_url(url) == Address(url).pages.lower()
    assert Address(url).pages == "https://Someone.github.io"


SITE = "https://someone.github.io/a-book"


def test_both_editions_name_each_other(at_github):
    korean = f"{SITE}/book/ko/glossary.html"
    english = f"{SITE}/en/book/en/glossary.html"
    editions_ = [("alternate", "en", english), ("alternate", "ko", korean)]
    assert sharing.links("book/ko/glossary", "ko") == [
        ("canonical", None, korean),
        *editions_,
    ]
    assert sharing.links("book/en/glossary", "en") == [
        ("canonical", None, english),
        *editions_,
    ]


def test_a_page_of_one_edition_names_no_other(at_github):
    own = f"{SITE}/en/book/en/only-here.html"
    assert sharing.links("book/en/only-here", "en") == [("canonical", None, own)]


def test_the_card_and_the_map_have_whole_addresses(at_github):
    said = {n: c for _, n, c in sharing.metas("book/ko/index", "ko", "t", "words")}
    assert said["og:url"] == f"{SITE}/book/ko/index.html"
    assert said["og:image"] == f"{SITE}/_static/card.png"
    assert (said["og:image:width"], said["og:image:height"]) == (1200, 630)
    urls = re.findall("<loc>(.+?)</loc>", sharing.sitemap())
    pages = [*editions.pages("ko"), *editions.pages("en")]
    assert len(urls) == len(pages) == len(set(urls))
    assert f"{SITE}/en/notebooks/en/01_seq2seq.html" in urls


def test_without_an_address_nothing_that_needs_one_is_said(monkeypatch):
    table = {"url": "https://example.invalid/OWNER/a-book", "branch": "main"}
    monkeypatch.setattr(editions, "repository", lambda: table)
    said = {n: c for _, n, c in sharing.metas("book/ko/index", "ko", "t", "words")}
    assert (said["description"], said["og:title"]) == ("words", "t")
    assert not {"og:url", "og:image", "twitter:card"} & said.keys()
    assert sharing.links("book/ko/index", "ko") == []


def test_the_description_is_the_first_paragraph_outside_a_box():
    page = publish_doctree("Title\n=====\n\n  In a box.\n\nThe *first* words.\n\nMore.")
    assert sharing.description(page) == "The first words."
    long = publish_doctree("many words " * 50)
    assert len(sharing.description(long)) <= sharing.LONGEST
    assert re.fullmatch("(many |words )+(many|words)…", sharing.description(long))


def _measured(*values, at_least=None, at_most=None):
    return {
        seed: {"value": value, "at_least": at_least, "at_most": at_most}
        for seed, value in enumerate(values)
    }


def test_facts_of_a_claim():
    record = _measured(0.91, 0.88, 0.95, at_least=0.8)
    record[7] = record.pop(0)
    facts = claims_page.facts(
        words("en"), record, "share", lambda value, unit: f"{value:.0%}"
    )
    assert facts == [
        ("Measured range", "88% to 95%"),
        ("Bound", "at least 80%"),
        ("Seeds", "3 (1–2, 7)"),
    ]


def test_no_record_is_said_plainly(tmp_path):
    assert claims_page.read_record(tmp_path / "claims.json") == {}


def test_the_plot_has_a_dot_for_every_seed_in_its_place():
    svg = dot_plot.dot_plot(_measured(0.5, 1.0, at_least=0.0), 'a "b"')
    assert re.findall(r'cx="([\d.]+)"', svg) == ["160.0", "308.0"]
    assert re.findall(r'x1="([\d.]+)"', svg) == ["12.0"]
    assert 'role="img" aria-label="a &quot;b&quot;"' in svg


def test_the_plot_of_equal_values_does_not_fail():
    assert dot_plot.dot_plot(_measured(1, 1, at_most=1), "d").count("<circle") == 2


@pytest.mark.parametrize(
    ("body", "joined"),
    [
        (
            "<p>0.02%입니다. (corpus)는 ”라고</p>",
            "<p>0.02%|입니다. (corpus)|는 ”|라고</p>",
        ),
        ("<code>x</code>를", "<code>x</code>|를"),
        ("<math>n</math>개", '<span class="unbroken"><math>n</math>개</span>'),
        ("<math>n</math>, <math>m</math>", None),
        ("(가) 나, <b>)</b> 다", "(가) 나, <b>)</b> 다"),
        ('<img alt="(a)는">', '<img alt="(a)는">'),
        ("<pre># (a)는</pre><script>'(a)는'</script>", None),
        ("<svg><text>(a)는</text></svg>", None),
    ],
)
def test_a_particle_is_joined_to_what_it_follows_but_not_in_code(body, joined):
    assert join_particles(body).replace("\u2060", "|") == (joined or body)
