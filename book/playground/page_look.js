// Inside the translators of part 1: what each could have written instead of a word, and
// what it read for it.
"use strict";

(() => {
  const {make, say} = Page;

  // The step looked at: one that was taken, or the one to come.
  const looked_at = (runner) => {
    const {steps, vocabulary} = runner, n_steps = steps.length, {w} = Page.state;
    const n = w && w <= n_steps ? w : n_steps + !runner.done;
    if (n <= n_steps) return {n, is_next: false, ...steps[n - 1]};
    const next = runner.peek(), word = vocabulary.words[ET.argmax(next.logits)];
    return {n, is_next: true, word, probabilities: ET.softmax(next.logits), ...next};
  };

  const in_quotes = (word) => {
    if (word === "<s>") return say("beginning");
    return word === "</s>" ? say("end") : Page.with_gloss(word);
  };

  const next_words = (runner, choose) => {
    const {n, is_next, word, probabilities} = looked_at(runner);
    const rows = Page.likeliest(probabilities, runner.vocabulary.words, 5);
    const title = is_next ? say("next_word") : say("word_n", n, in_quotes(word));
    const pick = is_next ? (_, chosen) => choose(runner.name, chosen) : null;
    return [make("h4", {}, title), Page.bars(rows, word, pick)];
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
  const matrix = (runner, encoded) => {
    const {name, head} = view(runner), source = encoded(runner.name).source_words;
    if (name.startsWith("encoder")) {
      const heads = encoded(runner.name).attention_weights[name];
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

  // What that head reads most, in a sentence.
  const in_words = (runner, word, keys, weights) => {
    const most = weights.indexOf(Math.max(...weights));
    const text = say("head_reads", Page.view_name(view(runner)), in_quotes(word),
      Page.percent(weights[most]), in_quotes(keys[most]));
    return text[0].toUpperCase() + text.slice(1);
  };

  const weights_of_step = (runner, encoded) => {
    if (runner.name === "encoder_decoder") return [make("p", {}, say("no_attention"))];
    const {n, word} = looked_at(runner);
    const title = make("h4", {}, say("weights_of", in_quotes(word)));
    if (view(runner).name.startsWith("encoder")) {
      return [title, make("p", {}, say("of_encoder"))];
    }
    const {keys, rows} = matrix(runner, encoded), weights = rows[n - 1];
    const chips = weights.map((weight, i) => tinted("li", weight,
      make("span", {}, keys[i]), Page.gloss(keys[i]),
      make("small", {}, Page.percent(weight))));
    return [title,
      make("p", {class: "pg-reads"}, in_words(runner, word, keys, weights)),
      make("ul", {class: "pg-chips"}, chips)];
  };

  Page.view_name = ({name, head}) => {
    if (name === "decoder.attention") return say("one_head");
    const [side, , layer, kind] = name.split(".");
    const place = say("layer", say(`side_${side}`), Number(layer) + 1,
      say(kind.replace("_attention", "")));
    return `${place}, ${head === "mean" ? say("mean") : say("head", head + 1)}`;
  };

  const table = (runner, encoded) => {
    const {queries, keys, rows} = matrix(runner, encoded);
    const name = say("matrix_name", say(runner.name), Page.view_name(view(runner)));
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

  // ---- what is chosen: a word, a head -----------------------------------------------

  const word_choice = () => {
    const input = make("input", {type: "range", min: 1, step: 1, input: () => {
      const n = Number(input.value);
      Page.change({w: n < Number(input.max) ? n : 0}); // 0: the newest, also later
    }});
    const words = make("span", {class: "pg-hint"});
    const show = (runners) => {
      const all = Object.values(runners);
      const max = Math.max(...all.map(({steps, done}) => steps.length + !done));
      input.max = max;
      input.value = Math.min(Page.state.w || max, max);
      const seen = all.map((runner) => in_quotes(looked_at(runner).word)).join(" / ");
      words.textContent = say("word_of", input.value, max, seen);
      input.setAttribute("aria-valuetext", words.textContent);
    };
    return {element: make("div", {}, Page.field(say("look_at"), input), words), show};
  };

  const head_choice = () => {
    const select = make("select", {change: () => Page.change({a: select.value})});
    const show = ({transformer}) => {
      const option = (name, head) =>
        Page.option(`${name}.${head}`, Page.view_name({name, head}));
      if (!select.options.length) {
        select.append(...transformer.heads.flatMap(({name, n_heads}) =>
          ["mean", ...Array(n_heads).keys()].map((head) => option(name, head))));
      }
      select.value = Page.state.a;
    };
    return {element: Page.field(say("head_of"), select), show};
  };

  const about_heads = () => make("p", {}, make("strong", {}, say("head_does")), " ",
    say("about_heads"), " ", Page.lesson("04_transformer",
      {ko: "만들기-5-헤드-여럿", en: "build-5-several-heads"}));

  // ---- the panels -------------------------------------------------------------------

  const make_panel = (name) => {
    const body = make("div"), table = make("div");
    // Outside the panel, since a long sentence's matrix needs the page's whole width.
    const fold = make("details", {class: `pg-fold pg-${name}`,
      hidden: name === "encoder_decoder"},
    make("summary", {}, say("matrix", say(name))), table);
    const element = make("div", {
      class: `pg-panel pg-${name}`, role: "group",
      "aria-label": say("inside", say(name)),
    },
      make("h3", {}, say(name)), make("p", {class: "pg-hint"}, say(`about_${name}`)),
      body);
    return {name, body, fold, table, element};
  };

  // All of it, in a fold.
  const make_fold = (source, [words, heads], panels, toggle) =>
    make("details", {class: "pg-look", toggle},
      make("summary", {}, say("look")), source, words.element, about_heads(),
      heads.element, make("div", {class: "pg-panels"}, panels.map((p) => p.element)),
      ...panels.map((panel) => panel.fold),
      Page.terms("encoder", "decoder", "last-hidden-state", "bottleneck",
        "attention-weight", "query", "key", "self-attention", "cross-attention",
        "multi-head-attention"));

  const show_panel = ({name, body, fold, table: place}, of) => {
    const runner = of.runners()?.[name];
    if (!runner) return;
    Page.keep_focus(body, () => body.replaceChildren(...next_words(runner, of.choose),
      ...weights_of_step(runner, of.encoded)), of.otherwise);
    if (fold.open) place.replaceChildren(...table(runner, of.encoded));
  };

  // of: {runners(), encoded(name), choose(name, word), otherwise: who gets the focus}
  Page.look = (of) => {
    const panels = ET.TRANSLATORS.map(make_panel);
    const choices = [word_choice(), head_choice()];
    const source = make("ol", {class: "pg-source", "aria-label": say("source")});
    // Of a whole translation the second word, often the subject, says most.
    const turn = () => {
      if (fold.open === Boolean(Page.state.i)) return;
      const is_over = Object.values(of.runners() ?? {last: {}}).every(({done}) => done);
      Page.change({i: Number(fold.open), w: Page.state.w || (is_over ? 2 : 0)});
    };
    const fold = make_fold(source, choices, panels, turn);
    for (const panel of panels) {
      panel.fold.addEventListener("toggle", () => show_panel(panel, of));
    }
    const show = () => {
      fold.open = Boolean(Page.state.i);
      if (!fold.open || !of.runners()) return;
      source.replaceChildren(...Page.sentence().words.map((word) =>
        make("li", {}, make("span", {lang: "ko"}, word), Page.gloss(word))));
      for (const choice of choices) choice.show(of.runners());
      for (const panel of panels) show_panel(panel, of);
    };
    return {element: fold, show};
  };
})();
