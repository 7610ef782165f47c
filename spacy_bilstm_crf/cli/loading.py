"""What commands load: pipelines, their component, docs and examples."""

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Errors

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example
    from spacy.vocab import Vocab

    from ..pipeline.entity_recognizer import CRFEntityRecognizer

FACTORY = "bilstm_crf_ner"


def require_pipeline(model: str) -> None:
    """Check that a pipeline is there, without loading it.

    RAISES (ValueError): If it is not.
    """
    from spacy.util import is_package

    is_blank = model.startswith("blank:")
    if not (is_blank or is_package(model) or Path(model, "config.cfg").is_file()):
        raise ValueError(Errors.B503.format(model=model))


def load_pipeline(model: str) -> "Language":
    """Load a pipeline.

    model (str): Name of an installed package, or a folder; or 'blank:en', as spaCy
        takes it, for one that does nothing.
    RAISES (ValueError): If there is none of this name or in this folder, or its files
        cannot be read.
    """
    import spacy

    require_pipeline(model)
    is_blank = model.startswith("blank:")
    try:
        return spacy.load(model)
    except ImportError:
        if not is_blank:
            raise
        # there is no such language
        raise ValueError(Errors.B503.format(model=model)) from None
    except OSError as error:
        raise ValueError(Errors.B508.format(model=model, reason=error)) from None


def get_component(
    nlp: "Language", name: str | None
) -> tuple[str, "CRFEntityRecognizer"]:
    """The component of this name, or the only one of the factory `bilstm_crf_ner`.

    RAISES (ValueError): If there is none, or several and no name.
    """
    names = [n for n in nlp.pipe_names if nlp.get_pipe_meta(n).factory == FACTORY]
    if not names:
        raise ValueError(Errors.B504.format(factory=FACTORY, found=nlp.pipe_names))
    chosen = [n for n in names if name in (None, n)]
    if len(chosen) != 1:
        raise ValueError(Errors.B527.format(factory=FACTORY, found=names, name=name))
    return chosen[0], nlp.get_pipe(chosen[0])


# what reading a file raises that spaCy has not written
NOT_SPACY = (zlib.error, ValueError, KeyError, TypeError, AttributeError)


def read_docs(path: Path, vocab: "Vocab") -> "list[Doc]":
    """Read a .spacy file, or all in a folder, in the order of their names.

    RAISES (ValueError): If it is not there, a file is none that spaCy has written, or
        there is no doc.
    """
    from spacy.training.corpus import FILE_TYPE, walk_corpus

    if not path.exists():
        raise ValueError(Errors.B505.format(path=path))
    files = walk_corpus(path, FILE_TYPE) if path.is_dir() else [path]
    docs = [doc for file in files for doc in _read_file(file, vocab)]
    if not docs:
        raise ValueError(Errors.B523.format(path=path))
    return docs


def _read_file(path: Path, vocab: "Vocab") -> "list[Doc]":
    from spacy.tokens import DocBin

    try:
        return list(DocBin().from_disk(path).get_docs(vocab))
    except NOT_SPACY:
        size = path.stat().st_size
        raise ValueError(Errors.B522.format(path=path, size=size)) from None


def make_example(nlp: "Language", doc: "Doc", *, gold_tokens: bool) -> "Example":
    """What a pipeline is to read, next to a whole doc of the gold.

    gold_tokens (bool): Whether it reads the tokens of the gold, and not the raw text;
        always so where the gold does not know its spaces, as in spaCy's training.
    """
    from spacy.training import Example

    from ..analysis.compare_cost import copy_tokens

    is_given = gold_tokens or doc.has_unknown_spaces
    return Example(copy_tokens(nlp, doc) if is_given else nlp.make_doc(doc.text), doc)


def run_before(nlp: "Language", name: str, examples: "list[Example]") -> None:
    """Let the components before `name` annotate the predicted docs."""
    docs = [eg.predicted for eg in examples]
    later = nlp.pipe_names[nlp.pipe_names.index(name) :]
    with nlp.select_pipes(disable=later):
        for eg, doc in zip(examples, nlp.pipe(docs), strict=True):
            eg.predicted = doc
