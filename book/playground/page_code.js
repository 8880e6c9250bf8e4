// What the page does, as lines of Python for a notebook.
"use strict";

(() => {
  // A switch in Python: what it does to `model`, or to `src`.
  const MAP_QUERIES = (factor) => ({
    attention: [
      "read = model.decoder.compute_context",
      "model.decoder.compute_context = lambda states, outputs: read(",
      `    states * ${factor("states.shape[-1]")}, outputs`,
      ")",
    ],
    transformer: [
      "for part in model.modules():",
      "    if isinstance(part, transformer.MultiHeadAttention):",
      "        d_model = part.out_proj.in_features",
      "        for weight in part.in_proj.parameters():  # queries come first",
      `            weight.data[:d_model] *= ${factor("(d_model // part.n_heads)")}`,
    ],
  });

  const padding = (table) => [
    `table = model.encoder.${table}  # a new word, PAD's vector: no mask`,
    "vectors = torch.cat([table.weight, table.weight[PAD : PAD + 1]])",
    "table.weight = torch.nn.Parameter(vectors)",
    `src += [len(vectors) - 1] * ${ET.N_PADDING}`,
  ];

  const CUT = [
    "def cut(encoder, inputs, outputs):",
    "    *given, src_mask = outputs",
    "    return *(part * 0 for part in given), src_mask",
    "model.encoder.register_forward_hook(cut)",
  ];

  const BREAKS = {
    cut_context: {encoder_decoder: CUT, attention: CUT, transformer: CUT},
    no_scale: MAP_QUERIES((d) => `${d} ** 0.5`),
    padding_in: {
      encoder_decoder: padding("token_embedding"),
      attention: padding("token_embedding"),
      transformer: padding("embedding.token_embedding"),
    },
    see_future: {transformer: [
      "for layer in model.decoder.layers:",
      "    layer.self_attention.register_forward_pre_hook(",
      "        lambda part, x, mask: (x, {}), with_kwargs=True  # without the mask",
      "    )",
    ]},
    drop_positions: {transformer: [
      "model.encoder.embedding.position_embedding = None",
      "model.decoder.embedding.position_embedding = None",
    ]},
    uniform_attention: MAP_QUERIES(() => "0"),
  };

  // What the head reads is multiplied by zeros. -> [model, lines]
  const without_head = (key) => {
    if (key === "decoder.attention.0") {
      return ["attention", [
        "n = model.decoder.combine.out_features",
        "model.decoder.combine.weight.data[:, n:] = 0",
      ]];
    }
    const at = key.lastIndexOf("."), head = Number(key.slice(at + 1));
    return ["transformer", [
      `part = model.get_submodule("${key.slice(0, at)}")`,
      "d_head = part.out_proj.in_features // part.n_heads",
      `part.out_proj.weight.data[:, ${head} * d_head : ${head + 1} * d_head] = 0`,
    ]];
  };

  const lines_of = (key, value, name) => {
    if (key !== "remove_head") return BREAKS[key][name] ?? [];
    return value.map(without_head).filter(([of]) => of === name)
      .flatMap(([, lines]) => lines);
  };

  // if name == "attention": and what is broken in it
  const broken = (name) => {
    const lines = Object.entries(Page.breaks(name)).flatMap(([key, value]) => {
      const found = lines_of(key, value, name);
      return found.length ? [`# ${Page.say(key)}`, ...found] : [];
    });
    if (!lines.length) return [];
    return [`if name == "${name}":`, ...lines.map((line) => `    ${line}`)];
  };

  const chosen = () => ET.TRANSLATORS.map((name) => [name, [...Page.choices(name)]])
    .filter(([, words]) => words.length).map(([name, words]) =>
      `    "${name}": {${words.map(([n, word]) => `${n}: "${word}"`).join(", ")}},`);

  const TRANSLATE = ["[ids] = encoder_decoder.translate(model.eval(), [src])"];
  // The same, but for the words that the reader chose.
  const TRANSLATE_CHOSEN = [
    "outputs, ids = model.cpu().encoder(torch.tensor([src])), [BOS]",
    "while ids[-1] != EOS and len(ids) <= 60:",
    "    logits = model.decoder(torch.tensor([ids]), outputs)[0][0, -1]",
    "    word = chosen.get(name, {}).get(len(ids))",
    "    ids.append(target.index(word) if word else logits.argmax().item())",
    "ids = encoder_decoder.cut_at_end(ids[1:])",
  ];

  const LESSONS =
    "from explore_transformers.lessons import attention, encoder_decoder, transformer";

  Page.translator_code = () => {
    const words = JSON.stringify(Page.sentence().words.join(" "));
    const breaks = ET.TRANSLATORS.flatMap(broken), choices = chosen();
    const steps = choices.length ? TRANSLATE_CHOSEN : TRANSLATE;
    const more = breaks.length || choices.length;
    return [
      ...more ? ["import torch", ""] : [],
      LESSONS,
      ...more ? ["from explore_transformers.lessons.seq2seq import BOS, EOS, PAD"] : [],
      "from explore_transformers.trained import load_weights",
      "",
      "makers = {",
      '    "encoder_decoder": encoder_decoder.make_model,',
      '    "attention": lambda *sizes, seed: attention.make_model(',
      "        attention.AttentionDecoder, *sizes, seed",
      "    ),",
      '    "transformer": transformer.make_transformer,',
      "}",
      `sentence = ${words}.split()`,
      ...choices.length
        ? [`chosen = {  # ${Page.say("code_chosen")}`, ...choices, "}"] : [],
      "for name, make in makers.items():",
      ...[
        "weights, words = load_weights(name)",
        'source, target = words["source"], words["target"]',
        "model = make(len(source), len(target), seed=0)",
        "model.load_state_dict(weights)",
        "src = [source.index(word) for word in sentence]",
        ...breaks,
        ...steps,
        'print(name, "|", *(target[i] for i in ids))',
      ].map((line) => `    ${line}`),
    ].join("\n");
  };

  // The GPT and its subwords, loaded.
  const GPT = [
    "import torch",
    "",
    "from explore_transformers.lessons import bert_gpt",
    "from explore_transformers.lessons.seq2seq import BOS, EOS, PAD, UNK",
    "from explore_transformers.trained import load_weights",
    "",
    'weights, words = load_weights("korean_gpt")',
    'subwords = bert_gpt.Subwords(words["characters"], words["merges"])',
    "model = bert_gpt.GPT(len(subwords)).eval()",
    "model.load_state_dict(weights)",
  ];

  Page.gpt_code = (prompt, ids, {temperature, top_k, top_p}) => [
    ...GPT,
    `ids = [BOS, *subwords.encode(${JSON.stringify(prompt)})]`,
    ...ids.length ? [`ids += [${ids.join(", ")}]  # ${Page.say("code_drawn")}`] : [],
    "with torch.no_grad():",
    "    while ids[-1] != EOS and len(ids) < 128:",
    "        logits = model(torch.tensor([ids]))[0, -1]",
    "        logits[[PAD, BOS, UNK]] = -torch.inf",
    `        how = ${temperature}, ${top_k || "None"}, ${top_p}`,
    "        p = bert_gpt.candidates(logits, *how)",
    "        ids.append(torch.multinomial(p, 1).item())",
    "print(subwords.decode(ids))",
  ].join("\n");

  Page.sentiment_code = (review) => [
    ...GPT,
    "classifier = bert_gpt.Classifier(model, 2).eval()",
    'tuned, labels = load_weights("korean_sentiment")',
    "classifier.load_state_dict(tuned, strict=False)  # the rest is as in the GPT",
    `ids = [BOS, *subwords.encode(${JSON.stringify(review)}), EOS][:128]`,
    "with torch.no_grad():",
    "    for n in range(1, len(ids) + 1):",
    "        p = classifier(torch.tensor([ids[:n]])).softmax(dim=1)[0, 1].item()",
    '        print(f"{p:.4f}", subwords.words[ids[n - 1]])',
  ].join("\n");
})();
