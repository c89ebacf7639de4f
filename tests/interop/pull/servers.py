"""FHIR servers that are not ours, installed from package registries under build/interop and started on loopback.

Each is pinned. What is not installed yet is installed here, once; that needs the network, starting does not.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / "build" / "interop"
START_SECONDS = 300


@dataclass(frozen=True)
class Server:
    """One server to be pulled.

    Shapes:  install  puts what is missing below BUILT
             command  starts it on a port
             path     of the FHIR base
             needs    programs that have to be on this machine
    """

    name: str
    origin: str
    install: Callable[[], None]
    command: Callable[[int], list[str]]
    path: str
    needs: tuple[str, ...]
    probe: str = "Patient?_count=1"


def install_medplum() -> None:
    folder = BUILT / "medplum"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(HERE / "medplum" / name, folder / name)
    if not (folder / "node_modules" / "@medplum" / "fhir-router").is_dir():
        _run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], folder)


def start_medplum(port: int) -> list[str]:
    return ["node", "--experimental-websocket", str(BUILT / "medplum" / "server.mjs"), str(port)]


HELIOS_VERSION = "0.2.7"


def install_helios() -> None:
    folder = BUILT / "helios"
    if not (folder / "bin" / "hfs").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = ["helios-hfs", "--version", HELIOS_VERSION, "--locked", "--debug"]
        small = ["--no-default-features", "--features", "R4,sqlite", "--root", str(folder)]
        _run(["cargo", "install", *wanted, *small, "--target-dir", str(folder / "target")], folder)
        shutil.rmtree(folder / "target", ignore_errors=True)
    # The crate comes without HL7's search parameters, and ignores every filter until it is given them.
    install_medplum()
    definitions = BUILT / "medplum" / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    (folder / "data").mkdir(exist_ok=True)
    shutil.copy(definitions / "search-parameters.json", folder / "data" / "search-parameters-r4.json")


def start_helios(port: int) -> list[str]:
    base = f"http://127.0.0.1:{port}"
    program = str(BUILT / "helios" / "bin" / "hfs")
    data = str(BUILT / "helios" / "data")
    return [program, "--port", str(port), "--base-url", base, "--database-url", ":memory:", "--data-dir", data]


HAPI_VERSION = "8.4.0"


def install_hapi() -> None:
    folder = BUILT / "hapi"
    shutil.copytree(HERE / "hapi", folder, dirs_exist_ok=True)
    if not (folder / "target" / "lib").is_dir():
        _run(["mvn", "-q", "-B", "package"], folder)


def start_hapi(port: int) -> list[str]:
    target = BUILT / "hapi" / "target"
    parts = os.pathsep.join([str(target / "classes"), str(target / "lib" / "*")])
    return ["java", "-Xmx2g", "-XX:TieredStopAtLevel=1", "-cp", parts, "HapiServer", str(port)]


SERVERS = (
    Server(
        "Medplum",
        "npm @medplum/fhir-router 5.2.13 with its MemoryRepository",
        install_medplum,
        start_medplum,
        "/fhir",
        ("node", "npm"),
    ),
    Server(
        "Helios",
        f"crates.io helios-hfs {HELIOS_VERSION}, SQLite in memory",
        install_helios,
        start_helios,
        "",
        ("cargo", "npm"),
        "metadata",
    ),
    Server(
        "HAPI",
        f"Maven Central hapi-fhir-jpaserver-base {HAPI_VERSION}, H2 in memory",
        install_hapi,
        start_hapi,
        "/fhir",
        ("java", "mvn"),
        "metadata",
    ),
)


@contextmanager
def run_server(server: Server) -> Iterator[str]:
    """Install, start, wait until it answers; gives the base address, and stops it at the end."""
    missing = [name for name in server.needs if not shutil.which(name)]
    if missing:
        raise RuntimeError(f"{server.name} needs {', '.join(missing)}")
    server.install()
    port = _free_port()
    log = BUILT / f"{server.name.lower()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(server.command(port), stdout=output, stderr=output, cwd=BUILT)
        base = f"http://127.0.0.1:{port}{server.path}"
        try:
            _wait(process, f"{base}/{server.probe}", log)
            yield base
        finally:
            process.terminate()
            process.wait(30)


def _run(command: list[str], folder: Path) -> None:
    sys.stderr.write(f"installing: {' '.join(command)}\n")
    subprocess.run(command, check=True, cwd=folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(START_SECONDS * 2):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own loopback address
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"the server did not start; see {log}")
