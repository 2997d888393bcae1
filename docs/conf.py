"""How the pages of this folder become a site: `./run docs`, then open `build/docs/index.html`."""

from importlib.metadata import version as version_of

project = "iop-outcomes"
author = "The iop-outcomes developers"
project_copyright = author
release = version_of("iop-outcomes")
# Neither clock nor commit, so that two builds of the same pages are the same.
html_last_updated_fmt = None

extensions = ["myst_parser"]
exclude_patterns = ["operating/**"]
# Pages link to headings as they do where they are read beside the code.
myst_heading_anchors = 4

html_theme = "furo"
html_title = "iop-outcomes"
html_copy_source = False
html_show_sphinx = False
# The search needs no server and no network: its index is a script beside the pages.
html_search_language = "en"
