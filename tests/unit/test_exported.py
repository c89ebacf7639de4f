"""What an export brings about its candidates: each resource once, in its latest version, on either database."""

from __future__ import annotations

from adapter.store import exported, open_store


def kept(version: str, body: bytes) -> exported.Kept:
    return exported.Kept("Condition/c1", "p1", version, "seal", body)


def test_latest_version_is_kept_whatever_the_order(database_url: str) -> None:
    store = open_store(database_url)
    try:
        with store.writing() as connection:
            exported.keep(connection, "pull", [kept("2", b"second"), kept("1", b"first")])
            exported.keep(connection, "pull", [kept("3", b"third"), kept("3", b"third again"), kept("2", b"second")])
            exported.keep(connection, "pull", [])
            exported.keep(connection, "other", [kept("1", b"of another pull")])
        with store.reading() as connection:
            found = exported.kept_of(connection, "pull", ["p1"])
    finally:
        store.close()
    assert found == [kept("3", b"third again")]
