"""Bad input to any command is one message, exit code 1, and nothing is written."""

import shlex

import pytest
import spacy
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app

HEADER = b"Sentence #,Word,POS,Tag\n"
# content of files by name
FILES = {
    "empty.csv": b"",
    "png.csv": b"\x89PNG\r\n\x1a\n\x00\x00",
    "docbin.csv": DocBin().to_bytes(),
    "other.csv": b"a,b\n1,2\n",
    "header.csv": HEADER,
    "tag.csv": HEADER + b"1,a,NN,X\n",
    "small.csv": HEADER + b"1,a,NN,O\n",
    "empty.conll": b"",
    "png.conll": b"\x89PNG\r\n\x1a\n\x00",
    "break.conll": b"\n-DOCSTART- O\n",
    "row.conll": b"Joe O\nleft\n",
    "small.conll": b"Joe O\n",
    "tag.conll": b"Joe O\nBiden per\n",
    "unit.conll": b"Joe U-per\n",
    "latin.conll": b"Jo\xff O\n",
    "words.conll": b"Joe NNP\n",
    "many.conll": "\n".join(f"Joe O\nNo{i} O\n" for i in range(99)).encode(),
    "latin.txt": "Joe\nMüller".encode("latin-1"),
    "wrong.jsonl": b'{"text": "a"}\n{"txt": "b"}\n',
    "number.jsonl": b'{"text": 1}',
    "huge.jsonl": b'{"text": "%s"}' % (b"a " * 600_000),
    "empty.txt": b" \n",
    "text.txt": b"Joe left.",
    "empty.spacy": b"",
    "text.spacy": b"It is no .spacy file.",
}
# the gold of .spacy files by name
GOLD = {
    "test.spacy": TRAIN_DATA,
    "people.spacy": TRAIN_DATA[:1],
    "other.spacy": [("Ann left.", [(0, 3, "per")])],
    "no_entities.spacy": [("It rained.", [])],
}
# arguments, and what the message says
CASES = [
    ("convert none.csv out", "B401"),
    ("convert none.csv out --sample none.zip", "B423"),
    ("convert empty.csv out", "B403"),
    ("convert png.csv out", "B404"),
    ("convert docbin.csv out", "B40"),
    ("convert other.csv out", "B410"),
    ("convert header.csv out", "B417"),
    ("convert tag.csv out", "B413"),
    ("convert small.csv out", "B420"),
    ("convert small.csv out --tag-column 1", "B433"),
    ("convert small.csv out --dev 1.5", "B418"),
    ("convert empty.conll out", "B403", "0 bytes"),
    ("convert png.conll out", "B404", "byte 6"),
    ("convert break.conll out", "B430", "rows: 0"),
    ("convert row.conll out", "B427", "line 2", "1 columns"),
    ("convert small.conll out --tag-column 2", "B428", "line 1", "2 columns"),
    ("convert small.conll out --pos-column 1 --scheme iob2", "B428", "column 2 with"),
    ("convert tag.conll out", "B429", "line 2", "'per'"),
    ("convert unit.conll out --scheme iob1", "B429", "line 1"),
    ("convert small.conll out", "B420"),
    ("convert latin.conll out --encoding utf-8", "B405"),
    ("convert many.conll out --dev-file none.conll", "B401"),
    ("convert many.conll out --dev-file words.conll", "B429", "words.conll, line 1"),
    ("convert many.conll out --dev-file many.conll", "B431"),
    ("convert many.conll text.txt", "B528", "'text.txt'"),
    ("explore folder --out out", "B521", "'folder'"),
    ("explore corpora/empty --out out", "B522", "empty"),
    ("explore corpora/text --out out", "B522"),
    ("explore corpora/no_docs --out out", "B523"),
    ("explore corpora/no_entities --out out", "B524"),
    ("explore corpora/test --lang qqq --out out", "B525"),
    ("calibrate nothing test.spacy --output out", "B503"),
    ("calibrate damaged test.spacy --output out", "B508", "No such file"),
    ("calibrate blank test.spacy --output out", "B504"),
    ("calibrate trained nothing.spacy --output out", "B505"),
    ("calibrate trained unannotated.spacy --output out", "B506"),
    ("calibrate trained spaces.spacy --output out", "B506"),
    ("calibrate trained test.spacy --output folder", "B507"),
    ("calibrate trained test.spacy --output text.txt", "B507"),
    ("calibrate trained test.spacy --output .", "B507"),
    ("report nothing test.spacy --out out", "B503"),
    ("report blank test.spacy --out out", "B512"),
    ("report trained nothing.spacy --out out", "B505"),
    ("report trained empty.spacy --out out", "B522"),
    ("report trained text.spacy --out out", "B522"),
    ("report trained no_docs.spacy --out out", "B523"),
    ("report trained unannotated.spacy --out out", "B506"),
    ("report trained no_entities.spacy --out out", "B524"),
    ("report trained other.spacy --out out", "B526"),
    ("report trained test.spacy --train nothing.spacy --out out", "B505"),
    ("report trained test.spacy --train no_entities.spacy --out out", "B524"),
    ("report trained test.spacy --log nothing.jsonl --out out", "B608"),
    ("report trained test.spacy --log test.spacy --out out", "B609"),
    ("compare trained --data test.spacy --out out", "B510"),
    ("compare trained trained --data test.spacy --out out", "B510"),
    ("compare trained nothing --data test.spacy --out out", "B503"),
    ("compare trained rules --data nothing.spacy --out out", "B505"),
    ("compare trained rules --data unannotated.spacy --out out", "B506"),
    ("compare trained rules --data text.spacy --out out", "B522"),
    ("compare trained rules --data no_entities.spacy --out out", "B524"),
    ("interact nothing", "B503"),
    ("interact blank", "B512"),
    ("interact rules --k 2", "B504"),
    ("interact trained --name other", "B527"),
    ("visualize en_not_installed --out out", "B503", "'en_not_installed'"),
    ("visualize folder --out out", "B503", "'folder'"),
    ("visualize blank:nowhere --out out", "B503", "'blank:nowhere'"),
    ("visualize nothing --serve", "B503"),
    ("visualize blank --out out", "B512"),
    ("visualize rules nowhere.txt --out out", "B514"),
    ("visualize rules nowhere.jsonl --out out", "B514"),
    ("visualize rules nowhere.spacy --out out", "B505"),
    ("visualize rules . --out out", "B514"),
    ("visualize rules latin.txt --out out", "B515", "line 2: byte 0xfc"),
    ("visualize rules wrong.jsonl --out out", "B516", "wrong.jsonl', line 2"),
    ("visualize rules number.jsonl --out out", "B516"),
    ("visualize rules huge.jsonl --out out", "E088"),
    ("visualize rules empty.txt --out out", "B517"),
    ("visualize rules no_docs.spacy --out out", "B523"),
    ("visualize rules spaces.spacy --out out", "B517"),
    ("visualize rules - --out out", "B517", "the standard input"),
    ("visualize rules --annotated --out out", "B513"),
    ("visualize rules text.txt --annotated --out out", "B513"),
    ("visualize rules --text 'Joe left.' --annotated --out out", "B513"),
    ("visualize rules --text 'Joe left.' --out folder", "B528", "'folder'"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pipelines and files, most of them bad."""
    folder = tmp_path_factory.mktemp("input")
    nlp = train_pipeline(make_pipeline(), n_steps=1)
    nlp.to_disk(folder / "trained")
    nlp.to_disk(folder / "damaged")
    (folder / "damaged/bilstm_crf_ner/model").unlink()
    spacy.blank("en").to_disk(folder / "blank")
    rules = spacy.blank("en")
    rules.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "London"}])
    rules.to_disk(folder / "rules")
    (folder / "folder").mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    docs = {
        name: [eg.reference for eg in make_examples(nlp, data)]
        for name, data in GOLD.items()
    }
    docs["unannotated.spacy"] = [nlp.make_doc("No annotation here.")]
    docs["spaces.spacy"] = [Doc(nlp.vocab, words=[" \n "], ents=["O"])]
    docs["no_docs.spacy"] = []
    for name, of_file in docs.items():
        DocBin(docs=of_file).to_disk(folder / name)
    for name in ("empty", "text", "no_docs", "no_entities", "test"):
        corpus = folder / "corpora" / name
        corpus.mkdir(parents=True)
        (corpus / "train.spacy").write_bytes((folder / f"{name}.spacy").read_bytes())
    return folder


def read_all(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_bad_input_is_one_message_and_nothing_is_written(folder, monkeypatch, case):
    command, *parts = case
    monkeypatch.chdir(folder)
    before = read_all(folder)
    result = CliRunner().invoke(app, shlex.split(command), input="")
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    (message,) = result.output.splitlines()
    assert message.startswith(f"✘ [{parts[0]}")
    assert all(part in message for part in parts)
    assert result.stdout == ""
    assert read_all(folder) == before
