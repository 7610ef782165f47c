"""A transformer of random weights, too small to be of use, made without network."""

import string
from pathlib import Path

WIDTH = 32
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = [c for c in string.printable if not c.isspace()]
PIECES = [*SPECIAL, *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]
SIZES = {
    "vocab_size": len(PIECES),
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 200,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def write_pieces(path: Path) -> Path:
    """The vocabulary of a tokenizer that cuts words into characters."""
    path.write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return path


def write_transformer(folder: Path) -> Path:
    """A folder as Hugging Face's `from_pretrained` reads it, with a BERT."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocab = write_pieces(folder / "vocab.txt")
    tokenizer = BertTokenizerFast(str(vocab), do_lower_case=False)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(hidden_size=WIDTH, intermediate_size=2 * WIDTH, **SIZES)
    BertModel(config).save_pretrained(folder)
    return folder
