"""Pictures of outputs: their size is known before they come, when they are seen."""

import re
from pathlib import Path

import imagesize

_PICTURE = re.compile(r'<img (?=[^>]*src="[^"]*_images/([^"]+)")')


def _size_pictures(app, pagename, templatename, context, doctree):
    sources = {name: source for source, name in app.builder.images.items()}

    def sized(match):
        width, height = imagesize.get(Path(app.srcdir, sources[match[1]]))
        return f'<img loading="lazy" width="{width}" height="{height}" '

    if "body" in context:
        context["body"] = _PICTURE.sub(sized, context["body"])


def setup(app):
    """Size the pictures of every page."""
    app.connect("html-page-context", _size_pictures)
