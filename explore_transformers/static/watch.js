(() => {
  // Without this script some steps are folds; with it, one table goes through all.
  const start = (figure) => {
    const data = JSON.parse(figure.querySelector('.et-data').dataset.learned);
    const folds = [...figure.querySelectorAll('details')];
    const [output, table] = folds[0].querySelectorAll('p, .et-scroll');
    folds[0].replaceWith(output, table);
    folds.slice(1).forEach((fold) => fold.remove());
    output.classList.add('et-output');
    output.setAttribute('aria-live', 'polite');
    const cells = [...table.querySelectorAll('tbody td')];
    const readout = figure.querySelector('.et-readout');
    const show = (i) => {
      [...data.weights[i]].forEach((sign, j) => {
        const share = sign.charCodeAt(0) - 256;
        cells[j].textContent = share;
        cells[j].style.background = `rgba(213,94,0,${(0.6 * share) / 100})`;
      });
      output.textContent = `→ ${data.outputs[i]}`;
      table.setAttribute('aria-label', data.names[i]);
      readout.textContent = `${data.names[i]} (${i + 1}/${data.names.length})`;
    };
    // The end of training first: what came before is a step back.
    startStepper(figure, data.names, show, data.names.length - 1);
  };

  document.querySelectorAll('.et-watch:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
