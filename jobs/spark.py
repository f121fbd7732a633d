"""The one Spark session of a process, with Delta's JARs resolved beforehand and checked."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.home import CHECKOUT, FOR_OTHERS, home
from jobs.lake import HISTORY_DAYS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SUMS = CHECKOUT / "locks" / "delta.sha256"
IVY_FILE = CHECKOUT / "locks" / "delta.ivy.xml"
JAVAS = (17, 21)


class NoJava(RuntimeError):
    """Spark needs Java 17 or 21 and there is none."""


class NoJars(RuntimeError):
    """Delta's JARs are not there, or not the ones that are pinned."""


def jar_folder() -> Path:
    """Where the JARs are: CITYBRAIN_JARS (an offline directory) or .tools/jars in the checkout."""
    return Path(os.environ.get("CITYBRAIN_JARS") or CHECKOUT / ".tools" / "jars")


def jars_are_there() -> bool:
    return _checked(jar_folder())


def fetch_jars() -> Path:
    """Resolve Delta's JARs once with Spark's own Ivy. CITYBRAIN_IVY_SETTINGS names a settings file for a mirror."""
    folder = jar_folder()
    if _checked(folder):
        return folder
    require_java()
    import pyspark

    ivy = next(Path(str(pyspark.__file__)).parent.glob("jars/ivy-*.jar"))
    settings = os.environ.get("CITYBRAIN_IVY_SETTINGS")
    folder.mkdir(parents=True, exist_ok=True)
    resolve = ["java", "-jar", str(ivy), *(["-settings", settings] if settings else []), "-ivy", str(IVY_FILE)]
    into = ["-cache", str(folder / ".ivy"), "-retrieve", f"{folder}/[artifact]-[revision].[ext]", "-warn"]
    done = subprocess.run([*resolve, *into], capture_output=True, text=True)
    if done.returncode:
        raise NoJars(
            f"Delta's JARs could not be fetched ({_first_line(done.stderr)}): check the way to a Maven repository, name a mirror's "
            "settings in CITYBRAIN_IVY_SETTINGS, or put the JARs of locks/delta.sha256 into a folder and name it in CITYBRAIN_JARS"
        )
    if not _checked(folder):
        raise NoJars(
            f"the JARs in {folder} are not those of {SUMS.name}; empty the folder and run `citybrain jars` again"
        )
    return folder


def require_java() -> None:
    """Raise NoJava, in one sentence, when there is no Java that Spark can run on."""
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else shutil.which("java")
    advice = "install a JDK, for example `apt-get install openjdk-17-jre-headless`, or point JAVA_HOME at one"
    if not java or not Path(java).exists():
        raise NoJava(f"Spark needs Java 17 or 21 and none was found: {advice}")
    said = subprocess.run([str(java), "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    if not found or int(found[1]) not in JAVAS:
        raise NoJava(f"Spark needs Java 17 or 21, this is {found[1] if found else 'unknown'}: {advice}")


@cache
def session() -> SparkSession:
    """The shared session: Asia/Shanghai, Delta, few partitions on one machine. CITYBRAIN_SPARK_MASTER decides where it runs."""
    require_java()
    folder = jar_folder()
    if not jars_are_there():
        raise NoJars(f"Delta's JARs are not in {folder}: run `citybrain jars` once")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("citybrain").master(os.environ.get("CITYBRAIN_SPARK_MASTER", "local[*]"))
    for key, value in _settings(folder).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _settings(folder: Path) -> dict[str, str]:
    return {
        "spark.jars": ",".join(str(folder / jar) for jar in _sums()),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(home().root / "spark-warehouse"),
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.shuffle.partitions": os.environ.get("CITYBRAIN_SPARK_PARTITIONS", "2"),
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.databricks.delta.properties.defaults.logRetentionDuration": f"interval {HISTORY_DAYS} days",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # as INT96, DuckDB reads instants without their zone
        "spark.driver.extraJavaOptions": os.environ.get("CITYBRAIN_SPARK_JAVA_OPTIONS", ""),
        "spark.driver.memory": os.environ.get("CITYBRAIN_SPARK_MEMORY", "2g"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.buffer.pageSize": "1m",  # by itself 64 MiB, for each sort and each sum of a few rows, filled with zeros first
        "spark.hadoop.fs.permissions.umask-mode": f"{FOR_OTHERS:03o}",  # Hadoop sets it itself, whatever mask the process has
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def _sums() -> dict[str, str]:
    return {jar: digest for digest, jar in (line.split() for line in SUMS.read_text().splitlines())}


def _checked(folder: Path) -> bool:
    return all((folder / jar).is_file() and _sha256(folder / jar) == digest for jar, digest in _sums().items())


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
