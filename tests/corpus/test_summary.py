"""`corpus.json`: what is written about a conversion."""

import json

from spacy_bilstm_crf.corpus import (
    DecodedText,
    DuplicateReport,
    FoundScheme,
    ReadColumns,
    ReadCorpus,
    ReadFile,
    ReadReport,
    Sentence,
    Source,
    SplitCorpus,
    SplitOptions,
    summarize,
)
from spacy_bilstm_crf.corpus.files import FileFacts

JOE = Sentence(("Joe", "Biden"), ("NNP", "NNP"), ("B-per", "I-per"))
ROME = Sentence(("In", "Rome"), ("IN", "NNP"), ("O", "B-geo"))


def summarize_corpus(**changes):
    arguments = {
        "source": Source("/a/b.csv", b"", FileFacts("b.csv", 3, "md5"), None),
        "decoded": DecodedText("", "utf-8", 2),
        "corpus": ReadCorpus("tokens", [JOE, ROME], ReadReport(9, 2, empty_words=5)),
        "split": SplitCorpus(
            {"train": [JOE, ROME], "dev": [JOE], "test": []}, DuplicateReport(1, 0, 1)
        ),
        "options": SplitOptions(dev=0.3),
        "sample": False,
    }
    arguments.update(changes)
    reading = ReadFile(*(arguments.pop(k) for k in ("source", "decoded", "corpus")))
    return summarize(reading, arguments.pop("split"), **arguments)


def test_summary():
    summary = summarize_corpus()
    assert summary["sample"] is False
    assert summarize_corpus(sample=True)["sample"] is True
    file = {"name": "b.csv", "bytes": 3, "md5": "md5", "member": None}
    assert summary["source"] == file
    assert (summary["form"], summary["encoding"]) == ("tokens", "utf-8")
    assert (summary["rows"], summary["sentences"]) == (9, 2)
    assert summary["repairs"]["empty_words"] == 5
    assert summary["repairs"]["restored_characters"] == 2
    assert summary["duplicates"]["dropped"] == 1
    assert summary["split"]["dev"] == 0.3
    assert summary["splits"]["train"] == {
        "sentences": 2,
        "tokens": 4,
        "entities": 2,
        "labels": {"geo": 1, "per": 1},
    }
    assert summary["splits"]["test"]["entities"] == 0
    assert summary["total"]["sentences"] == 3
    assert summary["labels"] == ["geo", "per"]
    assert summary["ner_tags"] == {"B-geo": 1, "B-per": 2, "I-per": 2, "O": 1}
    assert summary["pos_tags"] == {"IN": 1, "NNP": 5}


def test_summary_is_json_and_names_no_folder():
    text = json.dumps(summarize_corpus())
    assert json.loads(text) == summarize_corpus()
    assert "/a/" not in text


def test_member_of_a_zip():
    facts = FileFacts("b.zip", 3, "md5"), FileFacts("b.csv", 9, "other")
    summary = summarize_corpus(source=Source("b.zip:b.csv", b"", *facts))
    assert summary["source"]["name"] == "b.zip"
    assert summary["source"]["member"] == {"name": "b.csv", "bytes": 9, "md5": "other"}


def test_columns():
    assert summarize_corpus()["columns"] is None
    columns = ReadColumns(0, 3, 1, FoundScheme("iob1", False, {"iob1": 0, "iob2": 4}))
    corpus = ReadCorpus("columns", [JOE], ReadReport(2, 1), columns)
    assert summarize_corpus(corpus=corpus)["columns"] == {
        "token": 0,
        "tag": 3,
        "pos": 1,
        "scheme": {"name": "iob1", "told": False, "misfits": {"iob1": 0, "iob2": 4}},
    }


def test_given_files():
    file = Source("/a/dev.tsv", b"", FileFacts("dev.tsv", 5, "its"), None)
    corpus = ReadCorpus("tokens", [JOE], ReadReport(2, 1, comment_lines=3))
    reading = ReadFile(file, DecodedText("", "utf-16", 0), corpus)
    summary = summarize_corpus(given={"dev": reading}, options=SplitOptions(test=0.2))
    assert list(summary["given"]) == ["dev"]
    assert summary["given"]["dev"]["source"]["md5"] == "its"
    assert summary["given"]["dev"]["encoding"] == "utf-16"
    assert summary["given"]["dev"]["repairs"]["comment_lines"] == 3
    assert summary["source"]["name"] == "b.csv"
    assert (summary["split"]["dev"], summary["split"]["test"]) == (0, 0.2)
