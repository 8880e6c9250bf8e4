(() => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const line = (role, title, chips) => make(
    'div', { className: 'et-line', role, ariaLabel: title },
    make('span', { className: 'et-name' }, title), ...chips);
  const chip = (kind, ...words) => make(kind, { className: 'et-chip' }, ...words);
  const numbered = (n) => Array.from({ length: n }, (_, i) => `${i + 1}`);
  const shade = (element, share) =>
    element.style.setProperty('--share', (parseInt(share) || 0) / 100);

  // Native radio buttons: one Tab stop a line, arrow keys within it.
  const radios = (title, names, choose) => {
    const name = `et-${Math.random()}`; // of this line alone, whatever the page holds
    return line('radiogroup', title, names.map((word, i) => make(
      'label', {},
      make('input', { type: 'radio', name, checked: !i, onchange: () => choose(i) }),
      chip('span', word))));
  };
  const light = (group, i) => group.querySelectorAll('label').forEach((label, j) =>
    label.classList.toggle('et-on', i === j));

  const strongest = (shares, columns) =>
    shares.map((share, i) => [parseInt(share), columns[i]])
      .filter(([share]) => share >= 0) // a dash is no number
      .sort(([a], [b]) => b - a).slice(0, 3)
      .map(([share, word]) => `${word} ${share}%`).join(', ');

  // Without this script each head is a fold with a table; here the tables are the data.
  const start = (figure) => {
    const [controls, readout] = ['.et-controls', '.et-readout'].map(
      (part) => figure.querySelector(part));
    const said = controls.dataset;
    const folds = [...figure.querySelectorAll('details')];
    const heads = folds.map((fold) => [...fold.querySelector('table').tBodies[0].rows].map(
      (row) => [...row.cells].slice(1).map((cell) => cell.textContent)));
    const table = figure.querySelector('table');
    const rows = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
    const columns = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const at = { layer: 0, head: 0, row: 0 };

    const show = (row) => {
      const panel = at.layer * said.heads + at.head;
      const shares = heads[panel][row];
      const { open } = folds.find((fold) => !fold.hidden);
      folds.forEach((fold, i) => Object.assign(fold, { open, hidden: i !== panel }));
      [[layer, at.layer], [head, at.head], [words, row]].forEach((pair) => light(...pair));
      seen.forEach((word, i) => {
        shade(word, shares[i]);
        word.lastChild.textContent = shares[i] + (shares[i] === '–' ? '' : '%');
      });
      readout.textContent = `${rows[row]} → ${strongest(shares, columns)}`;
    };
    const choose = (part) => (i) => { at[part] = i; show(at.row); };

    const layer = radios(said.layer, numbered(said.layers), choose('layer'));
    const head = radios(said.head, numbered(said.heads), choose('head'));
    const words = radios(said.row, rows, choose('row'));
    const seen = columns.map((word) => chip('div', word, ' ', make('small', {})));
    const target = line('group', said.column, seen);
    [words, target].forEach((group) => group.classList.add('et-words'));
    layer.hidden = said.layers === '1';
    head.hidden = said.heads === '1';
    controls.append(layer, head, words, target);

    // The pointer shows a word for as long as it is there; a click chooses it.
    words.querySelectorAll('label').forEach((label, i) =>
      label.addEventListener('pointerenter', () => show(i)));
    words.addEventListener('pointerleave', () => show(at.row));
    // JupyterLab would take these keys from the radio buttons.
    controls.addEventListener('keydown', (event) => {
      if (/^(Arrow| $)/.test(event.key)) event.stopPropagation();
    });
    figure.querySelectorAll('tbody td').forEach((cell) => shade(cell, cell.textContent));
    folds[0].open = false;
    show(0);
    readout.textContent = readout.dataset.hint;
  };

  document.querySelectorAll('.et-attention:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
