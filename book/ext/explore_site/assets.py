"""The book's own static files."""

from explore_site.paths import BOOK


def _use_own_files(app, config):
    config.html_static_path = [*config.html_static_path, str(BOOK / "static")]


def _defer_scripts(app, pagename, templatename, context, doctree):
    """Let a page appear before its scripts have come; they keep their order.

    The options are set by lines in the page itself, and Sphinx's search page has such
    lines for the rest: those stay as they are.
    """
    if pagename == "search":
        return
    context["script_files"] = [
        type(script)(script.filename, **script.attributes | {"defer": "defer"})
        if script.filename and "documentation_options" not in str(script.filename)
        else script
        for script in context["script_files"]
    ]


def setup(app):
    """Register the style sheets and the scripts."""
    app.connect("config-inited", _use_own_files)
    app.connect("html-page-context", _defer_scripts, priority=900)
    app.add_css_file("icons.css", priority=900)
    app.add_css_file("site.css", priority=900)
    app.add_js_file("site.js", loading_method="defer")
    if app.config.language == "ko":
        app.add_js_file("korean.js", loading_method="defer")
