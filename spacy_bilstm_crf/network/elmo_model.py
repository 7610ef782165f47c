"""ELMo: word vectors from a bidirectional language model (Peters et al. 2018)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from .elmo_lstm import BiLM, group_sizes

N_CHARACTERS = 261
# ids 0 to 255 are the bytes of the word in UTF-8
SENTENCE_START, SENTENCE_END, WORD_START, WORD_END, PADDING = range(256, 261)
MARKS = {"<S>": SENTENCE_START, "</S>": SENTENCE_END}
# rows of the two marks among the word vectors
START, END = 0, 1
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
# bounds on memory: words convolved, and tokens put through the language model, at once
WORDS_AT_ONCE = 256
MAX_BATCH_TOKENS = 16384


class ELMo(nn.Module):
    """Characters to words, words to context, and a learned mix of all layers.

    Language model and characters are frozen unless `set_trainable` says otherwise;
    the mix always learns.

    characters (Mapping): Settings of `CharacterEncoder`.
    context (Mapping): Settings of `BiLM`.
    """

    def __init__(
        self, *, characters: Mapping[str, Any], context: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.characters = CharacterEncoder(**characters)
        self.context = BiLM(**context)
        self.mix = ScalarMix(context["depth"] + 1)
        self.width = 2 * context["width"]
        self.set_trainable(False)

    def set_trainable(self, trainable: bool) -> None:
        self.characters.requires_grad_(trainable)
        self.context.requires_grad_(trainable)

    def forward(
        self, characters: Tensor, sentences: Sequence[Tensor], rate: float = 0.0
    ) -> Tensor:
        """Embed at least one sentence of at least one word.

        characters (Tensor): Character ids of the distinct words.
            Shape: (n_words, max_characters).
        sentences (Sequence[Tensor]): The words of each, as rows of `characters`.
        rate (float): Dropout of the output, in training only.
        RETURNS (Tensor): Shape: (n_tokens, 2 * width).
        """
        words = self.embed_words(characters)
        Y: dict[int, Tensor] = {}
        for batch in batch_by_length(sentences):
            mixed = self._embed(words, [sentences[i] for i in batch])
            Y.update(zip(batch, mixed, strict=True))
        return dropout(torch.cat([Y[i] for i in range(len(Y))]), rate, self.training)

    def embed_words(self, characters: Tensor) -> Tensor:
        """Vectors of the two marks, then of the words. Shape: (2 + n_words, width)."""
        limit = self.characters.max_characters
        marks = [encode_word(mark, limit) for mark in MARKS]
        both = torch.cat([characters.new_tensor(marks), characters])
        words: Tensor = self.characters(both)
        return words

    def _embed(self, words: Tensor, sentences: Sequence[Tensor]) -> Sequence[Tensor]:
        lengths = [len(sentence) + 2 for sentence in sentences]
        rows = torch.cat([add_marks(sentence) for sentence in sentences])
        X = words[rows]
        hidden, _ = self.context(X, lengths)
        layers = [torch.cat([X, X], dim=1), *hidden]
        return [y[1:-1] for y in self.mix(layers).split(lengths)]


class CharacterEncoder(nn.Module):
    """Words to vectors: embedding, convolutions, maximum, highways, projection.

    After Kim et al. (2016). The padding behind a word takes part in the convolutions,
    as it did when the published weights were trained.

    character_width (int): Width of the character embeddings.
    filters (Sequence): Pairs of a number of characters and a number of filters.
    max_characters (int): Characters per word, its start and end included.
    n_highways (int): Number of highway layers.
    activation (str): Name in `ACTIVATIONS`, of the convolutions.
    width (int): Width of the output.
    """

    def __init__(
        self,
        *,
        character_width: int,
        filters: Sequence[tuple[int, int]],
        max_characters: int,
        n_highways: int,
        activation: str,
        width: int,
    ) -> None:
        super().__init__()
        n_filters = sum(number for _, number in filters)
        self.max_characters = max_characters
        self.activation = ACTIVATIONS[activation]
        self.embedding = nn.Embedding(N_CHARACTERS, character_width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(character_width, number, size) for size, number in filters
        )
        self.highways = nn.ModuleList(Highway(n_filters) for _ in range(n_highways))
        self.projection = nn.Linear(n_filters, width)
        self.longest = max(size for size, _ in filters)

    def forward(self, characters: Tensor) -> Tensor:
        """From the ids of `encode_word` to vectors. Shape: (n_words, width)."""
        lengths = (characters != PADDING).sum(dim=1)
        # words of similar length go together, the shortest first
        order = lengths.argsort()
        parts = []
        for start in range(0, len(order), WORDS_AT_ONCE):
            rows = order[start : start + WORDS_AT_ONCE]
            end = int(lengths[rows[-1]]) + self.longest
            parts.append(self._encode(characters[rows, :end]))
        return torch.cat(parts)[order.argsort()]

    def _encode(self, characters: Tensor) -> Tensor:
        """Encode words without the rest of their padding.

        The maximum is exact as long as every filter still sees padding alone once.
        """
        # shape: (n_words, character_width, n_chars)
        X = self.embedding(characters).transpose(1, 2)
        # shape: (n_words, n_filters); the activations are monotonic
        found = [self.activation(conv(X).amax(dim=2)) for conv in self.convolutions]
        Y = torch.cat(found, dim=1)
        for highway in self.highways:
            Y = highway(Y)
        projected: Tensor = self.projection(Y)
        return projected


class Highway(nn.Module):
    """A layer that can let its input through (Srivastava et al. 2015).

    Y = g * relu(T(X)) + (1 - g) * X,  g = sigmoid(C(X))
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.carry = nn.Linear(width, width)

    def forward(self, X: Tensor) -> Tensor:
        gate = torch.sigmoid(self.carry(X))
        return torch.lerp(X, torch.relu(self.transform(X)), gate)


class ScalarMix(nn.Module):
    """A weighted mean of layers, times a factor (Peters et al. 2018, equation 1)."""

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.gamma = nn.Parameter(torch.ones(1))

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        shares = self.gamma * self.weights.softmax(dim=0)
        return torch.tensordot(shares, torch.stack(list(layers)), dims=1)


def encode_word(text: str, max_characters: int) -> list[int]:
    """The character ids of a word.

    Its bytes between a start and an end, padded to `max_characters`. Words that are
    too long lose their last bytes, and what UTF-8 cannot encode is left out. "<S>" and
    "</S>" are the start and the end of a sentence, as in AllenNLP.
    """
    if text in MARKS:
        content = [MARKS[text]]
    else:
        content = list(text.encode("utf-8", "ignore")[: max_characters - 2])
    padding = [PADDING] * (max_characters - 2 - len(content))
    return [WORD_START, *content, WORD_END, *padding]


def add_marks(sentence: Tensor) -> Tensor:
    """From rows among the words to rows among marks and words."""
    start, end = sentence.new_tensor([START]), sentence.new_tensor([END])
    return torch.cat([start, sentence + len(MARKS), end])


def batch_by_length(sentences: Sequence[Tensor]) -> Iterator[list[int]]:
    """Positions of sentences of similar length, within a budget of tokens."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    left = iter(order)
    for sizes in group_sizes([len(sentences[i]) for i in order], MAX_BATCH_TOKENS):
        yield list(islice(left, len(sizes)))
