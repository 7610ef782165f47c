"""Parts of pages that are written when the site is built.

A page asks for them with a comment: `<!-- include: PATH -->`, `<!-- project: all -->`,
`<!-- benchmark: MODULE -->`, `<!-- defaults: FACTORY -->`, `<!-- commands -->` or
`<!-- messages -->`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import spacy
import srsly
import typer
from thinc.api import Config

from spacy_bilstm_crf import errors
from spacy_bilstm_crf.cli import app

ROOT = Path(__file__).parents[2]
# where links of files outside the site lead inside it
PLACES = {
    "docs/": "",
    "configs/README.md": "reference/configs.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Called by mkdocs for each page."""
    return re.sub(r"<!-- (\w+)(?:: (\S+))? -->", write_part, markdown)


def on_page_content(html: str, **kwargs: Any) -> str:
    """Let long options in tables break after their dots."""
    return re.sub(r"(?<=<code>)[^<]*(?=</code>[^\n]*</t[dh]>)", add_breaks, html)


def add_breaks(match: re.Match[str]) -> str:
    return re.sub(r"( |/|\.(?=[a-z@*]))", r"\1<wbr>", match[0])


def write_part(match: re.Match[str]) -> str:
    name, argument = match.groups()
    if name not in WRITERS:
        return match[0]
    return WRITERS[name](argument) if argument else WRITERS[name]()


def include(path: str) -> str:
    """A file of the repository, its links led into the site."""
    text = (ROOT / path).read_text(encoding="utf-8")
    for place, inside in PLACES.items():
        text = text.replace(f"]({place}", f"]({inside}")
    return text


def write_project(which: str) -> str:
    """The commands of project.yml: those of the workflow `all`, or the `others`."""
    project = srsly.read_yaml(ROOT / "project.yml")
    main_job = project["workflows"]["all"]
    rows = [
        (f"`{command['name']}`", command["help"])
        for command in project["commands"]
        if (command["name"] in main_job) == (which == "all")
    ]
    return write_table(("step", "what it does"), rows)


def write_benchmark(module: str) -> str:
    """The docstring of a benchmark in a box, without its title and its command."""
    path = ROOT / "tests" / "benchmarks" / f"{module}.py"
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    _, *texts = docstring.split("\n\n")
    paragraphs = [" ".join(text.split()) for text in texts if text[0] != " "]
    return "\n\n    ".join(['??? note "How it is measured"', *map(quote, paragraphs)])


def quote(text: str) -> str:
    """Options and files as code."""
    return re.sub(
        r"(?<![`\w/])(--[a-z-]+|[\w/]+\.(?:cfg|spacy|yml))(?!`)", r"`\1`", text
    )


def write_defaults(factory: str) -> str:
    """The settings of a component in a config, as they are by default."""
    defaults = spacy.blank("en").get_factory_meta(factory).default_config
    apart = {"model", "scorer"}
    settings = {key: value for key, value in defaults.items() if key not in apart}
    name = factory.rsplit("_", 1)[1]
    config = Config({"components": {name: {"factory": factory, **settings}}})
    return f"```ini\n{config.to_str().split('[components]')[1].strip()}\n```"


def write_commands() -> str:
    commands = typer.main.get_command(app).commands
    return "\n\n".join(write_command(*item) for item in commands.items())


def write_command(name: str, command: Any) -> str:
    *texts, example = command.help.split("\n\n")
    example = example.removeprefix("Example: ")
    parameters = [describe_parameter(parameter) for parameter in command.params]
    paragraphs = [" ".join(text.split()) for text in texts]
    fence = f"```bash\n{example}\n```"
    return "\n\n".join([f"## {name}", *paragraphs, fence, "\n".join(parameters)])


def describe_parameter(parameter: Any) -> str:
    """A parameter as an item of a list, with its default."""
    is_argument = parameter.param_type_name == "argument"
    name = parameter.metavar or parameter.name if is_argument else parameter.opts[0]
    default = parameter.default
    if parameter.required or default in (None, False, []) or callable(default):
        return f"- `{name}`: {parameter.help}"
    return f"- `{name}` (default `{default}`): {parameter.help}"


def write_messages() -> str:
    """The catalogue in the order of the source, with its comments as headings."""
    source = Path(errors.__file__).read_text(encoding="utf-8")
    messages = {**vars(errors.Errors), **vars(errors.Warnings)}
    return "\n\n".join(iterate_messages(source, messages))


def iterate_messages(source: str, messages: dict[str, str]) -> Iterator[str]:
    pattern = r"^class (\w+)|^    # (\w+: .+)|^    ([BW]\d+) ="
    for title, group, code in re.findall(pattern, source, re.MULTILINE):
        if title:
            yield f"## {title}"
        elif group:
            room = group.split(": ", 1)[1]
            yield f"### {room}"
        else:
            text = messages[code].removeprefix(f"[{code}] ")
            yield f"**{code}**{{ #{code} }} {escape(text)}"


def escape(text: str) -> str:
    """Plain text as Markdown, with `{fields}` and 'quoted words' as code."""
    parts = re.split(r"((?<!\w)'[^'`]+'(?!\w)|\{[^{}]*\})", text)
    # each second part is a quotation or a field
    parts[1::2] = ["`" + part.strip("'") + "`" for part in parts[1::2]]
    parts[::2] = [re.sub(r"([*_<>\[\]#])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def write_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


WRITERS: dict[str, Callable[..., str]] = {
    "benchmark": write_benchmark,
    "include": include,
    "project": write_project,
    "commands": write_commands,
    "defaults": write_defaults,
    "messages": write_messages,
}
