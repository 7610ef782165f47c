import pytest
import torch

from spacy_bilstm_crf.network.characters import CharacterBiLSTM

LENGTHS = torch.tensor([5, 1, 3, 9, 3, 2, 7])


def make_words():
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(
        1, 20, (len(LENGTHS), int(LENGTHS.max())), generator=generator
    )
    return words * (torch.arange(words.shape[1]) < LENGTHS[:, None])


def make_network():
    torch.manual_seed(1)
    return CharacterBiLSTM(n_rows=20, width=4, hidden_width=3)


def read_word(network, characters):
    """The plain twin: one word, one direction after the other, no padding."""
    embedded = network.embedding(characters)[None]
    _, (ahead, _) = network.bilstm.forwards(embedded)
    _, (back, _) = network.bilstm.backwards(embedded.flip(1))
    return torch.cat([ahead[0, 0], back[0, 0]])


@pytest.mark.parametrize("n_words", [1, 2, 7])
def test_words_equal_the_plain_twin(n_words):
    network = make_network()
    words, lengths = make_words()[:n_words], LENGTHS[:n_words]
    Y = network(words, lengths)
    assert Y.shape == (n_words, 6)
    for word, length, y in zip(words, lengths, Y, strict=True):
        torch.testing.assert_close(y, read_word(network, word[:length]))


def test_gradients_equal_those_of_the_plain_twin():
    network = make_network()
    words = make_words()
    weights = torch.randn(len(words), 6, generator=torch.Generator().manual_seed(2))
    (network(words, LENGTHS) * weights).sum().backward()
    found = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    twins = [read_word(network, w[:n]) for w, n in zip(words, LENGTHS, strict=True)]
    (torch.stack(twins) * weights).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


def test_what_stands_on_padding_does_not_matter():
    network = make_network()
    words = make_words()
    is_padding = torch.arange(words.shape[1]) >= LENGTHS[:, None]
    noisy = words.masked_fill(is_padding, 13)
    torch.testing.assert_close(network(noisy, LENGTHS), network(words, LENGTHS))
