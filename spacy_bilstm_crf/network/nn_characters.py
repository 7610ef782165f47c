"""Words read character by character, in both directions."""

import torch
from torch import Tensor, nn

from .nn_bilstm import BiLSTMLayer, reversal_index

# words of similar length are read together: in so many parts, little is padding
N_PARTS = 3


class CharacterBiLSTM(nn.Module):
    """The last states of two LSTMs over the characters of a word.

    After Lample et al. (2016), section 4.1: one LSTM reads the word to its end, the
    other one to its beginning, and their final states stand side by side.

    n_rows (int): Number of different characters.
    width (int): Width of the character embeddings.
    hidden_width (int): Units of one direction; the output is twice as wide.
    """

    def __init__(self, *, n_rows: int, width: int, hidden_width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_rows, width)
        self.bilstm = BiLSTMLayer(
            input_width=width, hidden_width=hidden_width, recurrent_dropout=0.0
        )
        # uniform with a variance of 1 / width
        bound = (3 / width) ** 0.5
        nn.init.uniform_(self.embedding.weight, -bound, bound)

    def forward(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """Encode some words. A word gets the same vector whatever the others are.

        characters (Tensor): Rows of the embedding, int64, padded on the right.
            Shape: (n_words, n_chars).
        lengths (Tensor): True lengths, at least 1. Shape: (n_words,).
        RETURNS (Tensor): Shape: (n_words, 2 * hidden_width).
        """
        order = lengths.argsort()
        parts = [
            self._read(characters[rows, : int(lengths[rows[-1]])], lengths[rows])
            for rows in order.chunk(N_PARTS)
        ]
        return torch.cat(parts)[order.argsort()]

    def _read(self, characters: Tensor, lengths: Tensor) -> Tensor:
        reverse = reversal_index(lengths, characters.shape[1])
        # shape: (n_words, n_chars, hidden_width), once a direction
        ahead, back = self.bilstm(self.embedding(characters), reverse).chunk(2, dim=-1)
        words = torch.arange(len(lengths), device=lengths.device)
        return torch.cat([ahead[words, lengths - 1], back[:, 0]], dim=-1)
