"""`corpus.json`: written, read, and told to the meta."""

import hashlib
import json
from pathlib import Path

import pytest
import spacy
from paths import ASSETS
from pipelines import make_pipeline, train_pipeline
from spacy.cli.package import generate_readme
from spacy.schemas import ModelMetaSchema, validate
from spacy.training.loop import create_before_to_disk_callback
from spacy.util import registry

from spacy_bilstm_crf.corpus import (
    DecodedText,
    DuplicateReport,
    FoundScheme,
    ReadColumns,
    ReadCorpus,
    Reading,
    ReadReport,
    Sentence,
    Source,
    SplitCorpus,
    SplitOptions,
    summarize,
)
from spacy_bilstm_crf.corpus.files import FileFacts
from spacy_bilstm_crf.corpus.summary import (
    KNOWN_SOURCES,
    SAMPLE_NOTE,
    make_describe_corpus,
)

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
    reading = Reading(*(arguments.pop(k) for k in ("source", "decoded", "corpus")))
    return summarize(reading, arguments.pop("split"), **arguments)


def test_summary():
    summary = summarize_corpus()
    assert summary["sample"] is False
    assert summary["source"] == {
        "name": "b.csv",
        "bytes": 3,
        "md5": "md5",
        "member": None,
    }
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


def test_sample():
    assert summarize_corpus(sample=True)["sample"] is True


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
    reading = Reading(file, DecodedText("", "utf-16", 0), corpus)
    summary = summarize_corpus(given={"dev": reading}, options=SplitOptions(test=0.2))
    assert list(summary["given"]) == ["dev"]
    assert summary["given"]["dev"]["source"]["md5"] == "its"
    assert summary["given"]["dev"]["encoding"] == "utf-16"
    assert summary["given"]["dev"]["repairs"]["comment_lines"] == 3
    assert summary["source"]["name"] == "b.csv"
    assert (summary["split"]["dev"], summary["split"]["test"]) == (0, 0.2)


SAMPLE = ASSETS / "sample.csv"
KAGGLE_MD5 = "0c5f5151df296234941d06f30305d9f6"


def make_summary(*, md5="0" * 32, sample=False, member=None) -> dict:
    return {
        "version": "0.1.0",
        "sample": sample,
        "source": {"name": "news.csv", "bytes": 12, "md5": md5, "member": member},
        "splits": {"train": {"sentences": 1234}, "dev": {"sentences": 9}},
    }


@pytest.fixture
def write(tmp_path):
    def write(content: object) -> Path:
        path = tmp_path / "corpus.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def describe(path: Path | None, *factories: str) -> dict:
    nlp = spacy.blank("en")
    for factory in factories:
        nlp.add_pipe(factory)
    assert make_describe_corpus(path)(nlp) is nlp
    return nlp.meta


def test_corpus(write):
    meta = describe(write(make_summary()))
    md5 = "0" * 32
    assert meta["description"] == (
        f"Trained on news.csv (1,234 training sentences, MD5 {md5})."
    )
    assert meta["sources"] == [
        {"name": "news.csv", "file": "news.csv", "md5": "0" * 32}
    ]
    assert meta["license"] == ""
    assert "notes" not in meta


@pytest.mark.parametrize(
    ("factories", "found"),
    [
        (["bilstm_crf_ner"], "Named entities"),
        (["bilstm_crf_tagger"], "Parts of speech"),
        (["tagger", "bilstm_crf_tagger", "bilstm_crf_ner"], "Named entities and parts"),
    ],
)
def test_description_names_what_the_pipeline_finds(write, factories, found):
    meta = describe(write(make_summary(sample=True)), *factories)
    assert meta["description"].startswith(f"{SAMPLE_NOTE} {found}")
    assert " by a BiLSTM-CRF. Trained on news.csv" in meta["description"]


def test_bundled_sample(write):
    md5 = hashlib.md5(SAMPLE.read_bytes()).hexdigest()
    meta = describe(write(make_summary(sample=True, md5=md5)))
    assert meta["notes"] == SAMPLE_NOTE
    assert meta["description"].startswith(SAMPLE_NOTE)
    (source,) = meta["sources"]
    assert source["name"] == "spacy-bilstm-crf sample"
    assert (source["license"], source["file"]) == ("MIT", "news.csv")
    assert meta["license"] == "MIT"


def test_sample_of_somebody_else_gets_no_license(write):
    meta = describe(write(make_summary(sample=True)))
    assert meta["notes"] == SAMPLE_NOTE
    assert meta["sources"] == [
        {"name": "news.csv", "file": "news.csv", "md5": "0" * 32}
    ]
    assert meta["license"] == ""


@pytest.mark.parametrize("lost", ["source", "splits"])
def test_summary_with_empty_entries_is_an_error(write, lost):
    path = write({**make_summary(), lost: {}})
    with pytest.raises(ValueError, match="B439"):
        make_describe_corpus(path)


def test_known_corpus(write):
    meta = describe(write(make_summary(md5=KAGGLE_MD5)))
    (source,) = meta["sources"]
    assert source["name"] == "Kaggle entity-annotated corpus"
    assert source["md5"] == KAGGLE_MD5
    assert "ODbL" in source["license"]
    assert "DbCL" in source["license"]
    assert "Trained on Kaggle entity-annotated corpus (1,234" in meta["description"]
    assert "notes" not in meta


def test_known_corpus_in_a_zip(write):
    member = {"name": "ner_dataset.csv", "bytes": 12, "md5": KAGGLE_MD5}
    meta = describe(write(make_summary(md5="1" * 32, member=member)))
    (source,) = meta["sources"]
    known = KNOWN_SOURCES[KAGGLE_MD5]
    assert source == {**known, "file": "ner_dataset.csv", "md5": KAGGLE_MD5}
    assert KAGGLE_MD5 in meta["description"]


def test_a_license_that_is_named_stays(write):
    nlp = spacy.blank("en", meta={"license": "CC BY 4.0"})
    make_describe_corpus(write(make_summary(sample=True)))(nlp)
    assert nlp.meta["license"] == "CC BY 4.0"


@pytest.mark.parametrize(
    "summary",
    [make_summary(), make_summary(sample=True), make_summary(md5=KAGGLE_MD5)],
    ids=["unknown", "sample", "kaggle"],
)
def test_meta_is_valid_and_fills_the_readme(write, summary):
    meta = describe(write(summary))
    assert validate(ModelMetaSchema, meta) == []
    readme = generate_readme(meta)
    assert meta["description"] in readme
    assert meta["sources"][0]["name"] in readme
    assert (SAMPLE_NOTE in readme.splitlines()) == summary["sample"]


def test_null_leaves_the_meta_alone():
    assert describe(None) == spacy.blank("en").meta


def test_earlier_meta_is_replaced_and_the_rest_kept(write):
    nlp = train_pipeline(make_pipeline(), n_steps=1)
    nlp.meta["performance"] = {"ents_f": 0.5}
    before = dict(nlp.meta)
    for _ in range(2):
        make_describe_corpus(write(make_summary()))(nlp)
    assert len(nlp.meta["sources"]) == 1
    changed = {"description", "sources"}
    assert {k: v for k, v in nlp.meta.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }


def test_described_pipeline_survives_a_round_trip(write, tmp_path):
    nlp = spacy.blank("en")
    make_describe_corpus(write(make_summary(sample=True)))(nlp)
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for key in ("description", "sources", "notes", "license"):
        assert loaded.meta[key] == nlp.meta[key]


@pytest.mark.parametrize("is_null", [False, True])
def test_a_config_can_name_it(write, is_null):
    path = None if is_null else str(write(make_summary()))
    name = "spacy-bilstm-crf.describe_corpus.v1"
    config = {"before_to_disk": {"@callbacks": name, "path": path}}
    callback = registry.resolve(config)["before_to_disk"]
    nlp = create_before_to_disk_callback(callback)(spacy.blank("en"))
    assert ("news.csv" in nlp.meta["description"]) != is_null


@pytest.mark.parametrize("name", ["none.json", "."])
def test_missing_file(tmp_path, name):
    with pytest.raises(ValueError, match=r"B438.*convert") as error:
        make_describe_corpus(tmp_path / name)
    assert str(tmp_path / name) in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "train", "[]", "{}", '{"source": {}, "sample": true}', "\x00"],
    ids=["empty", "text", "list", "no entries", "entry missing", "binary"],
)
def test_wrong_file(tmp_path, text):
    path = tmp_path / "corpus.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"B439.*convert") as error:
        make_describe_corpus(path)
    assert str(path) in str(error.value)
