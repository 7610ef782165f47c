"""The training log that spaCy writes."""

import pytest
import spacy
from pipelines import make_examples
from spacy.training.loggers import console_logger_v3

from spacy_bilstm_crf.analysis.report_log import read_training_log

ROWS = [(0, 0, 5.0, 0.1), (500, 0, 1000.0, 0.7), (700, 1, 100.0, 0.6)]


@pytest.fixture
def path(tmp_path):
    """What spaCy's own logger writes."""
    nlp = spacy.blank("en")
    nlp.add_pipe("ner").add_label("PERSON")
    nlp.initialize(lambda: make_examples(nlp))
    weights = {"ents_f": 1.0, "ents_p": None, "ents_r": None}
    nlp.config["training"]["score_weights"] = weights
    path = tmp_path / "log.jsonl"
    logger = console_logger_v3(console_output=False, output_file=path)
    log, finish = logger(nlp)
    for step, epoch, loss, score in ROWS:
        scores = {"ents_f": score}
        losses = {"ner": loss}
        log(
            {
                "step": step,
                "epoch": epoch,
                "losses": losses,
                "other_scores": scores,
                "score": score,
            }
        )
    finish()
    return path


def test_log(path):
    log = read_training_log(path)
    assert (log.steps, log.epochs) == ([0, 500, 700], [0, 0, 1])
    assert log.scores == {"ents_f": [10, 70, 60]}
    # the first evaluation follows the first update, the next one 500 more
    assert log.losses == {"ner": [5.0, 2.0, 0.5]}
    assert log.best == 1


def test_log_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"\[B608\].*output_file"):
        read_training_log(tmp_path / "log.jsonl")


def test_log_of_a_training_that_has_just_begun(tmp_path):
    (tmp_path / "log.jsonl").touch()
    with pytest.raises(ValueError, match=r"\[B610\].*is empty.*training runs"):
        read_training_log(tmp_path / "log.jsonl")


@pytest.mark.parametrize(
    ("text", "line"),
    [("\n", 1), ("E #\n0 0\n", 1), ("[1]\n", 1), ('{"step": 1}\n', 1), ("null", 1)],
)
def test_other_files(tmp_path, text, line):
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(ValueError, match=rf"\[B609\].*line {line}"):
        read_training_log(tmp_path / "log.jsonl")


def test_line_that_is_cut(path):
    path.write_text(path.read_text()[:-10])
    with pytest.raises(ValueError, match=r"\[B609\].*line 3"):
        read_training_log(path)
