// A sentence of one's own: known words are found in what is typed, unknown ones named.
"use strict";

(() => {
  const known = Object.keys(SENTENCES.glosses);
  const is_known = (word) => Object.hasOwn(SENTENCES.glosses, word);

  const ATTACHED = new Set(SENTENCES.attached);

  // "사과를" -> ["사과", "를"], in the fewest known words; null where there are none.
  const split = (word) => {
    const best = [[]];
    for (let end = 1; end <= word.length; end++) {
      for (let start = 0; start < end; start++) {
        if (!best[start] || !is_known(word.slice(start, end))) continue;
        const pieces = [...best[start], word.slice(start, end)];
        if (!best[end] || pieces.length < best[end].length) best[end] = pieces;
      }
    }
    return best[word.length] ?? null;
  };

  // Jamo that are easily taken for one another, by syllables that differ in one.
  const GROUPS = "가까카 다따타 바빠파 자짜차 사싸 애에얘예 와왜외 워웨위 어여 아야 오요 우유 "
    + "으의이 여요 악앆앜 앗았 앗앋앝 압앞 안않";
  const alike = new Set(GROUPS.split(" ").flatMap((group) => {
    const all = [...group].map((syllable) => syllable.normalize("NFD"));
    return all.flatMap((a) => all.map((b) => {
      const at = [...a].findIndex((jamo, i) => jamo !== b[i]);
      return `${a[at]}${b[at]}`;
    }));
  }));

  // Edits from one word to another, counted in jamo: 사괴 is one away from 사과. Jamo of
  // another sound count twice, since they are seldom a slip: 여자 is not 의자.
  const distance = (a, b) => {
    [a, b] = [a.normalize("NFD"), b.normalize("NFD")];
    let row = [...Array(b.length + 1).keys()];
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const [x, y] = [a[i - 1], b[j - 1]];
        const swap = row[j - 1] + (x === y ? 0 : alike.has(x + y) ? 1 : 2);
        next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
      }
      row = next;
    }
    return row.at(-1);
  };

  // What a part of a sentence may end in: a particle, in the form that fits.
  const PAIRS = ["은/는", "이/가", "을/를", "과/와"];
  const particles = [...PAIRS.flatMap((pair) => pair.split("/")), "에서", "에", "마다", ""];
  Page.with_particle = (word, particle) => {
    const pair = PAIRS.find((forms) => forms.split("/").includes(particle)) ?? particle;
    const [consonant, vowel = consonant] = pair.split("/");
    return word + Page.particle(word, consonant, vowel);
  };

  // Words that a reader may have meant, as they are written: nouns have a particle.
  const written = (...kinds) => kinds.flatMap((kind) =>
    SENTENCES.known[kind].map(([word]) => word));
  const places = written("places").map((place) => place.replace(/에서$/u, ""));
  const nouns = [...written("people", "things"), ...places];
  const others = ["places", "times", "adjectives", "adverbs", "past", "present",
    "future"];
  const meant = [...nouns, ...written(...others)];
  const verbs = [...written("past", "present"), "것이다"];

  // So many jamo may be wrong: in a short word each makes it another word.
  const bearable = (word) => {
    const n = word.normalize("NFD").length;
    return word.length < 2 || n < 4 ? 0 : n < 8 ? 1 : 2;
  };

  // The words like one that is unknown, its particle kept; none where none is like it.
  const nearest = (word, n = 3) => {
    const found = new Map();
    for (const particle of particles.filter((end) => word.endsWith(end))) {
      const stem = word.slice(0, word.length - particle.length), most = bearable(stem);
      for (const other of !most ? [] : particle ? nouns : meant) {
        const far = distance(stem, other), whole = Page.with_particle(other, particle);
        if (far <= most && far < (found.get(whole) ?? Infinity)) found.set(whole, far);
      }
    }
    return [...found].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, n).map(([whole]) => whole);
  };

  // Polite endings, which the models don't know, and plain ones instead, in jamo:
  // 먹었습니다 -> 먹었다, 마십니다 -> 마신다.
  const POLITE = [["습니다", "다"], ["어요", "다"], ["습니다", "는다"], ["ᆸ니다", "ᆫ다"],
    ["ᆸ니다", "다"], ["겁니다", "것이다"], ["것입니다", "것이다"]]
    .map((pair) => pair.map((ending) => ending.normalize("NFD")));
  const plain = (word) => {
    const typed = word.normalize("NFD");
    const forms = POLITE.filter(([polite]) => typed.endsWith(polite))
      .map(([polite, ending]) => typed.slice(0, -polite.length) + ending);
    return forms.map((form) => form.normalize("NFC"))
      .filter((form) => verbs.includes(form));
  };

  // A particle in the form that doesn't go with its word, and the one that does.
  const slip = (pieces) => pieces.slice(1).flatMap((particle, i) => {
    const right = Page.with_particle(pieces[i], particle);
    return right === pieces[i] + particle ? [] : [[pieces[i] + particle, right]];
  });

  // How long the sentences of each group are: [[least, most]], in tokens.
  Page.lengths = SENTENCES.bins.map((_, bin) => {
    const all = SENTENCES.pairs.filter((_, i) => i % SENTENCES.bins.length === bin)
      .map(([source]) => source.split(" ").length);
    return [Math.min(...all), Math.max(...all)];
  });

  // -> {words, slips}, or {unknown: [[word, nearest]]}, or {problem}: "empty" or "long"
  Page.compose = (typed) => {
    const text = typed.normalize("NFC").replace(/[.,!?]/g, " . ");
    const parts = text.split(/\s+/u).filter(Boolean);
    const words = [], slips = [], unknown = new Set();
    for (const part of parts) {
      const pieces = part.length > 20 ? null : split(part);
      if (pieces) {
        words.push(...pieces);
        slips.push(...slip(pieces));
      } else unknown.add(part.slice(0, 20));
    }
    if (unknown.size) {
      return {unknown: [...unknown].map((word) =>
        [word, [...plain(word), ...nearest(word)].slice(0, 3)])};
    }
    while (words.at(-1) === ".") words.pop();
    if (!words.length) return {problem: "empty"};
    return words.length > 45 ? {problem: "long"} : {words: [...words, "."], slips};
  };

  // [[sentence, gloss]]: what is typed with its last word completed.
  Page.completions = (typed, n = 12) => {
    const [, before, last] = typed.normalize("NFC").match(/^(.*?)(\S*)$/su);
    return known.filter((word) => last && word !== last && word.startsWith(last))
      .slice(0, n).map((word) => [before + word, SENTENCES.glosses[word]]);
  };

  // Words as Korean is written: particles and endings stand at the word before them.
  Page.as_written = (words) => words.reduce((text, word) =>
    text + (ATTACHED.has(word) || !text ? "" : " ") + word, "");

  // Which words stand in the reference in the same order, the longest such row of them.
  Page.compare = (words, reference) => {
    const table = Array.from({length: words.length + 1}, () =>
      Array(reference.length + 1).fill(0));
    for (let i = words.length - 1; i >= 0; i--) {
      for (let j = reference.length - 1; j >= 0; j--) {
        table[i][j] = words[i] === reference[j]
          ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
      }
    }
    const right = Array(words.length).fill(false), missing = [];
    let i = 0, j = 0;
    while (i < words.length || j < reference.length) {
      if (words[i] === reference[j]) [right[i++], j] = [true, j + 1];
      else if (i < words.length && (j === reference.length
        || table[i + 1][j] >= table[i][j + 1])) i++;
      else missing.push(reference[j++]);
    }
    return {right, missing};
  };
})();
