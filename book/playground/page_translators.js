// Part 1: three translators on one sentence, word by word.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const LONGEST = 60; // steps, as in ET.Translator
  const PAUSE = 80; // milliseconds between two words
  const WATCHED = ["s", "t", "n", "b", "r", "m", "c"];
  const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
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
      Page.change({s: Number(ui.choice.value), t: null, n: 0, c: [], w: 0});
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

  // -> whether it can be used; if not, the reason stands beside it
  const use_own = () => {
    const {words, unknown, problem} = Page.compose(ui.own.value);
    ui.own.setAttribute("aria-invalid", String(!words));
    if (problem) ui.own_said.replaceChildren(say(`problem_${problem}`));
    if (unknown) say_unknown(unknown);
    if (!words) {
      ui.own_fold.open = true;
      ui.own.focus();
      return false;
    }
    Page.change({t: words, s: 0, n: 0, c: [], w: 0});
    ui.own_said.replaceChildren(say("used", words.length));
    return true;
  };

  const submit = (event) => {
    event.preventDefault();
    if (!use_own()) return;
    translate();
    ui.top.scrollIntoView({block: "nearest"}); // where the answers come
  };

  // A line for each unknown word, with known ones to be put in its place; where none is
  // like it, there is the list.
  const say_unknown = (unknown) => {
    const line = ([word, nearest]) => make("span", {class: "pg-unknown"},
      say(nearest.length ? "unknown" : "unknown_unlike", word), nearest.map((other) =>
        button(other, () => replace(word, other), {lang: "ko"})));
    ui.own_said.replaceChildren(...unknown.map(line));
    if (unknown.some(([, nearest]) => !nearest.length)) ui.words.open = true;
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
    ui.own_said.classList.add("pg-own-said");
    ui.own = make("input", {
      type: "text", lang: "ko", maxlength: 300, list: "pg-known", autocomplete: "off",
      "aria-describedby": "pg-own-hint", input: suggest,
    });
    ui.words = Page.word_list((add) => {
      ui.own.value = add(ui.own.value);
      ui.own_said.replaceChildren(say("so_far", ui.own.value));
    });
    const form = make("form", {submit, novalidate: true},
      Page.field(say("own_label"), ui.own), ui.known,
      make("button", {type: "submit"}, say("use")),
      make("p", {class: "pg-hint", id: "pg-own-hint"}, say("own_hint")), ui.own_said);
    ui.own_fold = make("details", {class: "pg-own-fold"},
      make("summary", {}, say("own_fold")), form, ui.words);
    return ui.own_fold;
  };

  const show_sentence = () => {
    const {words, reference} = Page.sentence();
    ui.source.textContent = Page.as_written(words);
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

  // A sentence that is typed and not used yet is used first.
  const can_go = async () => (!is_typed() || use_own()) && Boolean(await ready());

  const go = async (count) => {
    if (count > 0 ? !await can_go() : !await ready()) return;
    const n = Math.max(0, Math.min(LONGEST, Math.min(Page.state.n, longest()) + count));
    const c = count < 0 ? Page.choices_before(n + 1) : Page.state.c;
    Page.change({n, c, w: count === LONGEST ? Page.state.w : 0});
    tell_all();
  };

  const is_over = () => ET.TRANSLATORS.every((name) => runners[name].done);

  // The whole translation word by word, so that it can be watched; anew if it stands
  // there already. Pressed again it comes at once, and any other change ends it.
  const translate = async () => {
    if (!await can_go()) return;
    if (ui.watched || REDUCED.matches) return go(LONGEST);
    const shown = () => JSON.stringify(WATCHED.map((key) => Page.state[key]));
    ui.answers.style.minHeight = `${ui.answers.offsetHeight}px`;
    ui.watched = true;
    if (is_over()) Page.change({n: 0});
    for (let now = shown(); !is_over() && now === shown();) {
      Page.change({n: longest() + 1});
      now = shown();
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    }
    ui.watched = false;
    ui.answers.style.minHeight = "";
    tell_all();
  };

  const all_said = () => ET.TRANSLATORS.map((name) => {
    const words = written(runners[name]).join(" ");
    return say("all_said", say(name), words || say("nothing_yet"));
  }).join(" / ");

  // Spoken, not seen: the answers stand above.
  const tell_all = (before = "") => {
    const text = make("span", {class: "pg-unseen"}, all_said());
    ui.said.replaceChildren(before, text);
  };

  // One word more, and in that translator the reader's.
  const choose = (name, word) => {
    const runner = runners[name], n = runner.steps.length + 1;
    const likeliest = runner.vocabulary.words[ET.argmax(runner.peek().logits)];
    const c = Page.choices_before(n, name);
    Page.change({n, w: 0, c: word === likeliest ? c : [...c, `${name}.${n}.${word}`]});
    tell_all(`${say("chosen", say(name), word, likeliest)} `);
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
      step: button(say("step"), () => go(1)),
      back: button(say("back"), () => go(-1)),
      restart: button(say("restart"), () => go(-LONGEST)),
    };
    return make("div", {class: "pg-controls"}, Object.values(ui.buttons));
  };

  // A button that can do nothing says so but keeps the focus.
  const mark_controls = () => {
    const at_end = Boolean(runners) && is_over(), at_start = Page.state.n === 0;
    for (const [name, off] of Object.entries(
      {step: at_end, back: at_start, restart: at_start},
    )) ui.buttons[name].setAttribute("aria-disabled", String(off));
  };

  // ---- the answers ------------------------------------------------------------------

  const unseen = (text) =>
    make("span", {class: "pg-unseen", lang: Page.language}, ` ${text}`);

  // The word looked at inside the models is lit up, too.
  const marked_words = (words, right, chosen) => words.flatMap((word, i) => {
    const own = chosen.has(i + 1) ? " pg-own" : "";
    const looked = Page.state.i && Page.state.w === i + 1 ? " pg-looked" : "";
    return [make("span", {class: (right[i] ? "pg-right" : "pg-wrong") + own + looked},
      right[i] ? "" : "✗\u2060", word, right[i] ? null : unseen(say("wrong")),
      own ? unseen(say("own_word")) : null), " "];
  });

  const verdict = (runner, words, reference, {right, missing}) => {
    if (!runner.done) return say(words.length ? "going_on" : "not_begun");
    if (!reference) return say("ended");
    if (words.join(" ") === reference.join(" ")) return say("exact");
    const lacks = missing.length ? ` ${say("missing", missing.join(" "))}` : "";
    return say("inexact", right.filter((r) => !r).length) + lacks;
  };

  const answer = (runner) => {
    const words = written(runner), {reference} = Page.sentence();
    const compared = Page.compare(words, reference ?? words);
    const kind = reference ? "pg-output" : "pg-output pg-unmarked";
    return [
      make("p", {class: "pg-verdict"}, verdict(runner, words, reference, compared)),
      make("p", {class: kind, lang: words.length ? "en" : null},
        words.length ? marked_words(words, compared.right, Page.choices(runner.name))
          : say("nothing_yet")),
    ];
  };

  const make_panel = (name) => {
    const body = make("div");
    const element = make("div", {
      class: `pg-panel pg-${name}`, role: "group", "aria-label": say(name),
    },
      make("h3", {}, say(name)), " ",
      make("p", {class: "pg-hint"}, say(`short_${name}`)),
      body);
    return {name, body, element};
  };

  const show_panel = ({name, body}) => {
    if (runners) body.replaceChildren(...answer(runners[name]));
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
    if (runners && Page.state.n) tell_all();
    else ui.said.textContent = runners ? "" : say("first_step");
  };

  const show = async (change = {}) => {
    show_sentence();
    show_breaks();
    if ((Page.state.n || Page.state.i) && !runners && !await ready()) return;
    if (runners) ET.TRANSLATORS.forEach(catch_up);
    say_anew(change);
    ui.panels.forEach(show_panel);
    ui.look.show();
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

  // Why the third model, when the second does as well.
  const why = () => make("p", {class: "pg-hint pg-why"}, say("why_transformer"), " ",
    Page.lesson("05_transformer_tested",
      {ko: "누가-더-잘하는가", en: "who-is-better"}));

  Page.parts.translators = (box) => {
    ui.panels = ET.TRANSLATORS.map(make_panel);
    ui.answers = make("div", {class: "pg-panels pg-answers"},
      ui.panels.map((panel) => panel.element));
    ui.source = make("p", {class: "pg-sentence", lang: "ko"});
    [ui.reference, ui.broken] = [make("p"), make("p", {class: "pg-broken"})];
    ui.said = status();
    ui.said.classList.add("pg-said");
    ui.said.textContent = say("first_step");
    ui.top = make("div", {class: "pg-controls pg-top"}, choose_sentence(),
      button(say("translate"), translate, {class: "pg-main"}));
    const own = own_sentence(), buttons = controls();
    ui.look = Page.look({
      runners: () => runners, encoded: (name) => started[name].encoded, choose,
      otherwise: ui.buttons.back,
    });
    box.append(ui.top, ui.source, ui.reference, ui.broken, ui.answers, buttons, ui.said,
      make("p", {class: "pg-hint"}, say("marks")), why(), own, ui.look.element,
      share());
    Page.listeners.push(show);
    show();
  };
})();
