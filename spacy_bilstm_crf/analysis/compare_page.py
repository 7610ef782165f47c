"""The tables, the picture and the page of a comparison."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from .compare import Comparison, Contest, Difference, Disagreement, Pair, Reading
from .compare_cost import Cost
from .page import Block, Notes, Passage, Picture, Piece, Section, Table, make_page
from .panels import Drawing, Estimates
from .scores import Scores
from .significance import Interval, explain_intervals, write_interval
from .text import cut_text

MIB = 2**20
TITLE = "Pipelines compared"
COUNTED = (
    "In percent; an entity counts if its span and label are exact. In brackets: 95% "
    "intervals from {resamples:,} bootstrap samples of the docs."
)
TESTED = (
    "In points. p is the probability of a difference at least this large if both were "
    "equally good: approximate randomisation, {resamples:,} exchanges by doc, "
    "two-sided, not corrected for the number of pairs; its smallest possible value is "
    "{least:.4f}."
)
MEASURED = (
    "Each pipeline runs in a process of its own, on one thread, in turns. Words per "
    "second: nlp.pipe on tokenised docs, after a warm-up pass. Load time: spacy.load "
    "after an empty pipeline, which loads spaCy and torch. Peak memory: of the whole "
    "process, including spaCy and the docs."
)


def shorten_names(models: Sequence[str]) -> list[str]:
    """The last parts of some paths, as many as are needed to tell them apart."""
    parts = [Path(model).parts for model in models]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(p[-length:]) for p in parts]
        if len(set(names)) == len(models):
            return names
    return list(models)


def list_figures(comparison: Comparison) -> dict[str, dict[str, Interval]]:
    """The figures of each pipeline by name; labels last, the most frequent first."""
    support = comparison.support
    labels = sorted(support, key=lambda label: -support[label])
    return {n: _list_figures(s, labels) for n, s in comparison.scores.items()}


def _list_figures(scores: Scores, labels: Sequence[str]) -> dict[str, Interval]:
    micro, macro = scores.averages["micro"], scores.averages["macro"]
    return {
        "F1": micro.f1,
        "precision": micro.precision,
        "recall": micro.recall,
        "macro F1": macro.f1,
        **{f"F1 {label}": scores.labels[label].f1 for label in labels},
    }


def tabulate_scores(contest: Contest) -> Table:
    """The figures of each pipeline, and the number of gold entities."""
    support = contest.comparison.support
    figures = list(list_figures(contest.comparison).values())
    numbers = {f"F1 {label}": number for label, number in support.items()}
    numbers["F1"] = sum(support.values())
    rows = []
    for name in figures[0]:
        number = f"{numbers[name]:,}" if name in numbers else ""
        rows.append([name, number, *(write_figure(f[name]) for f in figures)])
    return Table(["", "gold", *contest.costs], rows)


def tabulate_costs(costs: Mapping[str, Cost]) -> Table:
    """Speed, load time, size and memory of each pipeline."""
    names = (
        "words per second, best",
        "words per second, median",
        "load time, seconds",
        "size on disk, MiB",
        "peak memory, MiB",
    )
    columns = map(_write_cost, costs.values())
    rows = [list(row) for row in zip(names, *columns, strict=True)]
    return Table(["", *costs], rows)


def _write_cost(cost: Cost) -> list[str]:
    memory = cost.peak_memory
    return [
        f"{max(cost.words_per_second):,.0f}",
        f"{median(cost.words_per_second):,.0f}",
        f"{cost.load_seconds:.2f}",
        f"{cost.size / MIB:,.1f}",
        "-" if memory is None else f"{memory / MIB:,.0f}",
    ]


def tabulate_pairs(pairs: Sequence[Pair]) -> Table:
    """How two pipelines differ."""
    rows = []
    for first, second, micro, macro, _ in pairs:
        differences = (*_write_difference(micro), *_write_difference(macro))
        rows.append([f"{second} less {first}", *differences])
    return Table(["difference", "F1", "p", "macro F1", "p"], rows)


def write_figure(interval: Interval, form: str = ".1f") -> str:
    """In percent, as 85.3 (84.6 to 86.0)."""
    # never -0.0
    value = round(interval.in_percent.value, 1) + 0.0
    return f"{value:{form}} ({write_interval(interval, form)})"


def explain_figures(contest: Contest) -> str:
    """Why some figures have no interval; empty if all have one."""
    compared = contest.comparison
    figures = list_figures(compared).values()
    intervals = [interval for of_one in figures for interval in of_one.values()]
    for pair in compared.pairs:
        intervals += [pair.micro.interval, pair.macro.interval]
    return explain_intervals(intervals)


def _write_difference(difference: Difference) -> tuple[str, str]:
    return write_figure(difference.interval, "+.1f"), f"{difference.p:.4f}"


def describe_agreement(pair: Pair) -> str:
    """What two pipelines agree on, in sentences."""
    a, first, second = pair.agreement, pair.first, pair.second
    found = (a.both_right, a.first_right, a.second_right, a.both_missed)
    wrong = (a.same_wrong, a.first_wrong, a.second_wrong)
    return (
        f"Of {sum(found):,} gold entities, both find {found[0]:,}, only {first} "
        f"{found[1]:,}, only {second} {found[2]:,}, neither {found[3]:,}. Of entities "
        f"not in the gold, both find {wrong[0]:,}, only {first} {wrong[1]:,}, only "
        f"{second} {wrong[2]:,}. F1 of one with the other as gold: {100 * a.f1:.1f}."
    )


def draw_contest(contest: Contest) -> Drawing:
    """The figures with their intervals."""
    series, names = {}, []
    for name, figures in list_figures(contest.comparison).items():
        names = list(figures)
        series[name] = [interval.in_percent for interval in figures.values()]
    panel = Estimates("", "%", names, series, limits=(0, 100))
    text = "Scores of each pipeline with 95% intervals."
    return Drawing("compare_scores", text, [panel])


def make_contest_page(contest: Contest, picture: Picture) -> str:
    """The page of a comparison."""
    n = contest.settings["resamples"]
    pairs = contest.comparison.pairs
    lead = (
        "{docs:,} docs, {words:,} words and {entities:,} gold entities of {path}, "
        "{tokens}."
    )
    good: list[Block] = [COUNTED.format(resamples=n), tabulate_scores(contest), picture]
    notes = [("warn", note) for note in contest.notes]
    if why := explain_figures(contest):
        notes.append(("info", why))
    if notes:
        good.insert(0, Notes(notes))
    different: list[Block] = [
        TESTED.format(resamples=n, least=1 / (n + 1)),
        tabulate_pairs(pairs),
        *map(describe_agreement, pairs),
    ]
    sections = [
        Section("Scores", good),
        Section("Differences", different),
        Section("Cost", [MEASURED, tabulate_costs(contest.costs)]),
        Section("Disagreements", list(show_disagreements(contest))),
    ]
    return make_page(TITLE, lead=[lead.format(**contest.data)], sections=sections)


def show_disagreements(contest: Contest) -> Iterator[Block]:
    """The docs that were drawn, with the entities of each pipeline."""
    drawn = contest.disagreements
    yield (
        f"{len(drawn):,} of {contest.n_differing:,} docs in which the pipelines "
        "differ, drawn at random; of long docs the words around the first difference. "
        "✘ marks entities that are not in the gold."
    )
    for doc in drawn:
        rows = [(r.name, list(_to_pieces(doc, r))) for r in doc.readings]
        yield Passage("", rows)


def _to_pieces(doc: Disagreement, reading: Reading) -> Iterator[Piece]:
    for text, mark in cut_text(doc.text, reading.marks):
        if mark is None:
            yield Piece(text)
        else:
            sign = " ✘" if mark.kind == "wrong" else ""
            yield Piece(text, mark.label + sign, mark.kind)
