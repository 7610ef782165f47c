"""ELMo's bidirectional language model: LSTMs whose cells and outputs are clipped.

Sequences are not padded. Their tokens are sorted step by step: the first tokens of all
sequences, the longest sequence first, then the second tokens of all that have one. A
step is then a few neighbouring rows, and a sequence that has ended costs nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

# the output and the cell after the last step of each sequence, of one LSTM.
# Shapes: (batch_size, width), (batch_size, hidden_width)
State: TypeAlias = tuple[Tensor, Tensor]
# how many tokens are projected onto the gates at once: a bound on memory
TOKENS_AT_ONCE = 1024


class Steps(NamedTuple):
    """How the tokens of concatenated sequences are sorted step by step.

    order: The sequences, the longest first. Shape: (batch_size,).
    ahead, back: The token at each place, reading forward or backward.
        Shape: (n_tokens,).
    sizes: How many sequences have not ended, per step.
    """

    order: Tensor
    ahead: Tensor
    back: Tensor
    sizes: list[int]


class BiLM(nn.Module):
    """Stacked LSTMs in both directions that do not see each other.

    Peters et al. (2018), section 3.1, with the clipping and the projection of
    Jozefowicz et al. (2016).

    depth (int): Number of layers.
    skip_connections (bool): Add the input of each layer but the first to its output.
    lstm: Settings of `ClippedLSTM`.
    """

    def __init__(
        self,
        *,
        depth: int,
        skip_connections: bool,
        **lstm: Any,
    ) -> None:
        super().__init__()
        self.forwards = nn.ModuleList(ClippedLSTM(**lstm) for _ in range(depth))
        self.backwards = nn.ModuleList(ClippedLSTM(**lstm) for _ in range(depth))
        self.skip_connections = skip_connections

    def forward(
        self,
        X: Tensor,
        lengths: Sequence[int],
        states: Sequence[State] | None = None,
    ) -> tuple[list[Tensor], list[State]]:
        """Encode concatenated sequences.

        X (Tensor): Shape: (n_tokens, width).
        states (Sequence[State] | None): From an earlier call; None starts from zeros.
        RETURNS (tuple): The output of each layer, the forward half first, shape
            (n_tokens, 2 * width); and the states of the forward layers, then of the
            backward layers.
        """
        steps = order_by_step(lengths, X.device)
        depth = len(self.forwards)
        before = list(states) if states else [None] * (2 * depth)
        ahead, states_ahead = self._run(
            self.forwards, X, steps, steps.ahead, before[:depth]
        )
        back, states_back = self._run(
            self.backwards, X, steps, steps.back, before[depth:]
        )
        layers = [torch.cat(pair, dim=1) for pair in zip(ahead, back, strict=True)]
        return layers, states_ahead + states_back

    def _run(
        self,
        stack: nn.ModuleList,
        X: Tensor,
        steps: Steps,
        index: Tensor,
        before: Sequence[State | None],
    ) -> tuple[list[Tensor], list[State]]:
        Y = X[index]
        outputs, after = [], []
        restore, restore_batch = index.argsort(), steps.order.argsort()
        for i, (lstm, state) in enumerate(zip(stack, before, strict=True)):
            if state is not None:
                state = state[0][steps.order], state[1][steps.order]
            hidden, (h, c) = lstm(Y, steps.sizes, state)
            Y = hidden + Y if self.skip_connections and i else hidden
            outputs.append(Y[restore])
            after.append((h[restore_batch], c[restore_batch]))
        return outputs, after


class ClippedLSTM(nn.Module):
    """An LSTM of one direction with a projected output.

        i, f, o = sigmoid(...), g = tanh(...)   of W x + U h + b
        c = clip(f * c + i * g),  h = clip(P (o * tanh(c)))

    Torch's own LSTM can project, but not clip between the steps.

    width (int): Width of the input and of the output.
    hidden_width (int): Number of cells.
    cell_clip (float | None): Cells are clipped to plus and minus this.
    output_clip (float | None): The same for the projected output.
    """

    def __init__(
        self,
        *,
        width: int,
        hidden_width: int,
        cell_clip: float | None,
        output_clip: float | None,
    ) -> None:
        super().__init__()
        # the gates are i, f, o, then g
        self.input = nn.Linear(width, 4 * hidden_width)
        # laid out for steps of one sequence: their product is faster so
        self.recurrent = nn.Parameter(torch.empty(width, 4 * hidden_width))
        nn.init.xavier_uniform_(self.recurrent)
        self.projection = nn.Linear(hidden_width, width, bias=False)
        self.cell_clip = cell_clip
        self.output_clip = output_clip

    def forward(
        self, X: Tensor, sizes: Sequence[int], state: State | None = None
    ) -> tuple[Tensor, State]:
        """Run over tokens sorted step by step; see `Steps`.

        state (State | None): Where to start, the longest sequence first.
        RETURNS (tuple): The outputs, shape (n_tokens, width), and the state after the
            last step of each sequence.
        """
        width, hidden_width = self.projection.weight.shape
        zeros = X.new_zeros(sizes[0], width), X.new_zeros(sizes[0], hidden_width)
        h, c = zeros if state is None else state
        outputs, ended = [], []
        for gates in self._project(X, sizes):
            n = len(gates)
            if n < len(h):
                ended.append((h[n:], c[n:]))
                h, c = h[:n], c[:n]
            h, c = self._step(gates, h, c)
            outputs.append(h)
        ended.append((h, c))
        hs, cs = zip(*reversed(ended), strict=True)
        return torch.cat(outputs), (torch.cat(hs), torch.cat(cs))

    def _project(self, X: Tensor, sizes: Sequence[int]) -> Iterator[Tensor]:
        """What the input adds to the gates, per step.

        Many steps are one product: the weights pass through the caches once.
        """
        start = 0
        for group in group_sizes(sizes, TOKENS_AT_ONCE):
            end = start + sum(group)
            # shape: (tokens of the group, 4 * hidden_width)
            yield from self.input(X[start:end]).split(group)
            start = end

    def _step(self, gates: Tensor, h: Tensor, c: Tensor) -> State:
        gates = torch.addmm(gates, h, self.recurrent)
        hidden_width = c.shape[1]
        opened = gates[:, : 3 * hidden_width].sigmoid()
        i, f, o = opened.chunk(3, dim=1)
        c = clip(f * c + i * gates[:, 3 * hidden_width :].tanh(), self.cell_clip)
        return clip(self.projection(o * c.tanh()), self.output_clip), c


def clip(X: Tensor, bound: float | None) -> Tensor:
    return X if bound is None else X.clamp(-bound, bound)


def group_sizes(sizes: Sequence[int], limit: int) -> Iterator[list[int]]:
    """Group neighbouring sizes up to a limit; a larger size comes alone."""
    group: list[int] = []
    total = 0
    for size in sizes:
        if group and total + size > limit:
            yield group
            group, total = [], 0
        group.append(size)
        total += size
    if group:
        yield group


def order_by_step(lengths: Sequence[int], device: torch.device) -> Steps:
    counts = torch.tensor(lengths)
    order = counts.argsort(descending=True, stable=True)
    rank = order.argsort()
    ends = counts.cumsum(0)
    # shape of all of these: (n_tokens,)
    sequence = torch.repeat_interleave(counts)
    token = torch.arange(len(sequence))
    step = token - (ends - counts)[sequence]
    mirrored = (2 * ends - counts - 1)[sequence] - token
    ahead = (step * len(counts) + rank[sequence]).argsort()
    return Steps(
        order.to(device),
        ahead.to(device),
        mirrored[ahead].to(device),
        torch.bincount(step).tolist(),
    )
