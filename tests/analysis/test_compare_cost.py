"""Seconds, words per second and bytes; generators in processes of their own."""

import os
from multiprocessing import active_children

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_bilstm_crf.analysis import compare_cost
from spacy_bilstm_crf.analysis.compare_cost import (
    Apart,
    get_peak_memory,
    get_size,
    measure_loading,
    measure_speed,
    one_thread,
)

MIB = 2**20


def count(start, stop):
    yield os.getpid()
    yield from range(start, stop)


def fail(message):
    yield "first"
    raise ValueError(message)


def die():
    yield "first"
    os._exit(3)


def use_memory(size):
    yield get_peak_memory()
    used = b"x" * size
    yield get_peak_memory()
    del used
    yield get_peak_memory()


def read_environment(name):
    yield os.environ.get(name)


def test_items_come_from_another_process():
    with Apart(count, 3, 6) as items:
        assert next(items) != os.getpid()
        assert next(items) == 3
        assert len(active_children()) == 1
        assert list(items) == [4, 5]
    assert not active_children()


def test_two_take_turns():
    with Apart(count, 0, 3) as first, Apart(count, 10, 13) as second:
        assert next(first) != next(second)
        assert [(next(first), next(second)) for _ in range(3)] == [
            (0, 10),
            (1, 11),
            (2, 12),
        ]


def test_error_of_the_function():
    with Apart(fail, "what is wrong") as items:
        assert next(items) == "first"
        with pytest.raises(ValueError, match=r"^what is wrong$"):
            next(items)


def test_process_that_dies():
    with Apart(die) as items:
        assert next(items) == "first"
        with pytest.raises(RuntimeError, match=r"\[B630\].*exit code 3"):
            next(items)


def test_memory_is_that_of_the_process_alone():
    if get_peak_memory() is None:
        pytest.skip("the system does not tell the peak of the memory")
    with Apart(use_memory, 100 * MIB) as items:
        before, during, after = items
    # what the process has given back is counted; the system's count is not exact
    assert during - before >= 95 * MIB
    assert after >= during - 5 * MIB
    used = b"x" * (before + 100 * MIB)
    with Apart(use_memory, 0) as items:
        alone = next(items)
    # the parent's memory is not counted
    assert get_peak_memory() > len(used) > alone


def test_processes_start_with_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with one_thread():
        assert os.environ["MKL_NUM_THREADS"] == "1"
        with Apart(read_environment, "OMP_NUM_THREADS") as items:
            assert next(items) == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


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
    docs = [Doc(nlp.vocab, words=w) for w in (["Joe", "\n", "left"], ["New-York"])]
    monkeypatch.setattr(compare_cost, "perf_counter", Clock(0.5))
    assert measure_speed(nlp, docs) == 3 / 0.5
    assert seen == docs


def test_loading_time(monkeypatch):
    monkeypatch.setattr(compare_cost, "perf_counter", Clock(2.0))
    nlp, seconds = measure_loading(lambda: spacy.blank("en"))
    assert (nlp.lang, seconds) == ("en", 2.0)


def test_size_of_a_folder(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "a" / "b" / "two").write_bytes(b"123")
    assert get_size(tmp_path) == 8
