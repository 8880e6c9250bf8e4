"""The playground's JavaScript gives what the Python models give, in a browser."""

import base64
import json
import os
import re
import sys
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import playground_models as python
import pytest
import torch
from safetensors import safe_open

from builder.playground import (
    FOLDER,
    HEADS,
    LIMIT,
    MODELS,
    TRANSLATORS,
    sentences_script,
    weight_script,
)
from explore_transformers.data import corpus, reviews
from explore_transformers.data.nsmc import VARIABLE, load_nsmc
from explore_transformers.lessons.bert_gpt import candidates
from explore_transformers.lessons.encoder_decoder import cut_at_end, translate
from explore_transformers.lessons.seq2seq import BOS, EOS, pad_batch
from explore_transformers.studies import korean_sentiment

sys.path.insert(0, str(FOLDER.parent / "ext"))
GAP = 1e-4
SCRIPTS = "et tensor gru attention transformer gpt tokenizer models".split()

# What the tests ask of the page; logits come in base64, a tenth of their JSON.
ASKING = """
const packed = (vectors) => {
  const all = ET.concat(...vectors);
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
const translate_all = async ([name, sentences, breaks]) => {
  const translator = await ET.load(name);
  return sentences.map((words) => {
    translator.start(words, breaks);
    translator.run();
    return [translator.ids, packed(translator.steps.map((step) => step.logits))];
  });
};
const read_all = async ([texts, breaks]) => {
  const writer = await ET.load("korean_gpt");
  return texts.map((text) => {
    const {prompt} = writer.start(text, breaks);
    const logits = writer.read_prompt().map((read) => ET.softmax(read.logits));
    return [prompt, packed(logits)];
  });
};
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The playground as files: its scripts, the weights, and a page that loads them."""
    from explore_site.playground import _copy

    target = tmp_path_factory.mktemp("html")
    app = SimpleNamespace(outdir=target, builder=SimpleNamespace(format="html"))
    _copy(app, None)
    folder = target / "_static" / "playground"
    tags = "".join(f'<script src="{name}.js"></script>' for name in SCRIPTS)
    page = f'<!doctype html><meta charset="utf-8">{tags}<script>{ASKING}</script>'
    (folder / "page.html").write_text(page, "utf-8")
    return folder


@pytest.fixture(scope="session")
def page(browser, folder):
    """The page opened as a file, which asks nobody else for anything."""
    page, others = browser.new_page(), []
    page.on("request", lambda r: r.url.startswith("file:") or others.append(r.url))
    page.on("pageerror", lambda error: others.append(error))
    page.goto((folder / "page.html").as_uri())
    page.set_default_timeout(300_000)
    yield page
    page.close()
    assert not [o for o in others if not str(o).startswith("blob:")]


def unpack(text, width):
    """(T, width) numbers that `packed` sent."""
    return torch.from_numpy(
        np.frombuffer(base64.b64decode(text), "<f4").reshape(-1, width).copy()
    )


@pytest.fixture(scope="session")
def unseen():
    """500 pairs that no model was trained on."""
    return corpus.make_splits(1, 500, 0, seed=0, clauses=(1, 2, 3)).test


def ask(page, name, pairs, breaks=None):
    """[(ids, logits (T, V))] of the sentences as the page writes them."""
    sentences = [list(pair.src) for pair in pairs]
    answers = page.evaluate("translate_all", [name, sentences, breaks or {}])
    return [(ids, unpack(logits, 210)) for ids, logits in answers]


# ---- the same numbers -------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("n_out", [1, 3, 4, 6])
@pytest.mark.parametrize("n_in", [1, 2, 5, 8])
def test_a_linear_layer_of_any_shape(page, n_out, n_in):
    # Rows go in fours, columns in twos: what is left over must count too.
    numbers = np.random.default_rng(0)
    W, b, x = (numbers.normal(size=s) for s in [(n_out, n_in), (n_out,), (n_in,)])
    got = page.evaluate(
        "([W, shape, b, x]) => Array.from("
        "ET.linear({data: new Float32Array(W), shape}, new Float32Array(b), x))",
        [W.flatten().tolist(), [n_out, n_in], b.tolist(), x.tolist()],
    )
    assert np.allclose(got, W @ x + b, atol=1e-5)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSLATORS)
def test_logits_and_words_of_500_unseen_sentences(page, unseen, name):
    model, (source, _) = python.load_translator(name)
    sources = [[source[word] for word in pair.src] for pair in unseen]
    answers, largest = ask(page, name, unseen), 0
    assert [cut_at_end(ids) for ids, _ in answers] == translate(model, sources)
    for first in range(0, 500, 50):
        part = answers[first : first + 50]
        src = torch.tensor(pad_batch(sources[first : first + 50])[0])
        tgt = torch.tensor(pad_batch([[BOS, *ids[:-1]] for ids, _ in part])[0])
        with torch.no_grad():
            logits = model(src, tgt)  # (50, T, V)
        for (ids, ours), theirs in zip(part, logits, strict=True):
            gap = (ours - theirs[: len(ids)]).abs().max().item()
            largest = max(largest, gap)
    print(f"{name}: largest difference of a logit {largest:.1e}")
    assert largest <= GAP


SWITCHES = {
    "encoder_decoder": ["cut_context", "padding_in"],
    "attention": [
        *"cut_context no_scale padding_in remove_head uniform_attention".split()
    ],
    "transformer": [
        *"cut_context no_scale padding_in see_future drop_positions".split(),
        *"remove_head uniform_attention".split(),
    ],
}
REMOVED = {
    "attention": ["decoder.attention.0"],
    "transformer": [
        "encoder.layers.0.self_attention.1",
        "decoder.layers.0.self_attention.3",
        "decoder.layers.1.cross_attention.0",
        "decoder.layers.1.cross_attention.2",
    ],
    "korean_gpt": ["blocks.0.self_attention.0", "blocks.2.self_attention.3"],
}
CASES = [(name, switch) for name, known in SWITCHES.items() for switch in known]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name, switch", CASES)
def test_each_switch_is_the_same_break_in_python(page, unseen, name, switch):
    whole, (source, _) = python.load_translator(name)
    # In 64 bits: without the scale, what Python's 32 round off alone exceeds the gap.
    whole = whole.double()
    breaks = {switch: REMOVED[name] if switch == "remove_head" else True}
    model, largest, moved = python.broken(whole, breaks), 0, 0
    for pair, (ids, logits) in zip(
        unseen[:50], ask(page, name, unseen[:50], breaks), strict=True
    ):
        src = [source[word] for word in pair.src]
        expected = python.translator_logits(model, src, ids, breaks)
        largest = max(largest, (logits - expected).abs().max().item())
        assert expected.argmax(dim=-1).tolist() == ids
        assert len(ids) == 60 or ids[-1] == EOS
        as_it_was = python.translator_logits(whole, src, ids, {})
        moved = max(moved, (logits - as_it_was).abs().max().item())
    print(f"{name} {switch}: largest difference of a logit {largest:.1e}")
    assert largest <= GAP
    assert moved > 0.1, "the switch changes nothing"


@pytest.mark.slow
def test_the_heads_listed_first_are_those_that_translations_need_most():
    model, (source, _) = python.load_translator("transformer")
    text = sentences_script().removeprefix("var SENTENCES=").rstrip(";\n")
    pairs = json.loads(text)["pairs"][:40]  # ten of each length
    sources = [[source[word] for word in korean.split()] for korean, _ in pairs]
    whole, changed = translate(model, sources), {}
    for name, part in model.named_modules():
        for head in range(part.n_heads) if name.endswith("attention") else ():
            without = python.broken(model, {"remove_head": [f"{name}.{head}"]})
            pairs = zip(whole, translate(without, sources), strict=True)
            changed[f"{name}.{head}"] = sum(a != b for a, b in pairs)
    ranked = sorted(changed, key=lambda key: -changed[key])
    print({key: changed[key] for key in ranked})
    assert {*ranked[: len(HEADS) - 1]} == {*HEADS[1:]}
    assert changed[ranked[len(HEADS) - 2]] > changed[ranked[len(HEADS) - 1]]


@pytest.mark.browser
@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_model_has_the_switches_that_make_sense_for_it(page, name):
    ask_for = "async (name) => (await ET.load(name)).switches"
    assert page.evaluate(ask_for, name) == SWITCHES[name]


@pytest.mark.browser
def test_attention_weights_are_those_of_python(page, unseen):
    from explore_transformers.lessons.transformer_tested import attention_weights_of

    model, (source, _) = python.load_translator("transformer")
    words = list(max(unseen, key=lambda pair: len(pair.src)).src)
    read, ids, steps = page.evaluate(
        """async (words) => {
          const translator = await ET.load("transformer");
          const plain = (rows) => rows.map((row) => Array.from(row));
          const read = translator.start(words).attention_weights;
          translator.run();
          return [
            Object.entries(read).map(([name, heads]) => [name, heads.map(plain)]),
            translator.ids,
            translator.steps.map((step) => Object.entries(step.attention_weights)
              .map(([name, heads]) => [name, plain(heads)])),
          ];
        }""",
        words,
    )
    src = torch.tensor([[source[word] for word in words]])
    expected = attention_weights_of(model, src, torch.tensor([[BOS, *ids[:-1]]]))
    assert {name for name, _ in read} | {name for name, _ in steps[0]} == {*expected}
    for name, heads in read:
        torch.testing.assert_close(torch.tensor(heads).float(), expected[name][0])
    for t, step in enumerate(steps):
        for name, heads in step:
            row = expected[name][0, :, t]
            row = row[:, : t + 1] if "self" in name else row
            torch.testing.assert_close(torch.tensor(heads).float(), row)


# ---- the small Korean GPT ---------------------------------------------------------

STRANGE = [
    "",
    " \t\r\n　 ",
    unicodedata.normalize("NFD", "정말 재미있었어요"),
    "최고예요 👍🏽👨‍👩‍👧‍👦 🇰🇷 ㅋㅋㅋㅋㅋㅋㅋㅋ",
    "<pad> <s> </s> <unk> ▁ ▁▁영화",
    "a\x1cb\x85c d\ufeffe\u200bf\u2028g\u3000h",
    "constructor __proto__ toString",
    "재미있" * 700,
    "이 영화는 정말 " * 2000,
    "\x00\x01<script>alert(1)</script>",
]


def real_texts(n):
    """n reviews of NSMC where they are at hand, else of the book's own."""
    if os.environ.get(VARIABLE):
        return [document for document, _ in load_nsmc().test[:n]]
    return [reviews.korean(review.tokens) for review in reviews.make_reviews(n)]


@pytest.mark.browser
def test_the_tokenizer_gives_the_same_ids_and_merges(page):
    _, subwords = python.load_gpt()
    texts = [*STRANGE, *real_texts(1000)]
    found = page.evaluate(
        """async (texts) => {
          const {vocabulary} = await ET.load("korean_gpt");
          return texts.map((text) => {
            const ids = vocabulary.encode(text);
            return [ids, vocabulary.decode(ids)];
          });
        }""",
        texts,
    )
    for text, (ids, back) in zip(texts, found, strict=True):
        assert ids == subwords.encode(text), text[:80]
        assert back == subwords.decode(ids), text[:80]


@pytest.mark.browser
def test_merges_come_one_by_one(page):
    _, subwords = python.load_gpt()
    steps = page.evaluate(
        """async (word) =>
          [...(await ET.load("korean_gpt")).vocabulary.merges(word)]""",
        "재미있었어요",
    )
    assert steps[0] == {"pieces": list("▁재미있었어요"), "pair": None, "rank": None}
    for before, step in zip(steps, steps[1:], strict=False):
        assert subwords.rank[tuple(step["pair"])] == step["rank"]
        assert len(step["pieces"]) < len(before["pieces"])
    assert steps[-1]["pieces"] == subwords.split("재미있었어요")


GPT_SWITCHES = [
    *"no_scale see_future drop_positions remove_head uniform_attention".split()
]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("switch", [None, *GPT_SWITCHES])
def test_the_next_token_has_the_same_probabilities(page, switch):
    model, subwords = python.load_gpt()
    value = REMOVED["korean_gpt"] if switch == "remove_head" else True
    breaks = {switch: value} if switch else {}
    model, largest = python.broken(model, breaks), 0
    texts = real_texts(12 if switch else 40)
    texts += [] if switch == "see_future" else ["", "영화 " * 200]
    for text, (ids, found) in zip(
        texts, page.evaluate("read_all", [texts, breaks]), strict=True
    ):
        assert ids == [BOS, *subwords.encode(text)][:128]
        expected = python.gpt_logits(model, ids, breaks).softmax(dim=-1)
        largest = max(largest, (unpack(found, 4000) - expected).abs().max().item())
    print(f"korean_gpt {switch}: largest difference of a probability {largest:.1e}")
    assert largest <= GAP


@pytest.mark.browser
def test_it_writes_what_python_writes_until_its_positions_end(page):
    model, _ = python.load_gpt()
    prompt, generated = page.evaluate(
        """async () => {
          const writer = await ET.load("korean_gpt");
          const {prompt} = writer.start("이 영화는");
          while (!writer.done) writer.step();
          return [prompt, writer.ids];
        }"""
    )
    ids = [*prompt, *generated]
    logits = python.gpt_logits(model, ids[:-1], {})
    assert ids[-1] == EOS or len(ids) == 129
    assert logits.argmax(dim=-1)[len(prompt) - 1 :].tolist() == generated


@pytest.mark.browser
@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"temperature": 0.7},
        {"top_k": 5},
        {"top_p": 0.6},
        {"temperature": 2, "top_k": 5, "top_p": 0.6},
        {"temperature": 0},
    ],
)
def test_a_word_is_drawn_from_the_same_probabilities(page, choice):
    logits = torch.randn(50, generator=torch.Generator().manual_seed(0)) * 3
    expected = candidates(logits, **choice)
    found = page.evaluate(
        "([logits, choice]) => "
        "Array.from(ET.next_probabilities(Float32Array.from(logits), choice))",
        [logits.tolist(), choice],
    )
    torch.testing.assert_close(torch.tensor(found).float(), expected)


# ---- the classifier ---------------------------------------------------------------

# All that each text's tokens say, read one after the other by one reader: what was
# read before must not change what is read now.
CLASSIFY = """async (texts) => {
  const reader = await ET.load("korean_sentiment");
  return texts.map((text) => {
    const {reads, n_dropped} = reader.read(text);
    const logits = reads.map((read) => Float32Array.from(read.probabilities));
    return [reads.map((read) => read.id), packed(logits), n_dropped];
  });
}"""


@pytest.mark.browser
def test_the_classifier_gives_the_same_probabilities_of_every_beginning(page):
    classifier, subwords = korean_sentiment.load_classifier()
    texts = [*real_texts(100), *STRANGE, "정말", "정말 재미있었어요", "정말 재미"]
    largest, found = 0, page.evaluate(CLASSIFY, texts)
    for i, (text, (ids, probabilities, n_dropped)) in enumerate(
        zip(texts, found, strict=True)
    ):
        whole = [BOS, *subwords.encode(text), EOS]
        assert ids == whole[:128] == korean_sentiment.encode(subwords, text)
        assert n_dropped == len(whole) - len(ids)
        # Of a few texts each beginning, of the others the whole.
        lengths = range(1, len(ids) + 1) if i % 10 == 0 else [len(ids)]
        for n in lengths:
            with torch.no_grad():
                expected = classifier(torch.tensor([ids[:n]])).softmax(dim=1)[0]
            gap = (unpack(probabilities, 2)[n - 1] - expected).abs().max().item()
            largest = max(largest, gap)
    print(f"korean_sentiment: largest difference of a probability {largest:.1e}")
    assert largest <= GAP


@pytest.mark.browser
def test_the_classifier_is_not_the_gpt_and_names_its_labels(page):
    labels, praise, complaint = page.evaluate(
        """async () => {
          const reader = await ET.load("korean_sentiment");
          const positive = (text) => reader.read(text).reads.at(-1).probabilities[1];
          return [reader.labels, positive("정말 재미있어요 최고의 영화"),
            positive("지루하고 시간이 아까운 최악의 영화")];
        }"""
    )
    assert labels == ["negative", "positive"]
    assert complaint < 0.1 and praise > 0.9


# ---- using it ---------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_step_can_be_taken_back_and_another_word_chosen(page, name):
    same, other = page.evaluate(
        """async (name) => {
          const translator = await ET.load(name);
          translator.start(["나", "는", "사과", "를", "먹었", "다", "."]);
          const first = translator.run();
          translator.back();
          translator.back();
          const again = translator.run();
          while (translator.back());
          translator.step(translator.vocabulary.ids.get("we"));
          return [first.join(" ") === again.join(" "), translator.run()];
        }""",
        name,
    )
    assert same and other[0] == "we"


@pytest.mark.browser
def test_a_worker_runs_the_same_models_in_a_page_opened_as_a_file(page):
    from_worker, here = page.evaluate(
        """async () => {
          const words = "어제 나 는 학교 에서 책 을 읽었 다 .".split(" ");
          const work = `onmessage = async ({data: [name, packed, words]}) => {
            ET.receive(name, packed);
            const translator = await ET.load(name);
            translator.start(words);
            postMessage(translator.run());
          };`;
          const url = URL.createObjectURL(new Blob([ET.as_text(), work]));
          const worker = new Worker(url);
          const packed = await ET.fetch_packed("transformer");
          worker.postMessage(["transformer", packed, words]);
          const answer = await new Promise((resolve, reject) => {
            worker.onmessage = ({data}) => resolve(data);
            worker.onerror = (event) => reject(event.message);
          });
          const translator = await ET.load("transformer");
          translator.start(words);
          return [answer, translator.run()];
        }"""
    )
    assert from_worker == here and here


@pytest.mark.browser
def test_wrong_names_and_unknown_words_break_nothing(page):
    said, unknown, empty = page.evaluate(
        """async () => {
          const said = [];
          for (const name of ["__proto__", "../et", "nothing"]) {
            await ET.load(name).catch((error) => said.push(error.name));
          }
          const translator = await ET.load("attention");
          translator.start(["constructor", "<unk>", "🙂"],
            {remove_head: "nonsense", drop_positions: true, no_such_switch: 1});
          translator.run();
          let empty;
          try { translator.start([]); } catch (error) { empty = error.name; }
          const known = translator.source_vocabulary.has("constructor");
          return [said, [translator.breaks, known, translator.done], empty];
        }"""
    )
    assert said == ["RangeError"] * 3 and empty == "RangeError"
    assert unknown == [{"remove_head": ["nonsense"]}, False, True]


# ---- files ------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_script_holds_the_same_16_bit_weights_and_words(name):
    packed = json.loads(weight_script(name).split(",", 1)[1].removesuffix(");\n"))
    at, numbers = 0, np.frombuffer(base64.b64decode(packed["data"]), "<f2")
    weights = Path(FOLDER).parents[1] / "explore_transformers" / "weights"
    with safe_open(weights / f"{name}.safetensors", "np") as kept:
        assert packed["words"] == json.loads(kept.metadata()["words"])
        assert [*packed["shapes"]] == [*kept.keys()]
        for key, shape in packed["shapes"].items():
            expected = kept.get_tensor(key)
            assert expected.shape == tuple(shape) and expected.dtype == np.float16
            assert np.array_equal(numbers[at : at + expected.size], expected.ravel())
            at += expected.size
    assert at == numbers.size


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_translator_is_ready_after_little(name):
    assert len(weight_script(name).encode()) <= LIMIT


def test_the_book_gets_all_files_of_the_playground(folder):
    for part in FOLDER.glob("*.js"):
        assert (folder / part.name).read_bytes() == part.read_bytes()
    for name in MODELS:
        assert (folder / "weights" / f"{name}.js").read_text("utf-8") == (
            weight_script(name)
        )
    assert {*SCRIPTS} <= {part.stem for part in FOLDER.glob("*.js")}


def test_the_scripts_keep_to_the_width_and_ask_nobody():
    for part in FOLDER.glob("*.js"):
        text = part.read_text("utf-8")
        text = text.replace("http://www.w3.org/2000/svg", "")  # a name, not a request
        asking = r"https?://|(?m:^\s*import\b)|\bimport\(|(?<!\.)\beval\b|innerHTML"
        assert not re.search(asking, text), part
        if part.name == "words.js":
            continue  # a sentence has a line of its own, however long
        wide = [line for line in text.splitlines() if len(line) > 88]
        assert not wide, f"{part.name}: {wide}"


def _headings(lesson):
    """A lesson's headings as its built page names them in links."""
    text = (FOLDER.parent / "lessons" / f"{lesson}.md").read_text("utf-8")
    found = re.findall(r"(?m)^##+ (.+)$", text)
    return {re.sub(r"\W+", "-", heading.lower()).strip("-") for heading in found}


def test_each_switch_is_proved_under_a_heading_that_its_lesson_has():
    """Before a book is built: test_playground_page.py follows the links in it."""
    script = (FOLDER / "page_breaks.js").read_text("utf-8")
    proofs = script[script.index("const proofs") : script.index("const reason =")]
    links = re.findall(r'\["(\d\w+)", \{\s*ko: "(.+)",\s*en: "(.+)"\}\]', proofs)
    assert len(links) == proofs.count("ko:") == 7
    for lesson, *headings in links:
        assert {*headings} <= _headings(lesson)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_term_linked_is_in_the_glossary(language):
    glossary = (FOLDER.parent / language / "glossary.md").read_text("utf-8")
    scripts = "".join(part.read_text("utf-8") for part in FOLDER.glob("page_*.js"))
    lines = re.findall(r'Page\.terms\(("[^)]+")\)', scripts)
    terms = {term for line in lines for term in re.findall(r'"([^"]+)"', line)}
    assert len(lines) == 3 and len(terms) > 10
    assert not [term for term in terms if f"(term-{term})=" not in glossary]
