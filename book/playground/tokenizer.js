// Lesson 1's vocabulary of whole words, and lesson 7's subwords (byte-pair encoding).
"use strict";

ET.add((ET) => {
  ET.SPECIALS = ["<pad>", "<s>", "</s>", "<unk>"];
  [ET.PAD, ET.BOS, ET.EOS, ET.UNK] = [0, 1, 2, 3];

  const number = (words) => new Map(words.map((word, i) => [word, i]));

  ET.Vocabulary = class {
    constructor(words) {
      Object.assign(this, {words, ids: number(words)});
    }

    // A special's name, typed, is a word like any other: an unknown one.
    has(word) {
      return (this.ids.get(word) ?? ET.UNK) > ET.UNK;
    }

    encode(sentence) {
      return sentence.map((word) => this.ids.get(word) ?? ET.UNK);
    }

    // Words up to EOS, without PAD and BOS.
    decode(ids) {
      const end = ids.indexOf(ET.EOS);
      return ids.slice(0, end < 0 ? ids.length : end)
        .filter((id) => id !== ET.PAD && id !== ET.BOS).map((id) => this.words[id]);
    }
  };

  const MARK = "▁"; // stands before the first letter of every word
  // What Python's str.split() takes for a space; JavaScript's \s differs a little.
  const SPACES =
    /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

  // The pieces of a word, with each such pair, from the left, made one piece.
  ET.merge = (pieces, [a, b]) => {
    const merged = [];
    for (let i = 0; i < pieces.length; i++) {
      const here = pieces[i] === a && pieces[i + 1] === b;
      merged.push(here ? a + b : pieces[i]);
      if (here) i++;
    }
    return merged;
  };

  ET.Subwords = class {
    constructor(characters, merges) {
      const made = new Set([...characters, ...merges.map((pair) => pair.join(""))]);
      this.words = [...ET.SPECIALS, ...made];
      this.ids = number(this.words);
      // No piece holds a space, so that a space can stand between the two of a pair.
      this.rank = number(merges.map((pair) => pair.join(" ")));
      this.known = new Map(); // words met before, as ids
    }

    // The pair of neighbours that was learnt earliest: {pair, rank}, or null.
    first_pair(pieces) {
      let first = null;
      for (let i = 0; i + 1 < pieces.length; i++) {
        const rank = this.rank.get(`${pieces[i]} ${pieces[i + 1]}`);
        if (rank === undefined || (first && rank >= first.rank)) continue;
        first = {pair: [pieces[i], pieces[i + 1]], rank};
      }
      return first;
    }

    // Merge by merge: {pieces, pair, rank}, first the single characters (pair: null).
    * merges(word) {
      let pieces = [...MARK + word];
      yield {pieces, pair: null, rank: null};
      for (let first; (first = this.first_pair(pieces));) {
        pieces = ET.merge(pieces, first.pair);
        yield {pieces, ...first};
      }
    }

    split(word) {
      let pieces;
      for (const step of this.merges(word)) ({pieces} = step);
      return pieces;
    }

    words_of(text) {
      return text.split(SPACES).filter((word) => word !== "");
    }

    // Ids; a character never met becomes UNK.
    encode(text) {
      return this.words_of(text).flatMap((word) => {
        if (!this.known.has(word)) {
          this.known.set(word, this.split(word).map((p) => this.ids.get(p) ?? ET.UNK));
        }
        return this.known.get(word);
      });
    }

    // The text, without PAD, BOS and EOS.
    decode(ids) {
      const kept = ids.filter((id) => ![ET.PAD, ET.BOS, ET.EOS].includes(id));
      const text = kept.map((id) => this.words[id]).join("");
      return text.replaceAll(MARK, " ").trim();
    }
  };
});
