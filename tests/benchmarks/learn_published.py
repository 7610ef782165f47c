"""The published networks and the default, trained on the same corpus and budget.

    python tests/benchmarks/learn_published.py CORPUS_DIR [--minutes 20] [--epochs N]
        [--steps N] [--elmo FOLDER] [--only NAME ...] [--seed 0]
        [--output metrics/published] [--table]

CORPUS_DIR holds what `spacy bilstm-crf convert` wrote. Each system is trained on
train.spacy as its config says, at most for the budget; of all evaluations on dev.spacy
the best is kept, and scored on test.spacy. Each writes OUTPUT/NAME.json, and the table
is made of all of these files: systems may be run one at a time, or again. `--table`
trains nothing. FOLDER holds an ELMo, options.json and one *weights.hdf5; without them
the published network on ELMo is left out.

Minutes and words a second are of the processor, on one thread, without the evaluations
in between: what else the machine does does not count.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import one_table
from one_table import CONFIGS, Setting
from published_scores import HEADER, make_row, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thinc.api import Config

# tokens of the corpus's longest sentence
LONGEST = 104


class System(NamedTuple):
    """A config, and what its publication says of the Kaggle corpus.

    padded_to: The length to which it pads before it counts accuracy; where it knows no
        padding, that of the longest sentence, as `bilstm_lstm` has it, to compare.
    keeps_longer: Whether it cuts longer sentences and does not drop them.
    published: What it reports, in its own way of counting and on a split of its own.
    """

    config: str
    padded_to: int
    keeps_longer: bool = True
    published: str = "-"
    needs_elmo: bool = False


SYSTEMS = {
    "bilstm_lstm": System("published/bilstm_lstm.cfg", padded_to=LONGEST),
    "bilstm_lstm_crf": System(
        "published/bilstm_lstm_crf.cfg", padded_to=140, published="padded 99"
    ),
    "elmo_bilstm": System(
        "published/elmo_bilstm.cfg",
        padded_to=50,
        published="F1 81.2, macro 59",
        needs_elmo=True,
    ),
    "word_char_bilstm_crf": System(
        "published/word_char_bilstm_crf.cfg", padded_to=LONGEST
    ),
    "bilstm_dense_crf": System(
        "published/bilstm_dense_crf.cfg",
        padded_to=70,
        keeps_longer=False,
        published="padded 98.91",
    ),
    "default": System("bilstm_crf.cfg", padded_to=LONGEST),
}


def list_elmo(folder: Path | None) -> list[Path]:
    """The files of a folder that may be an ELMo's: options, then weights."""
    if folder is None:
        return []
    return [*folder.glob("options.json"), *sorted(folder.glob("*weights.hdf5"))]


def leave_out(names: "Sequence[str]", elmo: list[Path]) -> list[str]:
    """The systems that can be trained; what cannot is printed, and why.

    elmo (list[Path]): See `list_elmo`. Whole if it is one file of each kind.
    """
    if [path.suffix for path in elmo] == [".json", ".hdf5"]:
        return list(names)
    found = ", ".join(map(str, elmo)) or "neither"
    for name in names:
        if SYSTEMS[name].needs_elmo:
            print(
                f"{name} is left out: expected the folder of an ELMo as --elmo, with "
                f"options.json and one *weights.hdf5; found {found}"
            )
    return [name for name in names if not SYSTEMS[name].needs_elmo]


def run(name: str, setting: Setting, elmo: list[Path]) -> dict[str, Any]:
    """Train and score a system."""
    system = SYSTEMS[name]
    padding = {"padded_to": system.padded_to, "keeps_longer": system.keeps_longer}
    result = one_table.run(
        name,
        load_config(system, setting, elmo),
        setting,
        lambda nlp: score(nlp, setting.test, **padding),
    )
    return {**result, "config": system.config, "published": system.published}


def load_config(system: System, setting: Setting, elmo: list[Path]) -> "Config":
    from spacy.util import load_config

    overrides = setting.make_overrides()
    if system.needs_elmo:
        options, weights = elmo
        overrides["paths.elmo_options"] = str(options)
        overrides["paths.elmo_weights"] = str(weights)
    return load_config(CONFIGS / system.config, overrides=overrides)


def main(arguments: "Sequence[str] | None" = None) -> None:
    parser = one_table.make_parser(__doc__, SYSTEMS, output="metrics/published")
    parser.add_argument("--elmo", type=Path, metavar="FOLDER")
    args = parser.parse_args(arguments)
    setting = one_table.make_setting(args)
    elmo = list_elmo(args.elmo)
    for name in () if args.table else leave_out(args.only, elmo):
        one_table.write_result(args.output, run(name, setting, elmo))
    results = one_table.read_results(args.output, SYSTEMS)
    print(one_table.format_table(HEADER, map(make_row, results)))


if __name__ == "__main__":
    one_table.use_one_thread()
    main()
