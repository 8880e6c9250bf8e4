// Part 2: break a model, and see the whole one translate the same sentence beside it.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const LONGEST = 60; // steps, as in ET.Translator
  const ui = {};
  let runners = null;
  // The RNN's only head, and of the Transformer's one that it can't do without.
  const FIRST_HEADS = ["decoder.attention.0", "decoder.layers.0.self_attention.1"];
  const has = {
    encoder_decoder: () => ET.RNN.switches,
    attention: () => ET.AttentionRNN.switches,
    transformer: () => ET.Transformer.switches,
  };

  // Where a switch's finding is proved: lesson, and heading in the page's language.
  const proofs = {
    cut_context: ["02_encoder_decoder", {
      ko: "실험-다른-문장의-문맥-벡터를-주면",
      en: "experiment-another-sentence-s-context-vector"}],
    no_scale: ["03_attention", {
      ko: "더-알아보기-훈련은-되지만-틀린-버그-둘", en: "more-two-bugs-that-don-t-stop-training"}],
    padding_in: ["02_encoder_decoder", {
      ko: "더-알아보기-문맥-벡터에-새어-드는-패딩",
      en: "more-padding-in-the-context-vector"}],
    see_future: ["05_transformer_tested", {
      ko: "손실은-더-좋은데", en: "the-better-loss"}],
    drop_positions: ["05_transformer_tested", {
      ko: "위치와-마스크를-빼고-훈련하면",
      en: "train-without-positions-without-the-mask"}],
    remove_head: ["05_transformer_tested", {
      ko: "헤드를-하나씩-없애면", en: "remove-one-head-at-a-time"}],
    uniform_attention: ["03_attention", {
      ko: "실행해-보기-긴-문장이-달라지는가",
      en: "run-it-do-long-sentences-come-out-right"}],
  };

  // Why a model has no such switch.
  const reason = (name) => {
    if (name === "see_future") return say("cannot_see");
    return say(name === "drop_positions" ? "order_is_position" : "no_attention_short");
  };

  const lacking = (name) =>
    ET.TRANSLATORS.filter((model) => !has[model]().includes(name));

  // ---- switches ---------------------------------------------------------------------

  const turn = (name, on) => {
    const b = Page.state.b.filter((other) => other !== name);
    const change = {b: on ? [...b, name] : b};
    if (name === "remove_head" && on && !Page.state.r.length) change.r = FIRST_HEADS;
    Page.change(change);
    say_differences();
  };

  // A sentence on which it shows, translated by all at once.
  const example = (name) => {
    const s = SENTENCES.shows[name];
    const show = () => Page.change({s, t: null, n: LONGEST, c: [], w: 0});
    return button(say("try_sentence", Page.sentence_text(s)), show,
      {class: "pg-try", lang: Page.language});
  };

  // A switch, and what is to be known of it: shown when it is on or can't be.
  const make_switch = (name) => {
    const id = `pg-${name}-about`;
    const input = make("input", {
      type: "checkbox", "aria-describedby": id, change: () => turn(name, input.checked),
    });
    const models = lacking(name).map((model) => say(model)).join(" / ");
    const reasons = models ? [say("lacks", models, reason(name)), " "] : [];
    const about = make("li", {id}, make("strong", {}, Page.rich(say(name)), ": "),
      say(`expect_${name}`), " ", reasons, Page.lesson(...proofs[name]), " ",
      example(name));
    ui.switches[name] = {input, about, shows: about.lastChild};
    return make("li", {}, make("label", {class: "pg-switch"}, input, " ",
      make("span", {}, Page.rich(say(name)))));
  };

  const model_choice = () => {
    const options = ["all", ...ET.TRANSLATORS].map((name) =>
      Page.option(name, say(name === "all" ? "all_models" : name)));
    const change = () => {
      Page.change({m: ui.model.value});
      say_differences();
    };
    ui.model = make("select", {change}, options);
    return Page.field(say("broken_model"), ui.model);
  };

  const show_switches = () => {
    const {b, m, s, t} = Page.state;
    ui.model.value = m;
    for (const [name, {input, about, shows}] of Object.entries(ui.switches)) {
      input.checked = b.includes(name);
      input.disabled = m !== "all" && !has[m]().includes(name);
      about.hidden = !input.checked && !input.disabled;
      shows.hidden = input.disabled || (!t && s === SENTENCES.shows[name]);
    }
    ui.heads.hidden = !b.includes("remove_head")
      || ui.switches.remove_head.input.disabled;
    const whole = t ? make("span", {lang: "ko"}, Page.as_written(t))
      : Page.sentence_text(s);
    ui.sentence.replaceChildren(make("strong", {}, `${say("sentence_now")}: `), whole);
  };

  // ---- heads ------------------------------------------------------------------------

  const head_box = (name, head) => {
    const key = `${name}.${head}`;
    const change = () => {
      const r = Page.state.r.filter((other) => other !== key);
      Page.change({r: input.checked ? [...r, key] : r});
      say_differences();
    };
    const input = make("input", {
      type: "checkbox", change, value: key, "aria-label": Page.view_name({name, head}),
    });
    return make("label", {class: "pg-head"}, input, ` ${head + 1}`);
  };

  const line_of_heads = ({name, n_heads}) => {
    const place = Page.view_name({name, head: 0}).split(", ");
    const title = n_heads > 1 ? place.slice(0, -1).join(", ") : place[0];
    return make("div", {class: "pg-heads"}, make("span", {}, Page.upper(title)),
      Array.from({length: n_heads}, (_, head) => head_box(name, head)));
  };

  const group_of_heads = (model) => {
    const title = make("h3", {}, say(model));
    return make("div", {}, title, runners[model].heads.map(line_of_heads));
  };

  const show_heads = () => {
    if (!runners || ui.heads.hidden) return;
    if (!ui.groups) {
      ui.groups = ET.TRANSLATORS.filter((model) => runners[model].heads.length)
        .map((model) => [model, group_of_heads(model)]);
      ui.heads.append(...ui.groups.map(([, group]) => group));
    }
    for (const [model, group] of ui.groups) {
      group.hidden = !["all", model].includes(Page.state.m);
    }
    for (const input of ui.heads.querySelectorAll("input")) {
      input.checked = Page.state.r.includes(input.value);
    }
  };

  // ---- whole and broken -------------------------------------------------------------

  // -> {words, chances}: what it writes, and how likely each token was to it
  const translate = (name, breaks) => {
    const runner = runners[name];
    runner.start(Page.sentence().words, breaks);
    const words = runner.run();
    return {words, chances: runner.steps.map((step) => step.probabilities[step.id])};
  };

  const both = (name) => {
    const whole = translate(name, {}), breaks = Page.breaks(name);
    const fitting = Object.keys(breaks).filter((key) => has[name]().includes(key));
    const no_head = fitting.join() === "remove_head" && !has_chosen_head(name);
    const broken = fitting.length && !no_head ? translate(name, breaks) : null;
    return {name, whole, broken, no_head, fitting};
  };

  // Whether one of the heads to remove is that model's.
  const has_chosen_head = (model) => runners[model].heads.some(({name, n_heads}) =>
    Array.from({length: n_heads}, (_, head) => `${name}.${head}`)
      .some((key) => Page.state.r.includes(key)));

  // The model is broken, and yet it writes the same: by how much the chance of a word
  // has changed at most, and why that need not show.
  const unchanged = ({whole, broken, fitting}) => {
    const moved = Math.max(...whole.chances.map((chance, i) =>
      Math.abs(chance - broken.chances[i])));
    const why = fitting.length === 1 ? say(`same_${fitting[0]}`) : "";
    const how = moved < 0.0005 ? say("unmoved")
      : say("moved", Page.percent(moved).replace("%", ""));
    return `${how} ${why}`;
  };

  // -> [what has changed, and why nothing has]
  const difference = (result) => {
    const {name, whole, broken, no_head} = result;
    if (no_head) return [say("no_head"), ""];
    if (!broken) {
      const [key] = Object.keys(Page.breaks(name)); // it has no such part
      return [say("not_broken"), key ? Page.upper(reason(key)) : ""];
    }
    const {right, missing} = Page.compare(broken.words, whole.words);
    const n_new = right.filter((r) => !r).length;
    return n_new || missing.length ? [say("differing", n_new, missing.length), ""]
      : [say("same"), unchanged(result)];
  };

  // Words of which those that the other lacks are marked.
  const words_of = (words, others, kind) => {
    const {right} = Page.compare(words, others);
    return words.flatMap((word, i) => [
      right[i] ? word : make("mark", {class: kind}, word), " "]);
  };

  const row = (result) => {
    const {name, whole, broken} = result, [what, why] = difference(result);
    return make("div", {
      class: `pg-panel pg-${name}`, role: "group", "aria-label": say(name),
    },
      make("h3", {}, say(name)),
      make("p", {class: "pg-verdict"}, what),
      why ? make("p", {class: "pg-hint"}, why) : null,
      broken ? make("h4", {}, say("broken")) : null,
      broken ? make("p", {class: "pg-broken-words", lang: "en"},
        words_of(broken.words, whole.words, "pg-changed")) : null,
      make("h4", {}, say("whole")), make("p", {lang: "en"},
        words_of(whole.words, (broken ?? whole).words, "pg-gone")));
  };

  const say_differences = async () => {
    if (await ready()) tell_differences();
  };

  // Spoken, not seen: it stands in the panels.
  const tell_differences = () => {
    const text = ui.results.map((result) =>
      say("differs", say(result.name), difference(result).join(" "))).join(" / ");
    ui.said.replaceChildren(ui.results.length
      ? make("span", {class: "pg-unseen"}, text) : say("breaks_first"));
  };

  const ready = async () => {
    if (runners) return true;
    const tell = (text) => ui.said.replaceChildren(text);
    runners = await Page.load(ET.TRANSLATORS, tell);
    if (!runners) return false;
    show();
    tell_differences();
    return true;
  };

  const show = () => {
    show_switches();
    if (!runners && Page.state.b.length) ready();
    if (!runners) return;
    show_heads();
    ui.results = Page.state.b.length ? ET.TRANSLATORS.map(both) : [];
    ui.table.replaceChildren(...ui.results.map(row));
    // Where a switch did nothing, the sentence on which it shows comes first to hand.
    const is_idle = ui.results.some(({whole, broken}) =>
      broken?.words.join(" ") === whole.words.join(" "));
    for (const {shows} of Object.values(ui.switches)) {
      shows.classList.toggle("pg-hot", is_idle);
    }
  };

  const mend = () => {
    Page.change({b: [], r: [], m: "all"});
    say_differences();
  };

  Page.parts.breaks = (box) => {
    ui.switches = {};
    ui.said = status();
    ui.said.textContent = say("breaks_first");
    ui.table = make("div", {class: "pg-panels"});
    ui.sentence = make("p");
    const items = ET.Transformer.switches.map(make_switch);
    ui.heads = make("fieldset", {}, make("legend", {}, say("heads_to_remove")));
    const about = Object.values(ui.switches).map((one) => one.about);
    box.append(make("fieldset", {}, make("legend", {}, say("switches")),
      make("ul", {class: "pg-switches"}, items),
      make("div", {class: "pg-controls"}, model_choice(), button(say("mend"), mend),
        Page.share())),
    ui.sentence, ui.said, make("ul", {class: "pg-about"}, about), ui.table, ui.heads,
    Page.terms("context-vector", "padding", "causal-mask", "positional-encoding",
      "multi-head-attention", "attention-weight"));
    Page.listeners.push((change) => {
      if (["b", "r", "m", "s", "t"].some((key) => key in change)) show();
      if (("s" in change || "t" in change) && runners) tell_differences();
    });
    show();
  };
})();
