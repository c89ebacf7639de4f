"""Mutual TLS against servers with certificates made here: both sides prove who they are, or nothing is said."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapter.errors import ConfigError, DeclarationError
from adapter.hospital import Patience, Unit, load_sources
from adapter.hospital.client import open_hospital
from tests.authority import Authority, run_authority

USES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Office:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name("Office"), self.key, issuer=True)
        (folder / "office.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(self, file: str) -> None:
        """<file>.pem and <file>.key in the folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name(file), key, issuer=False)
        (self.folder / f"{file}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / f"{file}.key").write_bytes(secret)

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, issuer: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        places = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name("Office"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=issuer, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(places), critical=False)
            .add_extension(x509.ExtendedKeyUsage(USES), critical=False)
        )
        return made.sign(self.key, SHA256())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tls")
    office = Office(made)
    office.issue("server")
    office.issue("client")
    return made


@pytest.fixture
def server(folder: Path) -> Iterator[Authority]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "office.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with run_authority(context) as running:
        running.tokens = {""}
        yield running


def ask(server: Authority, folder: Path, tls: str, kind: str = "mutual-tls") -> Unit:
    declared = folder / "sources"
    declared.mkdir(exist_ok=True)
    text = f"source: chu\nbase: {server.base}\nauthentication: {{type: {kind}}}\n{tls}\n"
    (declared / "chu.yaml").write_text(text, encoding="utf-8")
    patience = Patience(attempts=1, pause=lambda seconds: None)
    with open_hospital(load_sources(declared)["chu"], {}.get, patience) as hospital:
        return hospital.collect("Condition", {"patient": "p1"})


OURS = "certificate: ../client.pem, key: ../client.key"


def test_with_our_certificate_the_server_answers(server: Authority, folder: Path) -> None:
    assert ask(server, folder, f"tls: {{{OURS}, authorities: ../office.pem}}").complete
    assert server.questions


def test_without_our_certificate_it_does_not(server: Authority, folder: Path) -> None:
    unit = ask(server, folder, "tls: {authorities: ../office.pem}", kind="none")
    assert not unit.complete
    assert server.seen == []


def test_a_server_nobody_vouches_for_is_not_talked_to(server: Authority, folder: Path) -> None:
    unit = ask(server, folder, f"tls: {{{OURS}}}")
    assert "certificate" in unit.problem
    assert server.seen == []


def test_a_certificate_that_is_not_there_is_a_configuration_error(server: Authority, folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"lost\.pem"):
        ask(server, folder, "tls: {certificate: ../lost.pem, key: ../client.key}")


def test_mutual_tls_without_a_certificate_is_no_declaration(server: Authority, folder: Path) -> None:
    with pytest.raises(DeclarationError, match=r"chu\.yaml:3:\d+ R106"):
        ask(server, folder, "tls: {authorities: ../office.pem}")
