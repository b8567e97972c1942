"""Looks at commands without running them: verbs, options and their values, targets, services, files."""

import itertools
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import typer
import yaml
from tests.documentation.pages import ROOT

from fraudstream import cli

STRANGERS = {"curl", "psql", "aws", "cdk", "cat", "grep", "git", "cd", "sudo", "head", "sleep", "mkdir", "keytool", "."}
STRANGERS |= {"kafka-configs.sh", "kafka-storage.sh", "kafka-acls.sh"}
"""Programs that are not ours."""
WORDS_OF_THE_SHELL = {"for", "do", "done", "if", "then", "fi", "export", "until", "while", "shift", "{", "}", "!"}
TAKES_A_VALUE = {"--tail", "--profile", "--scale", "--progress", "--signal", "--file", "-f", "--env-file"}
COMPOSE_VERBS = {"up", "down", "run", "exec", "ps", "logs", "stop", "kill", "config", "build", "restart"}
PLACEHOLDER = "NAME"
"""Where a reader puts the name of a service."""
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def simple_commands(script: str) -> Iterator[list[str]]:
    """The words of each command in a script, those in `$(…)` too, without assignments and redirections."""
    text = re.sub(r"(?m)(^|\s)#.*$", "", script).replace("\\\n", " ").replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split, lexer.commenters = True, ""
    open_commands: list[list[str]] = [[]]
    skip = False
    for token in [*lexer, ";"]:
        if set(token) <= set("<>"):
            skip = True
        elif set(token) <= set(";&|()"):
            for mark in token:
                if mark == "(":
                    open_commands.append([])
                    continue
                yield from _own(open_commands[-1])
                open_commands[-1].clear()
                if mark == ")" and len(open_commands) > 1:
                    open_commands.pop()
        elif skip:
            skip = False
        else:
            open_commands[-1].append(token)


def _own(words: Sequence[str]) -> Iterator[list[str]]:
    for word in words:
        for inner in re.findall(r"\$\((.*?)\)", word):
            yield from simple_commands(inner)
    rest = list(words)
    if rest and rest[0] == "for":
        return
    while rest and (rest[0] in WORDS_OF_THE_SHELL or ASSIGNMENT.match(rest[0])):
        del rest[0]
    if rest and rest != ["$"]:
        yield rest


def complaints(script: str) -> list[str]:
    """What is wrong with the commands of a script."""
    functions = set(re.findall(r"(?m)^\s*(\w+)\(\) \{", script)) | {"deploy", "output"}
    return [
        f"{shlex.join(words)}: {complaint}"
        for words in simple_commands(script)
        if words[0] not in STRANGERS | functions
        for complaint in complaints_of(words)
    ]


def complaints_of(words: Sequence[str]) -> Iterator[str]:
    """What is wrong with one command."""
    checks: dict[str, Callable[..., Iterator[str]]] = {
        "fraudstream": of_fraudstream,
        "make": of_make,
        "docker": of_docker,
        "python": of_python,
    }
    check = checks.get(words[0].removeprefix(".venv/bin/"))
    if check:
        yield from check(words[1:])
    else:
        yield f"{words[0]} is no program that this project knows"


def of_fraudstream(words: Sequence[str]) -> Iterator[str]:
    """Understand the words as the command line would; where the shell fills one in, look at the names alone."""
    if any("$" in word for word in words):
        yield from named(words)
        return
    try:
        understood(words)
    except typer.Exit:
        return
    except Exception as error:  # noqa: BLE001 - typer's own tree of errors is private
        yield str(getattr(error, "message", error))


def understood(words: Sequence[str]) -> dict[str, Any]:
    """The values of a verb's parameters; raises what typer raises."""
    command: Any = command_line()
    context, name, rest = None, "fraudstream", list(words)
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "commands"):
            return dict(context.params)
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


@cache
def command_line() -> Any:  # noqa: ANN401 - typer ships no name for it
    """The tree of verbs."""
    return typer.main.get_command(cli.app)


def named(words: Sequence[str]) -> Iterator[str]:
    """What is wrong with the verbs and options that a sentence names; values are not looked at."""
    command = command_line()
    for word in words:
        verbs = getattr(command, "commands", {})
        if word.startswith("--"):
            options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            if word not in {*options, "--help"}:
                yield f"{command.name} has no option {word}"
        elif re.fullmatch(r"[a-z][a-z-]+", word) and verbs:
            if word not in verbs:
                yield f"{command.name} has no verb {word}"
                return
            command = verbs[word]


Look = Callable[[Sequence[str]], Iterator[str]]


def of_make(words: Sequence[str], look: Look = of_fraudstream) -> Iterator[str]:
    """Targets and variables; options of `ARGS` go to the verb that the target runs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = dict(re.findall(r"(?m)^([a-z-]+):.*\n((?:\t.*\n)*)", makefile))
    given = dict(word.split("=", 1) for word in words if ASSIGNMENT.match(word))
    yield from (f"no variable {name}" for name in given if f"$({name})" not in makefile and name != "PYTHON")
    for word in words:
        if ASSIGNMENT.match(word) or word in {"--silent", "-s"}:
            continue
        if word not in targets:
            yield f"no target {word}"
        elif "ARGS" in given and (recipe := re.search(r"fraudstream (.*)\$\(ARGS\)", targets[word])):
            yield from look([*recipe[1].split(), *shlex.split(given["ARGS"])])


def of_docker(words: Sequence[str], look: Look = of_fraudstream) -> Iterator[str]:
    """Services and profiles of the compose file, stages of the Dockerfile."""
    if words[:1] == ["compose"]:
        yield from _of_compose(list(words[1:]), look)
    elif words[:1] == ["build"]:
        options = dict(itertools.pairwise(words))
        file = ROOT / options.get("--file", "Dockerfile")
        if not file.exists():
            yield f"no file {file.name}"
        elif "--target" in options and f" AS {options['--target']}\n" not in file.read_text(encoding="utf-8"):
            yield f"no stage {options['--target']}"


def _of_compose(words: list[str], look: Look) -> Iterator[str]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    profiles = {"*"}.union(*(set(service.get("profiles", ())) for service in services.values()))
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in TAKES_A_VALUE and not (word == "-f" and plain[:1] == ["logs"]):
            value = next(rest)
            if word == "--profile" and value not in profiles:
                yield f"no profile {value}"
            if word == "--scale" and value.split("=")[0] not in services:
                yield f"no service {value}"
        elif plain[:1] in (["run"], ["exec"]) and len(plain) > 1:
            if plain[1] in {"verify", "model"} and plain[0] == "run":
                yield from look([word, *rest])
            return
        elif not word.startswith("-"):
            plain.append(word)
    if plain[:1] and plain[0] not in COMPOSE_VERBS:
        yield f"no command {plain[0]}"
    yield from (f"no service {name}" for name in plain[1:] if name not in {*services, PLACEHOLDER})


def of_python(words: Sequence[str]) -> Iterator[str]:
    """A module or script of ours, with options that its source names."""
    if words[:2] == ["-m", "fraudstream"]:
        yield from of_fraudstream(words[2:])
        return
    path = ROOT / (words[1].replace(".", "/") if words[0] == "-m" else words[0])
    if not path.exists():
        if "/" in words[0]:
            yield f"no file {words[0]}"
        return
    sources = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    texts = "".join(source.read_text(encoding="utf-8") for source in sources)
    if "argparse" not in texts:  # an entry script: its words go on to a verb
        if verb := re.search(r"sys\.argv(?:\.insert\(1, |\[1:1\] = \[)(.*?)[\])]", texts):
            yield from of_fraudstream([*re.findall(r'"(.*?)"', verb[1]), *words[1:]])
        return
    yield from (f"no option {word}" for word in words[1:] if word.startswith("--") and f'"{word}"' not in texts)
