"""The playground's page: what a reader does there, in a browser."""

import gzip
import json
import re
from urllib.parse import quote, urljoin

import pytest
from test_site import (  # noqa: F401
    _accessibility,
    _resolves,
    _widest,
    address,
    site,
    visit,
)

from builder.playground import (
    FOLDER,
    HEADS,
    SCRIPTS,
    SHOWS,
    known_words,
    sentences_script,
)
from explore_transformers.data import corpus

pytestmark = pytest.mark.browser
PATHS = {
    "ko": "book/ko/playground.html",
    "en": "en/book/en/playground.html",
}
TRANSLATORS = ("encoder_decoder", "attention", "transformer")
LIMIT = 150_000  # bytes of page and scripts, compressed
# The words of the three panels of a part, as the engine would write them.
ENGINE = """async ([s, n, breaks]) => {
  const rows = [];
  for (const name of ET.TRANSLATORS) {
    const translator = await ET.load(name);
    translator.start(SENTENCES.pairs[s][0].split(" "), breaks);
    for (let i = 0; i < n && !translator.done; i++) translator.step();
    rows.push(translator.vocabulary.decode(translator.ids).join(" "));
  }
  return rows;
}"""


@pytest.fixture
def playground(visit):  # noqa: F811
    """playground(language, hash, …) opens the page; nothing may go wrong on it."""
    pages = []

    def opened(language="en", state="", **options):
        page = visit(PATHS[language] + state, **options)
        page.set_default_timeout(120_000)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        assert page.problems == []


def part(page, name):
    return page.locator(f'[data-playground="{name}"]')


def press(page, name, where="translators"):
    part(page, where).get_by_role("button", name=name, exact=True).click()


def opened(page, name):
    """A part of the page that is opened as wanted, open."""
    fold = part(page, "translators").locator(f".pg-{name}")
    if fold.get_attribute("open") is None:
        fold.locator("summary").first.click()
    return fold


def look(page):
    return opened(page, "look")


def output(page):
    """What the three panels have written, without their marks."""
    return [
        panel.locator(".pg-output").evaluate(
            """(e) => [...e.querySelectorAll(".pg-right, .pg-wrong")].map((word) =>
              [...word.childNodes].filter((n) => n.nodeType === 3)
                .map((n) => n.data.replace(/[✗\\u2060]/g, "")).join("")).join(" ")"""
        )
        for panel in part(page, "translators").locator(".pg-answers .pg-panel").all()
    ]


def wait_for_words(page):
    page.wait_for_selector('[data-playground="translators"] .pg-verdict')


def said(page, where="translators"):
    return part(page, where).locator(".pg-said").inner_text()


# ---- at first ----------------------------------------------------------------------

SCREENS = [(1280, 800), (390, 844)]


@pytest.mark.parametrize("language", PATHS)
@pytest.mark.parametrize("size", SCREENS)
def test_at_first_three_answers_stand_in_the_first_screen(playground, language, size):
    page = playground(language, width=size[0])
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    wait_for_words(page)
    box = part(page, "translators")
    wrong = [
        panel.locator(".pg-wrong").count()
        for panel in box.locator(".pg-answers .pg-panel").all()
    ]
    assert wrong[0] > 0 and wrong[1:] == [0, 0]
    places = (
        ".pg-main",
        ".pg-sentence",
        *(f".pg-answers .pg-{n}" for n in TRANSLATORS),
    )
    for place in places:
        found = box.locator(place).bounding_box()
        assert found["y"] >= 0 and found["y"] + found["height"] <= size[1], place
    assert page.evaluate("scrollY") == 0


def test_a_pressed_translate_writes_word_by_word_in_sight(playground):
    page = playground("en", width=390)
    page.emulate_media(reduced_motion="no-preference")
    wait_for_words(page)
    whole = output(page)
    page.evaluate("""() => {
      window.seen = [];
      Page.listeners.push((change) => "n" in change && seen.push(
        document.querySelectorAll(".pg-answers .pg-transformer .pg-right").length));
    }""")
    press(page, "Translate")
    page.wait_for_function("seen.length > 4")
    page.wait_for_function(
        "document.querySelector('.pg-said').innerText.includes('RNN')"
    )
    n = len(whole[2].split())
    assert page.evaluate("seen").index(1) < page.evaluate("seen").index(n)
    assert sorted(page.evaluate("seen")) == page.evaluate("seen")
    assert output(page) == whole and page.evaluate("scrollY") == 0


def test_another_press_ends_the_watching_and_another_sentence_begins_anew(playground):
    page = playground("en", "#s=3")
    page.emulate_media(reduced_motion="no-preference")
    press(page, "Translate")
    page.wait_for_function("Page.state.n > 2")
    press(page, "Translate")
    page.wait_for_function("Page.state.n === 60")
    assert output(page) == page.evaluate(ENGINE, [3, 60, {}])
    press(page, "Start over")
    press(page, "Translate")
    page.wait_for_function("Page.state.n > 2")
    part(page, "translators").locator("select").first.select_option("2")
    page.wait_for_function("Page.state.s === 2 && Page.state.n === 60")
    assert output(page) == page.evaluate(ENGINE, [2, 60, {}])


def test_a_headings_address_changes_nothing(playground):
    page = playground("en", "#s=2&n=3")
    wait_for_words(page)
    page.evaluate("location.hash = 'break-it'")
    page.wait_for_timeout(100)
    assert page.evaluate("[Page.state.s, Page.state.n]") == [2, 3]


# ---- 1: three translators ----------------------------------------------------------


def test_step_back_and_run_agree_with_the_engine(playground):
    page = playground("en", "#s=2")
    engine = lambda n: page.evaluate(ENGINE, [2, n, {}])  # noqa: E731
    press(page, "One word")
    wait_for_words(page)
    assert output(page) == engine(1)
    press(page, "One word")
    assert output(page) == engine(2)
    press(page, "One word back")
    assert output(page) == engine(1)
    press(page, "Translate")
    whole = engine(60)
    assert output(page) == whole
    assert "n=" in page.url and "s=2" in page.url
    press(page, "One word back")
    assert output(page) != whole or page.evaluate("Page.state.n") < 60
    press(page, "Start over")
    assert output(page) == ["", "", ""]


@pytest.mark.parametrize("language", PATHS)
def test_the_list_of_sentences_says_how_long_they_are(playground, language):
    page = playground(language, "#s=199")
    source, target = page.evaluate("SENTENCES.pairs[199]")
    options = part(page, "translators").locator("select").first.locator("option")
    last = options.last.text_content()  # the one that only the address named
    unit = {"ko": "토큰", "en": " tokens"}[language]
    assert last.startswith(f"{len(source.split())}{unit}: ")
    assert source.replace(" ", "") in last.replace(" ", "")
    assert (target.replace(" ", "") in last.replace(" ", "")) == (language == "en")


def test_bars_and_weights_are_the_engines(playground):
    page = playground("en", "#s=1&n=3")
    wait_for_words(page)
    expected = page.evaluate("""async () => {
      const translator = await ET.load("attention");
      translator.start(SENTENCES.pairs[1][0].split(" "));
      for (let i = 0; i < 3; i++) translator.step();
      const {logits, attention_weights} = translator.peek();
      const p = ET.softmax(logits), best = ET.argmax(p);
      const weights = attention_weights["decoder.attention"][0];
      return [translator.vocabulary.words[best], Page.percent(p[best]),
        [...weights].map((weight, i) => [Page.sentence().words[i], weight])
          .filter(([, weight]) => weight >= 0.01)
          .map(([word, weight]) => [word, Page.percent(weight)]), weights.length];
    }""")
    panel = look(page).locator(".pg-panel.pg-attention")
    bar = panel.locator(".pg-bars li").first
    assert [
        bar.locator(".pg-word").inner_text(),
        bar.locator(".pg-share").inner_text(),
    ] == expected[:2]
    tiles = panel.locator(".pg-chips li").all_inner_texts()
    rest = expected[3] - len(expected[2])
    assert rest > 0 and tiles.pop() == f"{rest} more, each below 1%"
    for (word, weight), shown in zip(expected[2], tiles, strict=True):
        gloss = page.evaluate("(word) => SENTENCES.glosses[word]", word)
        assert shown.split("\n") in ([word, gloss, weight], [word, weight])
        assert gloss in shown


def test_the_matrix_has_a_row_for_each_word_and_a_head_can_be_chosen(playground):
    page = playground("en", "#s=0&n=60")
    wait_for_words(page)
    panel = look(page).locator(".pg-fold.pg-transformer")
    panel.locator("summary").click()
    select = part(page, "translators").get_by_label("Layer and head")
    rows = panel.locator("tbody tr")
    assert rows.count() == len(output(page)[2].split()) + 1  # and the end
    before = panel.locator("tbody").inner_text()
    select.select_option("decoder.layers.0.cross_attention.1")
    assert panel.locator("tbody").inner_text() != before
    assert "a=decoder.layers.0.cross_attention.1" in page.url
    select.select_option("encoder.layers.0.self_attention.0")
    n_source = len(page.evaluate("Page.sentence().words"))
    assert panel.locator("tbody tr").count() == n_source
    first = page.evaluate("SENTENCES.glosses[Page.sentence().words[0]]")
    for scope in ("col", "row"):
        head = panel.locator(f"th[scope={scope}]").first
        assert head.locator(".pg-gloss").inner_text() == first
    select.select_option("decoder.layers.1.self_attention.mean")
    assert panel.locator("thead th").first.inner_text() == "(start)"


def test_an_encoders_head_opens_its_matrix_and_the_telling_heads_come_first(playground):
    page = playground("en", "#s=0&n=60")
    wait_for_words(page)
    matrix = look(page).locator(".pg-fold.pg-transformer")
    assert matrix.get_attribute("open") is None
    select = part(page, "translators").get_by_label("Layer and head")
    options = select.locator("option").evaluate_all("(all) => all.map((o) => o.value)")
    assert tuple(options[: len(HEADS)]) == HEADS
    assert len(options) == len({*options}) == 30
    select.select_option("encoder.layers.0.self_attention.0")
    assert matrix.locator("tbody").is_visible()


def test_the_first_word_looked_at_is_where_the_models_part(playground):
    page = playground("en")
    wait_for_words(page)
    look(page)
    words = [text.split() for text in output(page)]
    n = next(i for i, here in enumerate(zip(*words, strict=False)) if len({*here}) > 1)
    lit = part(page, "translators").locator(".pg-answers .pg-looked")
    assert lit.count() == 3 and words[2][n] in lit.last.inner_text()
    slider = part(page, "translators").get_by_label("The word to look at")
    assert slider.input_value() == str(n + 1)
    slider.press("End")  # past the end of the shorter one
    ended = look(page).locator(".pg-panel.pg-encoder_decoder").inner_text()
    assert f"ended after {len(words[0])} words" in ended


# What a head reads most for a word, as the engine has it.
READS = """async ([s, n, model, name, head]) => {
  const translator = await ET.load(model);
  const words = SENTENCES.pairs[s][0].split(" ");
  translator.start(words);
  while (translator.steps.length < n) translator.step();
  const step = translator.steps.at(-1);
  const weights = [...step.attention_weights[name][head]];
  const most = weights.indexOf(Math.max(...weights));
  return [step.word, Page.percent(weights[most]), words[most]];
}"""


@pytest.mark.parametrize("language", PATHS)
def test_what_a_head_reads_stands_there_in_words(playground, language):
    state = "#s=1&n=60&w=5&a=decoder.layers.1.cross_attention.2"
    page = playground(language, state)
    wait_for_words(page)
    for model, name, head in (
        ("attention", "decoder.attention", 0),
        ("transformer", "decoder.layers.1.cross_attention", 2),
    ):
        word, share, source = page.evaluate(READS, [1, 5, model, name, head])
        text = look(page).locator(f".pg-{model} .pg-reads").inner_text()
        gloss = page.evaluate("(word) => SENTENCES.glosses[word]", source)
        for said_of_it in (f"“{word}”", share, f"{source} ({gloss})"):
            assert said_of_it in text
        if model == "transformer":
            assert {"ko": "2층", "en": "layer 2"}[language] in text
            assert {"ko": "헤드 3", "en": "head 3"}[language] in text
    link = look(page).locator("p a").first
    assert "/04_transformer.html#" in link.get_attribute("href")


def test_any_word_can_be_looked_at_by_keyboard_and_from_an_address(playground):
    page = playground("en", "#s=1&n=60")
    wait_for_words(page)
    slider = look(page).get_by_label("The word to look at")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[Page.state.w, Page.state.i]") == [2, 1]
    second = output(page)[1].split()[1]
    assert f"“{second}”" in slider.get_attribute("aria-valuetext")
    bar = look(page).locator(".pg-panel.pg-attention .pg-chosen")
    probability = """async () => {
      const translator = await ET.load("attention");
      translator.start(SENTENCES.pairs[1][0].split(" "));
      translator.step();
      const step = translator.step();
      return Page.percent(step.probabilities[step.id]);
    }"""
    assert bar.locator(".pg-word").inner_text() == second
    assert bar.locator(".pg-share").inner_text() == page.evaluate(probability)
    lit = part(page, "translators").locator(".pg-answers .pg-attention .pg-looked")
    assert lit.inner_text() == second
    again = playground("ko", page.url[page.url.index("#") :])
    wait_for_words(again)
    assert again.locator(".pg-look").get_attribute("open") is not None
    assert again.evaluate("Page.state") == page.evaluate("Page.state")
    press(page, "One word back")
    assert page.evaluate("Page.state.w") == 0


def test_a_long_sentences_matrix_has_the_pages_width_and_keeps_its_heads(playground):
    page = playground("en", "#s=3&n=60&a=decoder.layers.1.cross_attention.mean")
    wait_for_words(page)
    fold = look(page).locator(".pg-fold.pg-transformer")
    fold.locator("summary").click()
    box = fold.locator(".pg-matrix")
    whole = part(page, "translators").bounding_box()["width"]
    assert box.bounding_box()["width"] > 0.9 * whole
    places = ("thead td", "thead th >> nth=0", "tbody th >> nth=0")
    box.evaluate("(e) => e.scrollTo(10, 10)")  # past the space around the cells
    before = [box.locator(place).bounding_box() for place in places]
    box.evaluate("(e) => e.scrollTo(150, 150)")
    corner, column, row = [box.locator(place).bounding_box() for place in places]
    assert corner == before[0]
    assert column["y"] == before[1]["y"] and column["x"] < before[1]["x"]
    assert row["x"] == before[2]["x"] and row["y"] < before[2]["y"]


def test_wrong_words_are_marked_in_words(playground):
    page = playground("en", "#s=3&n=60")
    wait_for_words(page)
    panel = part(page, "translators").locator(".pg-encoder_decoder").first
    assert panel.locator(".pg-wrong").count() and "✗" in panel.inner_text()
    assert "wrong" in panel.locator(".pg-wrong .pg-unseen").first.text_content()
    right = part(page, "translators").locator(".pg-transformer").first
    assert "✓" in right.locator(".pg-verdict").inner_text()


def own(page):
    return opened(page, "own-fold").locator("form input")


def write_own(page, text):
    own(page).fill(text)
    press(page, "Translate this sentence")


def test_a_sentence_of_ones_own(playground):
    page = playground()
    write_own(page, "나는 어제 작은 사과를 먹었다.")
    page.wait_for_function("Page.state.n === 60")
    assert output(page)[2] == "I ate a small apple yesterday ."
    assert page.evaluate("Page.state.t").count("사과") == 1
    assert "no reference" in part(page, "translators").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_where_a_sentence_of_ones_own_is_sent_off_the_answers_come_in_sight(
    playground, width
):
    page = playground("en", width=width)
    wait_for_words(page)
    own(page)
    opened(page, "word-list")
    write_own(page, "나는 어제 작은 사과를 먹었다.")
    page.wait_for_function("Page.state.t && Page.state.n === 60")
    for name in TRANSLATORS[:2]:
        found = part(page, "translators").locator(f".pg-answers .pg-{name}")
        place = found.evaluate("(e) => [e.getBoundingClientRect().top, innerHeight]")
        assert 0 < place[0] < place[1], name


def test_what_is_said_is_true_of_the_sentence_and_the_models_shown(playground):
    page = playground("en", "#s=2")
    press(page, "Translate")
    wait_for_words(page)
    part(page, "breaks").get_by_role("checkbox").first.check()
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    assert all(text in said(page) for text in output(page))
    before = said_last(page, "breaks")
    press(page, "Mend everything", "breaks")
    assert all(text in said(page) for text in output(page))
    part(page, "breaks").get_by_role("checkbox").first.check()
    part(page, "translators").locator("select").first.select_option("3")
    page.wait_for_function("Page.state.n === 60")
    assert all(text in said(page) for text in output(page))
    assert said_last(page, "breaks") != before
    press(page, "One word back")
    write_own(page, "나는 사과를 먹었다.")
    page.wait_for_function("Page.state.n === 60")
    assert all(text in said(page) for text in output(page))
    about = part(page, "translators").locator(".pg-own-said")
    assert about.inner_text() == "New sentence of 7 source tokens."
    part(page, "translators").locator("select").first.select_option("2")
    assert about.inner_text() == ""


def test_a_typed_sentence_is_used_by_the_first_step(playground):
    page = playground("en")
    own(page).fill("나는 어제 작은 사과를 먹었다.")
    press(page, "Translate")
    wait_for_words(page)
    assert output(page)[2] == "I ate a small apple yesterday ."
    first = part(page, "translators").locator(".pg-output .pg-right").first
    assert first.evaluate("e => getComputedStyle(e).borderBottomWidth") == "0px"
    own(page).fill("나는 피자를 먹었다.")
    press(page, "Start over")
    press(page, "One word")
    assert "피자" in part(page, "translators").locator(".pg-unknown").first.inner_text()
    assert page.evaluate("Page.state.n") == 0


def test_a_refused_sentence_has_no_translation_of_another_above_it(playground):
    page = playground("en")
    wait_for_words(page)
    write_own(page, "나는 피자를 먹었다")
    box = part(page, "translators")
    assert output(page) == ["", "", ""]
    assert box.locator(".pg-sentence").inner_text() == "나는 피자를 먹었다"
    assert not box.locator(".pg-look").is_visible()
    menu = box.locator("select").first
    assert "피자" in menu.locator("option:checked").inner_text()
    menu.select_option("2")
    page.wait_for_function("Page.state.n === 60")
    assert output(page) == page.evaluate(ENGINE, [2, 60, {}])
    assert "피자" not in box.inner_text() and box.locator(".pg-look").is_visible()


def test_a_sentence_of_ones_own_stands_in_the_menu_and_a_wrong_particle_is_told(
    playground,
):
    page = playground("en")
    write_own(page, "나은 작은 사과을 먹었다")
    page.wait_for_function("Page.state.t && Page.state.n === 60")
    box = part(page, "translators")
    chosen = box.locator("select").first.locator("option:checked").inner_text()
    assert chosen == "Your own: 나은 작은 사과을 먹었다."
    told = box.locator(".pg-own-said").inner_text()
    assert "나은 → 나는" in told and "사과을 → 사과를" in told
    own(page).fill("나는 피자를 먹었다")
    press(page, "Translate")
    assert own(page).get_attribute("aria-invalid") == "true"
    own(page).fill("나는 사과를 먹었다")  # mended while it is typed
    assert own(page).get_attribute("aria-invalid") is None


def test_a_translation_that_is_whole_stays_so_when_a_model_is_broken(playground):
    page = playground("en", "#s=3")
    page.emulate_media(reduced_motion="no-preference")
    press(page, "Translate")
    page.wait_for_function("Page.state.n === 60")
    part(page, "breaks").get_by_role("checkbox").first.check()
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    assert output(page) == page.evaluate(ENGINE, [3, 60, {"cut_context": True}])
    assert "so far" not in part(page, "translators").inner_text()


def test_a_panel_is_never_empty(playground):
    page = playground("en", "#s=2")
    panels = part(page, "translators").locator(".pg-answers .pg-panel")
    assert all("Press “Translate”" in text for text in panels.all_inner_texts())


@pytest.mark.parametrize("language", PATHS)
def test_the_front_pages_sentence_can_be_translated(playground, language):
    front = (FOLDER.parent / language / "index.md").read_text("utf-8")
    korean = re.search("“([가-힣 ]+[.])”", front)[1]
    picture = (FOLDER.parent / "static" / "front-picture.svg").read_text("utf-8")
    words = re.findall(">([^<>]+)</text>", picture)
    assert " ".join(words[:5]) == korean.removesuffix(".")
    page = playground("en")
    write_own(page, korean)
    page.wait_for_function("Page.state.t && Page.state.n === 60")
    assert output(page) == [" ".join([*words[5:], "."])] * 3


def test_an_unknown_word_is_named_and_the_nearest_suggested(playground):
    page = playground()
    write_own(page, "나 는 사괴 를 먹었 다")
    form = part(page, "translators").locator("form")
    assert "사괴" in form.inner_text()
    form.get_by_role("button", name="사과", exact=True).click()
    press(page, "Translate this sentence")
    assert page.evaluate("Page.state.t") == "나 는 사과 를 먹었 다 .".split()


def test_all_unknown_words_are_named_and_each_is_replaced(playground):
    page = playground()
    write_own(page, "나는 사괴를 먹얶다사괴를 사괴를.")
    form = part(page, "translators").locator("form")
    lines = form.locator(".pg-unknown")
    assert ["사괴를" in lines.first.inner_text(), lines.count()] == [True, 2]
    assert "먹얶다사괴를" in lines.last.inner_text()
    word = lines.first.locator("button").first.inner_text()
    lines.first.locator("button").first.press("Enter")
    assert form.locator("input").input_value() == f"나는 {word} 먹얶다사괴를 {word}."
    assert lines.count() == 1 and "먹얶다사괴를" in lines.inner_text()


LIKE = [
    ("사괴를", "사과를"),
    ("사괴을", "사과를"),
    ("샌드이치가", "샌드위치가"),
    ("선새님은", "선생님은"),
    ("학겨에서", "학교에서"),
    ("마셧다", "마셨다"),
    ("재미잇는", "재미있는"),
    ("도서관예서", "도서관에서"),
    ("먹었습니다", "먹었다"),
    ("먹었어요", "먹었다"),
    ("먹습니다", "먹는다"),
    ("마십니다", "마신다"),
    ("바쁩니다", "바쁘다"),
]
# Words of every day that the models don't know, nor any like them.
UNLIKE = """피자를 강아지가 고양이는 밥을 빵을 엄마가 아빠는 사람이 나무를 돈을
    컴퓨터로 한국에서 갔다 좋아한다 사랑해 안녕하세요 라면을 바나나를 버스를 비행기가
    개가 말을 곰이 눈이 손을 남자는 여자가 병원에서 은행에 부산에 좋은 아주 점심을 옷을
    예쁘다 누가 hello 123 ㅋㅋㅋ""".split()


def test_only_words_like_the_unknown_one_are_suggested(playground):
    page = playground()
    nearest = "(word) => Page.compose(word).unknown?.[0][1] ?? null"
    for typed, expected in LIKE:
        found = page.evaluate(nearest, typed)
        assert found[0] == expected, typed
        assert page.evaluate("(word) => Page.compose(word).words", expected)
    found = {word: page.evaluate(nearest, word) for word in UNLIKE}
    assert {word: like for word, like in found.items() if like} == {}


def test_where_no_word_is_like_it_the_list_opens(playground):
    page = playground()
    write_own(page, "나는 피자를 먹었다")
    line = part(page, "translators").locator(".pg-unknown")
    assert (
        "none is like it" in line.inner_text() and line.locator("button").count() == 0
    )
    assert part(page, "translators").locator(".pg-words").is_visible()


def test_the_list_holds_every_known_word_and_nothing_else(playground):
    listed = {
        word
        for rows in known_words().values()
        for text, _ in rows
        for word in text.split("/")
    }
    words = playground().evaluate(
        "(listed) => listed.map((word) => Page.compose(word).words)", sorted(listed)
    )
    found = {word for each in words for word in each}
    assert found == {*corpus.korean_words()} - {","}
    assert all(meaning for rows in known_words().values() for _, meaning in rows)


CLICKS = [("People", "그녀"), ("Particles", "은/는"), ("Times", "어제"),
          ("Places", "공원에서"), ("Adjectives", "큰"), ("Things", "가방"),
          ("Particles", "을/를"), ("Verbs: past", "샀다"), ("Endings", "지만"),
          ("People", "형"), ("Particles", "은/는"), ("Verb stems", "바쁘"),
          ("Endings", "지 않다")]  # fmt: skip


def test_a_sentence_is_made_of_words_pressed_in_the_list(playground):
    page = playground()
    field, words = own(page), part(page, "translators").locator(".pg-word-list")
    words.locator("summary").click()
    kinds = words.locator("select")
    for kind, word in CLICKS:
        labels = kinds.locator("option").all_inner_texts()
        kinds.select_option(label=next(x for x in labels if x.startswith(kind)))
        add = words.get_by_role("button").filter(has=page.get_by_text(word, exact=True))
        add.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.className") == "pg-known"
    typed = "그녀는 어제 공원에서 큰 가방을 샀지만 형은 바쁘지 않다"
    assert field.input_value() == typed
    assert typed in part(page, "translators").locator(".pg-own-said").inner_text()
    press(page, "Translate this sentence")
    page.wait_for_function("Page.state.n === 60")
    assert output(page)[2] == (
        "she bought a big bag in the park yesterday , but my brother is not busy ."
    )


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        *[("사과", "를"), ("책", "을"), ("“책”", "을"), ("영화!", "를")],
        *[("ㅋㅋ", "을"), ("ㅠㅠ", "를"), ("3", "을"), ("2", "를")],
        *[("cake", "을(를)"), ("", "을(를)"), ("😀", "을(를)"), ("{을/를}", "을")],
    ],
)
def test_a_particle_goes_with_the_sound_before_it(playground, word, shown):
    page = playground("ko")
    assert page.evaluate("(word) => Page.particle(word, '을', '를')", word) == shown
    said = page.evaluate("(word) => Page.say('drawn', word)", word)
    assert said == f"“{word}”{shown} 뽑았습니다."


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (1e-9, "<0.1%"), (0.0006, "0.1%"), (0.0994, "9.9%"), (0.5, "50%")],
)
def test_a_small_probability_is_not_shown_as_none(playground, share, shown):
    assert playground().evaluate("Page.percent", share) == shown


def test_words_are_completed(playground):
    page = playground()
    own(page).fill("나 는 사")
    options = page.locator("#pg-known option")
    offered = options.evaluate_all("(options) => options.map((o) => o.value)")
    assert "나 는 사과" in offered


@pytest.mark.parametrize(
    "text",
    ["", "   ", ".", "나 " * 149, "<img src=x onerror=alert(1)>", "😀", "a" * 299],
)
def test_bad_sentences_are_refused_in_words(playground, text):
    page = playground()
    write_own(page, text)
    assert part(page, "translators").locator("form .pg-status").inner_text()
    assert page.evaluate("Page.state.t") is None
    assert page.locator("[data-playground] img").count() == 0


# ---- a word chosen by its bar -------------------------------------------------------

# The words of one translator, some of them given: {number: word}.
FORCED = """async ([name, s, n, chosen, breaks]) => {
  const translator = await ET.load(name), {ids} = translator.vocabulary;
  translator.start(SENTENCES.pairs[s][0].split(" "), breaks);
  for (let i = 1; i <= n && !translator.done; i++) {
    translator.step(ids.get(chosen[i]));
  }
  return translator.vocabulary.decode(translator.ids).join(" ");
}"""


def bars(page, name, where="translators"):
    return part(page, where).locator(f".pg-{name} button.pg-row")


def test_a_word_is_chosen_by_its_bar(playground):
    page = playground("en", "#s=1")
    press(page, "One word")
    wait_for_words(page)
    look(page)
    word = bars(page, "attention").nth(1).locator(".pg-word").inner_text()
    bars(page, "attention").nth(1).click()
    assert page.evaluate("Page.state.c") == [f"attention.2.{word}"]
    greedy = page.evaluate(ENGINE, [1, 2, {}])
    forced = page.evaluate(FORCED, ["attention", 1, 2, {2: word}, {}])
    assert forced.split()[1] == word != greedy[1].split()[1]
    assert output(page) == [greedy[0], forced, greedy[2]]
    own = part(page, "translators").locator(".pg-own")
    assert own.count() == 1 and "(your choice)" in own.text_content()
    assert f"you chose {word}" in said(page)
    press(page, "Translate")
    whole = page.evaluate(FORCED, ["attention", 1, 60, {2: word}, {}])
    assert output(page)[1] == whole != page.evaluate(ENGINE, [1, 60, {}])[1]
    again = playground("ko", page.url[page.url.index("#") :])
    wait_for_words(again)
    assert output(again) == output(page)


def test_a_word_of_a_whole_translation_is_changed_and_what_follows_it(playground):
    page = playground("en", "#s=1&n=60&w=2")
    wait_for_words(page)
    word = bars(page, "attention").nth(1).locator(".pg-word").inner_text()
    bars(page, "attention").nth(1).press("Enter")
    greedy = page.evaluate(ENGINE, [1, 60, {}])
    forced = page.evaluate(FORCED, ["attention", 1, 60, {2: word}, {}])
    assert output(page) == [greedy[0], forced, greedy[2]] != greedy
    assert page.evaluate("[Page.state.w, Page.state.n]") == [2, 60]
    focused = "document.activeElement.closest('.pg-attention') !== null"
    assert page.evaluate(focused)
    bars(page, "attention").first.click()
    assert output(page) == greedy and page.evaluate("Page.state.c") == []


def test_right_with_the_readers_help_is_said_so(playground):
    page = playground("en", "#s=109&n=60&c=encoder_decoder.11.wear")
    wait_for_words(page)
    panel = part(page, "translators").locator(".pg-answers .pg-encoder_decoder")
    assert panel.locator(".pg-verdict").inner_text() == "✓ Right, with your help."


def test_a_choice_is_taken_back_with_its_word_or_with_the_sentence(playground):
    page = playground("en", "#s=1&n=2&c=attention.2.she+transformer.1.%2C")
    wait_for_words(page)
    assert page.evaluate("Page.state.c") == ["attention.2.she", "transformer.1.,"]
    assert output(page)[2].startswith(", ")
    press(page, "One word back")
    assert page.evaluate("Page.state.c") == ["transformer.1.,"]
    press(page, "One word")
    assert output(page)[1] == page.evaluate(ENGINE, [1, 2, {}])[1]
    part(page, "translators").locator("select").first.select_option("0")
    assert page.evaluate("Page.state.c") == []


def test_a_word_is_chosen_by_keyboard_and_the_focus_goes_on(playground):
    page = playground("en", "#s=0&n=1")
    wait_for_words(page)
    look(page)
    bars(page, "transformer").nth(2).focus()
    page.keyboard.press("Enter")
    chosen = page.evaluate("Page.state.c")
    assert len(chosen) == 1 and page.evaluate("Page.state.n") == 2
    focused = "document.activeElement.closest('.pg-transformer') !== null"
    assert page.evaluate(focused)
    page.keyboard.press("Space")  # now on the likeliest, which is no choice to keep
    assert page.evaluate("Page.state.c") == chosen
    assert page.evaluate("Page.state.n") == 3
    end = playground("en", "#s=109&n=1&i=1")  # the RNN's ends before the others
    wait_for_words(end)
    for _ in range(60):
        if not bars(end, "encoder_decoder").count():
            break
        bars(end, "encoder_decoder").first.press("Enter")
    assert end.evaluate("document.activeElement.textContent") == "One word back"


# ---- 2: break it --------------------------------------------------------------------

SWITCHES = (
    "cut_context no_scale padding_in see_future drop_positions remove_head "
    "uniform_attention"
).split()


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_is_the_engines_and_changes_something(playground, name):
    changed = []
    for s in (2, 3):
        page = playground("en", f"#s={s}&n=60")
        wait_for_words(page)
        box = part(page, "breaks").get_by_role("checkbox").nth(SWITCHES.index(name))
        box.check()
        page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
        heads = page.evaluate("Page.state.r")
        breaks = {name: heads if name == "remove_head" else True}
        assert output(page) == page.evaluate(ENGINE, [s, 60, breaks])
        changed += [
            t for t in output(page) if t not in page.evaluate(ENGINE, [s, 60, {}])
        ]
        assert f"b={name}" in page.url
    assert changed, f"{name} changes no word of two sentences"


HAS = {
    "encoder_decoder": ["cut_context", "padding_in"],
    "attention": [n for n in SWITCHES if n not in ("see_future", "drop_positions")],
    "transformer": SWITCHES,
}


@pytest.mark.parametrize("name", SWITCHES)
def test_each_break_offers_a_sentence_on_which_it_shows(playground, name):
    page = playground("en", f"#s=1&b={name}&r=" + ",".join(
        ("decoder.attention.0", "decoder.layers.0.self_attention.1")
        if name == "remove_head" else ()))  # fmt: skip
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    offer = part(page, "breaks").locator(f"#pg-{name}-about .pg-try")
    source = page.evaluate("(s) => SENTENCES.pairs[s][0]", SHOWS[name])
    assert source.replace(" ", "") in offer.inner_text().replace(" ", "")
    offer.click()
    page.wait_for_function("Page.state.n === 60")
    assert page.evaluate("Page.state.s") == SHOWS[name] and not offer.is_visible()
    for model in TRANSLATORS:
        panel = part(page, "breaks").locator(f".pg-{model}")
        verdict = panel.locator(".pg-verdict").inner_text()
        has = name in HAS[model]
        assert verdict.startswith("Changed" if has else "Not broken"), model
        assert has or panel.locator(".pg-hint").inner_text()  # why not
    assert output(page) != page.evaluate(ENGINE, [SHOWS[name], 60, {}])


def test_as_many_words_are_marked_as_are_counted(playground):
    page = playground("en", "#s=3&b=cut_context")
    for panel in part(page, "breaks").locator(".pg-panel").all():
        marks = [panel.locator(f".pg-{kind}").count() for kind in ("changed", "gone")]
        verdict = panel.locator(".pg-verdict").inner_text()
        assert [int(n) for n in re.findall(r"\d+", verdict)] == marks and any(marks)


def test_a_break_that_changes_nothing_says_so_and_why(playground):
    page = playground("en", "#s=88&b=no_scale")
    panel = part(page, "breaks").locator(".pg-transformer")
    panel.wait_for()
    assert panel.locator(".pg-verdict").inner_text() == "Nothing changed here"
    moved = page.evaluate("""async () => {
      const translator = await ET.load("transformer");
      const chances = (breaks) => {
        translator.start(SENTENCES.pairs[88][0].split(" "), breaks);
        translator.run();
        return translator.steps.map((step) => step.probabilities[step.id]);
      };
      const whole = chances({}), broken = chances({no_scale: true});
      return Page.percent(Math.max(...whole.map((p, i) => Math.abs(p - broken[i]))));
    }""")
    why = panel.locator(".pg-hint").inner_text()
    assert f"up to {moved.removesuffix('%')} percentage points" in why
    assert "order of the scores" in why and why in said_last(page, "breaks")


def test_a_switch_that_a_model_lacks_is_off_and_says_why(playground):
    page = playground("en", "#m=encoder_decoder")
    boxes = part(page, "breaks").get_by_role("checkbox")
    off = [name for i, name in enumerate(SWITCHES) if boxes.nth(i).is_disabled()]
    assert off == [*SWITCHES[1:2], *SWITCHES[3:]]
    about = page.locator("#pg-no_scale-about").inner_text()
    assert "RNN, last state" in about and "no attention" in about


def test_heads_to_remove_are_those_of_the_model_and_none_is_said(playground):
    page = playground("en", "#s=2")
    box = part(page, "breaks")
    box.get_by_role("checkbox").nth(SWITCHES.index("remove_head")).check()
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    verdicts = box.locator(".pg-verdict").all_inner_texts()
    assert verdicts[0] == "Not broken"
    assert all(verdict.startswith("Changed") for verdict in verdicts[1:])
    heads = box.get_by_role("group", name="Heads to remove")
    titles = heads.locator("h3:visible")
    assert titles.all_inner_texts() == ["RNN with attention", "Transformer"]
    for name, shown in [("transformer", ["Transformer"]), ("encoder_decoder", [])]:
        box.get_by_label("In which model").select_option(name)
        assert titles.all_inner_texts() == shown
    box.get_by_label("In which model").select_option("all")
    for checked in heads.locator("input:checked").all()[::-1]:
        checked.uncheck()
    said_of = ["Not broken", "No head chosen", "No head chosen"]
    assert box.locator(".pg-verdict").all_inner_texts() == said_of


def test_mending_gives_the_whole_model_back(playground):
    page = playground("en", "#s=3&n=60&b=cut_context")
    wait_for_words(page)
    broken = output(page)
    assert page.locator(".pg-broken").is_visible()
    press(page, "Mend everything", "breaks")
    assert output(page) == page.evaluate(ENGINE, [3, 60, {}]) != broken
    assert not page.locator(".pg-broken").is_visible()


@pytest.mark.parametrize("language", PATHS)
def test_each_link_leads_somewhere(playground, site, language):  # noqa: F811
    page = playground(language)
    assert part(page, "breaks").locator(".pg-about a").count() == len(SWITCHES)
    links = page.locator("[data-playground] a")
    hrefs = links.evaluate_all("(links) => links.map((a) => a.getAttribute('href'))")
    assert len(hrefs) > len(SWITCHES) + 9  # and terms in the glossary
    dead = [href for href in hrefs if not _resolves(site, PATHS[language], href)]
    assert not dead, urljoin(PATHS[language], dead[0])


# ---- 3: the main figure -------------------------------------------------------------


def race_done(page):
    counts = (
        part(page, "race").locator("tbody tr").first.locator("td").all_inner_texts()
    )
    return sum(int(count.split("/")[1]) for count in counts)


def test_the_figure_grows_stops_and_goes_on(playground):
    page = playground()
    press(page, "Start", "race")
    page.wait_for_function(
        "document.querySelector('[data-playground=race] progress').value >= 6"
    )
    press(page, "Stop", "race")
    page.wait_for_function(
        "document.querySelector('[data-playground=race] [role=status]')"
        ".innerText.startsWith('Stopped')"
    )
    stopped = race_done(page)
    text = part(page, "race").inner_text()
    assert f"200 sentences: {stopped} translated" in text
    assert f"Stopped after {stopped} sentences" in text
    page.wait_for_timeout(300)
    assert race_done(page) == stopped < 200
    press(page, "Go on", "race")
    page.wait_for_function(
        f"document.querySelector('[data-playground=race] progress').value > {stopped}"
    )
    assert part(page, "race").locator("polyline").count() >= 3
    press(page, "Start over", "race")
    assert race_done(page) == 0


def test_a_break_is_not_in_the_figure_and_the_page_says_so(playground):
    results = []
    for state in ("", "#b=cut_context"):
        page = playground("en", state)
        press(page, "Start", "race")
        page.wait_for_function(
            "document.querySelector('[data-playground=race] progress').value >= 8"
        )
        press(page, "Stop", "race")
        assert "models of this part are whole" in part(page, "race").inner_text()
        # Of each model the shortest sentence, which all have translated by now.
        cells = part(page, "race").locator("tbody td:nth-child(2)").all_inner_texts()
        results.append([int(cell.split("/")[0]) for cell in cells])
    assert all(right > 0 for counts in results for right in counts)


# ---- 4: the GPT ---------------------------------------------------------------------


def test_the_gpt_writes_on_and_takes_back(playground):
    page = playground("en", "#g=" + quote("이 영화는") + "&temperature=0")
    press(page, "Ten", "gpt")
    text = part(page, "gpt").locator(".pg-output")
    text.locator("mark").wait_for()
    expected = page.evaluate("""async () => {
      const writer = await ET.load("korean_gpt");
      writer.start("이 영화는");
      for (let i = 0; i < 10 && !writer.done; i++) {
        const logits = writer.peek().logits.slice();
        for (const id of [ET.PAD, ET.BOS, ET.UNK]) logits[id] = -Infinity;
        writer.step(ET.argmax(logits));
      }
      return writer.text;
    }""")
    assert text.inner_text().removesuffix("(end)").strip() == expected
    press(page, "Take one back", "gpt")
    assert text.inner_text().strip() != expected
    press(page, "Start over", "gpt")
    assert text.inner_text() == "이 영화는"


def test_subwords_are_shown_merge_by_merge(playground):
    page = playground()
    part(page, "gpt").locator("form input").fill("재미있었어요 뷁�")
    press(page, "Split it into subwords", "gpt")
    part(page, "gpt").locator(".pg-merges").first.wait_for(state="attached")
    steps = page.evaluate("""async () => {
      const writer = await ET.load("korean_gpt");
      const steps = [...writer.vocabulary.merges("재미있었어요")];
      return steps.map((s) => s.pieces.join(" "));
    }""")
    items = part(page, "gpt").locator(".pg-merges").first.locator("li")
    shown = items.evaluate_all("""(items) => items.map((item) =>
      [...item.querySelectorAll(".pg-piece")].map((p) => p.textContent).join(" "))""")
    assert shown == steps
    assert "<unk>" in part(page, "gpt").locator(".pg-note").inner_text()


def test_unk_is_never_offered(playground):
    page = playground("en", "#temperature=2&k=0&p=1&g=" + quote("뷁"))
    press(page, "Ten", "gpt")
    part(page, "gpt").locator(".pg-output mark").wait_for()
    assert "<unk>" not in part(page, "gpt").locator(".pg-output mark").inner_text()
    assert "<unk>" not in part(page, "gpt").locator(".pg-bars").inner_text()


def test_a_number_out_of_range_is_refused(playground):
    page = playground()
    field = part(page, "gpt").get_by_label("top-p")
    for bad in ("7", "-1", ""):
        field.fill(bad)
        assert field.get_attribute("aria-invalid") == "true"
        assert page.evaluate("Page.state.p") == 0.95
    field.fill("0.5")
    assert page.evaluate("Page.state.p") == 0.5


def drawn_text(page):
    box = part(page, "gpt").locator(".pg-output")
    box.locator("mark").wait_for()
    return box.inner_text()


def test_a_typed_prompt_outlives_another_temperature(playground):
    page = playground("en", "#g=" + quote("이 영화는"))
    field = part(page, "gpt").locator("form input").first
    field.fill("배우가 정말")
    temperature = part(page, "gpt").locator('input[type="number"]').first
    temperature.fill("0.5")
    assert field.input_value() == "배우가 정말"
    temperature.fill("5")
    press(page, "Ten", "gpt")
    assert temperature.get_attribute("aria-invalid") == "true"
    assert page.evaluate("Page.state.d") == []
    temperature.fill("0")
    press(page, "Ten", "gpt")
    part(page, "gpt").locator(".pg-output mark").wait_for()
    assert page.evaluate("Page.state.g") == "배우가 정말"


def test_an_example_is_split_and_another_prompt_begins_anew(playground):
    page = playground("en", "#temperature=0")
    part(page, "gpt").locator("select").select_option("2")
    part(page, "gpt").locator(".pg-merges").first.wait_for(state="attached")
    prompts = page.evaluate("Page.prompts.map(([text]) => text)")
    assert page.evaluate("Page.state.g") == prompts[2]
    pieces = part(page, "gpt").locator("div > p > .pg-pieces > .pg-piece")
    assert said_last(page, "gpt").startswith(f"{pieces.count()} subwords: ")
    press(page, "Ten", "gpt")
    page.get_by_label("Prompt").fill("영화")
    press(page, "One subword", "gpt")
    page.wait_for_function("Page.state.g === '영화' && Page.state.d.length === 1")
    assert drawn_text(page).startswith("영화")


SAME_DRAWS = "Math.random = () => 0.5"  # so that the text can't end early by chance


def test_an_address_holds_what_the_gpt_drew(playground):
    page = playground("en", "#temperature=1.5&g=" + quote("이 영화는"))
    page.evaluate(SAME_DRAWS)
    press(page, "Ten", "gpt")
    drawn_text(page)
    bar = part(page, "gpt").locator("button.pg-row").nth(3)
    word = bar.locator(".pg-word").inner_text()
    bar.press("Enter")
    assert word in said_last(page, "gpt")
    assert page.evaluate("document.activeElement.className") == "pg-row"
    ids = page.evaluate("Page.state.d")
    assert len(ids) == 11 and f"d={quote(','.join(map(str, ids)))}" in page.url
    again = playground("en", page.url[page.url.index("#") :])
    assert drawn_text(again) == drawn_text(page)
    press(again, "Take one back", "gpt")
    assert again.evaluate("Page.state.d") == ids[:-1]
    again.get_by_label("Prompt").fill("최고")
    press(again, "Split it into subwords", "gpt")
    assert again.evaluate("Page.state.d") == []


def said_last(page, where):
    return part(page, where).locator(".pg-status").last.inner_text()


@pytest.mark.parametrize("d", ["65000", "5,6,3,7", "9,2,8", "5,0"])
def test_tokens_that_cannot_have_been_drawn_are_left_out_and_named(playground, d):
    page = playground("en", f"#d={d}&s=99999")
    page.get_by_text("the subwords drawn (d)").wait_for()
    assert "sentence's number" in page.locator(".pg-warning").inner_text()
    good = {"65000": [], "5,6,3,7": [5, 6], "9,2,8": [9, 2], "5,0": [5]}[d]
    assert page.evaluate("Page.state.d") == good


# ---- 5: the classifier --------------------------------------------------------------


def judge(page, text):
    part(page, "sentiment").locator("form input").fill(text)
    press(page, "Classify it", "sentiment")
    part(page, "sentiment").locator(".pg-bars li").first.wait_for()


def judged(page):
    """The words read and the percentages beside them."""
    items = part(page, "sentiment").locator(".pg-bars li")
    read = "(items) => items.map((i) => [...i.querySelectorAll('.pg-word, .pg-share')]"
    return items.evaluate_all(read + ".map((e) => e.textContent))")


READ = """async (text) => {
  const reader = await ET.load("korean_sentiment");
  return reader.read(text).reads.map(({word, probabilities}) =>
    [word, Page.percent(probabilities[1])]);
}"""


def test_a_review_is_classified_subword_by_subword(playground):
    page = playground()
    judge(page, "정말 재미있는 영화")
    read = page.evaluate(READ, "정말 재미있는 영화")
    assert judged(page) == [
        ["(start)", read[0][1]],
        *read[1:-1],
        ["(end)", read[-1][1]],
    ]
    assert len(read) > 4
    verdict = part(page, "sentiment").locator(".pg-verdict").inner_text()
    assert verdict == f"Positive, probability {read[-1][1]}"
    assert said_last(page, "sentiment") == verdict
    again = playground("ko", page.url[page.url.index("#") :])
    part(again, "sentiment").locator(".pg-bars li").first.wait_for()
    assert [share for _, share in judged(again)] == [share for _, share in read]
    assert "긍정" in part(again, "sentiment").locator(".pg-verdict").inner_text()


def test_what_is_typed_is_classified_as_it_is_typed(playground):
    page = playground()
    judge(page, "지루하고")
    field, text = (
        part(page, "sentiment").locator("form input"),
        "지루하고 시간이 아깝다",
    )
    field.press("End")
    field.press_sequentially(text.removeprefix("지루하고"))
    read = page.evaluate(READ, text)
    assert [share for _, share in judged(page)] == [share for _, share in read]
    assert page.evaluate("Page.state.v") == text
    verdict = part(page, "sentiment").locator(".pg-verdict").inner_text()
    assert verdict.startswith("Negative")


def test_an_example_is_classified_at_once(playground):
    page = playground("en")
    part(page, "sentiment").locator("select").select_option("1")
    part(page, "sentiment").locator(".pg-bars li").first.wait_for()
    examples = page.evaluate("Page.reviews.map(([text]) => text)")
    assert page.evaluate("Page.state.v") == examples[1]
    assert len(judged(page)) == len(page.evaluate(READ, examples[1]))
    # What words.js says of them.
    last = [page.evaluate(READ, text)[-1][1] for text in examples]
    positive = [float(share.removesuffix("%")) >= 50 for share in last]
    assert positive == [True, False, True, True, True, False]


@pytest.mark.parametrize(
    "text", ["😀👍🏽", "<b onclick=x>좋다</b><script>1</script>", "ㅋ " * 150]
)
def test_whatever_is_typed_is_classified_and_never_html(playground, text):
    page = playground()
    judge(page, text)
    assert len(judged(page)) == min(128, len(page.evaluate(READ, text)))
    box = part(page, "sentiment")
    assert box.locator(":is(b, script)").count() == 0
    assert box.locator(".pg-result .pg-note").is_visible() == (len(text) == 300)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_not_classified(playground, text):
    page = playground()
    judge(page, "좋다")
    part(page, "sentiment").locator("form input").fill(text)
    assert not part(page, "sentiment").locator(".pg-bars").is_visible()
    press(page, "Classify it", "sentiment")
    assert said_last(page, "sentiment") == "Write a review first."
    assert not part(page, "sentiment").locator(".pg-bars").is_visible()


def test_a_review_without_korean_gets_a_word_of_warning(playground):
    page = playground()
    judge(page, "a boring film")
    warning = part(page, "sentiment").locator(":scope > .pg-note")
    assert warning.is_visible()
    assert "no Korean" in said_last(page, "sentiment")
    for text in ("지루한 film", "ㅋㅋ"):
        part(page, "sentiment").locator("form input").fill(text)
        assert not warning.is_visible()


def test_the_classifiers_code_gives_the_same_in_python(playground, capsys):
    page = playground()
    judge(page, "재미있을 줄 알았는데 “최고”는 아니다")
    exec(part(page, "sentiment").locator("pre code").text_content(), {})
    printed = [line.split(" ", 1) for line in capsys.readouterr().out.splitlines()]
    shown = [share for _, share in judged(page)]
    assert [page.evaluate("Page.percent", float(p)) for p, _ in printed] == shown


# ---- address and code ---------------------------------------------------------------


def test_an_address_brings_the_same_state_back(playground):
    page = playground("en", "#s=6")
    press(page, "One word")
    wait_for_words(page)
    part(page, "breaks").get_by_role("checkbox").nth(5).check()
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    write_own(page, "나는 사과를 먹었다.")
    page.wait_for_function("Page.state.n === 60")
    press(page, "One word back")
    state, shown = page.evaluate("Page.state"), output(page)
    again = playground("ko", page.url[page.url.index("#") :])
    wait_for_words(again)
    assert (again.evaluate("Page.state"), output(again)) == (state, shown)


HOSTILE = [
    "#s=<script>alert(1)</script>",
    "#s=99999&n=-4&m=__proto__&b=constructor",
    "#t=" + quote("<img src=x onerror=alert(1)>"),
    "#t=%E0%A4%A&s=%",
    "#t=" + "가" * 50_000,
    "#r=decoder.layers.9.cross_attention.7,../../x&a=__proto__.0",
    "#g=" + "a" * 400 + "&temperature=NaN&k=1e9&p=Infinity",
    "#__proto__=1&toString=2",
    "#c=attention.99.she+x.1.I+attention.1.__proto__",
    "#c=" + "attention.1.I+" * 70 + "<b>",
    "#d=1,-2,<b>",
    "#d=" + "5," * 200 + "5",
    "#v=" + "a" * 301,
]


@pytest.mark.parametrize("state", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_address_does_nothing_and_is_named(playground, state):
    page = playground("en", state)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    warning = page.locator(".pg-warning")
    assert "makes no sense" in warning.inner_text()
    first = page.evaluate("Page.sentence().words")
    assert first == page.evaluate("SENTENCES.pairs[0][0].split(' ')")
    assert page.locator("[data-playground] :is(img, script)").count() == 0
    press(page, "One word")
    wait_for_words(page)


def test_a_head_that_no_model_has_breaks_nothing(playground):
    page = playground("en", "#n=4&b=remove_head&r=decoder.layers.7.cross_attention.9")
    wait_for_words(page)
    assert output(page) == page.evaluate(ENGINE, [0, 4, {}])


def test_a_prompt_is_text_and_never_html(playground):
    page = playground("en", "#g=" + quote("<b onclick=x>영화</b><script>1</script>"))
    press(page, "One subword", "gpt")
    part(page, "gpt").locator(".pg-output").wait_for()
    assert page.locator('[data-playground="gpt"] :is(b, script)').count() == 0


def test_the_code_does_the_same_in_python(playground, capsys):
    page = playground("en", "#s=1&n=60")
    wait_for_words(page)
    code = part(page, "translators").locator("pre code").text_content()
    exec(code, {})
    printed = [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()]
    assert printed == output(page)


BROKEN = [
    *(f"b={name}" for name in SWITCHES if name != "remove_head"),
    "b=remove_head&r=decoder.attention.0,decoder.layers.1.cross_attention.0,"
    "encoder.layers.0.self_attention.3",
    "b=cut_context,no_scale&m=attention",
    "b=uniform_attention,padding_in,see_future&m=transformer",
    "b=no_scale,remove_head&r=decoder.layers.1.self_attention.2"
    "&c=attention.2.she+transformer.1.we+transformer.3.%2C",
    "c=encoder_decoder.3.%3C%2Fs%3E+transformer.2.not",
]


@pytest.mark.parametrize("state", BROKEN)
def test_the_code_has_the_breaks_and_the_words_chosen(playground, capsys, state):
    page = playground("en", f"#s=3&n=60&{state}")
    wait_for_words(page)
    exec(part(page, "translators").locator("pre code").text_content(), {})
    printed = [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()]
    assert printed == output(page)
    assert printed != page.evaluate(ENGINE, [3, 60, {}])


def test_the_gpts_code_begins_with_what_was_drawn(playground, capsys):
    page = playground("en", "#temperature=1.5&g=" + quote("이 영화는"))
    page.evaluate(SAME_DRAWS)
    press(page, "Ten", "gpt")
    shown = drawn_text(page)
    exec(part(page, "gpt").locator("pre code").text_content(), {})
    assert " ".join(capsys.readouterr().out.split()).startswith(shown)


def test_the_gpts_code_does_the_same_in_python(playground, capsys):
    page = playground("en", "#temperature=0&k=5&g=" + quote("이 영화는"))
    press(page, "Ten", "gpt")
    text = part(page, "gpt").locator(".pg-output mark")
    text.wait_for()
    exec(part(page, "gpt").locator("pre code").text_content(), {})
    shown = part(page, "gpt").locator(".pg-output").inner_text()
    assert (
        capsys.readouterr().out.strip().startswith(shown.removesuffix("(end)").strip())
    )


# ---- for everybody ------------------------------------------------------------------

# Something broken, a word chosen, others left to choose, tokens drawn, a review read.
USED = "#s=1&n=8&b=remove_head,no_scale&c=attention.2.she&d=9,12&v=" + quote("재미있다")


@pytest.mark.parametrize("language", PATHS)
@pytest.mark.parametrize(("theme", "width"), [("light", 360), ("dark", 1280)])
def test_a_page_in_use_can_be_read_by_all(playground, language, theme, width):
    page = playground(language, USED, theme=theme, width=width)
    wait_for_words(page)
    page.wait_for_selector('[data-playground="breaks"] .pg-broken-words')
    for fold in page.locator("[data-playground=translators] details").all():
        if fold.is_visible() and fold.get_attribute("open") is None:
            fold.locator("summary").first.click()
    page.wait_for_selector(".pg-merges", state="attached")
    for name in ("gpt", "sentiment"):
        part(page, name).locator(".pg-bars li").first.wait_for()
    excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert excess <= 0, _widest(page)
    assert _accessibility(page) == []


def test_no_english_sentence_is_left_in_the_korean_page(playground):
    page = playground("ko", USED)
    wait_for_words(page)
    words = page.evaluate("[Object.keys(Page.words.ko), Object.keys(Page.words.en)]")
    assert words[0] == words[1]
    blanks = """Object.entries(Page.words.ko).filter(([key, words]) =>
      words.split("{}").length !== Page.words.en[key].split("{}").length)"""
    assert page.evaluate(blanks) == []


def test_the_keyboard_alone_does_it(playground):
    page = playground("en", "#s=0")
    page.get_by_label("Sentence (new").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("Page.state.s === 4 && Page.state.n === 60")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Start over":
            break
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_function("Page.state.n === 2")
    assert page.evaluate("document.activeElement.textContent") == "One word"
    assert output(page)[0] in said(page)


def test_weights_that_do_not_come_are_told(playground):
    page = playground("en", "#s=0")
    page.route("**/weights/attention.js*", lambda route: route.abort())
    press(page, "One word")
    page.get_by_text("could not be loaded").first.wait_for()
    page.unroute("**/weights/attention.js*")
    press(page, "One word")
    wait_for_words(page)
    page.problems.clear()


def test_page_and_scripts_are_small(site):  # noqa: F811
    folder = site / "_static" / "playground"
    files = [site / PATHS["ko"], folder / "playground.css"]
    files += [folder / name for name in SCRIPTS]
    total = sum(len(gzip.compress(file.read_bytes())) for file in files)
    print(f"page and scripts: {total:,} bytes compressed")
    assert total <= LIMIT


def test_every_word_has_a_gloss_and_every_sentence_is_unseen():
    text = sentences_script()
    packed = json.loads(text.removeprefix("var SENTENCES=").rstrip(";\n"))
    assert sorted(packed["glosses"]) == sorted(corpus.korean_words())
    assert all(packed["glosses"].values())
    assert packed["glosses"]["요즘"] == "these days"  # not the first of its two words
    # The lessons' own test set, which doesn't depend on how many pairs they train on.
    test = corpus.make_splits(1, 2000, 0, seed=0, clauses=(1, 2, 3)).test
    assert {source for source, _ in packed["pairs"]} < {" ".join(p.src) for p in test}


def test_scripts_are_all_there():
    own = {path.name for path in FOLDER.glob("*.js")}
    assert own == {name for name in SCRIPTS if "/" not in name}
