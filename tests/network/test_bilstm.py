import pytest
import torch
from torch import nn

from spacy_bilstm_crf.network.lstm import (
    BiLSTM,
    BiLSTMLayer,
    reversal_index,
    take_steps,
)

LENGTHS = torch.tensor([7, 1, 4, 7, 2])


def make_batch(width=5):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(len(LENGTHS), int(LENGTHS.max()), width, generator=generator)
    return X * (torch.arange(X.shape[1]) < LENGTHS[:, None])[:, :, None]


def make_network(**kwargs):
    torch.manual_seed(1)
    return BiLSTM(input_width=5, hidden_width=3, **kwargs)


def copy_to_torch(layer: BiLSTMLayer) -> nn.LSTM:
    """Torch's own bidirectional LSTM with the same weights."""
    lstm = nn.LSTM(5, 3, batch_first=True, bidirectional=True)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    with torch.no_grad():
        for name in names:
            getattr(lstm, name).copy_(getattr(layer.forwards, name))
            getattr(lstm, f"{name}_reverse").copy_(getattr(layer.backwards, name))
    return lstm


def test_bilstm_equals_packed_lstm_of_torch():
    network = make_network()
    X = make_batch()
    lstm = copy_to_torch(network.layers[0])
    packed = nn.utils.rnn.pack_padded_sequence(
        X, LENGTHS, batch_first=True, enforce_sorted=False
    )
    expected, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    torch.testing.assert_close(network(X, LENGTHS), expected)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("residual", [False, True])
def test_bilstm_is_padding_invariant(depth, residual):
    network = make_network(depth=depth, residual=residual)
    X = make_batch().requires_grad_()
    Y = network(X, LENGTHS)
    Y.square().sum().backward()
    for i, length in enumerate(LENGTHS.tolist()):
        alone = X.detach()[i : i + 1, :length].clone().requires_grad_()
        y = network(alone, LENGTHS[i : i + 1])
        y.square().sum().backward()
        torch.testing.assert_close(Y[i : i + 1, :length], y)
        torch.testing.assert_close(X.grad[i : i + 1, :length], alone.grad)


def test_bilstm_ignores_what_stands_on_padding():
    network = make_network(depth=2)
    X = make_batch()
    noisy = X.clone()
    noisy[torch.arange(X.shape[1]) >= LENGTHS[:, None]] = 100.0
    torch.testing.assert_close(network(noisy, LENGTHS), network(X, LENGTHS))


def test_bilstm_output_is_zero_on_padding():
    Y = make_network()(make_batch(), LENGTHS)
    assert not Y[torch.arange(Y.shape[1]) >= LENGTHS[:, None]].any()


def test_bilstm_order_of_batch_does_not_matter():
    network = make_network(depth=2)
    X, order = make_batch(), torch.tensor([3, 0, 4, 1, 2])
    expected = network(X, LENGTHS)[order]
    torch.testing.assert_close(network(X[order], LENGTHS[order]), expected)


def test_dropout_is_off_in_evaluation():
    network = make_network(recurrent_dropout=0.5).eval()
    X = make_batch()
    torch.testing.assert_close(
        network(X, LENGTHS, dropout=0.9), network(X, LENGTHS, dropout=0.0)
    )


def test_recurrent_dropout_changes_training_and_keeps_weights():
    network = make_network(recurrent_dropout=0.5).train()
    X = make_batch()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    first, second = network(X, LENGTHS), network(X, LENGTHS)
    assert not torch.equal(first, second)
    first.sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    torch.testing.assert_close(dict(network.state_dict()), before)


def test_residual_adds_the_layer_below():
    network = make_network(depth=2, residual=True)
    X = make_batch()
    reverse = reversal_index(LENGTHS, X.shape[1])
    first = network.layers[0](X, reverse)
    second = network.layers[1](first, reverse) + first
    mask = (torch.arange(X.shape[1]) < LENGTHS[:, None])[:, :, None]
    torch.testing.assert_close(network(X, LENGTHS), second * mask)


def test_reversal_index_is_its_own_inverse():
    X = make_batch()
    reverse = reversal_index(LENGTHS, X.shape[1])
    torch.testing.assert_close(take_steps(take_steps(X, reverse), reverse), X)
    assert reverse[2].tolist() == [3, 2, 1, 0, 4, 5, 6]


def test_forget_gates_start_open():
    lstm = make_network().layers[0].forwards
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
