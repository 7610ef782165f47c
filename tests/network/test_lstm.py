import pytest
import torch

from spacy_bilstm_crf.network.lstm import ForwardLSTM, drop_per_sequence, run_lstm

LENGTHS = torch.tensor([7, 1, 4, 7, 2])
WIDTH = 5


def make_batch():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(len(LENGTHS), int(LENGTHS.max()), WIDTH, generator=generator)
    return X * (torch.arange(X.shape[1]) < LENGTHS[:, None])[:, :, None]


def make_network(**kwargs):
    torch.manual_seed(1)
    return ForwardLSTM(input_width=WIDTH, hidden_width=3, **kwargs)


def test_lstm_equals_the_equations():
    """Hochreiter & Schmidhuber (1997) with forget gates, a step at a time."""
    network = make_network()
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


def test_lstm_is_padding_invariant():
    network = make_network()
    X = make_batch().requires_grad_()
    Y = network(X, LENGTHS)
    Y.square().sum().backward()
    for i, length in enumerate(LENGTHS.tolist()):
        alone = X.detach()[i : i + 1, :length].clone().requires_grad_()
        y = network(alone, LENGTHS[i : i + 1])
        y.square().sum().backward()
        torch.testing.assert_close(Y[i : i + 1, :length], y)
        torch.testing.assert_close(X.grad[i : i + 1, :length], alone.grad)


def test_padding_neither_matters_nor_shows():
    network = make_network()
    X = make_batch()
    is_padding = torch.arange(X.shape[1]) >= LENGTHS[:, None]
    noisy = X.masked_fill(is_padding[:, :, None], 100.0)
    Y = network(noisy, LENGTHS)
    torch.testing.assert_close(Y, network(X, LENGTHS))
    assert not Y[is_padding].any()


def test_a_step_knows_what_came_before_and_nothing_after():
    network = make_network()
    X = make_batch()
    changed = X.clone()
    changed[0, 4] += 1.0
    before, after = network(X, LENGTHS)[0], network(changed, LENGTHS)[0]
    assert torch.equal(before[:4], after[:4])
    assert (before[4:] != after[4:]).any(dim=1).all()


def test_dropout_uses_one_mask_for_all_steps_of_a_sequence():
    torch.manual_seed(0)
    dropped = drop_per_sequence(torch.ones(4, 6, 50), 0.5)
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert (dropped[0] != dropped[1]).any()


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.5])
def test_dropout_is_for_training(dropout, recurrent_dropout):
    network = make_network(recurrent_dropout=recurrent_dropout)
    X = make_batch()
    first, second = (network(X, LENGTHS, dropout=dropout) for _ in range(2))
    assert torch.equal(first, second) == (not dropout and not recurrent_dropout)
    network.eval()
    expected = make_network().eval()(X, LENGTHS)
    torch.testing.assert_close(network(X, LENGTHS, dropout=dropout), expected)


def test_recurrent_dropout_drops_recurrent_weights_alone():
    lstm = make_network().lstm
    X = make_batch()
    # nothing is recurrent in the first step
    torch.manual_seed(3)
    dropped, whole = run_lstm(lstm, X, 0.5), run_lstm(lstm, X)
    torch.testing.assert_close(dropped[:, 0], whole[:, 0])
    assert not torch.allclose(dropped[:, 1], whole[:, 1])
