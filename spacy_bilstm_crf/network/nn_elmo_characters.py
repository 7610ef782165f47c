"""ELMo's vectors of words without context: convolution over their bytes."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

N_CHARACTERS = 261
# ids 0 to 255 are the bytes of the word in UTF-8
SENTENCE_START, SENTENCE_END, WORD_START, WORD_END, PADDING = range(256, 261)
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
# how many words are convolved at once: a bound on memory
WORDS_AT_ONCE = 256


class CharacterEncoder(nn.Module):
    """Words to vectors: embedding, convolutions, maximum, highways, projection.

    Peters et al. (2018), after Kim et al. (2016). The padding behind a word takes
    part in the convolutions, as it did when the published weights were trained.

    character_width (int): Width of the character embeddings.
    filters (Sequence): Pairs of a number of characters and a number of filters.
    max_characters (int): Characters of a word, its start and its end included.
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
        """Encode words.

        characters (Tensor): Ids, as `encode_word` makes them.
            Shape: (n_words, max_characters).
        RETURNS (Tensor): Shape: (n_words, width).
        """
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

    width (int): Width of input and output.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.carry = nn.Linear(width, width)

    def forward(self, X: Tensor) -> Tensor:
        gate = torch.sigmoid(self.carry(X))
        return torch.lerp(X, torch.relu(self.transform(X)), gate)


def encode_word(text: str, max_characters: int) -> list[int]:
    """The character ids of a word.

    Its bytes between a start and an end, padded on the right. Words that are too
    long lose their last bytes, and what UTF-8 cannot write is left out. "<S>" and
    "</S>" are the start and the end of a sentence, as they are in AllenNLP.

    RETURNS (list[int]): As many as `max_characters`.
    """
    if text in MARKS:
        content = [MARKS[text]]
    else:
        content = list(text.encode("utf-8", "ignore")[: max_characters - 2])
    padding = [PADDING] * (max_characters - 2 - len(content))
    return [WORD_START, *content, WORD_END, *padding]


MARKS = {"<S>": SENTENCE_START, "</S>": SENTENCE_END}
