"""What is handed out for machines names commands and settings that there are, and lets the service do little."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.cli.deploying import FILES
from adapter.config import load_settings
from adapter.parts import Knowledge
from adapter.web import create_app
from adapter.web.gate import Gate, make_rooms
from tests.readme import codes, table

UNITS = ("crmo-adapter.service", "crmo-adapter-worker.service")
CONTAINER = (FILES / "Containerfile").read_text(encoding="utf-8")


class Unit(ConfigParser):
    """A unit file; of a key that stands several times, all values."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.text = (FILES / name).read_text(encoding="utf-8")
        self.read_string(self.text)


def settings() -> set[str]:
    return {code for row in table("Settings") for code in codes(row[0])}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_there_is_in_lines_that_systemd_knows(name: str, tmp_path: Path) -> None:
    path, command = Unit(name)["Service"]["ExecStart"].split(" ", 1)

    assert Path(path).name == "crmo-adapter"
    assert command in main.commands
    if analyze := shutil.which("systemd-analyze"):
        assert verified(analyze, name, tmp_path / name) == (0, [])


def verified(analyze: str, name: str, file: Path) -> tuple[int, list[str]]:
    """What systemd says of the unit, with a program that is there in the place of ours."""
    file.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", Unit(name).text), encoding="utf-8")
    found = subprocess.run([analyze, "verify", str(file)], check=False, capture_output=True, text=True)
    return found.returncode, [line for line in found.stderr.splitlines() if name in line]


@pytest.mark.parametrize("text", [*(Unit(name).text for name in UNITS), CONTAINER], ids=[*UNITS, "Containerfile"])
def test_every_setting_named_is_one_of_ours(text: str) -> None:
    named = set(re.findall(r"\b(CRMO_[A-Z_]+)=", text))

    assert named <= settings()
    assert {"CRMO_DATA", "CRMO_PSEUDONYM_KEY", "CRMO_SEALING_KEY"} <= named


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_keeps_keys_apart_from_data_and_gives_no_rights(name: str) -> None:
    unit = Unit(name)["Service"]
    keys = re.findall(r"CRMO_(?:PSEUDONYM|SEALING)_KEY=(\S+)", Unit(name).text)

    assert all(not key.startswith("/var/lib/crmo-adapter/") for key in keys)
    assert unit["CapabilityBoundingSet"] == ""
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"], unit["DynamicUser"]) == ("yes", "strict", "yes")
    assert int(unit["TimeoutStopSec"]) > 30, "longer than what is under way may take"


def test_the_container_runs_as_nobody_special_with_pinned_libraries() -> None:
    last = CONTAINER.split("\nFROM ")[-1]

    assert re.search(r"(?m)^USER (?!0\b|root\b)", last)
    assert "--require-hashes -r requirements.lock" in CONTAINER
    assert json.loads(re.search(r"(?m)^ENTRYPOINT (.*)", last)[1]) == ["crmo-adapter"]  # type: ignore[index]
    assert json.loads(re.search(r"(?m)^CMD (.*)", last)[1])[0] in main.commands  # type: ignore[index]
    assert "/livez" in last


def test_every_figure_on_the_dashboard_is_one_that_the_service_tells(tmp_path: Path, knowledge: Knowledge) -> None:
    panels = json.loads((FILES / "grafana.json").read_text(encoding="utf-8"))["panels"]
    asked = {name for each in panels for name in re.findall(r"crmo_\w+", each["targets"][0]["expr"])}

    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as parts:
        app = create_app(parts)
        app.extensions["gate"] = Gate(app.wsgi_app, make_rooms(1))
        told = set(re.findall(r"# TYPE (crmo_\w+)", app.test_client().get("/metrics").text))
        app.extensions["background"].shutdown()

    assert asked == told - {"crmo_build_info"}


def test_the_command_writes_them_and_never_over_others(tmp_path: Path) -> None:
    command = ["deploy", "--to", str(tmp_path / "new"), "--json"]

    first = CliRunner().invoke(main, command, catch_exceptions=False)
    again = CliRunner().invoke(main, command, catch_exceptions=False)

    assert (first.exit_code, again.exit_code) == (0, 2)
    assert set(json.loads(first.stdout)["files"]) == {*UNITS, "Containerfile", "grafana.json", "nginx.conf"}
    assert (tmp_path / "new" / "Containerfile").read_text(encoding="utf-8") == CONTAINER
