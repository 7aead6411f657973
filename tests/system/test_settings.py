"""node.toml: what is written reads back, what is unknown is refused by name."""

import tomllib
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.adapters.system.hook_settings import HookSettings
from skyparley.adapters.system.settings import (
    SETTINGS,
    ClockSettings,
    DeskSettings,
    FileSettings,
    KeySettings,
    LogSettings,
    NodeConfig,
    PeerSettings,
    SettingsFault,
    TableSettings,
    parse_settings,
    write_settings,
)

PLAIN = NodeConfig(name="A", peer=PeerSettings(listen="127.0.0.1:8441"), desk=DeskSettings(listen="127.0.0.1:8440"))
SMALL = 'name = "A"\n[peer]\nlisten = "127.0.0.1:8441"\n[desk]\nlisten = "127.0.0.1:8440"\n'

texts = st.text(max_size=20).filter(lambda text: not any(0xD800 <= ord(letter) < 0xE000 for letter in text))
scaled = st.builds(
    ClockSettings,
    kind=st.just("SCALED"),
    rate=st.floats(0.001, 100),
    anchor_real_ms=st.integers(0, 2**50),
    anchor_ms=st.integers(0, 2**50),
)
hooks = st.builds(
    HookSettings,
    name=st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True),
    on=st.lists(st.sampled_from(["LIFE", "SUPERVISOR", "ALARM"]), max_size=2).map(tuple),
    command=st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple),
    timeout_s=st.integers(1, 60),
    details=st.booleans(),
)
configs = st.builds(
    NodeConfig,
    name=st.from_regex(r"[A-Z0-9-]{1,16}", fullmatch=True),
    peer=st.builds(
        PeerSettings, listen=st.sampled_from(["0.0.0.0:1", "[::]:65535"]), url=st.lists(texts, max_size=3).map(tuple)
    ),
    desk=st.builds(
        DeskSettings, listen=st.just("desk.example:80"), allowed_origins=st.lists(texts, max_size=2).map(tuple)
    ),
    clock=st.just(ClockSettings()) | scaled,
    table=st.builds(TableSettings, profile=st.sampled_from(["military", "civil-military", "utm"]), file=texts),
    keys=st.builds(KeySettings, passphrase_file=texts),
    files=st.builds(FileSettings, out=texts, in_=texts, one_way=st.lists(texts, max_size=3).map(tuple)),
    log=st.builds(LogSettings, level=st.sampled_from(["debug", "info", "warning", "error"])),
    hooks=st.lists(hooks, max_size=2, unique_by=lambda hook: hook.name).map(tuple),
)


@given(configs)
def test_what_is_written_reads_back(config):
    assert parse_settings(write_settings(config), "node.toml") == config


def test_the_table_has_every_setting_and_no_other():
    def names(kind: type, above: str = "") -> set[str]:
        found = set()
        for field in msgspec.structs.fields(kind):
            inner = (get_args(field.type) or (field.type,))[0]  # Of an array of tables, what one of them holds.
            nested = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
            found |= names(inner, f"{above}{field.encode_name}.") if nested else {above + field.encode_name}
        return found

    assert names(NodeConfig) == set(SETTINGS)


def test_every_setting_stands_in_the_file_under_its_meaning():
    text = write_settings(PLAIN).decode()
    flat = " ".join(line.removeprefix("# ") for line in text.splitlines())
    for key, meaning in SETTINGS.items():
        assert f"{meaning} " in flat
        assert any(line.removeprefix("# ").startswith(key.rpartition(".")[2] + " =") for line in text.splitlines())
    assert tomllib.loads(text)["peer"]["listen"] == "127.0.0.1:8441"


def test_a_small_file_is_enough():
    assert parse_settings(SMALL.encode(), "node.toml") == PLAIN


def hook(said: str, name: str = "pager") -> str:
    return f'[[hooks]]\nname = "{name}"\n{said}\n'


@pytest.mark.parametrize("url", ["https://a.example/x", "http://127.0.0.1:8099", "http://[::1]/", "http://localhost"])
def test_a_secret_goes_over_https_or_to_this_machine(url):
    data = SMALL + hook(f'url = "{url}"\nsecret_file = "x"')
    assert parse_settings(data.encode(), "node.toml").hooks == (HookSettings(name="pager", url=url, secret_file="x"),)


def test_unknown_settings_are_all_named_with_what_was_perhaps_meant():
    data = SMALL.replace("[desk]", 'lisen = "x"\n[desk]') + '[logs]\nlevel = "info"\n[empty]\n'
    with pytest.raises(SettingsFault) as caught:
        parse_settings(data.encode(), "node.toml")
    assert "peer.lisen (perhaps peer.listen)" in str(caught.value)
    assert "logs.level (perhaps log.level)" in str(caught.value)
    assert "empty" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "[", "is not TOML"),
        (lambda text: text.replace('"A"', '"a"'), "name is 'a'"),
        (lambda text: text.replace('name = "A"', ""), "name"),
        (lambda text: text.replace('"A"', "5"), "`name`"),
        (lambda text: text.replace("127.0.0.1:8441", "127.0.0.1"), "peer.listen is '127.0.0.1'"),
        (lambda text: text.replace("127.0.0.1:8441", "127.0.0.1:0"), "peer.listen"),
        (lambda text: text.replace(":8440", ":70000"), "desk.listen"),
        (lambda text: text.replace("8440", "8441"), "a port each"),
        (lambda text: text + "[desk.listen]\n", "is not TOML"),
        (lambda text: text + '[clock]\nkind = "FAST"', "clock.kind"),
        (lambda text: text + '[clock]\nkind = "SCALED"', "needs clock.anchor_real_ms"),
        (lambda text: text + "[clock]\nrate = 2.0", "belong to SCALED"),
        (lambda text: text + '[clock]\nkind = "SCALED"\nrate = 0\nanchor_ms = 1\nanchor_real_ms = 1', "clock.rate"),
        (lambda text: text + '[clock]\nkind = "SCALED"\nrate = 101\nanchor_ms = 1\nanchor_real_ms = 1', "clock.rate"),
        (lambda text: text + '[table]\nprofile = "naval"', "table.profile"),
        (lambda text: text + '[log]\nlevel = "loud"', "log.level"),
        (lambda text: text + "[keys]\npassphrase_file = 1", "keys.passphrase_file"),
        (lambda text: text + hook('command = ["a"]\nurl = "https://a.example"'), "either hooks.url or hooks.command"),
        (lambda text: text + hook(""), "either hooks.url or hooks.command"),
        (lambda text: text + hook('command = [""]'), "begins with the program"),
        (lambda text: text + hook('command = ["a"]', "A b"), "1 to 32 of a-z"),
        (lambda text: text + hook('command = ["a"]') * 2, "'pager' 2 times"),
        (lambda text: text + "".join(hook('command = ["a"]', f"h{n}") for n in range(17)), "at most 16"),
        (lambda text: text + hook('command = ["a"]\non = ["BOSS"]'), "names BOSS; use DESK"),
        (lambda text: text + hook('command = ["a"]\ntimeout_s = 61'), "hooks[0].timeout_s"),
        (lambda text: text + hook('command = ["a"]\nsecret_file = "x"'), "goes with hooks.url"),
        (lambda text: text + hook('url = "ftp://a.example"'), "write an address like"),
        (lambda text: text + hook('url = "http://a.example:port/"'), "write an address like"),
        (lambda text: text + hook('url = "https://user:secret@a.example"'), "use hooks.secret_file"),
        (lambda text: text + hook('url = "http://a.example"\nsecret_file = "x"'), "in the clear; use https"),
        (lambda text: text + hook('command = ["a"]\nshell = true'), "hooks.shell (perhaps hooks."),
    ],
)
def test_settings_that_are_refused(change, said):
    with pytest.raises(SettingsFault) as caught:
        parse_settings(change(SMALL).encode(), "node.toml")
    assert said in str(caught.value)
    assert "node.toml" in str(caught.value)


def test_a_scaled_clock():
    clock = ClockSettings(kind="SCALED", rate=10, anchor_real_ms=1_000, anchor_ms=50_000)
    assert [clock.at(real) for real in (0, 1_000, 1_001, 2_000)] == [40_000, 50_000, 50_010, 60_000]
    assert ClockSettings().at(123) == 123
