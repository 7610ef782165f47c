"""Colours for displaCy pages, found through the entry point `spacy_displacy_colors`.

Light enough for black text, and of different lightness or hue. Labels that displaCy
colours itself (GPE, ORG, and PERSON for PER) keep its colours, so that
installing this package changes no other pipeline's pages.
"""

COLORS = {
    "ART": "#f5d0fe",
    "EVE": "#fff27a",
    "GEO": "#ffb1b8",
    "GPE": "#feca74",
    "NAT": "#b7e4a0",
    "ORG": "#7aecec",
    "PER": "#aa9cfc",
    "TIM": "#d5d8dc",
}
