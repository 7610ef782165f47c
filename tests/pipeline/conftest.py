"""Both components, for the contract that both keep."""

import pytest
from pipelines import COMPONENTS, get_trained, load_trained, make_annotated_examples
from spacy.util import fix_random_seed


@pytest.fixture(params=COMPONENTS, ids=lambda component: component.factory)
def component(request):
    return request.param


@pytest.fixture
def trained(component):
    """Overfitted to `TEXTS`, and never changed."""
    return get_trained(component.make)


@pytest.fixture
def copied(component):
    """A copy of `trained` that a test may change."""
    return load_trained(component.make)


@pytest.fixture
def fresh(component):
    """Initialized and not trained, with an optimizer."""
    nlp = component.make()
    fix_random_seed(0)
    examples = make_annotated_examples(nlp)
    return nlp, nlp.initialize(lambda: examples)
