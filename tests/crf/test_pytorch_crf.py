"""The CRF equals another library, pytorch-crf."""

import pytest
import torch
import torchcrf
from checks import assert_equal_arrays, assert_equal_potentials, one_hot
from strategies import unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import Potentials


@pytest.fixture
def other():
    """pytorch-crf with random scores, ragged emissions, and our view of its scores."""
    torch.manual_seed(0)
    model = torchcrf.CRF(7, batch_first=True).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    emissions = torch.randn(5, 9, 7, dtype=torch.float64, requires_grad=True)
    scores = Potentials(
        emissions, model.transitions, model.start_transitions, model.end_transitions
    )
    lengths = torch.tensor([9, 1, 4, 9, 2])
    return model, scores, lengths, torch.arange(9) < lengths[:, None]


def test_loss_and_gradient_equal_pytorch_crf(other):
    model, scores, lengths, mask = other
    tag_ids = torch.randint(0, 7, (5, 9))
    expected = -model(scores.emissions, tag_ids, mask=mask, reduction="none")
    expected.sum().backward()
    loss, gradient = crf.negative_log_likelihood(
        scores, one_hot(tag_ids, 7), lengths=lengths, constraints=unconstrained(7)
    )
    assert_equal_arrays(loss, expected.detach())
    assert_equal_potentials(gradient, [score.grad for score in scores])


def test_best_paths_equal_pytorch_crf(other):
    model, scores, lengths, mask = other
    tag_ids, _ = crf.viterbi_decode(scores, lengths=lengths)
    paths = [ids[:n].tolist() for ids, n in zip(tag_ids, lengths, strict=True)]
    assert paths == model.decode(scores.emissions, mask=mask)
