import pytest
import torch
from torch import nn

from spacy_bilstm_crf.network.lstm import (
    BiLSTM,
    ForwardLSTM,
    drop_per_sequence,
    reversal_index,
    run_lstm,
    take_steps,
)

LENGTHS = torch.tensor([7, 1, 4, 7, 2])
IS_PADDING = torch.arange(7) >= LENGTHS[:, None]
SIZES = {"input_width": 5, "hidden_width": 3}
both = pytest.mark.parametrize("network_class", [BiLSTM, ForwardLSTM])


def make_batch():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(*IS_PADDING.shape, SIZES["input_width"], generator=generator)
    return X.masked_fill(IS_PADDING[:, :, None], 0.0)


def make_network(network_class, **settings):
    torch.manual_seed(1)
    return network_class(**SIZES, **settings)


def test_lstm_equals_the_equations():
    """Hochreiter & Schmidhuber (1997) with forget gates, a step at a time."""
    network = make_network(ForwardLSTM)
    lstm = network.lstm
    X = make_batch()[0]
    h, c = torch.zeros(3), torch.zeros(3)
    for x, y in zip(X, network(make_batch(), LENGTHS)[0], strict=True):
        gates = lstm.weight_ih_l0 @ x + lstm.weight_hh_l0 @ h
        gates = gates + lstm.bias_ih_l0 + lstm.bias_hh_l0
        i, f, g, o = gates.split(3)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        torch.testing.assert_close(y, h)


def copy_to_torch(layer) -> nn.LSTM:
    """Torch's own bidirectional LSTM with the same weights."""
    lstm = nn.LSTM(5, 3, batch_first=True, bidirectional=True)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    with torch.no_grad():
        for name in names:
            getattr(lstm, name).copy_(getattr(layer.forwards, name))
            getattr(lstm, f"{name}_reverse").copy_(getattr(layer.backwards, name))
    return lstm


def test_bilstm_equals_packed_lstm_of_torch():
    network = make_network(BiLSTM)
    X = make_batch()
    lstm = copy_to_torch(network.layers[0])
    packed = nn.utils.rnn.pack_padded_sequence(
        X, LENGTHS, batch_first=True, enforce_sorted=False
    )
    expected, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    torch.testing.assert_close(network(X, LENGTHS), expected)


@both
def test_padding_neither_matters_nor_shows(network_class):
    network = make_network(network_class)
    X = make_batch()
    noisy = X.masked_fill(IS_PADDING[:, :, None], 100.0)
    Y = network(noisy, LENGTHS)
    torch.testing.assert_close(Y, network(X, LENGTHS))
    assert not Y[IS_PADDING].any()


def test_a_step_knows_what_came_before_and_nothing_after():
    network = make_network(ForwardLSTM)
    X = make_batch()
    changed = X.clone()
    changed[0, 4] += 1.0
    before, after = network(X, LENGTHS)[0], network(changed, LENGTHS)[0]
    assert torch.equal(before[:4], after[:4])
    assert (before[4:] != after[4:]).any(dim=1).all()


def test_residual_adds_the_layer_below():
    network = make_network(BiLSTM, depth=2, residual=True)
    X = make_batch()
    reverse = reversal_index(LENGTHS, X.shape[1])
    first = network.layers[0](X, reverse)
    second = network.layers[1](first, reverse) + first
    expected = second.masked_fill(IS_PADDING[:, :, None], 0.0)
    torch.testing.assert_close(network(X, LENGTHS), expected)


def test_reversal_index_is_its_own_inverse():
    X = make_batch()
    reverse = reversal_index(LENGTHS, X.shape[1])
    torch.testing.assert_close(take_steps(take_steps(X, reverse), reverse), X)
    assert reverse[2].tolist() == [3, 2, 1, 0, 4, 5, 6]


@both
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.5])
def test_dropout_is_for_training(network_class, dropout, recurrent_dropout):
    network = make_network(network_class, recurrent_dropout=recurrent_dropout)
    X = make_batch()
    first, second = (network(X, LENGTHS, dropout=dropout) for _ in range(2))
    assert torch.equal(first, second) == (not dropout and not recurrent_dropout)
    network.eval()
    expected = make_network(network_class).eval()(X, LENGTHS)
    torch.testing.assert_close(network(X, LENGTHS, dropout=dropout), expected)


def test_dropout_uses_one_mask_for_all_steps_of_a_sequence():
    torch.manual_seed(0)
    dropped = drop_per_sequence(torch.ones(4, 6, 50), 0.5)
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert (dropped[0] != dropped[1]).any()


def test_recurrent_dropout_drops_recurrent_weights_alone_and_keeps_them():
    lstm = make_network(ForwardLSTM).lstm
    X = make_batch()
    before = {name: weights.clone() for name, weights in lstm.state_dict().items()}
    # nothing is recurrent in the first step
    torch.manual_seed(3)
    dropped, whole = run_lstm(lstm, X, 0.5), run_lstm(lstm, X)
    torch.testing.assert_close(dropped[:, 0], whole[:, 0])
    assert not torch.allclose(dropped[:, 1], whole[:, 1])
    dropped.sum().backward()
    assert all(parameter.grad is not None for parameter in lstm.parameters())
    torch.testing.assert_close(dict(lstm.state_dict()), before)


def test_forget_gates_start_open():
    lstm = make_network(BiLSTM).layers[0].forwards
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
