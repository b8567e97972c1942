"""What pages name exists: commands with options, files, variables, links; and what they quote can be read."""

import ast
import contextlib
import json
import math
import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest
from tests.documentation.commands import complaints, named, of_docker, of_make
from tests.documentation.pages import ROOT, Block, Page, pages

from fraudstream.contracts.transaction import parse_transaction

PAGES = pages()
BLOCKS = [block for page in PAGES for block in page.blocks()]
TEXT = {"text", "mermaid", "sql", "dockerfile", "yaml", "toml", "promql"}
"""Languages that are quoted, and not looked into."""
PLACES = ("src", "tests", "docs", "scripts", "services", "spark", "ml", "db", "infra", "benchmarks", "requirements")
CODE = ("src", "tests", "scripts", "services", "infra", "benchmarks", "spark", "ml", "db", "observability")
ENDINGS = ("py", "sh", "yml", "yaml", "sql")
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


def of_page(page: Page) -> str:
    return page.name


@cache
def words_of_the_code() -> frozenset[str]:
    """Every word of what is no page, in capitals: settings are spelled small there."""
    tops = ["Makefile", "Dockerfile", "docker-compose.yml", ".env.example", "pyproject.toml"]
    files = [ROOT / name for name in tops]
    for folder in CODE:
        files += [path for ending in ENDINGS for path in (ROOT / folder).rglob(f"*.{ending}")]
    return frozenset(
        word.upper() for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8", errors="ignore"))
    )


@cache
def paths_of_the_code() -> frozenset[str]:
    """Every file in what is no page, and each end of its path."""
    files = [path.relative_to(ROOT).parts for folder in CODE for path in (ROOT / folder).rglob("*.*")]
    return frozenset("/".join(parts[start:]) for parts in files for start in range(len(parts)))


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_links_lead_somewhere(page: Page) -> None:
    def leads(target: str) -> bool:
        if re.match(r"https?:|mailto:", target):
            return True
        file, _, anchor = target.partition("#")
        path = (page.path.parent / file).resolve() if file else page.path
        known = {other.path: other for other in PAGES}
        return path.exists() and (not anchor or (path in known and anchor in known[path].anchors()))

    assert [target for target in page.targets() if not leads(target)] == []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_what_it_says(block: Block) -> None:
    """Commands with verbs, options and values that exist; JSON, Python and settings that can be read."""
    if block.is_commands:
        assert complaints(block.text) == []
    elif block.language == "python":
        ast.parse(block.text)
    elif block.language == "json":
        assert [json.loads(line) for line in block.text.splitlines()]
    elif block.language == "env":
        assert [line for line in block.text.splitlines() if not re.match(r"[A-Z][A-Z0-9_]*=|#|$", line)] == []
    else:
        assert block.language in TEXT, "say in which language it is: ```text for what is printed"


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_what_sentences_call_by_name_exists(page: Page) -> None:
    assert [f"`{span}`: {wrong}" for span in page.spans() for wrong in misnamed(span)] == []


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_variables_and_constants_are_the_codes(page: Page) -> None:
    texts = [*page.spans(), *(block.text for block in page.blocks() if block.language not in TEXT - {"yaml"})]
    own = set(re.findall(r"\b([A-Z_]+)(?==| = )", "\n".join(t for t in texts if "ARG " in t)))
    names = {name for text in texts for name in VARIABLE.findall(text)} - own

    assert sorted(names - words_of_the_code()) == []


def test_the_shortest_event_of_the_readme_is_one() -> None:
    (payment,) = [block.text for block in PAGES[0].blocks() if block.language == "json"]

    assert parse_transaction(payment.encode(), latest=math.inf)


def misnamed(span: str) -> Iterator[str]:
    first, *words = span.split()
    with contextlib.suppress(ValueError):
        words = shlex.split(span)[1:]
    if first == "fraudstream":
        yield from named(words)
    elif first == "make" and words:
        yield from of_make([word for word in words if "…" not in word], named)
    elif first == "docker" and words:
        yield from of_docker(words, named)
    elif re.fullmatch(rf"(?:{'|'.join(PLACES)})/[\w./-]+", first) and not words:
        if not (ROOT / first).exists() and first not in (ROOT / "Makefile").read_text(encoding="utf-8"):
            yield "no such file, and no target writes it"
    elif re.fullmatch(r"[a-z_]+(?:/[a-z_]+)*/[a-z_]+\.(?:py|sql|sh)", first) and first not in paths_of_the_code():
        yield "no such file"


def test_every_page_is_in_the_site_and_the_site_has_no_other() -> None:
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    listed = set(re.findall(r'"([\w/-]+\.md)"', navigation))
    there = {page.name.removeprefix("docs/") for page in PAGES if page.name.startswith("docs/")}

    assert {name for name in there - listed if not name.startswith(("decisions/", "runbooks/"))} == set()
    assert {
        name for name in listed - there if not name.startswith(("parts/", "readme", "contributing", "changelog"))
    } == set()


def test_every_word_of_the_glossary_is_a_word_of_the_code() -> None:
    (page,) = [page for page in PAGES if page.name == "docs/glossary.md"]
    rows = re.findall(r"(?m)^\| (?!word|---)([\w ,()-]+?) \|", page.path.read_text(encoding="utf-8"))
    parts = {part.strip(" ()").upper() for row in rows for part in re.split(r"[,(]", row)}

    assert len(rows) > 30
    assert sorted(part for part in parts if not set(part.split()) & words_of_the_code()) == []
