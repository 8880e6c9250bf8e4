// Inside the translators of part 1: what each could have written instead of a word, and
// what it read for it.
"use strict";

(() => {
  const {make, say} = Page;
  const LEAST = 0.01; // a smaller weight is not shown by itself

  // Of whole translations the first word at which one goes wrong or they differ; where
  // there is none the second, often the subject.
  const most_telling = (all) => {
    const {reference} = Page.sentence();
    const written = all.map(({steps}) => steps.map(({word}) => word));
    const right = reference ? [...reference, "</s>"] : written[0];
    const found = right.findIndex((word, i) =>
      written.some((words) => words[i] !== word));
    return found < 0 ? 2 : found + 1;
  };

  // The number of the word looked at: the reader's or, while they write, the next.
  Page.looked_at = (runners) => {
    const all = Object.values(runners);
    if (Page.state.w) return Page.state.w;
    if (all.every(({done}) => done)) return most_telling(all);
    return Math.max(...all.map(({steps, done}) => steps.length + !done));
  };

  // That step of a translator: taken, or the one to come; null after its end.
  const step_of = (runner, looked) => {
    const {steps, vocabulary} = runner, n = Math.min(looked, steps.length + 1);
    if (n <= steps.length) return {n, ...steps[n - 1]};
    if (runner.done) return null;
    const next = runner.peek(), word = vocabulary.words[ET.argmax(next.logits)];
    return {n, word, probabilities: ET.softmax(next.logits), ...next};
  };

  const ENDS = {"<s>": "beginning", "</s>": "end"};
  const written = (word) => (Object.hasOwn(ENDS, word) ? say(ENDS[word]) : word);
  const in_quotes = (word) =>
    (Object.hasOwn(ENDS, word) ? written(word) : Page.with_gloss(word));

  const next_words = (runner, {n, word, probabilities}, choose) => {
    const {words} = runner.vocabulary;
    const rows = Page.likeliest(probabilities, words.map(written), 5);
    const pick = (id) => choose(runner.name, n, words[id]);
    return [make("h4", {}, say("word_n", n)), Page.bars(rows, written(word), pick)];
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
    const queries = steps.map(({word}) => word ?? "…");
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
      in_quotes(keys[most]), Page.percent(weights[most]));
    return Page.upper(text);
  };

  // The words that were read; of the many that hardly were, only how many.
  const chips_of = (weights, keys) => {
    const read = [...weights.keys()].filter((i) => weights[i] >= LEAST);
    const chips = read.map((i) => tinted("li", weights[i],
      make("span", {}, written(keys[i])), Page.gloss(keys[i]),
      make("small", {}, Page.percent(weights[i]))));
    const rest = weights.length - read.length;
    return rest ? [...chips, make("li", {class: "pg-rest"}, say("rest", rest))] : chips;
  };

  const weights_of_step = (runner, {n, word}, encoded) => {
    if (runner.name === "encoder_decoder") return [make("p", {}, say("no_attention"))];
    if (view(runner).name.startsWith("encoder")) {
      return [make("h4", {}, Page.view_name(view(runner))),
        make("p", {}, say("of_encoder"))];
    }
    const title = make("h4", {}, say("weights_of", in_quotes(word)));
    const {keys, rows} = matrix(runner, encoded), weights = rows[n - 1];
    const chips = chips_of(weights, keys);
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
      keys.map((key) => make("th", {scope: "col"}, written(key), Page.gloss(key))));
    const body = rows.map((row, i) => make("tr", {},
      make("th", {scope: "row"}, written(queries[i]), " ", Page.gloss(queries[i])),
      keys.map((_, j) => (row[j] === undefined ? make("td") // not written yet
        : tinted("td", row[j], String(Math.round(100 * row[j])))))));
    return [make("p", {class: "pg-hint"}, name), make("div", {
      class: "pg-matrix et-figure", tabindex: 0, role: "region", "aria-label": name,
    }, make("table", {}, make("thead", {}, head), make("tbody", {}, body)))];
  };

  // ---- what is chosen: a word, a head -----------------------------------------------

  const word_choice = () => {
    let over = false;
    const input = make("input", {type: "range", min: 1, step: 1, input: () => {
      const n = Number(input.value);
      Page.change({w: over || n < Number(input.max) ? n : 0}); // 0: the newest
    }});
    const words = make("span", {class: "pg-hint"});
    const show = (runners) => {
      const all = Object.values(runners);
      over = all.every(({done}) => done);
      input.max = Math.max(...all.map(({steps, done}) => steps.length + !done));
      input.value = Page.looked_at(runners);
      const seen = all.map((runner) => step_of(runner, Number(input.value)))
        .map((step) => (step ? in_quotes(step.word) : "–")).join(", ");
      words.textContent = say("word_of", input.value, input.max, seen);
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
        const all = transformer.heads.flatMap(({name, n_heads}) =>
          ["mean", ...Array(n_heads).keys()].map((head) => option(name, head)));
        const first = SENTENCES.heads.map((key) => all.find((o) => o.value === key));
        select.append(make("optgroup", {label: say("heads_first")}, first),
          make("optgroup", {label: say("heads_others")},
            all.filter((one) => !first.includes(one))));
      }
      select.value = Page.state.a;
    };
    return {element: Page.field(say("head_of"), select), show};
  };

  const about_heads = () => make("div", {},
    make("p", {}, make("strong", {}, say("head_does"))),
    make("ol", {}, ["compare", "weigh", "mix"].map((step) =>
      make("li", {}, say(`head_${step}`)))),
    make("p", {}, say("about_heads"), " ", Page.lesson("04_transformer",
      {ko: "만들기-5-헤드-여럿", en: "build-5-several-heads"})));

  // ---- the panels -------------------------------------------------------------------

  const make_panel = (name) => {
    const [body, table] = [make("div"), make("div")];
    const about = make("p", {class: "pg-hint"});
    // Outside the panel, since a long sentence's matrix needs the page's whole width.
    const fold = make("details", {class: `pg-fold pg-${name}`,
      hidden: name === "encoder_decoder"},
    make("summary", {}, say("matrix", say(name))), table);
    const element = make("div", {
      class: `pg-panel pg-${name}`, role: "group",
      "aria-label": say("inside", say(name)),
    },
      make("h3", {}, say(name)), about, body);
    return {name, body, about, fold, table, element};
  };

  // Where lesson 3 measures what is said of it.
  const MORE = {
    encoder_decoder: {ko: "더-알아보기-상태의-차원을-키우면", en: "more-a-larger-state"},
    attention: {ko: "더-알아보기-가중치는-단어가-아니라-상태에-있다",
      en: "more-a-weight-is-on-a-state-not-on-a-word"},
  };

  // What that translator reads, in numbers of its own.
  const about = (runner, {source_words}) => {
    const text = say(`about_${runner.name}`, source_words.length,
      runner.model.hidden_size);
    const lesson = MORE[runner.name];
    return lesson ? [text, " ", Page.lesson("03_attention", lesson)] : [text];
  };

  // All of it, in a fold.
  const make_fold = (source, [words, heads], panels, toggle) =>
    make("details", {class: "pg-look", toggle},
      make("summary", {}, say("look")), make("p", {}, say("look_hint")), source,
      words.element, about_heads(), heads.element,
      make("div", {class: "pg-panels"}, panels.map((panel) => panel.element)),
      ...panels.map((panel) => panel.fold),
      Page.terms("encoder", "decoder", "last-hidden-state", "bottleneck",
        "attention-weight", "query", "key", "self-attention", "cross-attention",
        "multi-head-attention"));

  const show_panel = (panel, of) => {
    const {name, body, fold, table: place} = panel, runner = of.runners()?.[name];
    if (!runner) return;
    panel.about.replaceChildren(...about(runner, of.encoded(name)));
    const step = step_of(runner, Page.looked_at(of.runners()));
    const inside = () => [...next_words(runner, step, of.choose),
      ...weights_of_step(runner, step, of.encoded)];
    const ended = () =>
      make("p", {}, say("ended_before", runner.vocabulary.decode(runner.ids).length));
    Page.keep_focus(body, () => body.replaceChildren(...step ? inside() : [ended()]),
      of.otherwise);
    if (fold.open) place.replaceChildren(...table(runner, of.encoded));
  };

  // Of an encoder's head there is the matrix alone: it opens when one is chosen.
  const matrix_opener = (matrix) => {
    let shown = null;
    return () => {
      const {a} = Page.state;
      if (a !== shown && a.startsWith("encoder")) matrix.open = true;
      shown = a;
    };
  };

  // of: {runners(), encoded(name), choose(name, n, word), otherwise: what gets the
  // focus where no bar is left}
  Page.look = (of) => {
    const panels = ET.TRANSLATORS.map(make_panel);
    const choices = [word_choice(), head_choice()];
    const source = make("ol", {class: "pg-source", "aria-label": say("source")});
    const turn = () => {
      if (fold.open !== Boolean(Page.state.i)) Page.change({i: Number(fold.open)});
    };
    const fold = make_fold(source, choices, panels, turn);
    for (const panel of panels) {
      panel.fold.addEventListener("toggle", () => show_panel(panel, of));
    }
    const open_matrix = matrix_opener(panels.at(-1).fold);
    const show = () => {
      fold.open = Boolean(Page.state.i);
      if (!fold.open || !of.runners()) return;
      source.replaceChildren(...Page.sentence().words.map((word) =>
        make("li", {}, make("span", {lang: "ko"}, word), Page.gloss(word))));
      open_matrix();
      for (const choice of choices) choice.show(of.runners());
      for (const panel of panels) show_panel(panel, of);
    };
    return {element: fold, show};
  };
})();
