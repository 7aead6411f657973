"""Settings changed by a command: what was asked for holds, and every other line stays as its owner wrote it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.adapters.system.settings import DeskSettings, NodeConfig, PeerSettings, SettingsFault, write_settings
from skyparley.adapters.system.settings_edit import change_settings, changed

PLAIN = NodeConfig(name="A", peer=PeerSettings(listen="127.0.0.1:8441"), desk=DeskSettings(listen="127.0.0.1:8440"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(0, 10**6), st.lists(TEXTS, max_size=3).map(tuple))


def plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@given(st.dictionaries(st.sampled_from(["listen", "keys", "jwks", "new_one"]), VALUES), st.booleans())
def test_what_was_asked_for_holds_and_nothing_else_changed(values: dict[str, str], fresh: bool) -> None:
    before = write_settings(PLAIN) if not fresh else b'name = "A"\n\n[[hooks]]\nname = "pager"\n'
    after = changed(before, "utm.dss", values, "node.toml")
    was, is_now = (tomllib.loads(data.decode()) for data in (before, after))
    expected = {**was.get("utm", {}).get("dss", {}), **{name: plain(value) for name, value in values.items()}}
    assert is_now.pop("utm", {}).get("dss", {}) == expected
    was.pop("utm", None)
    assert is_now == was
    kept = [line for line in before.decode().splitlines() if line.startswith("#")]
    assert [line for line in after.decode().splitlines() if line.startswith("#")] == kept


def test_a_value_over_several_lines_is_replaced_as_a_whole() -> None:
    before = b'[utm.dss]\nkeys = [\n  "a.pem", # ours\n  "b.pem",\n]\n# mine\nissuer = ["x"]\n\n[log]\nlevel = "info"\n'
    after = changed(before, "utm.dss", {"keys": ("c.pem",), "audience": ("here",)}, "node.toml")
    assert after == (
        b'[utm.dss]\nkeys = ["c.pem"]\n# mine\nissuer = ["x"]\naudience = ["here"]\n\n[log]\nlevel = "info"\n'
    )


def test_what_looks_like_an_end_of_line_and_is_none_stays() -> None:
    before = '[utm.dss]\r\nkeys = ["a\u2028b\x85"]\r\nlisten = ""\r\n'.encode()
    after = tomllib.loads(changed(before, "utm.dss", {"listen": "here"}, "node.toml").decode())
    assert after["utm"]["dss"] == {"keys": ["a\u2028b\x85"], "listen": "here"}


@pytest.mark.parametrize("text", [b'utm.dss.listen = "a"\n', b'[utm]\ndss = {listen = "a"}\n', b"listen = ["])
def test_what_it_does_not_follow_is_left_alone(text: bytes) -> None:
    with pytest.raises(SettingsFault):
        changed(text, "utm.dss", {"listen": "b"}, "node.toml")


def test_settings_that_would_not_do_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_bytes(write_settings(PLAIN))
    with pytest.raises(SettingsFault, match=r"utm\.dss\.audience"):
        change_settings(tmp_path, "utm.dss", {"listen": "127.0.0.1:8442", "keys": ("a.pem",)})
    assert path.read_bytes() == write_settings(PLAIN)
