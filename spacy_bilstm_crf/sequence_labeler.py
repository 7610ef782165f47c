"""What components with a CRF share: batching, the training step, loading."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from numpy.typing import NDArray
from spacy import util
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from . import crf
from .batching import apply_by_length, batch_by_length
from .crf.validation import validate_k
from .decoding import WordScores, infer
from .errors import Errors
from .layout import Layout, get_layout, has_words, to_tokens
from .rehearsal import rehearsal_loss
from .serialization import model_from_bytes, model_to_bytes
from .tags import BoolArray, StateLattice, Tags
from .tensors import (
    restore_words,
    select_words,
    to_arrays,
    to_gold,
    to_lattice,
    to_tensor,
    to_torch,
)
from .types import Potentials

FloatArray = NDArray[np.float64]


class SequenceLabeler(TrainablePipe):
    """A trainable component whose model returns the potentials of a CRF.

    Subclasses say what the labels are (`read_labels`, `tag_set`), which examples have
    gold (`has_gold`) and what is learned from it (`get_loss`), what is possible in a
    doc, and they turn scores into annotation and analyses (`analyze`).

    `left_out` counts the docs from which training could learn nothing, by reason.

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    scorer (Callable | None): The scoring method.
    settings (dict): What `cfg` holds beside the labels.
    RAISES (ValueError): For a model without CRF.
    """

    # a copy of the model that `Language.resume_training` makes, for `rehearse`
    _rehearsal_model: Model[list[Doc], Potentials[Any]] | None = None

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials[Any]],
        name: str,
        *,
        scorer: Callable[..., dict[str, Any]] | None,
        settings: dict[str, Any],
    ) -> None:
        if not model.has_ref("output_layer"):
            raise ValueError(Errors.B203.format(name=name, model=model.name))
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"labels": [], **settings}
        self.left_out: Counter[str] = Counter()
        self._unknown_labels: set[str] = set()

    @property
    def tag_set(self) -> Tags:
        """The tags that the CRF chooses from."""
        raise NotImplementedError

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels to begin with: those of a label file, or else of the data."""
        raise NotImplementedError

    def has_gold(self, example: Example) -> bool:
        """Whether there is anything to learn from an example."""
        raise NotImplementedError

    def get_loss(
        self, examples: Iterable[Example], potentials: Potentials[Any]
    ) -> tuple[float, Potentials[Any]]:
        """The loss of the gold, summed over the docs, and its gradient."""
        raise NotImplementedError

    def get_possible_tags(
        self, docs: Sequence[Doc], layout: Layout
    ) -> BoolArray | None:
        """The tags that are possible in docs of which nothing else is known.

        RETURNS (ndarray | None): True for possible tags, None where everything is.
            Shape: (batch_size, seq_len, n_tags).
        """
        raise NotImplementedError

    def get_free_tags(self, docs: Sequence[Doc], layout: Layout) -> BoolArray | None:
        """The tags that are possible beside what is set in the docs already.

        RETURNS (ndarray | None): As of `get_possible_tags`.
        """
        raise NotImplementedError

    def check_settings(self) -> None:
        """Check `cfg`, which anybody may have changed, for nonsense.

        RAISES (ValueError): For a value out of range.
        """

    def analyze(self, docs: Sequence[Doc], k: int) -> list[list[Any]]:
        """The k most probable analyses of each doc of a batch."""
        raise NotImplementedError

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the component."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels, as `spacy init labels` writes them."""
        return list(self.labels)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Any = None,
    ) -> None:
        """Set the labels and initialize the weights.

        get_examples (Callable): Returns a sample of the training data.
        nlp (Language | None): The pipeline that the component is part of.
        labels (list | dict | None): The labels, as `spacy init labels` writes them;
            read off the examples if None. See `read_labels`.
        RAISES (ValueError): If there is no label, no word, or the labels are of
            another form.
        RAISES (TypeError): If there is no example.
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        for label in self.read_labels(get_examples, labels):
            self.add_label(label)
        self._require_labels()
        docs = (eg.predicted for eg in get_examples())
        sample = list(islice(filter(has_words, docs), 10))
        if not sample:
            raise ValueError(Errors.B201.format(name=self.name))
        self.resize_output()
        self.model.initialize(X=sample)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Apply the component to a stream of docs.

        Inside a window of `batch_size` docs those of similar length are predicted
        together; the order of the stream is kept.

        YIELDS (Doc): The docs, in order.
        """
        handle_error = self.get_error_handler()
        for window in util.minibatch(stream, size=batch_size):
            failed: set[int] = set()
            for batch in batch_by_length(window):
                docs = [window[i] for i in batch]
                try:
                    self.set_annotations(docs, self.predict(docs))
                except Exception as e:
                    handle_error(self.name, self, docs, e)
                    failed.update(batch)
            yield from (doc for i, doc in enumerate(window) if i not in failed)

    def k_best(self, docs: Doc | Iterable[Doc], k: int) -> list[Any]:
        """The k most probable analyses, of one doc or of several.

        Docs of similar length go through the network together. They are not changed:
        what is set in them already, as by an earlier component, is in every analysis.

        k (int): How many at most, from 1 up.
        RETURNS (list): The analyses of the doc, the most probable first; for several
            docs a list of such lists, in order.
        RAISES (ValueError): If k is below 1.
        """
        validate_k(k)
        return apply_by_length(docs, lambda batch: self.analyze(batch, k))

    def marginals(self, docs: Doc | Iterable[Doc]) -> Any:
        """The probability of each tag at each token, of one doc or of several.

        The tags are those of `tag_set.tags`. The docs are not changed, and as in
        `k_best` what is set in them already is certain.

        RETURNS (ndarray | list[ndarray]): Zero for white space, of which the CRF knows
            nothing. Shape: (n_tokens, n_tags).
        """
        return apply_by_length(docs, self._compute_marginals)

    def _compute_marginals(self, docs: Sequence[Doc]) -> list[NDArray[np.float32]]:
        if not any(has_words(doc) for doc in docs):
            return [np.zeros((len(doc), self.tag_set.n_tags), "f") for doc in docs]
        words = self.score_words(docs)
        marginals = infer(words).marginals.float().cpu().numpy()
        return to_tokens(marginals, docs, words.layout, empty=0.0)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        drop (float): The dropout rate of layers that do not set their own.
        sgd (Optimizer | None): Takes a step; without it gradients add up.
        losses (dict | None): The loss is added under the component's name.
        RETURNS (dict): The losses.
        """
        examples, losses = self._begin_step(examples, losses, "update")
        docs = [eg.predicted for eg in examples]
        # also when there is nothing to learn: mixed corpora bring such batches
        if any(has_words(eg.predicted) and self.has_gold(eg) for eg in examples):
            self.require_network()
            set_dropout_rate(self.model, drop)
            potentials, backprop = self.model.begin_update(docs)
            loss, d_potentials = self.get_loss(examples, potentials)
            backprop(d_potentials)
            self._end_step(loss, sgd, losses)
        return losses

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Move back towards what the model said when training was resumed.

        The loss is the divergence of the model from the copy of it that
        `nlp.resume_training` made, over whole tag sequences; it is zero where both
        agree. The docs need no annotation, and what they have is not read. Labels
        that were added since are left alone.

        examples (Iterable[Example]): Text on which nothing should be forgotten.
        drop (float): The dropout rate of layers that do not set their own; the copy
            drops nothing.
        sgd (Optimizer | None): Takes a step; without it gradients add up.
        losses (dict | None): The loss is added under the component's name.
        RETURNS (dict): The losses; unchanged where there is no copy, or no word.
        """
        examples, losses = self._begin_step(examples, losses, "rehearse")
        docs = [eg.predicted for eg in examples]
        teacher = self._rehearsal_model
        if teacher is not None and any(has_words(doc) for doc in docs):
            set_dropout_rate(self.model, drop)
            student, backprop = self.model.begin_update(docs)
            self._require_vectors(docs)
            said = teacher.predict(docs)
            loss, d_student = self.compute_divergence(said, student, docs)
            backprop(d_student)
            self._end_step(loss, sgd, losses)
        return losses

    def _begin_step(
        self, examples: Iterable[Example], losses: dict[str, float] | None, method: str
    ) -> tuple[list[Example], dict[str, float]]:
        """Check what a training step is called with, and fill in the losses."""
        examples = list(examples)
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, f"{type(self).__name__}.{method}")
        return examples, losses

    def _end_step(
        self, loss: float, sgd: Optimizer | None, losses: dict[str, float]
    ) -> None:
        """Step along the gradients if there is an optimizer, and report the loss."""
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss

    def _require_vectors(self, docs: Sequence[Doc]) -> None:
        """Check that a teacher that listens to a shared encoder will hear something:
        without vectors in the docs, it would read zeros."""
        listens = any(isinstance(node, Tok2VecListener) for node in self.model.walk())
        if listens and any(len(doc) and not doc.tensor.size for doc in docs):
            raise ValueError(Errors.B215.format(name=self.name))

    def score_words(self, docs: Sequence[Doc]) -> WordScores:
        """Run the network on docs, at least one of them with a word.

        RAISES (ValueError): If the network has not been built yet, or a setting is out
            of range.
        """
        self.check_settings()
        self.require_network()
        return self.constrain_scores(docs, self.model.predict(docs))

    def constrain_scores(
        self, docs: Sequence[Doc], potentials: Potentials[Any]
    ) -> WordScores:
        """What prediction decodes: the scores of words, where something is possible.

        potentials (Potentials): What the network returns for the docs.
        """
        layout = get_layout(docs)
        scores = select_words(to_torch(potentials), layout)
        free = to_lattice(self.get_free_tags(docs, layout), scores)
        scores = crf.constrain(scores, self.tag_set.constraints, allowed=free)
        temperature = self.cfg.get("temperature", 1)
        if temperature != 1:
            scores = Potentials(*(s / temperature for s in scores))
        lengths = to_tensor(layout.lengths, scores)
        return WordScores(self.name, docs, layout, scores, lengths)

    def require_network(self) -> None:
        """Check that there are weights, as many as the labels ask for.

        RAISES (ValueError): If the network has not been built yet, or scores other
            tags.
        """
        if not self.has_network:
            raise ValueError(Errors.B301.format(name=self.name))
        expected = self.tag_set.n_tags
        found = self.model.get_ref("output_layer").get_dim("nO")
        if found != expected:
            raise ValueError(
                Errors.B220.format(name=self.name, expected=expected, found=found)
            )

    @property
    def has_network(self) -> bool:
        """Whether the component has been initialized, or weights have been loaded."""
        output = self.model.get_ref("output_layer")
        return all(output.has_param(name) for name in output.param_names)

    def compute_loss(
        self,
        potentials: Potentials[Any],
        layout: Layout,
        gold: BoolArray | StateLattice,
        free: BoolArray | None,
        costs: NDArray[np.float32] | None = None,
    ) -> tuple[FloatArray, Potentials[Any]]:
        """The negative log likelihood of the gold lattice, and the gradient.

        costs (ndarray | None): Added to the emissions of the words, as a margin; see
            `label_weights`. Shape: (batch_size, seq_len, n_tags).
        RETURNS (tuple): The loss of each sequence, infinite where the gold has no path,
            shape (batch_size,); and the gradient of the sum of the others.
        """
        scores = to_torch(potentials)
        selected = select_words(scores, layout)
        if costs is not None:
            emissions = selected.emissions + to_tensor(costs, selected)
            selected = selected._replace(emissions=emissions)
        losses, d_selected = crf.negative_log_likelihood(
            selected,
            to_gold(gold, selected),
            lengths=to_tensor(layout.lengths, selected),
            constraints=self.tag_set.constraints,
            free=to_lattice(free, selected),
        )
        d_scores = restore_words(d_selected, layout, like=scores)
        if losses.isnan().any():
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        gradient = to_arrays(d_scores)
        return losses.double().cpu().numpy(), gradient

    def compute_divergence(
        self, teacher: Potentials[Any], student: Potentials[Any], docs: Sequence[Doc]
    ) -> tuple[float, Potentials[Any]]:
        """How far the student is from the teacher, summed over the docs, and the
        gradient of the student's potentials; see `rehearsal`."""
        layout = get_layout(docs)
        free = self.get_possible_tags(docs, layout)
        scores = to_torch(student)
        selected = select_words(scores, layout)
        loss, d_selected = rehearsal_loss(
            select_words(to_torch(teacher), layout),
            selected,
            lengths=to_tensor(layout.lengths, selected),
            constraints=self.tag_set.constraints,
            free=to_lattice(free, selected),
        )
        d_scores = restore_words(d_selected, layout, like=scores)
        total = float(loss.sum())
        if not math.isfinite(total):
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        return total, to_arrays(d_scores)

    def leave_out(
        self, reason: str, docs: Sequence[Doc], *, warning: str, **details: str
    ) -> None:
        """Count docs from which nothing was learned; warn when the reason is new.

        warning (str): A message with places for `name`, `count`, `first` and the
            details; `first` is the beginning of the first doc if it is no detail.
        """
        if docs and not self.left_out[reason]:
            values = {"first": repr(docs[0].text[:60]), **details}
            text = warning.format(name=self.name, count=len(docs), **values)
            warnings.warn(text, stacklevel=4)
        if docs:
            self.left_out[reason] += len(docs)

    def warn_of_labels(self, unknown: set[str], *, warning: str) -> None:
        """Warn of gold labels that there are not, once of each.

        warning (str): A message with a place for `name` and `labels`.
        """
        new = sorted(unknown - self._unknown_labels)
        if new:
            self._unknown_labels.update(new)
            text = warning.format(name=self.name, labels=new)
            warnings.warn(text, stacklevel=3)

    def resize_output(self) -> None:
        """Give the output layer the size that the labels ask for."""
        n_tags = self.tag_set.n_tags
        if self.model.get_ref("output_layer").maybe_get_dim("nO") != n_tags:
            self.set_output(n_tags)

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Serialize the component to bytes."""
        serialize = {
            "cfg": lambda: srsly.json_dumps(self.cfg),
            "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
            "model": lambda: model_to_bytes(self.model),
        }
        return util.to_bytes(serialize, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Sequence[str] = ()
    ) -> "SequenceLabeler":
        """Load the component from bytes, whatever labels it had before.

        RAISES (ValueError): If the bytes are damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda b: self._load_cfg(srsly.json_loads(b)),
            "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
            "model": lambda b: model_from_bytes(self.model, b),
        }
        util.from_bytes(bytes_data, deserialize, exclude)
        self.check_settings()
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the component to a directory."""
        serialize = {
            "cfg": lambda p: srsly.write_json(p, self.cfg),
            "vocab": lambda p: self.vocab.to_disk(p, exclude=exclude),
            "model": lambda p: p.write_bytes(model_to_bytes(self.model)),
        }
        util.to_disk(path, serialize, exclude)

    def from_disk(
        self, path: str | Path, *, exclude: Sequence[str] = ()
    ) -> "SequenceLabeler":
        """Load the component from a directory, whatever labels it had before.

        RAISES (ValueError): If a file is damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda p: self._load_cfg(srsly.read_json(p)),
            "vocab": lambda p: self.vocab.from_disk(p, exclude=exclude),
            "model": lambda p: model_from_bytes(self.model, p.read_bytes()),
        }
        util.from_disk(path, deserialize, exclude)
        self.check_settings()
        return self

    def _load_cfg(self, cfg: dict[str, Any]) -> None:
        # before the model is read: the network is rebuilt at the stored size
        self.cfg.update(cfg)
        self.resize_output()

    def add_label(self, label: str) -> int:
        """Add a label; what a trained component has learned stays.

        RETURNS (int): 0 if the label is there already, otherwise 1.
        RAISES (ValueError): If the label is no string.
        """
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        if self.model.get_ref("output_layer").has_dim("nO"):
            self.resize_output()
        return 1
