"""Colours for displaCy pages, found through the entry point `spacy_displacy_colors`.

Light enough for black text, and told apart by colour-blind readers. Labels that
displaCy colours itself (GPE, ORG, and PERSON for PER) keep its colours, so that
installing this package changes no other pipeline's pages.
"""

COLORS = {
    "ART": "#f0d0ff",
    "EVE": "#ffeb80",
    "GEO": "#9cc9cc",
    "GPE": "#feca74",
    "NAT": "#c8e6a0",
    "ORG": "#7aecec",
    "PER": "#aa9cfc",
    "TIM": "#bfe1d9",
}
