"""CSV text to rows with their line numbers.

The csv module and not pandas: a message must name the line it speaks of, and a
row with too few or too many fields must be seen, not filled up.
"""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import Errors
from .lines import split_lines
from .sentences import CorpusError


class Row(NamedTuple):
    """One row of a CSV file.

    line (int): Its line number; the first line is 1.
    fields (list[str]): Its fields, unquoted.
    """

    line: int
    fields: list[str]


def read_rows(text: str, *, source: str) -> Iterator[Row]:
    """Read the rows of a CSV file; blank lines are passed over.

    YIELDS (Row): The rows, the header included.
    RAISES (CorpusError): If a quote is opened and not closed on its line, or a
        field is too long to be one.
    """
    reader = csv.reader(split_lines(text))
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line:
                raise CorpusError(Errors.B412.format(source=source, line=line))
            if fields:
                yield Row(line, fields)
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            limit = csv.field_size_limit()
            text = Errors.B425.format(source=source, line=line, limit=limit)
            raise CorpusError(text) from None
        raise CorpusError(Errors.B412.format(source=source, line=line)) from None
