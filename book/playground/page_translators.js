// Part 1: three translators on one sentence, word by word.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const LONGEST = 60; // steps, as in ET.Translator
  const ui = {}; // the part's elements
  let runners = null; // {name: translator}
  const started = {}; // {name: what it was started on, and what that gave}

  // ---- the sentence -----------------------------------------------------------------

  // Its length and, for those who read no Korean, what it means.
  const sentence_option = (i, selected = false) => {
    const [source, target] = SENTENCES.pairs[i].map((whole) =>
      whole.replace(/ \.$/, "."));
    const text = Page.language === "ko" ? source : `${target} (${source})`;
    const length = SENTENCES.pairs[i][0].split(" ").length;
    return Page.option(i, say("sentence", length, text), selected);
  };

  const choose_sentence = () => {
    const groups = SENTENCES.bins.map(([least, most], bin) => {
      const options = [...SENTENCES.pairs.keys()]
        .filter((i) => i % SENTENCES.bins.length === bin).slice(0, 8)
        .map((i) => sentence_option(i));
      return make("optgroup", {label: say("range", least, most)}, options);
    });
    const change = () => {
      if (ui.choice.value === "") return;
      ui.own.value = "";
      ui.own.removeAttribute("aria-invalid");
      ui.own_said.replaceChildren();
      Page.change({s: Number(ui.choice.value), t: null, n: 0, c: []});
    };
    ui.choice = make("select", {change}, groups);
    return Page.field(say("choose"), ui.choice);
  };

  const suggest = () => {
    const found = Page.completions(ui.own.value);
    const options = found.map(([text, gloss]) => make("option", {value: text}, gloss));
    ui.known.replaceChildren(...options);
  };

  // A sentence that is typed but not used yet is used by the first step, too.
  const is_typed = () => ui.own.value.trim() !== ""
    && Page.compose(ui.own.value).words?.join(" ") !== Page.state.t?.join(" ");

  const use_own = (event) => {
    event?.preventDefault();
    const {words, unknown, problem} = Page.compose(ui.own.value);
    ui.own.setAttribute("aria-invalid", String(!words));
    if (problem) ui.own_said.replaceChildren(say(`problem_${problem}`));
    if (unknown) say_unknown(unknown);
    if (!words) return ui.own.focus();
    Page.change({t: words, s: 0, n: 0, c: []});
    ui.own_said.replaceChildren(say("used", words.length));
  };

  // A line for each unknown word, with known ones to be put in its place.
  const say_unknown = (unknown) => {
    const line = ([word, nearest]) => make("span", {class: "pg-unknown"},
      say("unknown", word), nearest.map((other) =>
        button(other, () => replace(word, other), {lang: "ko"})));
    ui.own_said.replaceChildren(...unknown.map(line));
  };

  // Wherever the word stands alone, and never in the middle of another.
  const replace = (word, other) => {
    ui.own.value = ui.own.value.normalize("NFC").split(/(\s+|[.,!?])/u)
      .map((part) => (part.slice(0, 20) === word ? other : part)).join("");
    ui.own.focus();
    say_unknown(Page.compose(ui.own.value).unknown ?? []);
  };

  const own_sentence = () => {
    ui.known = make("datalist", {id: "pg-known"});
    ui.own_said = status();
    ui.own = make("input", {
      type: "text", lang: "ko", maxlength: 300, list: "pg-known", autocomplete: "off",
      "aria-describedby": "pg-own-hint", input: suggest,
    });
    const hint = say("own_hint", Object.keys(SENTENCES.glosses).length);
    return make("form", {submit: use_own, novalidate: true},
      Page.field(say("own_label"), ui.own), ui.known,
      make("button", {type: "submit"}, say("use")),
      make("p", {class: "pg-hint", id: "pg-own-hint"}, hint), ui.own_said);
  };

  const show_sentence = () => {
    const {words, reference} = Page.sentence();
    const items = words.map((word) =>
      make("li", {}, make("span", {lang: "ko"}, word), Page.gloss(word)));
    ui.source.replaceChildren(...items);
    ui.reference.replaceChildren(...reference
      ? [make("strong", {}, `${say("reference")}: `),
        make("span", {lang: "en"}, reference.join(" "))]
      : [say("no_reference")]);
    ui.choice.value = Page.state.t ? "" : String(Page.state.s);
    if (ui.choice.selectedIndex < 0 && !Page.state.t) add_choice();
  };

  // A sentence of the 200 that the list leaves out, but the address named.
  const add_choice = () => {
    ui.choice.append(sentence_option(Page.state.s, true));
  };

  // ---- steps ------------------------------------------------------------------------

  // Bring a translator to the sentence, the breaks, the number of words wanted, and
  // those that the reader chose.
  const catch_up = (name) => {
    const runner = runners[name], {words} = Page.sentence(), breaks = Page.breaks(name);
    const chosen = Page.choices(name), {ids} = runner.vocabulary;
    const wanted = JSON.stringify([words, breaks, ...chosen]);
    if (started[name]?.wanted !== wanted) {
      started[name] = {wanted, encoded: runner.start(words, breaks)};
    }
    while (runner.steps.length > Page.state.n) runner.back();
    while (runner.steps.length < Page.state.n && !runner.done) {
      runner.step(ids.get(chosen.get(runner.steps.length + 1)));
    }
  };

  const longest = () =>
    Math.max(...ET.TRANSLATORS.map((name) => runners[name].steps.length));

  const go = async (count) => {
    if (count > 0 && is_typed()) {
      use_own();
      if (is_typed()) return; // refused, with the reason beside it
    }
    if (!await ready()) return;
    const n = Math.max(0, Math.min(LONGEST, Math.min(Page.state.n, longest()) + count));
    Page.change({n, c: count < 0 ? Page.choices_before(n + 1) : Page.state.c});
    ui.said.textContent = all_said();
  };

  const all_said = () => ET.TRANSLATORS.map((name) => {
    const words = written(runners[name]).join(" ");
    return say("all_said", say(name), words || say("nothing_yet"));
  }).join(" / ");

  // One word more, and in that translator the reader's.
  const choose = (name, word) => {
    const runner = runners[name], n = runner.steps.length + 1;
    const likeliest = runner.vocabulary.words[ET.argmax(runner.peek().logits)];
    const c = Page.choices_before(n, name);
    Page.change({n, c: word === likeliest ? c : [...c, `${name}.${n}.${word}`]});
    ui.said.textContent = `${say("chosen", say(name), word, likeliest)} ${all_said()}`;
  };

  const ready = async () => {
    const tell = (text) => { ui.said.textContent = text; };
    runners ??= await Page.load(ET.TRANSLATORS, tell);
    if (runners) ET.TRANSLATORS.forEach(catch_up);
    return runners;
  };

  const written = (runner) => runner.vocabulary.decode(runner.ids);

  const controls = () => {
    ui.buttons = {
      step: button(say("step"), () => go(1), {class: "pg-main"}),
      run: button(say("run"), () => go(LONGEST)),
      back: button(say("back"), () => go(-1)),
      restart: button(say("restart"), () => go(-LONGEST)),
    };
    return make("div", {class: "pg-controls"}, Object.values(ui.buttons));
  };

  // A button that can do nothing says so but keeps the focus.
  const mark_controls = () => {
    const at_end = Boolean(runners) && ET.TRANSLATORS.every((n) => runners[n].done);
    const at_start = Page.state.n === 0;
    for (const [name, off] of Object.entries(
      {step: at_end, run: at_end, back: at_start, restart: at_start},
    )) ui.buttons[name].setAttribute("aria-disabled", String(off));
  };

  // ---- one translator ---------------------------------------------------------------

  const unseen = (text) =>
    make("span", {class: "pg-unseen", lang: Page.language}, ` ${text}`);

  const marked_words = (words, right, chosen) => words.flatMap((word, i) => {
    const own = chosen.has(i + 1) ? " pg-own" : "";
    return [make("span", {class: (right[i] ? "pg-right" : "pg-wrong") + own},
      right[i] ? "" : "✗\u2060", word, right[i] ? null : unseen(say("wrong")),
      own ? unseen(say("own_word")) : null), " "];
  });

  const verdict = (runner, words, reference, {right, missing}) => {
    if (!runner.done) return say("going_on");
    if (!reference) return say("ended");
    if (words.join(" ") === reference.join(" ")) return say("exact");
    return say("inexact", right.filter((r) => !r).length, missing.length);
  };

  const output = (runner) => {
    const words = written(runner), {reference} = Page.sentence();
    const compared = Page.compare(words, reference ?? words);
    const kind = reference ? "pg-output" : "pg-output pg-unmarked";
    const lacks = reference && runner.done && compared.missing.length;
    const missing = lacks && make("p", {class: "pg-hint"},
      say("missing", compared.missing.join(" ")));
    return [
      make("p", {class: kind, lang: words.length ? "en" : null},
        words.length ? marked_words(words, compared.right, Page.choices(runner.name))
          : say("nothing_yet")),
      make("p", {class: "pg-verdict"}, verdict(runner, words, reference, compared)),
      missing,
    ];
  };

  const next_words = (runner) => {
    const last = runner.steps.at(-1), {logits} = runner.done ? last : runner.peek();
    const rows = Page.likeliest(ET.softmax(logits), runner.vocabulary.words, 5);
    const title = say(runner.done ? "last_word" : "next_word");
    const pick = runner.done ? null : (_, word) => choose(runner.name, word);
    return [make("h4", {}, title), Page.bars(rows, rows[0][0], pick)];
  };

  // ---- attention --------------------------------------------------------------------

  // Which attention and head a translator shows: {name, head: 0 … 3 or "mean"}.
  const view = (runner) => {
    if (runner.name === "attention") return {name: "decoder.attention", head: 0};
    const at = Page.state.a.lastIndexOf("."), head = Page.state.a.slice(at + 1);
    const name = Page.state.a.slice(0, at);
    return {name, head: head === "mean" ? head : Number(head)};
  };

  const mean = (rows) => Array.from(rows[0], (_, i) =>
    rows.reduce((sum, row) => sum + row[i], 0) / rows.length);

  const of_head = (heads, head) => (head === "mean" ? mean(heads) : [...heads[head]]);

  // The words that are asked (keys), those that ask, and all weights between them.
  const matrix = (runner) => {
    const {name, head} = view(runner), {encoded} = started[runner.name];
    const source = encoded.source_words;
    if (name.startsWith("encoder")) {
      const heads = encoded.attention_weights[name];
      const rows = source.map((_, i) =>
        of_head(heads.map((of_query) => of_query[i]), head));
      return {queries: source, keys: source, rows};
    }
    const steps = runner.done ? runner.steps : [...runner.steps, runner.peek()];
    const rows = steps.map((step) => of_head(step.attention_weights[name], head));
    const queries = steps.map((step) => step.word ?? "…");
    const own = ["<s>", ...runner.steps.map((step) => step.word)];
    return {queries, keys: name.includes("self") ? own : source, rows};
  };

  const tinted = (tag, share, ...children) => {
    const element = make(tag, {class: "pg-tint"}, ...children);
    element.style.setProperty("--share", share);
    return element;
  };

  const weights_of_step = (runner) => {
    if (runner.name === "encoder_decoder") return [make("p", {}, say("no_attention"))];
    const title = make("h4", {}, say(runner.done ? "weights_last" : "weights_next"));
    if (view(runner).name.startsWith("encoder")) {
      return [title, make("p", {}, say("of_encoder"))];
    }
    const {keys, rows} = matrix(runner), weights = rows.at(-1);
    const chips = [...weights].map((weight, i) => tinted("li", weight,
      make("span", {}, keys[i]), Page.gloss(keys[i]),
      make("small", {}, Page.percent(weight))));
    return [title, make("ul", {class: "pg-chips"}, chips)];
  };

  const view_name = ({name, head}) => {
    if (name === "decoder.attention") return say("one_head");
    const [side, , layer, kind] = name.split(".");
    const place = say("layer", say(`side_${side}`), Number(layer) + 1,
      say(kind.replace("_attention", "")));
    return `${place}, ${head === "mean" ? say("mean") : say("head", head + 1)}`;
  };
  Page.view_name = view_name;

  const table = (runner) => {
    const {queries, keys, rows} = matrix(runner);
    const name = say("matrix_name", say(runner.name), view_name(view(runner)));
    const head = make("tr", {}, make("td", {}, say("query_key")),
      keys.map((key) => make("th", {scope: "col"}, key, Page.gloss(key))));
    const body = rows.map((row, i) => make("tr", {},
      make("th", {scope: "row"}, queries[i], " ", Page.gloss(queries[i])),
      keys.map((_, j) => (row[j] === undefined ? make("td") // not written yet
        : tinted("td", row[j], String(Math.round(100 * row[j])))))));
    return [make("p", {class: "pg-hint"}, name), make("div", {
      class: "pg-matrix et-figure", tabindex: 0, role: "region", "aria-label": name,
    }, make("table", {}, make("thead", {}, head), make("tbody", {}, body)))];
  };

  // ---- the panels -------------------------------------------------------------------

  const head_choice = () => {
    const {heads} = runners.transformer;
    const option = (name, head) => Page.option(`${name}.${head}`,
      view_name({name, head}), Page.state.a === `${name}.${head}`);
    const options = heads.flatMap(({name, n_heads}) =>
      ["mean", ...Array(n_heads).keys()].map((head) => option(name, head)));
    const change = () => Page.change({a: ui.head.value});
    ui.head = make("select", {change}, options);
    ui.heads.append(Page.field(say("head_of"), ui.head),
      make("p", {class: "pg-hint"}, say("about_heads")));
  };

  const make_panel = (name) => {
    const panel = {name, body: make("div"), table: make("div")};
    // Outside the panel, since a long sentence's matrix needs the page's whole width.
    panel.fold = make("details", {class: `pg-fold pg-${name}`, hidden: true,
      toggle: () => fill_table(panel)},
    make("summary", {}, say("matrix", say(name))), panel.table);
    panel.element = make("div", {
      class: `pg-panel pg-${name}`, role: "group", "aria-label": say(name),
    },
      make("h3", {}, say(name)), make("p", {class: "pg-hint"}, say(`about_${name}`)),
      panel.body);
    return panel;
  };

  const fill_table = ({name, fold, table: place}) => {
    if (fold.open && runners) place.replaceChildren(...table(runners[name]));
  };

  const show_panel = (panel) => {
    if (!runners) return;
    const runner = runners[panel.name];
    const parts = [output, next_words, weights_of_step].flatMap((show) => show(runner));
    Page.keep_focus(panel.body,
      () => panel.body.replaceChildren(...parts.filter(Boolean)), ui.buttons.back);
    panel.fold.hidden = panel.name === "encoder_decoder";
    fill_table(panel);
  };

  const show_heads = () => {
    if (!ui.head) head_choice();
    ui.head.value = Page.state.a;
  };

  const show_breaks = () => {
    const names = Page.state.b.map((name) => say(name)).join(", ");
    ui.broken.textContent = names && say("broken_now", names);
    ui.broken.hidden = !names;
  };

  // What was said is not true of another sentence, nor of a model broken or mended. Who
  // has written a word says so afterwards.
  const say_anew = (change) => {
    if ("s" in change || "t" in change) ui.own_said.replaceChildren();
    if (!["s", "t", "b", "r", "m"].some((key) => key in change)) return;
    const begun = Page.state.n ? all_said() : "";
    ui.said.textContent = runners ? begun : say("first_step");
  };

  const show = async (change = {}) => {
    show_sentence();
    show_breaks();
    if (Page.state.n && !runners && !await ready()) return;
    if (runners) ET.TRANSLATORS.forEach(catch_up);
    say_anew(change);
    if (runners) show_heads();
    ui.panels.forEach(show_panel);
    ui.code.textContent = Page.translator_code();
    mark_controls();
  };

  // ---- code -------------------------------------------------------------------------

  const share = () => {
    const tell = (text) => { ui.shared.textContent = text; };
    ui.code = make("code", {translate: "no"});
    const code = make("pre", {tabindex: 0, "aria-label": say("as_code")}, ui.code);
    ui.shared = status();
    return make("div", {}, make("div", {class: "pg-controls"},
      button(say("share"), () => Page.copy(location.href, tell))),
    make("details", {}, make("summary", {}, say("as_code")), code,
      button(say("copy_code"), () => Page.copy(ui.code.textContent, tell))), ui.shared);
  };

  Page.parts.translators = (box) => {
    ui.panels = ET.TRANSLATORS.map(make_panel);
    ui.heads = make("div");
    ui.source = make("ol", {class: "pg-source", "aria-label": say("source")});
    [ui.reference, ui.broken] = [make("p"), make("p", {class: "pg-broken"})];
    ui.said = status();
    ui.said.textContent = say("first_step");
    box.append(choose_sentence(), own_sentence(), ui.source, ui.reference, ui.broken,
      controls(), ui.said, make("p", {class: "pg-hint"}, say("marks")),
      ui.heads, Page.terms("encoder", "decoder", "last-hidden-state", "bottleneck",
        "attention-weight", "query", "key", "self-attention", "cross-attention",
        "multi-head-attention"),
      make("div", {class: "pg-panels"}, ui.panels.map((panel) => panel.element)),
      ...ui.panels.map((panel) => panel.fold), share());
    Page.listeners.push(show);
    show();
  };
})();
