"""The README's console sessions, run as they stand there; what comes out is what is shown."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.demo import serve_hospital
from adapter.hospital import load_sources
from adapter.parts import Knowledge
from tests.profiles.build import file_of, to_bytes
from tests.profiles.terminology import Sources, make_resources
from tests.readme import ROOT, Step, blocks, expected, steps

Json = dict[str, Any]
# Files of a clone that the README changes, not files to save beside it.
OF_A_CLONE = ("adapter/", "mappings/", "profiles/")


def environment(folder: Path, home: Path) -> dict[str, str]:
    """A shell in which `crmo-adapter` is the command under test, with no setting of the machine's."""
    programs = folder / ".programs"
    programs.mkdir()
    for name, arguments in (("crmo-adapter", '-m adapter "$@"'), ("python", '"$@"')):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRMO_")} | {"COLUMNS": "120"}
    path = os.pathsep.join([str(programs), kept["PATH"]])
    return {**kept, "PATH": path, "PYTHONPATH": str(home), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Shell:
    """Runs the commands of a session in one folder; a service stays up until the end."""

    def __init__(self, folder: Path, home: Path, closing: ExitStack) -> None:
        self.folder, self.closing = folder, closing
        self.environment = environment(folder, home)
        self.port = free_port()

    def run(self, step: Step) -> str:
        if step.command == "crmo-adapter serve":
            return self._serve()
        command = step.command.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return done.stdout if done.stdout.endswith("\n") else done.stdout + "\n"

    def _serve(self) -> str:
        """The service in the background, answering; what it logs is not part of the session."""
        log = self.closing.enter_context((self.folder / "serve.log").open("w"))
        options = {"cwd": self.folder, "env": {**self.environment, "CRMO_PORT": str(self.port)}}
        service = subprocess.Popen(["crmo-adapter", "serve"], stdout=log, stderr=log, **options)  # type: ignore[call-overload]
        self.closing.callback(service.wait, 30)
        self.closing.callback(service.terminate)
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        return (self.folder / "serve.log").read_text(encoding="utf-8").splitlines()[0] + "\n"


def write_files(folder: Path, base: str) -> None:
    """The files the README tells its reader to save; the hospital's address becomes that of a hospital that is up."""
    told = [block for block in blocks() if block.name and block.kind in ("json", "yaml")]
    for block in told:
        if not block.name.startswith(OF_A_CLONE):
            target = folder / block.name
            target.parent.mkdir(parents=True, exist_ok=True)
            text = block.text.replace("https://fhir.chu-utopie.invalid/r4", base)
            target.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_the_sessions_print_what_is_shown(tmp_path: Path, knowledge: Knowledge) -> None:
    if not shutil.which("curl"):
        pytest.fail("No curl here: apt-get install curl")
    with ExitStack() as closing:
        parts = closing.enter_context(open_parts(load_settings({"CRMO_DATA": str(tmp_path / "hospital")}), knowledge))
        hospital = closing.enter_context(serve_hospital(parts, 2011))
        folder = tmp_path / "reader"
        folder.mkdir()
        write_files(folder, hospital.base)
        shell = Shell(folder, ROOT, closing)
        for step in (step for block in blocks("console") if not block.name for step in steps(block)):
            assert_shown(step, shell.run(step))


def test_the_python_example_runs(tmp_path: Path) -> None:
    write_files(tmp_path, "")
    (block,) = blocks("python")
    with ExitStack() as closing:
        shell = Shell(tmp_path, ROOT, closing)
        (tmp_path / "example.py").write_text(block.text, encoding="utf-8")
        assert shell.run(Step("python -W error example.py && echo fine", "")) == "fine\n"


@pytest.mark.slow
def test_the_worked_example_works(tmp_path: Path) -> None:
    for name in ("adapter", "mappings", "profiles"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    write_files(tmp_path / "files", "")
    for name in ("damaged.json", "schoolchild.json"):
        shutil.copy(tmp_path / "files" / name, tmp_path)
    told = {block.name: block.text for block in blocks() if block.name.startswith(OF_A_CLONE)}
    schema = "adapter/schemas/case.schema.json"
    _add_fields(tmp_path / schema, json.loads(told[schema]), json.loads(told[f"{schema}#school"]))
    for name in ("tables/severity.table.yaml", "tables/school.table.yaml", "school.map.yaml"):
        (tmp_path / "mappings" / name).write_text(told[f"mappings/{name}"], encoding="utf-8")
    _add_rule(tmp_path / "mappings/sequelae.map.yaml", told["mappings/sequelae.map.yaml"])
    _publish(tmp_path, yaml.safe_load(told["profiles/fsh/codes.yaml"]))

    with ExitStack() as closing:
        shell = Shell(tmp_path, tmp_path, closing)
        for step in (step for block in blocks("console") if block.name == "clone" for step in steps(block)):
            assert_shown(step, shell.run(step))


def _publish(clone: Path, added: Json) -> None:
    """What `make profiles` makes of new codes."""
    file = clone / "profiles" / "fsh" / "codes.yaml"
    known = yaml.safe_load(file.read_text(encoding="utf-8"))
    known["systems"] |= added["systems"]
    known["codes"]["crmo-observation"] |= added["codes"]["crmo-observation"]
    file.write_text(yaml.safe_dump(known, allow_unicode=True), encoding="utf-8")
    for resource in make_resources(Sources(clone / "mappings", clone / "profiles" / "fsh")):
        (clone / "profiles" / file_of(resource).name).write_bytes(to_bytes(resource))


def _add_fields(file: Path, of_sequelae: Json, of_case: Json) -> None:
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["properties"] |= of_case
    items = schema["properties"]["sequelae"]["items"]
    if "$ref" in items:
        items = schema["$defs"][items["$ref"].rpartition("/")[2]]
    items["properties"] |= of_sequelae
    file.write_text(json.dumps(schema, indent=1), encoding="utf-8")


def _add_rule(file: Path, rule: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert "\nleave:" in text
    file.write_text(text.replace("\nleave:", f"\n  {rule.strip()}\nleave:", 1), encoding="utf-8")


def assert_shown(step: Step, printed: str) -> None:
    assert expected(step.shown).match(printed), f"$ {step.command}\n{printed}"


def test_the_declared_source_is_one(tmp_path: Path) -> None:
    write_files(tmp_path, "https://hospital.invalid/fhir")
    assert list(load_sources(tmp_path / "data" / "sources")) == ["chu-utopie"]
