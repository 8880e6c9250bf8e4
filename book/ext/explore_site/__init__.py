"""The book's own Sphinx extension: what Jupyter Book lacks for two editions.

Each module does one thing and has its own `setup`. The Sphinx settings that are the
same in both editions stand here, once; `_config.yml` holds what differs or what a
reader of a Jupyter Book looks for there.
"""

from explore_site import (
    assets,
    catalogues,
    claims_page,
    editions,
    fewer_elements,
    folded_cells,
    formulas,
    highlighting,
    korean_search,
    links,
    particles,
    pictures,
    playground,
    sharing,
    times_page,
)
from explore_site.paths import BOOK
from explore_site.words import words

_MODULES = (
    assets,
    catalogues,
    claims_page,
    editions,
    fewer_elements,
    folded_cells,
    formulas,
    highlighting,
    korean_search,
    links,
    particles,
    pictures,
    playground,
    sharing,
    times_page,
)


def _settings(language):
    """Return the Sphinx settings of the edition in `language`."""
    say = words(language)
    return {
        "include_patterns": editions.sources(language),
        "templates_path": [str(BOOK / "templates")],
        "html_sidebars": {
            "**": ["book-home.html", "search-button-field.html", "book-nav.html"]
        },
        "html_context": {"default_mode": "auto"},
        "html_use_index": False,
        "html_last_updated_fmt": None,
        "bibtex_cite_id": "{key}",
        "copybutton_image_svg": say["copy"],  # its icon: static/icons.css
        "html_math_renderer": "mathml",
        "nb_merge_streams": True,
        "nb_code_prompt_show": say["show_code"],
        "nb_code_prompt_hide": say["hide_code"],
    }


def _theme_options(language):
    say = words(language)
    return {
        "article_header_end": [
            "lesson-links.html",
            "language-switch.html",
            "article-header-buttons.html",
        ],
        "footer_content_items": ["footer-notes.html"],
        "home_page_in_toc": True,
        "launch_buttons": {},  # lesson-links.html has the book's own
        "navbar_persistent": [],  # the theme would show a second search bar
        "repository_url": "",  # the theme refuses a placeholder; see editions.py
        "search_bar_text": say["search_hint"],
        "toc_title": say["on_this_page"],
        "use_download_button": False,  # also in lesson-links.html, with words
        "use_fullscreen_button": False,
    }


def _configure(app, config):
    for name, value in _settings(config.language).items():
        setattr(config, name, value)
    config.html_theme_options.update(_theme_options(config.language))


def setup(app):
    """Connect every part; called by Sphinx."""
    app.connect("config-inited", _configure, priority=100)
    for module in _MODULES:
        module.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
