import warnings

import numpy as np
import pytest
import spacy
from pipelines import get_entities
from spacy import registry
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example
from thinc.api import Config

from spacy_bilstm_crf.corpus.readers import cut_example, make_limited_corpus

NLP = spacy.blank("en")
WORDS = ["Angela", "Merkel", "met", "a", "well-known", "man", "in", "New", "York", "."]


def make_reference(length=10):
    """The corpus's own tokens: raw text has three where it has 'well-known'."""
    spaces = [word != "York" for word in WORDS][:length]
    doc = Doc(NLP.vocab, WORDS[:length], spaces)
    ents = [Span(doc, 0, 2, "per")]
    if length >= 9:
        ents.append(Span(doc, 7, 9, "geo"))
    doc.ents = ents
    return doc


def make_example(length=10):
    reference = make_reference(length)
    return Example(NLP.make_doc(reference.text), reference)


def make_reader(examples, **settings):
    return make_limited_corpus(lambda nlp: iter(examples), **settings)


def read_quietly(reader):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(reader(NLP))


def test_short_examples_pass_as_they_are():
    examples = [make_example(4), make_example(10)]
    reader = make_reader(examples, max_length=10)
    assert list(reader(NLP)) == examples
    assert reader.counts == {"examples": 2}


def test_longer_examples_are_dropped_and_counted_once():
    examples = [make_example(n) for n in (4, 10, 5, 6)]
    reader = make_reader(examples, max_length=5)
    with pytest.warns(UserWarning, match="W402.*4 examples 0 were cut and 2 dropped"):
        read = list(reader(NLP))
    assert read == [examples[0], examples[2]]
    # the second epoch, and an interrupted one, say nothing
    assert list(reader(NLP)) == read
    assert next(iter(reader(NLP))) is examples[0]
    assert reader.counts == {"examples": 4, "dropped": 2}


def test_longer_examples_are_cut_and_counted():
    reader = make_reader(
        [make_example(4), make_example(10)], max_length=6, longer="cut"
    )
    with pytest.warns(UserWarning, match="W402.*1 were cut and 0 dropped"):
        _, cut = reader(NLP)
    assert cut.reference.text.strip() == "Angela Merkel met a well-known man"
    assert cut.predicted.text == cut.reference.text
    assert len(cut.predicted) == 8
    assert get_entities([cut.reference]) == [[("Angela Merkel", "per")]]
    assert cut.get_aligned_ner() == ["B-per", "L-per", *["O"] * 6]


def test_entity_that_the_cut_runs_through_is_missing():
    cut = cut_example(make_example(), 8)
    assert [t.text for t in cut.reference][-1] == "New"
    assert cut.get_aligned_ner()[-2:] == ["O", None]


def test_cut_is_where_both_tokenizations_have_an_end():
    reference = make_reference()
    text = reference.text
    predicted = Doc(
        NLP.vocab,
        words=["Angela Merkel", *text.split()[2:]],
        spaces=[True] * (len(text.split()) - 2) + [False],
    )
    cut = cut_example(Example(predicted, reference), 3)
    assert [t.text for t in cut.predicted] == ["Angela Merkel", "met"]
    assert cut_example(Example(predicted, reference), 1) is None
    reader = make_reader([Example(predicted, reference)], max_length=1, longer="cut")
    assert read_quietly(reader) == []
    assert reader.counts["dropped"] == 1


def test_rejected_spans_and_categories_stay():
    example = make_example()
    reference = example.reference
    reference.spans["rejected"] = [
        Span(reference, 2, 4, "org"),
        Span(reference, 7, 9, "org"),
    ]
    reference.cats = {"news": 1.0}
    cut = cut_example(example, 6).reference
    found = [(s.start, s.end, s.label_) for s in cut.spans["rejected"]]
    assert found == [(2, 4, "org")]
    assert cut.cats == {"news": 1.0}


def test_attributes_of_a_group_stay_with_its_spans():
    example = make_example()
    reference = example.reference
    spans = [
        Span(reference, 7, 9, "geo", span_id="a"),
        Span(reference, 0, 2, "per", kb_id="Q567", span_id="b"),
        Span(reference, 3, 6, "per", span_id="c"),
    ]
    attrs = {
        "scores": [0.5, 0.9, 0.2],
        "array": np.array([[5, 5], [9, 9], [2, 2]]),
        "of_another_length": [1, 2],
        "notes": {"by": ["A", "B", "C"]},
        "source": "hand",
    }
    reference.spans["sc"] = SpanGroup(reference, name="sc", attrs=attrs, spans=spans)
    reference.spans["none"] = SpanGroup(reference, attrs={"scores": []})
    doc = cut_example(example, 6).reference
    found = [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in doc.spans["sc"]]
    assert found == [(0, 2, "per", "Q567", "b"), (3, 6, "per", "", "c")]
    cut = doc.spans["sc"].attrs
    assert cut["scores"] == [0.9, 0.2]
    assert cut["array"].tolist() == [[9, 9], [2, 2]]
    others = ("of_another_length", "notes", "source")
    assert [cut[name] for name in others] == [attrs[name] for name in others]
    assert doc.spans["none"].attrs == {"scores": []}
    # a copy: nothing of the whole doc changes with it
    cut["notes"]["by"].clear()
    assert reference.spans["sc"].attrs["notes"] == {"by": ["A", "B", "C"]}
    assert reference.spans["sc"].attrs["scores"] == [0.5, 0.9, 0.2]


def test_reader_of_a_config(tmp_path):
    path = tmp_path / "train.spacy"
    DocBin(docs=[make_reference(n) for n in (10, 4)]).to_disk(path)
    config = Config().from_str(
        f"""
[corpus]
@readers = "spacy-bilstm-crf.LimitedCorpus.v1"
max_length = 6
longer = "cut"

[corpus.corpus]
@readers = "spacy.Corpus.v1"
path = "{path.as_posix()}"
gold_preproc = true
"""
    )
    reader = registry.resolve(config)["corpus"]
    assert [len(eg.predicted) for eg in read_quietly(reader)] == [6, 4]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"max_length": 0}, "B903.*max_length = 0"),
        ({"max_length": 5, "longer": "split"}, "B437.*'split'"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        make_reader([], **settings)
