"""The page that Streamlit runs: type a text, see its entities, filter them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from spacy_streamlit import load_model, visualize_ner

from spacy_bilstm_crf.analysis.text import TEMPLATE, Mark, get_marks, to_spans
from spacy_bilstm_crf.cli.loading import FACTORY
from spacy_bilstm_crf.cli.predicting import run_scored
from spacy_bilstm_crf.cli.texts import SAMPLES

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from spacy_bilstm_crf.pipeline.entities import Analysis


def main(model: str) -> None:
    title = f"Entities by {Path(model).name}"
    st.set_page_config(page_title=title)
    st.title(title)
    nlp = load_model(model)
    if nlp.meta.get("notes"):
        st.warning(nlp.meta["notes"])
    text = st.text_area("Text", "\n".join(SAMPLES[-1:]), height=150)
    # filled when it is known which analyses to compute in the same run
    entities = st.container()
    doc = None
    for name in nlp.pipe_names:
        if nlp.get_pipe_meta(name).factory == FACTORY:
            doc = show_analyses(nlp, name, text) or doc
    with entities:
        show_entities(nlp, nlp(text) if doc is None else doc)


def show_entities(nlp: "Language", doc: "Doc") -> None:
    """The text with its entities, filtered by confidence."""
    marks = get_marks(doc)
    least = 0.0
    if any(mark.confidence is not None for mark in marks):
        least = st.slider("Confidence at least", 0.0, 1.0, 0.0, 0.01)
    show_marks(doc, [m for m in marks if is_sure(m, least)], labels=get_labels(nlp))


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


def show_analyses(nlp: "Language", name: str, text: str) -> "Doc | None":
    """Other analyses of the text, on request; the doc, if the pipeline ran for them."""
    with st.expander("Other analyses"):
        k = int(st.number_input("How many", 1, 20, 5))
        if not st.toggle("Show them"):
            return None
        (doc,), (found,) = run_scored(
            nlp, name, [nlp.make_doc(text)], lambda scores: scores.k_best(k)
        )
        st.dataframe([to_row(doc, analysis) for analysis in found], hide_index=True)
    return doc


def to_row(doc: "Doc", analysis: "Analysis") -> dict[str, object]:
    entities, probability = analysis
    texts = [f"{doc[start:end].text} ({label})" for start, end, label in entities]
    return {"probability": probability, "entities": texts}


main(sys.argv[1])
