"""Sphinx: chapters in Markdown, one a room."""

from importlib.metadata import version as installed

project = "commissure"
author = "The commissure team"
version = release = installed("commissure")
copyright = "the commissure team, Apache-2.0"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "commissure"
html_static_path = ["_static"]
html_css_files = ["look.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "commissure", "image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
