"""Reads the pages of this repository: their blocks with what is marked above them, code spans, links and headings.

An indented block, or a fenced one in `sh`, holds commands. A comment right above it can say more:

    <!-- long: WHY -->          takes minutes; `make docs-nightly` runs it
    <!-- docker: WHY -->        needs an engine; only looked at
    <!-- aws: WHY -->           needs an account on AWS; only looked at
    <!-- yours: WHY -->         needs something that only the reader has; only looked at
    <!-- file: NAME -->         is the content of a file that the commands below it use
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"<!-- (long|docker|aws|yours|file): (.+?) -->")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Block:
    """One block of code; `mark` is empty where nothing is marked, else `note` is its reason or the file's name."""

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""
    note: str = ""

    @property
    def is_commands(self) -> bool:
        """Whether a shell takes it."""
        return self.language in {"", "sh"} and self.mark != "file"

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path
    tokens: tuple[Token, ...]

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self) -> Iterator[Block]:
        """Blocks of code, in their order."""
        mark, note = "", ""
        for token in self.tokens:
            if token.type == "html_block" and (found := MARK.fullmatch(token.content.strip())):
                mark, note = found[1], found[2]
                continue
            if token.type in {"fence", "code_block"}:
                line = (token.map or [0])[0] + 1
                yield Block(self.path, line, token.info.strip(), token.content, mark, note)
            mark, note = "", ""

    def spans(self) -> Iterator[str]:
        """What stands between backticks."""
        yield from (child.content for child in self._inline() if child.type == "code_inline")

    def targets(self) -> Iterator[str]:
        """Where links and pictures lead."""
        for child in self._inline():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                yield str(target)

    def anchors(self) -> set[str]:
        """Names of its headings in addresses, as GitHub forms them."""
        headings = (
            inline.content
            for opening, inline in zip(self.tokens, self.tokens[1:], strict=False)
            if opening.type == "heading_open"
        )
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def _inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or ()


def read(path: Path) -> Page:
    """One page."""
    return Page(path, tuple(_MARKDOWN.parse(path.read_text(encoding="utf-8"))))


def pages() -> list[Page]:
    """Every page that people read."""
    tops = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    folders = ("docs", "services", "infra", "benchmarks", "tests")
    return [read(path) for path in (*tops, *(p for name in folders for p in sorted((ROOT / name).rglob("*.md"))))]
