"""Fetch exactly the listed artifacts from a Maven repository, with the Apache Ivy that pyspark ships."""

import importlib.util
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.local.java import Java

RUN_TIMEOUT = 900.0
"""Seconds one run of Ivy may take; what it fetched until then stays in its cache."""
ATTEMPTS = 3
"""Runs of Ivy before giving up; each continues where the last one stopped."""
FETCHED = "[SUCCESSFUL ]"
"""How Ivy's log marks an artifact that has arrived."""
COMPLAINTS = tuple(
    re.compile(text) for text in ("(?i)server access error|unknown host|exception", r"^:: \S+#\S+;", "not found: ")
)
"""Lines of Ivy's log that say what is wrong, the most telling first."""


@dataclass(frozen=True)
class Artifact:
    """Maven coordinates of one jar."""

    organisation: str
    name: str
    revision: str

    @property
    def file_name(self) -> str:
        """Name of the jar on disk."""
        return f"{self.name}-{self.revision}.jar"

    def __str__(self) -> str:
        return f"{self.organisation}:{self.name}:{self.revision}"


@dataclass(frozen=True)
class Ivy:
    """Apache Ivy with a cache folder of its own; `repository_url` replaces Maven Central."""

    java: Java
    cache: Path
    repository_url: str | None = None

    def retrieve(
        self,
        artifacts: Sequence[Artifact],
        pattern: str,
        *,
        on_fetched: Callable[[], None],
        configurations: str = "master",
    ) -> None:
        """Put the jar of each artifact where `pattern` says; blocks until all are there.

        Args:
            artifacts: what to resolve.
            pattern: Ivy's pattern of a path, for example `/some/folder/[artifact]-[revision].[ext]`.
            on_fetched: called for each jar that had to be downloaded.
            configurations: `master` takes the listed artifacts alone; `master,compile,runtime` follows dependencies.

        Raises:
            TemporarilyUnavailable: the repository did not deliver all of them, after several tries.
        """
        with tempfile.TemporaryDirectory(prefix="fraudstream-ivy-") as scratch:
            command = self._command(Path(scratch), artifacts, pattern, configurations)
            for _ in range(ATTEMPTS):
                code, output = _run(command, on_fetched)
                if code == 0:
                    return
        raise TemporarilyUnavailable(
            f"{self.repository_url or 'Maven Central'} did not deliver every jar ({_complaint(output)}): check the "
            "network, or set MAVEN_REPOSITORY_URL to a mirror, and run `make setup` again; it continues from here."
        )

    def forget(self, artifact: Artifact) -> None:
        """Drop the cached copy of one artifact, so that the next run fetches it anew."""
        for cached in (self.cache / artifact.organisation / artifact.name).glob(f"*/{artifact.file_name}"):
            cached.unlink()

    def _command(
        self, scratch: Path, artifacts: Sequence[Artifact], pattern: str, configurations: str
    ) -> list[str | Path]:
        module = scratch / "ivy.xml"
        module.write_text(_module(artifacts, configurations), encoding="utf-8")
        command: list[str | Path] = [self.java.executable, f"-Divy.default.ivy.user.dir={self.cache}"]
        command += ["-jar", ivy_jar(), "-cache", self.cache, "-ivy", module, "-confs", "default"]
        command += ["-retrieve", pattern]
        if self.repository_url:
            settings = scratch / "ivysettings.xml"
            settings.write_text(_settings(self.repository_url), encoding="utf-8")
            command += ["-settings", settings]
        return command


def ivy_jar() -> Path:
    """The Ivy jar inside the installed pyspark, which is located but not imported.

    Raises:
        ConfigurationError: pyspark is not installed.
    """
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError("pyspark, which brings Apache Ivy, is not installed: run `make setup`.")
    found = sorted((Path(spec.submodule_search_locations[0]) / "jars").glob("ivy-*.jar"))
    if not found:
        raise ConfigurationError(
            f"there is no ivy-*.jar in {spec.submodule_search_locations[0]}/jars: reinstall pyspark."
        )
    return found[-1]


def _module(artifacts: Sequence[Artifact], configurations: str) -> str:
    transitive = "false" if configurations == "master" else "true"
    wanted = "\n".join(
        f"<dependency org={quoteattr(item.organisation)} name={quoteattr(item.name)} rev={quoteattr(item.revision)} "
        f'conf="default->{configurations}" transitive="{transitive}"/>'
        for item in artifacts
    )
    return (
        '<ivy-module version="2.0"><info organisation="fraudstream" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>\n{wanted}\n</dependencies></ivy-module>\n"
    )


def _settings(repository_url: str) -> str:
    return (
        '<ivysettings><settings defaultResolver="mirror"/><resolvers>'
        f'<ibiblio name="mirror" m2compatible="true" root={quoteattr(repository_url)}/>'
        "</resolvers></ivysettings>\n"
    )


def _run(command: Sequence[str | Path], on_fetched: Callable[[], None]) -> tuple[int, list[str]]:
    output: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        limit = threading.Timer(RUN_TIMEOUT, process.kill)
        limit.start()
        try:
            for line in process.stdout or ():
                output.append(line.strip())
                if FETCHED in line:
                    on_fetched()
        except BaseException:
            process.kill()
            raise
        finally:
            limit.cancel()
    return process.returncode, output


def _complaint(output: Sequence[str]) -> str:
    telling = [line for mark in COMPLAINTS for line in output if mark.search(line)]
    unique = list(dict.fromkeys(line.strip(": ") for line in telling or output))
    return "; ".join(unique[:3]) or "Ivy said nothing"
