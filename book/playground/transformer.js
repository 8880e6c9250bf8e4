// Lessons 4 and 5: the Transformer, whose decoder keeps keys and values (kv_cache).
"use strict";

ET.add((ET) => {
  class MultiHeadAttention {
    constructor(weights, name, n_heads) {
      Object.assign(this, {name, n_heads});
      const weight = weights[`${name}.in_proj.weight`];
      const bias = weights[`${name}.in_proj.bias`].data;
      const d_model = weight.shape[1];
      // W_q, W_k and W_v lie stacked in one matrix.
      const project = (i) => {
        const W = ET.rows(weight, i * d_model, (i + 1) * d_model);
        const b = bias.subarray(i * d_model, (i + 1) * d_model);
        return (x) => ET.linear(W, b, x);
      };
      this.project_query = project(0);
      this.project_key = project(1);
      this.project_value = project(2);
      this.out_proj = ET.linear_layer(weights, `${name}.out_proj`);
    }

    // The query of one token, keys and values of those it may attend to.
    forward(query, keys, values, breaks) {
      const d_head = query.length / this.n_heads;
      const concat = new Float32Array(query.length);
      const weights = [];
      for (let head = 0; head < this.n_heads; head++) {
        const from = head * d_head, to = from + d_head;
        const read = ET.scaled_dot_product_attention(
          query, keys, values, breaks, from, to,
        );
        weights.push(read.weights);
        if (!ET.is_removed(this.name, head, breaks)) concat.set(read.context, from);
      }
      return {output: this.out_proj(concat), weights};
    }
  }

  // Attention and a feed-forward network, each with its residual line, pre-norm.
  ET.Layer = class {
    constructor(weights, name, n_heads, activation) {
      const norm = (i) => ET.layer_norm(weights, `${name}.norm${i}`);
      const attention = (kind) =>
        new MultiHeadAttention(weights, `${name}.${kind}`, n_heads);
      this.self_attention = attention("self_attention");
      [this.norm1, this.norm2] = [norm(1), norm(2)];
      if (`${name}.norm3.weight` in weights) {
        this.cross_attention = attention("cross_attention");
        this.norm3 = norm(3);
      }
      const widen = ET.linear_layer(weights, `${name}.feed_forward.0`);
      const narrow = ET.linear_layer(weights, `${name}.feed_forward.2`);
      this.feed_forward = (x) => narrow(widen(x).map(activation));
    }

    get attentions() {
      return [this.self_attention, this.cross_attention].filter(Boolean);
    }

    // What the self-attention of this layer makes of a token: query, key and value.
    project(x) {
      const y = this.norm1(x), own = this.self_attention;
      return [own.project_query(y), own.project_key(y), own.project_value(y)];
    }

    // Keys and values of the encoder's memory: computed once for a sentence.
    project_memory(memory) {
      const {project_key, project_value} = this.cross_attention;
      return {keys: memory.map(project_key), values: memory.map(project_value)};
    }

    // x of one token -> its x after this layer, and the weights by attention's name.
    forward(x, query, {keys, values}, memory, breaks) {
      const own = this.self_attention.forward(query, keys, values, breaks);
      const attention_weights = {[this.self_attention.name]: own.weights};
      x = ET.plus(x, own.output);
      if (!this.cross_attention) {
        return {x: ET.plus(x, this.feed_forward(this.norm2(x))), attention_weights};
      }
      const cross = this.cross_attention;
      const asked = cross.project_query(this.norm2(x));
      const read = cross.forward(asked, memory.keys, memory.values, breaks);
      attention_weights[cross.name] = read.weights;
      x = ET.plus(x, read.output);
      return {x: ET.plus(x, this.feed_forward(this.norm3(x))), attention_weights};
    }
  };

  // All layers of that name: "encoder.layers", "decoder.layers", "blocks".
  ET.make_layers = (weights, name, n_heads, activation) => {
    const layers = [];
    const next = () => `${name}.${layers.length}`;
    while (`${next()}.norm1.weight` in weights) {
      layers.push(new ET.Layer(weights, next(), n_heads, activation));
    }
    return layers;
  };

  // All tokens, each of which attends to all: encoder, or a decoder without its mask.
  // -> their x, and [token]'s weights
  ET.forward_all = (layers, rows, memory, breaks) => {
    const attention_weights = rows.map(() => ({}));
    layers.forEach((layer, n) => {
      const projected = rows.map((x) => layer.project(x));
      const keys = projected.map(([, key]) => key);
      const values = projected.map(([, , value]) => value);
      rows = rows.map((x, i) => {
        const [query] = projected[i];
        const read = layer.forward(x, query, {keys, values}, memory?.[n], breaks);
        Object.assign(attention_weights[i], read.attention_weights);
        return read.x;
      });
    });
    return {rows, attention_weights};
  };

  // The newest token alone: keys and values of the earlier ones come from the kv_cache,
  // which is never changed but replaced, so that a step can be taken back.
  ET.forward_cached = (layers, x, kv_cache, memory, breaks) => {
    const attention_weights = {};
    const extended = layers.map((layer, n) => {
      const [query, key, value] = layer.project(x);
      const old = kv_cache?.[n] ?? {keys: [], values: []};
      const cache = {keys: [...old.keys, key], values: [...old.values, value]};
      const read = layer.forward(x, query, cache, memory?.[n], breaks);
      Object.assign(attention_weights, read.attention_weights);
      x = read.x;
      return cache;
    });
    return {x, kv_cache: extended, attention_weights};
  };

  // see_future: each token written attends to those after it too. So the vectors of
  // earlier ones change with every new one: nothing can be kept, all is done again.
  ET.forward_without_mask = (layers, embedded, memory, breaks) => {
    const read = ET.forward_all(layers, embedded, memory, breaks);
    return {x: read.rows.at(-1), attention_weights: read.attention_weights.at(-1)};
  };

  // Sines and cosines of a position, slower from pair to pair.
  ET.sinusoids = (position, d_model) =>
    Float32Array.from({length: d_model}, (_, i) => {
      const angle = position * 10000 ** (-(i - (i % 2)) / d_model);
      return i % 2 ? Math.cos(angle) : Math.sin(angle);
    });

  const embedding = (table) => (id, position, breaks) => {
    const x = ET.row(table, id).map((value) => value * Math.sqrt(table.shape[1]));
    return breaks.drop_positions ? x : ET.plus(x, ET.sinusoids(position, x.length));
  };

  const relu = (x) => Math.max(0, x);

  ET.Transformer = class {
    static switches = [
      "cut_context", "no_scale", "padding_in", "see_future", "drop_positions",
      "remove_head", "uniform_attention",
    ];

    constructor(weights, n_heads = 4) {
      const table = (side) => weights[`${side}.embedding.token_embedding.weight`];
      this.embed_source = embedding(table("encoder"));
      this.embed = embedding(table("decoder"));
      const make = (side) => ET.make_layers(weights, `${side}.layers`, n_heads, relu);
      [this.encoder_layers, this.layers] = [make("encoder"), make("decoder")];
      this.encoder_norm = ET.layer_norm(weights, "encoder.norm");
      this.norm = ET.layer_norm(weights, "decoder.norm");
      this.lm_head = ET.linear_layer(weights, "decoder.lm_head");
      const attentions = [...this.encoder_layers, ...this.layers]
        .flatMap((layer) => layer.attentions);
      this.heads = attentions.map(({name}) => ({name, n_heads}));
    }

    // Source ids -> memory, one vector a token; attention_weights[name][head][query].
    encode(src, breaks) {
      const x = src.map((id, i) => this.embed_source(id, i, breaks));
      const read = ET.forward_all(this.encoder_layers, x, null, breaks);
      const memory = read.rows.map(this.encoder_norm);
      const attention_weights = {};
      for (const {self_attention: {name, n_heads}} of this.encoder_layers) {
        attention_weights[name] = Array.from({length: n_heads}, (_, head) =>
          read.attention_weights.map((of_query) => of_query[name][head]));
      }
      return {memory, attention_weights};
    }

    // One word, and what is kept of the words before it -> logits of the next word.
    decode(id, encoder_outputs, state, breaks) {
      const memory = state?.memory ??
        this.layers.map((layer) => layer.project_memory(encoder_outputs.memory));
      const embedded = [...state?.embedded ?? []];
      embedded.push(this.embed(id, embedded.length, breaks));
      const read = breaks.see_future
        ? ET.forward_without_mask(this.layers, embedded, memory, breaks)
        : ET.forward_cached(
          this.layers, embedded.at(-1), state?.kv_cache, memory, breaks,
        );
      const {x, kv_cache, attention_weights} = read;
      const logits = this.lm_head(this.norm(x));
      return {logits, state: {memory, embedded, kv_cache}, attention_weights};
    }
  };
});
