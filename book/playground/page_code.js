// What the page does, as lines of Python for a notebook.
"use strict";

Page.translator_code = () => {
  const {words} = Page.sentence();
  const lines = [
    "from explore_transformers.lessons import attention, encoder_decoder, transformer",
    "from explore_transformers.trained import load_weights",
    "",
    "makers = {",
    '    "encoder_decoder": encoder_decoder.make_model,',
    '    "attention": lambda *sizes, seed: attention.make_model(',
    "        attention.AttentionDecoder, *sizes, seed",
    "    ),",
    '    "transformer": transformer.make_transformer,',
    "}",
    `sentence = ${JSON.stringify(words.join(" "))}.split()`,
    "for name, make in makers.items():",
    "    weights, words = load_weights(name)",
    '    source, target = words["source"], words["target"]',
    "    model = make(len(source), len(target), seed=0)",
    "    model.load_state_dict(weights)",
    "    src = [source.index(word) for word in sentence]",
    "    [ids] = encoder_decoder.translate(model.eval(), [src])",
    '    print(name, "|", *(target[i] for i in ids))',
  ];
  if (Page.state.b.length) lines.unshift(Page.say("code_breaks"));
  return lines.join("\n");
};

Page.gpt_code = (prompt, {temperature, top_k, top_p}) => [
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
  `ids = [BOS, *subwords.encode(${JSON.stringify(prompt)})]`,
  "with torch.no_grad():",
  "    while ids[-1] != EOS and len(ids) < 128:",
  "        logits = model(torch.tensor([ids]))[0, -1]",
  "        logits[[PAD, BOS, UNK]] = -torch.inf",
  `        how = ${temperature}, ${top_k || "None"}, ${top_p}`,
  "        p = bert_gpt.candidates(logits, *how)",
  "        ids.append(torch.multinomial(p, 1).item())",
  "print(subwords.decode(ids))",
].join("\n");
