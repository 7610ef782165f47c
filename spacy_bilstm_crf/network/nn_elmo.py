"""ELMo: word vectors out of a bidirectional language model (Peters et al. 2018)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from .nn_elmo_characters import CharacterEncoder, encode_word
from .nn_elmo_lstm import BiLM

# rows that the marks around a sentence have among the word vectors
START, END = 0, 1
# tokens that go through the language model at once: a bound on memory
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
        """Let the weights of characters and language model learn, or freeze them."""
        self.characters.requires_grad_(trainable)
        self.context.requires_grad_(trainable)

    def forward(
        self, characters: Tensor, sentences: Sequence[Tensor], rate: float = 0.0
    ) -> Tensor:
        """Embed sentences.

        characters (Tensor): Character ids of the distinct words.
            Shape: (n_words, max_characters).
        sentences (Sequence[Tensor]): The words of each sentence, as rows of
            `characters`. At least one sentence, of at least one word.
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
        """Vectors of the marks around a sentence, and of words.

        RETURNS (Tensor): Start, end, then the words. Shape: (2 + n_words, width).
        """
        limit = self.characters.max_characters
        marks = [encode_word(mark, limit) for mark in ("<S>", "</S>")]
        both = torch.cat([characters.new_tensor(marks), characters])
        words: Tensor = self.characters(both)
        return words

    def _embed(self, words: Tensor, sentences: Sequence[Tensor]) -> Sequence[Tensor]:
        """The mixed layers of each sentence."""
        lengths = [len(sentence) + 2 for sentence in sentences]
        rows = torch.cat([add_marks(sentence) for sentence in sentences])
        X = words[rows]
        hidden, _ = self.context(X, lengths)
        layers = [torch.cat([X, X], dim=1), *hidden]
        return [y[1:-1] for y in self.mix(layers).split(lengths)]


class ScalarMix(nn.Module):
    """A weighted mean of layers, times a factor (Peters et al. 2018, equation 1).

    n_layers (int): Number of layers.
    """

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.gamma = nn.Parameter(torch.ones(1))

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Mix layers of one shape, which is also that of the result."""
        shares = self.gamma * self.weights.softmax(dim=0)
        return torch.tensordot(shares, torch.stack(list(layers)), dims=1)


def add_marks(sentence: Tensor) -> Tensor:
    """The rows of a sentence among the vectors of marks and words.

    sentence (Tensor): Rows among the words. Shape: (n_words,).
    RETURNS (Tensor): Shape: (n_words + 2,).
    """
    start, end = sentence.new_tensor([START]), sentence.new_tensor([END])
    return torch.cat([start, sentence + 2, end])


def batch_by_length(sentences: Sequence[Tensor]) -> Iterator[list[int]]:
    """Group sentences of similar length, within a budget of tokens.

    YIELDS (list[int]): Positions in `sentences`.
    """
    batch: list[int] = []
    n_tokens = 0
    for i in sorted(range(len(sentences)), key=lambda i: len(sentences[i])):
        if batch and n_tokens + len(sentences[i]) > MAX_BATCH_TOKENS:
            yield batch
            batch, n_tokens = [], 0
        batch.append(i)
        n_tokens += len(sentences[i])
    if batch:
        yield batch
