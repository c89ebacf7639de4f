"""Development time: does HL7's own validator give our verdicts on our examples?

    python -m tests.profiles.foreign

It comes through Maven, loads the package that `crmo-adapter package` writes, and works without a terminology server.
Ends with 1 when a verdict differs that profiles/examples/expected.yaml does not explain.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapter.package import make_package, package_name
from tests.profiles.examples import EXAMPLES, ROOT, bad_examples, good_examples, profile_of
from tests.profiles.sushi import HERE, prepare

Json = dict[str, Any]
Verdicts = dict[str, list[str]]

PROFILES = ROOT / "profiles"
WORKSHOP = ROOT / "build" / "profiles"
_FILE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"
# HL7's validator asks for these and can do without what is in them.
_STUBS = {"hl7.fhir.xver-extensions": "0.1.0", "hl7.terminology": "?", "hl7.fhir.uv.extensions": "?"}


def main() -> int:
    prepare(WORKSHOP)
    examples = list(all_examples())
    wrong = list(_differences(hl7_verdicts(examples), examples))
    sys.stdout.write(f"{len(examples) - len(wrong)} of {len(examples)} verdicts as ours\n")
    sys.stdout.writelines(f"  {line}\n" for line, _ in wrong)
    return 0 if all(explained for _, explained in wrong) else 1


def all_examples() -> Iterator[Json]:
    """{"file", "profile", "resource", "bad": what is expected, or None}"""
    for name, resource in good_examples():
        yield {"file": f"good/{name}", "profile": profile_of(resource), "resource": resource, "bad": None}
    for expected, resource in bad_examples():
        profile = profile_of({"resourceType": "Patient"}).replace("crmo-patient", expected["profile"])
        yield {"file": f"bad/{expected['file']}", "profile": profile, "resource": resource, "bad": expected}


def _differences(verdicts: Verdicts, examples: list[Json]) -> Iterator[tuple[str, bool]]:
    for example in examples:
        errors = verdicts[example["file"]]
        if bool(errors) != bool(example["bad"]):
            reason = (example["bad"] or {}).get("hl7", "")
            yield (
                f"{example['file']}: {'; '.join(errors)[:300] or 'accepted'} [{reason or 'not explained'}]",
                bool(reason),
            )


def hl7_verdicts(examples: list[Json]) -> Verdicts:
    classpath = _prepare_hl7()
    package = WORKSHOP / package_name(PROFILES)
    package.write_bytes(make_package(PROFILES))
    verdicts: Verdicts = {}
    for profile in sorted({example["profile"] for example in examples}):
        group = [example["file"] for example in examples if example["profile"] == profile]
        verdicts |= _run_hl7(classpath, package, profile, group)
    return verdicts


def _prepare_hl7() -> str:
    """The classpath of HL7's validator, and the packages it wants to find."""
    folder = WORKSHOP / "hl7"
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "pom.xml", folder)
    listing = folder / "classpath.txt"
    if not listing.exists():
        goal = ["dependency:build-classpath", f"-Dmdep.outputFile={listing}"]
        subprocess.run(["mvn", "--quiet", "--batch-mode", *goal], cwd=folder, check=True)
    for name, version in _STUBS.items():
        package = WORKSHOP / "home" / ".fhir" / "packages" / f"{name}#{version}" / "package"
        package.mkdir(parents=True, exist_ok=True)
        manifest = {
            "name": name,
            "version": version,
            "type": "Conformance",
            "fhirVersions": ["4.0.1"],
            "dependencies": {},
        }
        more = {"canonical": f"http://stub.invalid/{name}", "url": f"http://stub.invalid/{name}"}
        (package / "package.json").write_text(json.dumps(manifest | more), encoding="utf-8")
        (package / ".index.json").write_text('{"index-version": 2, "files": []}', encoding="utf-8")
    return listing.read_text(encoding="utf-8").strip()


def _run_hl7(classpath: str, package: Path, profile: str, files: list[str]) -> Verdicts:
    home = WORKSHOP / "home"
    output = WORKSHOP / "hl7" / "outcome.json"
    # One file more than asked for, so that the answer is always a Bundle with the names of the files.
    paths = [str(EXAMPLES / name) for name in files] * (2 if len(files) == 1 else 1)
    command = ["java", f"-Duser.home={home}", "-cp", classpath, "org.hl7.fhir.validation.ValidatorCli"]
    options = ["-version", "4.0.1", "-tx", "n/a", "-ig", str(package), "-profile", profile, "-output", str(output)]
    output.unlink(missing_ok=True)
    environment = os.environ | {"HOME": str(home)}
    run = subprocess.run([*command, *paths, *options], env=environment, capture_output=True, text=True, check=False)
    if not output.exists():
        raise SystemExit(run.stdout + run.stderr)
    outcomes = [entry["resource"] for entry in json.loads(output.read_text(encoding="utf-8"))["entry"]]
    return {_example_of(outcome): _errors(outcome) for outcome in outcomes}


def _example_of(outcome: Json) -> str:
    path = Path(next(each["valueString"] for each in outcome["extension"] if each["url"] == _FILE))
    return f"{path.parent.name}/{path.name}"


def _errors(outcome: Json) -> list[str]:
    issues = [issue for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]
    return [f"{issue.get('expression', [''])[0]} {issue['details']['text']}" for issue in issues]


if __name__ == "__main__":
    raise SystemExit(main())
