// Lesson 7: the decoder alone writes on from a beginning, and how a word is drawn.
"use strict";

ET.add((ET) => {
  // GELU in the form with tanh, as in GPT-2.
  const gelu = (x) =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

  ET.GPT = class {
    static switches = [
      "no_scale", "see_future", "drop_positions", "remove_head", "uniform_attention",
    ];

    constructor(weights, n_heads = 4) {
      this.token_embedding = weights["token_embedding.weight"];
      this.position_embedding = weights["position_embedding.weight"];
      this.max_len = this.position_embedding.shape[0];
      this.layers = ET.make_layers(weights, "blocks", n_heads, gelu);
      this.norm = ET.layer_norm(weights, "norm");
      this.heads = this.layers.flatMap((layer) => layer.attentions)
        .map(({name}) => ({name, n_heads}));
    }

    embed(id, position, breaks) {
      const x = ET.row(this.token_embedding, id);
      return breaks.drop_positions
        ? x.slice()
        : ET.plus(x, ET.row(this.position_embedding, position));
    }

    // One token, and what is kept of those before it -> logits of the next token, by
    // the embedding table, and x: what the token knows, which a classifier reads.
    decode(id, state, breaks = {}) {
      const embedded = [...state?.embedded ?? []];
      embedded.push(this.embed(id, embedded.length, breaks));
      const read = breaks.see_future
        ? ET.forward_without_mask(this.layers, embedded, null, breaks)
        : ET.forward_cached(
          this.layers, embedded.at(-1), state?.kv_cache, null, breaks,
        );
      const {kv_cache, attention_weights} = read, x = this.norm(read.x);
      const logits = ET.linear(this.token_embedding, null, x);
      return {logits, x, state: {embedded, kv_cache}, attention_weights};
    }
  };

  // Lesson 7's Classifier: the GPT fine-tuned, the mean of what its tokens know, and a
  // layer for the labels. Token by token: each beginning of a text has its answer.
  ET.Classifier = class {
    constructor(weights) {
      this.model = new ET.GPT(weights);
      this.max_len = this.model.max_len;
      this.head = ET.linear_layer(weights, "head");
    }

    // One more token, and what read() gave for the one before it.
    read(id, before = null) {
      const {x, state} = this.model.decode(id, before?.state);
      const sum = before ? ET.plus(before.sum, x) : x;
      const mean = sum.map((value) => value / state.embedded.length);
      const probabilities = ET.softmax(this.head(mean));
      return {id, state, sum, probabilities};
    }
  };

  // Probabilities to draw from: a low temperature makes the likely likelier, 0 leaves
  // the likeliest alone; top_k keeps the k likeliest, and of these top_p those
  // whose share of the sum reaches p.
  ET.next_probabilities = (logits, {temperature = 1, top_k = null, top_p = 1} = {}) => {
    const largest = logits[ET.argmax(logits)];
    const probabilities = ET.softmax(logits.map((logit) =>
      (logit === largest ? 0 : (logit - largest) / temperature))); // never 0 / 0
    const order = [...probabilities.keys()]
      .sort((a, b) => probabilities[b] - probabilities[a])
      .slice(0, top_k || probabilities.length);
    const enough = top_p * order.reduce((sum, id) => sum + probabilities[id], 0);
    const kept = new Float32Array(logits.length);
    let sum = 0;
    for (const id of order) {
      kept[id] = probabilities[id];
      sum += kept[id];
      if (sum >= enough) break;
    }
    return kept.map((p) => p / sum);
  };

  // An id by chance; random() gives a number from 0 up to 1.
  ET.draw = (probabilities, random = Math.random) => {
    let left = random() * probabilities.reduce((a, b) => a + b, 0);
    const found = probabilities.findIndex((p) => p > 0 && (left -= p) < 0);
    return found < 0 ? ET.argmax(probabilities) : found;
  };
});
