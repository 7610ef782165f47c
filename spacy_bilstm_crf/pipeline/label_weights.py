"""Weights of labels in the loss of a CRF.

A CRF scores whole sequences, so that there is no loss a token whose terms could be
weighted. What can be weighted is how far the gold has to win: the softmax margin
(Gimpel and Smith 2010, equation 5) adds a cost to every path that differs from it,

    loss = log sum_y exp(score(y) + cost(y, gold)) - score(gold)

and with the cost log(w) for each token that misses a gold tag of weight w, the
mass of what misses it counts w times. Weights above 1 raise the recall of a label
(compare the recall-oriented cost of Mohit et al. 2012, section 4), weights below 1
its precision. With all weights 1 this is the likelihood.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..tags import TagSet
from ..types import BoolArray


def get_costs(
    gold: BoolArray, tag_set: TagSet, weights: Mapping[str, float]
) -> NDArray[np.float32]:
    """What to add to the emissions of the wrong tags.

    The gold paths themselves cost nothing, so that the costs can be added to all
    scores. Where the gold leaves more than one tag, no tag is wrong.

    gold (ndarray): The gold lattice. Shape: (batch_size, seq_len, n_tags).
    weights (Mapping[str, float]): Above 0; labels that are not in it weigh 1.
    RETURNS (ndarray): Shape: (batch_size, seq_len, n_tags).
    """
    by_label = [np.log(weights.get(label, 1.0)) for label in tag_set.labels]
    # shape: (n_tags,); the first tag is outside
    by_tag = np.append(0.0, np.repeat(by_label, tag_set.n_prefixes))
    is_known = gold.sum(2) == 1
    # shape: (batch_size, seq_len)
    cost = np.where(is_known, by_tag[gold.argmax(2)], 0.0)
    costs: NDArray[np.float32] = np.where(gold, 0.0, cost[..., None]).astype(np.float32)
    return costs
