import torch

from spacy_bilstm_crf.network.elmo_lstm import ClippedLSTM, group_sizes, order_by_step


def test_gradients_of_the_lstm_are_those_of_differences():
    torch.manual_seed(0)
    lstm = ClippedLSTM(width=3, hidden_width=4, cell_clip=0.3, output_clip=0.2)
    lstm = lstm.double()
    weights = dict(lstm.named_parameters())

    def run(X, h, c, *values):
        state = (h, c)
        named = dict(zip(weights, values, strict=True))
        Y, (h, c) = torch.func.functional_call(lstm, named, (X, [3, 2, 2], state))
        return Y, h, c

    shapes = [(7, 3), (3, 3), (3, 4)]
    inputs = [torch.randn(*s).double().requires_grad_() for s in shapes]
    # (gradcheck would not notice a gradient that is missing)
    assert all(value.requires_grad for value in weights.values())
    assert torch.autograd.gradcheck(run, (*inputs, *weights.values()))


def test_order_by_step():
    steps = order_by_step([2, 1, 3], torch.device("cpu"))
    assert steps.order.tolist() == [2, 0, 1]
    # tokens 0 1 | 2 | 3 4 5
    assert steps.ahead.tolist() == [3, 0, 2, 4, 1, 5]
    assert steps.back.tolist() == [5, 1, 2, 4, 0, 3]
    assert steps.sizes == [3, 2, 1]


def test_group_sizes_splits_no_step():
    assert list(group_sizes([5, 3, 2, 2, 1], 4)) == [[5], [3], [2, 2], [1]]
    assert list(group_sizes([2, 2], 10)) == [[2, 2]]
