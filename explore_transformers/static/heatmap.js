(() => {
  const moves = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    Home: [0, -1e6], End: [0, 1e6], PageUp: [-1e6, 0], PageDown: [1e6, 0],
  };
  const within = (i, n) => Math.max(0, Math.min(n - 1, i));

  // A table becomes a grid: one cell is in the tab order, arrow keys move from there.
  const start = (figure) => {
    const [scroll, table, readout] = ['.et-scroll', 'table', '.et-readout'].map(
      (part) => figure.querySelector(part));
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
    let here = rows[0][1];

    const show = (r, c) => {
      figure.querySelectorAll('.et-on, .et-here').forEach((cell) =>
        cell.classList.remove('et-on', 'et-here'));
      const cell = rows[r][c];
      [heads[c - 1], rows[r][0]].forEach((head) => head.classList.add('et-on'));
      cell.classList.add('et-here');
      here.tabIndex = -1;
      cell.tabIndex = 0;
      here = cell;
      const names = `${rows[r][0].textContent} → ${heads[c - 1].textContent}`;
      readout.textContent = `${names}: ${cell.textContent}`;
    };
    const move = (event, r, c) => {
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      const [down, right] = moves[event.key];
      event.preventDefault();
      event.stopPropagation();
      rows[within(r + down, rows.length)][1 + within(c - 1 + right, heads.length)].focus();
    };

    ['tabindex', 'role', 'aria-label'].forEach((name) => scroll.removeAttribute(name));
    table.setAttribute('role', 'grid');
    table.setAttribute('aria-label', figure.getAttribute('aria-label'));
    rows.forEach((cells, r) => cells.slice(1).forEach((cell, i) => {
      cell.setAttribute('role', 'gridcell');
      cell.tabIndex = cell === here ? 0 : -1;
      cell.removeAttribute('title');
      cell.addEventListener('focus', () => show(r, i + 1));
      cell.addEventListener('pointerenter', () => show(r, i + 1));
      cell.addEventListener('keydown', (event) => move(event, r, i + 1));
    }));
    readout.textContent = readout.dataset.hint;
  };

  document.querySelectorAll('.et-heatmap:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
