"""The commands: `python -m spacy bilstm-crf ...`, `python -m spacy_bilstm_crf ...`.

Importing this imports nothing heavier than typer; a command imports what it needs
when it runs.
"""

import sys

import typer

from .calibrate import calibrate_cli
from .compare import compare_cli
from .convert import convert_cli
from .explore import explore_cli
from .interact import interact_cli
from .report import report_cli
from .visualize import visualize_cli

HELP = "Convert and explore corpora; calibrate, score, compare and show pipelines."

app = typer.Typer(
    name="bilstm-crf",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("convert")(convert_cli)
app.command("explore")(explore_cli)
app.command("calibrate")(calibrate_cli)
app.command("report")(report_cli)
app.command("compare")(compare_cli)
app.command("interact")(interact_cli)
app.command("visualize")(visualize_cli)


# `python -m spacy` loads this module through the entry-point group `spacy_cli` and
# expects it to add itself. Elsewhere spaCy's own app is not loaded: it takes seconds.
if "spacy.cli._util" in sys.modules:
    sys.modules["spacy.cli._util"].app.add_typer(app)
