"""How the labels of a component give its network a size."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.training import Example, validate_get_examples

from ..errors import Errors
from ..types import Tags
from .stored_pipe import StoredPipe
from .words import has_words


class LabeledPipe(StoredPipe):
    """A trainable component with a score for each tag of its labels.

    Subclasses say what the labels are (`read_labels`) and their tags (`tag_set`).
    """

    @property
    def tag_set(self) -> Tags:
        """The tags that the CRF chooses from."""
        raise NotImplementedError

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels to begin with: those of a label file, or else of the data."""
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

    def require_network(self) -> None:
        """Check that there are weights, as many as the labels ask for.

        RAISES (ValueError): If the network has not been built yet, or scores other
            tags.
        """
        if not self.has_network:
            raise ValueError(Errors.B901.format(name=self.name))
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

    def resize_output(self) -> None:
        """Give the output layer the size that the labels ask for."""
        n_tags = self.tag_set.n_tags
        if self.model.get_ref("output_layer").maybe_get_dim("nO") != n_tags:
            self.set_output(n_tags)

    def add_label(self, label: str) -> int:
        """Add a label; what a trained component has learned stays.

        RETURNS (int): 0 if the label is there already, otherwise 1.
        RAISES (ValueError): If the label is no string, or empty: for spaCy that is no
            label.
        """
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if not label:
            raise ValueError(Errors.B222.format(name=self.name))
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        if self.model.get_ref("output_layer").has_dim("nO"):
            self.resize_output()
        return 1
