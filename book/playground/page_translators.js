// Part 1: three translators on one sentence, word by word.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const LONGEST = 60; // steps, as in ET.Translator
  const PAUSE = 80; // milliseconds between two words
  const WATCHED = ["s", "t", "n", "c"]; // a change of these ends the watching
  const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
  const ui = {}; // the part's elements
  let runners = null; // {name: translator}
  const started = {}; // {name: what it was started on, and what that gave}

  // ---- the sentence -----------------------------------------------------------------

  const sentence_option = (i, selected = false) => {
    const length = SENTENCES.pairs[i][0].split(" ").length;
    return Page.option(i, say("sentence", length, Page.sentence_text(i)), selected);
  };

  const choose_sentence = () => {
    const groups = Page.lengths.map(([least, most], bin) => {
      const options = [...SENTENCES.pairs.keys()]
        .filter((i) => i % SENTENCES.bins.length === bin).slice(0, 8)
        .map((i) => sentence_option(i));
      return make("optgroup", {label: say("range", least, most)}, options);
    });
    const change = () => {
      if (ui.choice.value === "own") return;
      Page.change({s: Number(ui.choice.value), t: null, n: 0, c: [], w: 0});
      translate();
    };
    ui.choice = make("select", {change}, groups);
    ui.own_choice = Page.option("own", "");
    return Page.field(say("choose"), ui.choice);
  };

  const suggest = () => {
    const found = Page.completions(ui.own.value);
    const options = found.map(([text, gloss]) => make("option", {value: text}, gloss));
    ui.known.replaceChildren(...options);
    if (ui.own.getAttribute("aria-invalid") !== "true") return;
    const {words, unknown} = Page.compose(ui.own.value); // mended while it is typed
    if (words) ui.own.removeAttribute("aria-invalid");
    ui.own_said.replaceChildren(...(unknown ?? []).map(line_of_unknown));
  };

  const forget_own = () => {
    ui.own.value = "";
    ui.own.removeAttribute("aria-invalid");
  };

  // A sentence that is typed but not used yet is used by the first step, too.
  const is_typed = () => ui.own.value.trim() !== ""
    && Page.compose(ui.own.value).words?.join(" ") !== Page.state.t?.join(" ");

  // -> whether it can be used; if not, the reason stands beside it, and no translation
  // of another sentence above it
  const use_own = () => {
    const {words, slips, unknown, problem} = Page.compose(ui.own.value);
    ui.own.setAttribute("aria-invalid", String(!words));
    ui.refused = words ? null : ui.own.value.trim() || null;
    if (!words) {
      if (ui.refused) Page.change({n: 0, c: [], w: 0});
      if (problem) ui.own_said.replaceChildren(say(`problem_${problem}`));
      if (unknown) say_unknown(unknown);
      ui.own_fold.open = true;
      ui.own.focus();
      return false;
    }
    Page.change({t: words, s: 0, n: 0, c: [], w: 0});
    const note = slips.map((pair) => pair.join(" → ")).join(", ");
    ui.own_said.replaceChildren(say("used", words.length),
      note && ` ${say("slips", note)}`);
    return true;
  };

  const submit = (event) => {
    event.preventDefault();
    if (!use_own()) return;
    translate();
    ui.top.scrollIntoView({block: "nearest"}); // where the answers come
  };

  // An unknown word, with known ones to be put in its place.
  const line_of_unknown = ([word, nearest]) => make("span", {class: "pg-unknown"},
    say(nearest.length ? "unknown" : "unknown_unlike", word), nearest.map((other) =>
      button(other, () => replace(word, other), {lang: "ko"})));

  // Where none is like it, there is the list.
  const say_unknown = (unknown) => {
    ui.own_said.replaceChildren(...unknown.map(line_of_unknown));
    if (unknown.some(([, nearest]) => !nearest.length)) ui.words.open = true;
  };

  // Wherever the word stands alone, and never in the middle of another.
  const replace = (word, other) => {
    ui.own.value = ui.own.value.normalize("NFC").split(/(\s+|[.,!?])/u)
      .map((part) => (part.slice(0, 20) === word ? other : part)).join("");
    ui.own.focus();
    suggest();
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

  const about_reference = (reference) => {
    if (ui.refused) return [say("refused")];
    if (!reference) return [say("no_reference")];
    return [make("strong", {}, `${say("reference")}: `),
      make("span", {lang: "en"}, reference.join(" "))];
  };

  const show_sentence = () => {
    const {words, reference} = Page.sentence(), {refused} = ui;
    ui.source.textContent = refused ?? Page.as_written(words);
    ui.reference.replaceChildren(...about_reference(reference));
    ui.look.element.hidden = Boolean(refused);
    ui.own_choice.remove();
    if (refused || Page.state.t) {
      ui.own_choice.textContent = say("own_choice", ui.source.textContent);
      ui.choice.prepend(ui.own_choice);
    }
    ui.choice.value = ui.own_choice.isConnected ? "own" : String(Page.state.s);
    if (ui.choice.selectedIndex < 0) add_choice();
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
    stay_whole();
    tell_all();
  };

  const is_over = () => ET.TRANSLATORS.every((name) => runners[name].done);

  // A translation that is whole stays so when a broken model writes a longer one.
  const stay_whole = () => {
    if (is_over() && Page.state.n !== LONGEST) Page.change({n: LONGEST});
  };

  // The whole translation word by word, so that it can be watched; anew if it stands
  // there already. Pressed again it comes at once; another sentence ends it.
  const translate = async () => {
    if (!await can_go()) return;
    const which = JSON.stringify(Page.sentence().words);
    if (ui.watched === which || REDUCED.matches) return go(LONGEST);
    const shown = () => JSON.stringify(WATCHED.map((key) => Page.state[key]));
    ui.answers.style.minHeight = `${ui.answers.offsetHeight}px`;
    ui.watched = which;
    if (is_over()) Page.change({n: 0});
    for (let now = shown(); !is_over() && now === shown();) {
      Page.change({n: longest() + 1});
      now = shown();
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    }
    if (ui.watched !== which) return; // of another sentence by now
    ui.watched = null;
    ui.answers.style.minHeight = "";
    stay_whole();
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

  // In that translator the reader's word as its n-th. What followed it is written anew:
  // of a whole translation all, else as much as the reader asks for.
  const choose = (name, n, word) => {
    const runner = runners[name], over = is_over();
    const {logits} = runner.steps[n - 1] ?? runner.peek();
    const likeliest = runner.vocabulary.words[ET.argmax(logits)];
    const c = Page.choices_before(n, name);
    Page.change({n: over ? LONGEST : n, w: over ? n : 0,
      c: word === likeliest ? c : [...c, `${name}.${n}.${word}`]});
    tell_all(`${say("chosen", say(name), word, likeliest)} `);
  };

  const ready = async () => {
    const tell = (text) => ui.said.replaceChildren(text);
    if (!runners) wait("coming");
    runners ??= await Page.load(ET.TRANSLATORS, tell);
    if (runners) ET.TRANSLATORS.forEach(catch_up);
    else wait("not_begun");
    return runners;
  };

  const written = (runner) => runner.vocabulary.decode(runner.ids);

  const controls = () => {
    ui.buttons = {
      step: button(say("step"), () => go(1)),
      back: button(say("back"), () => go(-1)),
      restart: button(say("restart"), () => go(-LONGEST)),
    };
    return make("div", {class: "pg-controls"}, Object.values(ui.buttons), Page.share());
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
    const is_looked = Page.state.i && Page.looked_at(runners) === i + 1;
    const looked = is_looked ? " pg-looked" : "";
    return [make("span", {class: (right[i] ? "pg-right" : "pg-wrong") + own + looked},
      right[i] ? "" : "✗\u2060", word, right[i] ? null : unseen(say("wrong")),
      own ? unseen(say("own_word")) : null), " "];
  });

  const verdict = (runner, words, reference, {right, missing}) => {
    if (ui.refused) return say("not_used");
    if (!words.length && !runner.done) return say("not_begun");
    if (!runner.done) return say("so_many", words.length);
    if (!reference) return say("ended");
    if (words.join(" ") === reference.join(" ")) {
      return say(Page.choices(runner.name).size ? "exact_helped" : "exact");
    }
    const named = missing.map((word) => (word === "," ? "“,”" : word)).join(", ");
    const lacks = missing.length ? ` ${say("missing", named)}` : "";
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

  const show_panel = ({name, body}) => body.replaceChildren(...answer(runners[name]));

  // What stands in the panels before there is a model.
  const wait = (key) => {
    for (const {body} of ui.panels) body.replaceChildren(make("p", {}, say(key)));
  };

  const show_breaks = () => {
    const names = Page.state.b.map((name) => say(name)).join(", ");
    ui.broken.textContent = names && say("broken_now", names);
    ui.broken.hidden = !names;
  };

  // What was said is not true of another sentence, nor of a model broken or mended. Who
  // has written a word says so afterwards.
  const say_anew = (change) => {
    if (!["s", "t", "b", "r", "m"].some((key) => key in change)) return;
    if (runners && Page.state.n) tell_all();
    else ui.said.textContent = runners ? "" : say("first_step");
  };

  const show = async (change = {}) => {
    if ("s" in change || "t" in change) {
      ui.refused = null;
      if (!Page.state.t) forget_own();
      ui.own_said.replaceChildren();
    }
    show_sentence();
    show_breaks();
    ui.code.show(Page.translator_code());
    if ((Page.state.n || Page.state.i) && !runners && !await ready()) return;
    if (runners) ET.TRANSLATORS.forEach(catch_up);
    else wait("not_begun");
    say_anew(change);
    mark_controls();
    if (!runners) return;
    ui.panels.forEach(show_panel);
    ui.look.show();
  };

  // Why the third model, when the second does as well.
  const why = () => make("p", {class: "pg-hint pg-why"}, say("why_transformer"), " ",
    Page.lesson("05_transformer_tested",
      {ko: "더-알아보기-비용", en: "more-what-it-costs"}));

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
    ui.code = Page.code();
    box.append(ui.top, ui.source, ui.reference, ui.broken, ui.answers,
      make("p", {class: "pg-hint"}, say("marks")), buttons, ui.said, ui.look.element,
      own, ui.code.fold, why());
    Page.listeners.push(show);
    show();
  };
})();
