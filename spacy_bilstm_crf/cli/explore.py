"""`explore`: look at a corpus before training."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from .loading import count_labels, read_docs
from .printing import fail, print_table, say, waiting
from .publishing import publish, require_extra, watch

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..analysis.explore import Exploration
    from ..analysis.explore_findings import TokenMatch
    from ..analysis.gold import AnnotatedDoc

# these first, in this order
SPLITS = ("train", "dev", "test")
N_EXAMPLES = 5  # that are printed; the page has more
CONVERSION = (
    "Converted from {name}. {found:,} of its sentences repeat the words of an earlier "
    "one ({with_other_tags:,} with other tags); {dropped:,} were dropped."
)
NO_SUMMARY = (
    "'{path}' was not written by 'spacy bilstm-crf convert', and is left out of the "
    "page"
)


def explore_cli(
    corpus_dir: Path = Arg(
        ..., metavar="CORPUS_DIR", help="Folder with train.spacy, dev.spacy, test.spacy"
    ),
    out: Path | None = Opt(
        None, help="Folder for explore.html, explore.json and the pictures"
    ),
    lang: str = Opt("en", help="Language of the tokenizer to compare with"),
) -> None:
    """
    Look at a corpus before training. Shows sizes, labels, tags and lengths of each
    split, texts with several labels, words and entities missing from train, copies
    and leaks between splits, label noise, rare labels, and entities that cannot be
    learned. All *.spacy files of the folder are splits; one is enough.

    Example: python -m spacy bilstm-crf explore corpus --out figures/explore
    """
    try:
        if out is not None:
            require_extra()
        nlp = make_tokenizer(lang)
        with waiting(f"reading {corpus_dir}"):
            corpus = read_splits(nlp, corpus_dir)
    except ValueError as error:
        fail(error)
    lead = [] if out is None else read_conversion(corpus_dir / "corpus.json")
    exploration = explore_splits(nlp, corpus)
    print_exploration(exploration)
    if out is None:
        return
    try:
        page = write_exploration(exploration, corpus_dir, out, lead=lead, lang=lang)
    except ValueError as error:
        fail(error)
    say("good", f"Page with pictures written to {page}")


def make_tokenizer(lang: str) -> "Language":
    """An empty pipeline.

    RAISES (ValueError): If spaCy does not know the language.
    """
    import spacy

    try:
        return spacy.blank(lang)
    except ImportError:
        raise ValueError(Errors.B525.format(lang=lang)) from None


def read_splits(nlp: "Language", folder: Path) -> "dict[str, list[Doc]]":
    """Read all *.spacy files of a folder.

    RAISES (ValueError): If there is none, one cannot be read or is empty, or there
        is no entity in any of them.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.spacy"))}
    if not paths:
        raise ValueError(Errors.B521.format(path=folder))
    names = [*(n for n in SPLITS if n in paths), *(n for n in paths if n not in SPLITS)]
    corpus = {name: read_docs(paths[name], nlp.vocab) for name in names}
    count_labels(chain(*corpus.values()), path=folder)
    return corpus


def explore_splits(nlp: "Language", corpus: "dict[str, list[Doc]]") -> "Exploration":
    """See `analysis.explore`; compares with the tokenizer of `nlp`."""
    from ..analysis.explore import explore
    from ..analysis.explore_findings import add_matches, match_tokens
    from ..analysis.gold import read_doc

    read: dict[str, list[AnnotatedDoc]] = {name: [] for name in corpus}
    tokens: dict[str, list[TokenMatch]] = {name: [] for name in corpus}
    everything = [(name, doc) for name, docs in corpus.items() for doc in docs]
    for name, doc in watch(everything, unit=" docs"):
        read[name].append(read_doc(doc))
        tokens[name].append(match_tokens(doc, nlp.make_doc(doc.text)))
    return explore(
        read,
        tokens={name: add_matches(matches) for name, matches in tokens.items()},
        watch=partial(watch, unit=" steps"),
    )


def print_exploration(exploration: "Exploration") -> None:
    """Print the tables and the findings."""
    from ..analysis import explore_page as page

    for tabulate in (
        page.tabulate_splits,
        page.tabulate_labels,
        page.tabulate_tags,
        page.tabulate_lengths,
        page.tabulate_ambiguity,
    ):
        print_table(tabulate(exploration))
    for name, ambiguity in (("entity", exploration.spans), ("word", exploration.words)):
        table = page.tabulate_examples(ambiguity, name)
        if table.rows:
            print_table(table._replace(rows=table.rows[:N_EXAMPLES]))
    if exploration.unseen:
        print_table(page.tabulate_unseen(exploration))
    for finding in exploration.findings:
        say(finding.level, finding.text)


def write_exploration(
    exploration: "Exploration",
    corpus_dir: Path,
    out: Path,
    *,
    lead: Sequence[str],
    lang: str,
) -> Path:
    """Write page, data and pictures.

    lead (Sequence[str]): Of the page, on the source of the corpus.
    RETURNS (Path): The page.
    RAISES (ValueError): If the folder cannot be written to.
    """
    from .. import __version__
    from ..analysis.explore_page import make_corpus_page
    from ..analysis.explore_pictures import draw_corpus

    name = corpus_dir.resolve().name
    lead = [
        *lead,
        f"Made by `explore` of spacy-bilstm-crf {__version__}. Words are the tokens of "
        f"the corpus, compared with the tokenizer of '{lang}'.",
    ]
    files = publish(
        out,
        "explore",
        data=exploration,
        drawings=draw_corpus(exploration),
        make_page=lambda pictures: make_corpus_page(
            exploration, name=name, lead=lead, pictures=pictures
        ),
    )
    return out / files[0]


def read_conversion(path: Path) -> list[str]:
    """What `convert` has written down of the corpus; nothing if it has not.

    A file of another form is no mistake: other programs write a `corpus.json` as well.
    """
    if not path.is_file():
        return []
    from ..corpus import read_summary

    try:
        summary = read_summary(path, required=("source", "duplicates"))
        name = summary["source"]["name"]
        return [CONVERSION.format(name=name, **summary["duplicates"])]
    except (ValueError, KeyError, TypeError):
        say("warn", NO_SUMMARY.format(path=path))
        return []
