"""`python -m spacy_bilstm_crf`: the commands without spaCy's own around them."""

from .cli import app

if __name__ == "__main__":
    app(prog_name="python -m spacy_bilstm_crf")
