"""What components with a CRF share: batching, the training step, loading."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import srsly
import torch
from numpy.typing import NDArray
from spacy import util
from spacy.errors import Errors as SpacyErrors
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from thinc.api import Model, Optimizer, set_dropout_rate, torch2xp, xp2torch
from torch import Tensor

from . import crf
from .batching import apply_by_length, batch_by_length
from .crf.validation import validate_k
from .errors import Errors
from .lattice import Layout, get_layout, has_words
from .rehearsal import rehearsal_loss
from .serialization import model_from_bytes, model_to_bytes
from .tags import BoolArray, StateLattice, TagSet
from .types import Potentials

FloatArray = NDArray[np.float64]


class SequenceLabeler(TrainablePipe):
    """A trainable component whose model returns the potentials of a CRF.

    Subclasses say what the labels are (`tag_set`), which examples have gold
    (`has_gold`), and turn lattices into annotation and analyses (`analyze`).
    """

    # a copy of the model that `Language.resume_training` makes, for `rehearse`
    _rehearsal_model: Model[list[Doc], Potentials[Any]] | None = None

    @property
    def tag_set(self) -> TagSet:
        """The tags that the CRF chooses from."""
        raise NotImplementedError

    def has_gold(self, example: Example) -> bool:
        """Whether there is anything to learn from an example."""
        raise NotImplementedError

    def get_possible_tags(
        self, docs: Sequence[Doc], layout: Layout
    ) -> BoolArray | None:
        """The tags that are possible in docs of which nothing else is known.

        RETURNS (ndarray | None): True for possible tags, None where everything is.
            Shape: (batch_size, seq_len, n_tags).
        """
        raise NotImplementedError

    def analyze(self, docs: Sequence[Doc], k: int) -> list[list[Any]]:
        """The k most probable analyses of each doc of a batch."""
        raise NotImplementedError

    def compute_marginals(self, docs: Sequence[Doc]) -> list[Any]:
        """The probability of each tag at each token of a batch of docs."""
        raise NotImplementedError

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the component."""
        return tuple(self.cfg["labels"])

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
        return apply_by_length(docs, self.compute_marginals)

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
        examples = list(examples)
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, f"{type(self).__name__}.update")
        # also when there is nothing to learn: mixed corpora bring such batches
        if not any(has_words(eg.predicted) and self.has_gold(eg) for eg in examples):
            return losses
        set_dropout_rate(self.model, drop)
        potentials, backprop = self.model.begin_update(
            [eg.predicted for eg in examples]
        )
        loss, d_potentials = self.get_loss(examples, potentials)
        backprop(d_potentials)
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
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
        examples = list(examples)
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, f"{type(self).__name__}.rehearse")
        docs = [eg.predicted for eg in examples]
        teacher = self._rehearsal_model
        if teacher is None or not any(has_words(doc) for doc in docs):
            return losses
        set_dropout_rate(self.model, drop)
        student, backprop = self.model.begin_update(docs)
        self._require_vectors(docs)
        loss, d_student = self.compute_divergence(teacher.predict(docs), student, docs)
        backprop(d_student)
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def _require_vectors(self, docs: Sequence[Doc]) -> None:
        """Check that a teacher that listens to a shared encoder will hear something:
        without vectors in the docs, it would read zeros."""
        listens = any(isinstance(node, Tok2VecListener) for node in self.model.walk())
        if listens and any(len(doc) and not doc.tensor.size for doc in docs):
            raise ValueError(Errors.B215.format(name=self.name))

    def decode(
        self, scores: Potentials[Tensor], lengths: Tensor, layout: Layout
    ) -> Any:
        """The best tag of each word. Shape: (batch_size, seq_len).

        scores, lengths: What `constrained_scores` returns.
        RAISES (ValueError): If no tag sequence is possible.
        """
        tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
        self._require_paths(best, layout)
        return tag_ids.cpu().numpy()

    def infer(
        self, scores: Potentials[Tensor], lengths: Tensor, layout: Layout
    ) -> crf.Posterior:
        """The distribution over tag sequences.

        scores, lengths: What `constrained_scores` returns.
        RAISES (ValueError): If no tag sequence is possible.
        """
        posterior = crf.posterior(scores, lengths=lengths)
        self._require_paths(posterior.log_partition, layout)
        return posterior

    def decode_k_best(
        self,
        scores: Potentials[Tensor],
        lengths: Tensor,
        layout: Layout,
        k: int,
    ) -> tuple[Any, Any]:
        """The k most probable tag sequences and their probabilities.

        scores, lengths: What `constrained_scores` returns.
        RETURNS (tuple): Tag numbers, -1 where there are fewer, shape (batch_size, k,
            seq_len); probabilities, zero there, shape (batch_size, k).
        RAISES (ValueError): If no tag sequence is possible, or k is below 1.
        """
        # float32 has too few digits for how far a long doc's score is from its log Z
        scores = Potentials(*(s.double() for s in scores))
        tag_ids, best = crf.k_best(scores, k, lengths=lengths)
        self._require_paths(best[:, 0], layout)
        log_z = crf.log_partition(scores, lengths=lengths)
        # shape: (batch_size, k)
        probabilities = torch.exp(best - log_z.unsqueeze(1)).clamp(max=1.0)
        return tag_ids.cpu().numpy(), probabilities.cpu().numpy()

    def constrained_scores(
        self, potentials: Potentials[Any], layout: Layout, free: BoolArray | None
    ) -> tuple[Potentials[Tensor], Tensor]:
        """The scores that prediction decodes: of words, and of what is possible.

        RETURNS (tuple): The scores, minus infinity where the scheme or `free` forbids
            something, and the words of each sequence.
        """
        scores = select_words(self.to_torch(potentials), layout)
        allowed = None if free is None else self.to_tensor(free, scores)
        scores = crf.constrain(scores, self.tag_set.constraints, allowed=allowed)
        if self.cfg["temperature"] != 1:
            scores = Potentials(*(s / self.cfg["temperature"] for s in scores))
        return scores, self.to_tensor(layout.lengths, scores)

    def _require_paths(self, best: Tensor, layout: Layout) -> None:
        """Check the score of the best path of each sequence."""
        without_path = (~best.isfinite()).cpu().numpy()
        if without_path.any():
            found = layout.docs[without_path].tolist()
            raise ValueError(Errors.B204.format(name=self.name, docs=found))

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
        scores = self.to_torch(potentials)
        selected = select_words(scores, layout)
        if costs is not None:
            emissions = selected.emissions + self.to_tensor(costs, selected)
            selected = selected._replace(emissions=emissions)
        losses, d_selected = crf.negative_log_likelihood(
            selected,
            self.to_gold(gold, selected),
            lengths=self.to_tensor(layout.lengths, selected),
            constraints=self.tag_set.constraints,
            free=None if free is None else self.to_tensor(free, selected),
        )
        d_scores = restore_words(d_selected, layout, like=scores)
        if losses.isnan().any():
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        gradient = Potentials(*(torch2xp(t) for t in d_scores))
        return losses.double().cpu().numpy(), gradient

    def compute_divergence(
        self, teacher: Potentials[Any], student: Potentials[Any], docs: Sequence[Doc]
    ) -> tuple[float, Potentials[Any]]:
        """How far the student is from the teacher, summed over the docs, and the
        gradient of the student's potentials; see `rehearsal`."""
        layout = get_layout(docs)
        free = self.get_possible_tags(docs, layout)
        scores = self.to_torch(student)
        selected = select_words(scores, layout)
        loss, d_selected = rehearsal_loss(
            select_words(self.to_torch(teacher), layout),
            selected,
            lengths=self.to_tensor(layout.lengths, selected),
            constraints=self.tag_set.constraints,
            free=None if free is None else self.to_tensor(free, selected),
        )
        d_scores = restore_words(d_selected, layout, like=scores)
        total = float(loss.sum())
        if not math.isfinite(total):
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        return total, Potentials(*(torch2xp(t) for t in d_scores))

    def to_torch(self, potentials: Potentials[Any]) -> Potentials[Tensor]:
        """View arrays as tensors. They may alias live weights: never write to them."""
        # arrays in the CPU's memory stay there: Thinc's default may be another device
        is_numpy = isinstance(potentials.emissions, np.ndarray)
        device = torch.device("cpu") if is_numpy else None
        return Potentials(*(xp2torch(array, device=device) for array in potentials))

    def to_tensor(self, array: Any, like: Potentials[Tensor]) -> Tensor:
        return torch.as_tensor(array, device=like.emissions.device)

    def to_gold(
        self, gold: BoolArray | StateLattice, like: Potentials[Tensor]
    ) -> Tensor | StateLattice:
        if not isinstance(gold, StateLattice):
            return self.to_tensor(gold, like)
        tag_ids, allowed = (self.to_tensor(array, like) for array in gold[:2])
        return gold._replace(tag_ids=tag_ids, allowed=allowed)

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
        """Load the component from bytes, whatever labels it had before."""
        deserialize = {
            "cfg": lambda b: self._load_cfg(srsly.json_loads(b)),
            "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
            "model": lambda b: model_from_bytes(self.model, b),
        }
        util.from_bytes(bytes_data, deserialize, exclude)
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
        """Load the component from a directory, whatever labels it had before."""
        deserialize = {
            "cfg": lambda p: self._load_cfg(srsly.read_json(p)),
            "vocab": lambda p: self.vocab.from_disk(p, exclude=exclude),
            "model": lambda p: model_from_bytes(self.model, p.read_bytes()),
        }
        util.from_disk(path, deserialize, exclude)
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


def select_words(scores: Potentials[Tensor], layout: Layout) -> Potentials[Tensor]:
    """Leave white space and empty docs out of the emissions."""
    if layout.is_identity:
        return scores
    docs, tokens = layout.docs[:, None], layout.tokens
    return scores._replace(emissions=scores.emissions[docs, tokens])


def restore_words(
    d_selected: Potentials[Tensor], layout: Layout, *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient of `select_words`: zero for what was left out."""
    if layout.is_identity:
        return d_selected
    b, t = layout.mask.nonzero()
    d_emissions = like.emissions.new_zeros(like.emissions.shape)
    d_emissions[layout.docs[b], layout.tokens[b, t]] = d_selected.emissions[b, t]
    return d_selected._replace(emissions=d_emissions)
