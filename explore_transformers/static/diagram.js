(() => {
  // Until now the drawing is an image: as part of the page it takes the page's theme,
  // its text can be read and chosen, and its links lead somewhere.
  const unpacked = (image) => {
    const source = decodeURIComponent(image.src.slice(image.src.indexOf(',') + 1));
    const drawing = new DOMParser().parseFromString(source, 'image/svg+xml');
    return document.importNode(drawing.documentElement, true);
  };

  // Step 0 is the whole; at step n, what later steps add is pale.
  const start = (figure) => {
    const image = figure.querySelector('img');
    const drawing = unpacked(image);
    image.replaceWith(drawing);
    const list = figure.querySelector('ol');
    const readout = figure.querySelector('.et-readout');
    const said = [...list.children].map((item) => item.textContent);
    const parts = [...drawing.querySelectorAll('[data-step]')];
    list.hidden = true;
    startStepper(figure, [readout.dataset.hint, ...said], (i) => {
      parts.forEach((part) => {
        part.classList.toggle('et-later', i > 0 && part.dataset.step > i);
        part.classList.toggle('et-now', +part.dataset.step === i);
      });
      readout.textContent = i ? `${i}/${said.length} ${said[i - 1]}` : readout.dataset.hint;
    });
  };

  document.querySelectorAll('.et-diagram:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
