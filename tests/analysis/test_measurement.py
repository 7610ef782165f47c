"""Seconds, words a second, bytes."""

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_bilstm_crf.analysis import compare_cost as measurement
from spacy_bilstm_crf.analysis.compare_cost import (
    copy_tokens,
    get_size,
    measure_loading,
    measure_speed,
)


class Clock:
    def __init__(self, step):
        self.time, self.step = 0.0, step

    def __call__(self):
        self.time += self.step
        return self.time


def test_speed_is_words_by_seconds(monkeypatch):
    seen = []

    @Language.component("remember_docs")
    def remember(doc):
        seen.append(doc)
        return doc

    nlp = spacy.blank("en")
    nlp.add_pipe("remember_docs")
    docs = [
        Doc(nlp.vocab, words=["Joe", "\n", "left"]),
        Doc(nlp.vocab, words=["New-York"], spaces=[False]),
    ]
    monkeypatch.setattr(measurement, "perf_counter", Clock(0.5))
    assert measure_speed(nlp, docs) == 3 / 0.5
    assert [[token.text for token in doc] for doc in seen] == [
        ["Joe", "\n", "left"],
        ["New-York"],
    ]
    assert not any(a is b for a, b in zip(seen, docs, strict=True))


def test_tokens_are_copied_without_annotation():
    nlp = spacy.blank("en")
    doc = Doc(nlp.vocab, words=["Joe", "left"], ents=["B-per", "O"])
    copied = copy_tokens(nlp, doc)
    assert copied.text == doc.text
    assert not copied.has_annotation("ENT_IOB")


def test_loading_time(monkeypatch):
    monkeypatch.setattr(measurement, "perf_counter", Clock(2.0))
    nlp, seconds = measure_loading(lambda: spacy.blank("en"))
    assert (nlp.lang, seconds) == ("en", 2.0)


def test_size_of_a_folder(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "a" / "b" / "two").write_bytes(b"123")
    assert get_size(tmp_path) == 8
