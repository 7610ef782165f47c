"""The page that Streamlit runs: type a text, see its entities, filter them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from spacy_streamlit import load_model, visualize_ner

from spacy_bilstm_crf.analysis.text import TEMPLATE, Mark, get_marks, to_spans
from spacy_bilstm_crf.cli.loading import FACTORY
from spacy_bilstm_crf.cli.texts import SAMPLES

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


def main(model: str) -> None:
    title = f"Entities by {Path(model).name}"
    st.set_page_config(page_title=title)
    st.title(title)
    nlp = load_model(model)
    if nlp.meta.get("notes"):
        st.warning(nlp.meta["notes"])
    text = st.text_area("Text", "\n".join(SAMPLES[-1:]), height=150)
    doc = nlp(text)
    marks = get_marks(doc)
    least = 0.0
    if any(mark.confidence is not None for mark in marks):
        least = st.slider("Confidence at least", 0.0, 1.0, 0.0, 0.01)
    show_marks(doc, [m for m in marks if is_sure(m, least)], labels=get_labels(nlp))
    for name in nlp.pipe_names:
        if nlp.get_pipe_meta(name).factory == FACTORY:
            show_analyses(nlp, name, text)


def is_sure(mark: Mark, least: float) -> bool:
    return mark.confidence is None or mark.confidence >= least


def get_labels(nlp: "Language") -> list[str]:
    """The labels of all components that set entities."""
    names = [n for n in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(n).assigns]
    return sorted({label for name in names for label in nlp.pipe_labels.get(name, [])})


def show_marks(doc: "Doc", marks: list[Mark], *, labels: list[str]) -> None:
    """The text with its entities, and a table of them."""
    visualize_ner(
        [{"text": doc.text, "ents": to_spans(marks)}],
        labels=labels,
        title=None,
        manual=True,
        show_table=False,
        displacy_options={"template": TEMPLATE},
    )
    rows = [
        {
            "entity": doc.text[mark.start : mark.end],
            "label": mark.label,
            "confidence": mark.confidence,
        }
        for mark in marks
    ]
    if rows:
        st.dataframe(rows, hide_index=True)


def show_analyses(nlp: "Language", name: str, text: str) -> None:
    """Other analyses of the text, on request."""
    with st.expander("Other analyses"):
        number = st.number_input("How many", 1, 20, 5)
        if st.toggle("Show them"):
            doc = nlp(text, disable=[name])
            found: list[Any] = nlp.get_pipe(name).k_best(doc, k=int(number))
            st.dataframe(
                [
                    {
                        "probability": probability,
                        "entities": [
                            f"{doc[start:end].text} ({label})"
                            for start, end, label in entities
                        ],
                    }
                    for entities, probability in found
                ],
                hide_index=True,
            )


main(sys.argv[1])
