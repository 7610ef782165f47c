"""Named-entity recognition for spaCy with a BiLSTM-CRF.

spaCy finds the component, its architectures and its commands through entry
points: install the package, name `bilstm_crf_ner` in a config, train. Nothing
has to be imported by hand, and this module imports nothing.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
