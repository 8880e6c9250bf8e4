(() => {
  // A map has no steps: as part of the page its drawing takes the page's theme.
  document.querySelectorAll('.et-map:not([data-ready])').forEach((figure) => {
    const image = figure.querySelector('img');
    if (!image) return;
    figure.dataset.ready = '';
    const source = decodeURIComponent(image.src.slice(image.src.indexOf(',') + 1));
    const drawing = new DOMParser().parseFromString(source, 'image/svg+xml');
    image.replaceWith(document.importNode(drawing.documentElement, true));
  });
})();
