"""The book's own static files."""

from explore_site.paths import BOOK


def _use_own_files(app, config):
    config.html_static_path = [*config.html_static_path, str(BOOK / "static")]


def setup(app):
    """Register the style sheets and the scripts."""
    app.connect("config-inited", _use_own_files)
    app.add_css_file("icons.css", priority=900)
    app.add_css_file("site.css", priority=900)
    app.add_js_file("site.js", loading_method="defer")
    if app.config.language == "ko":
        app.add_js_file("korean.js", loading_method="defer")
