"""A webhook and a command, for real on this machine: what counts as a success, and that whatever they do is borne."""

import asyncio
import os
import sys
import time
from pathlib import Path

import msgspec
import pytest
from receiver import Receiver, receiving

from skyparley.adapters.hooks.command import ENVIRONMENT, CommandHook
from skyparley.adapters.hooks.hook import HookFault
from skyparley.adapters.hooks.making import hooks_of
from skyparley.adapters.hooks.webhook import Webhook
from skyparley.adapters.system.hook_settings import HookSettings
from skyparley.adapters.system.settings import DeskSettings, NodeConfig, PeerSettings, SettingsFault

TOLD = b'{"ring":7}'


def posted(answer: bytes | None, *, flood: bytes = b"", secret: str = "", timeout_ms: int = 5_000) -> Receiver:
    """One try against a receiver that answers so."""

    async def main() -> Receiver:
        async with receiving() as receiver:
            receiver.answer, receiver.flood = answer, flood
            hook = Webhook(name="w", on=(), url=receiver.url, secret=secret, timeout_ms=timeout_ms)
            await hook.ring(TOLD)
            return receiver

    return asyncio.run(main())


def failed(answer: bytes | None, **more: object) -> str:
    with pytest.raises(HookFault) as caught:
        posted(answer, **more)  # type: ignore[arg-type]
    return str(caught.value)


# --- a webhook -----------------------------------------------------------------------------------------------------


def test_a_ring_is_posted_as_json_with_the_secret() -> None:
    receiver = posted(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", secret="s3cret")
    assert receiver.bodies == [{"ring": 7}]
    head = receiver.heads[0].lower()
    assert head.startswith("post /ring ")
    assert "content-type: application/json" in head
    assert "authorization: bearer s3cret" in head
    assert "authorization" not in posted(b"HTTP/1.1 204 No Content\r\n\r\n").heads[0].lower()


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_another_status_is_a_failure(status: int) -> None:
    assert (
        failed(f"HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n".encode(), secret="s3cret") == f"answered {status}"
    )


def test_a_redirect_is_not_followed() -> None:
    async def main() -> None:
        async with receiving() as elsewhere, receiving() as receiver:
            receiver.answer = f"HTTP/1.1 307 Go\r\nlocation: {elsewhere.url}\r\ncontent-length: 0\r\n\r\n".encode()
            hook = Webhook(name="w", on=(), url=receiver.url, secret="s3cret", timeout_ms=5_000)
            with pytest.raises(HookFault, match="answered 307; redirects are not followed"):
                await hook.ring(TOLD)
            assert elsewhere.bodies == []

    asyncio.run(main())


def test_who_does_not_answer_is_not_waited_for() -> None:
    began = time.monotonic()
    assert failed(None, timeout_ms=200) == "no answer in 0.2 s"
    assert time.monotonic() - began < 3


def test_an_endless_answer_is_not_read() -> None:
    receiver = posted(b"HTTP/1.1 200 OK\r\n\r\n", flood=b"x" * 65_536)
    assert len(receiver.bodies) == 1


def test_endless_headers_fail_in_time() -> None:
    said = failed(b"HTTP/1.1 200 OK\r\n", flood=b"x: y\r\n" * 1_000, timeout_ms=3_000)
    assert said in ("not reached (RemoteProtocolError)", "no answer in 3 s")


def test_nobody_there() -> None:
    hook = Webhook(name="w", on=(), url="http://127.0.0.1:1/", secret="s3cret", timeout_ms=2_000)
    with pytest.raises(HookFault, match=r"^not reached \(ConnectError\)$"):
        asyncio.run(hook.ring(TOLD))


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert posted(b"HTTP/1.1 204 No Content\r\n\r\n").bodies


# --- a command -----------------------------------------------------------------------------------------------------


def python(code: str, folder: Path, *more: str, timeout_ms: int = 20_000) -> CommandHook:
    command = (sys.executable, "-I", "-c", code, *more)
    return CommandHook(name="c", on=(), command=command, folder=folder, timeout_ms=timeout_ms)


def test_a_command_gets_the_ring_its_arguments_its_folder_and_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYPARLEY_PASSPHRASE", "s3cret")
    code = "import json, os, sys; json.dump([sys.stdin.read(), sys.argv[1:], dict(os.environ), os.getcwd()], open('o', 'w'))"
    asyncio.run(python(code, tmp_path, "--loud", "$(reboot); `x`").ring(TOLD))
    said, arguments, environment, where = msgspec.json.decode((tmp_path / "o").read_bytes())
    assert said == TOLD.decode() + "\n"
    assert arguments == ["--loud", "$(reboot); `x`"], "no shell read it"
    assert {name: environment[name] for name in ENVIRONMENT} == ENVIRONMENT
    assert set(environment) <= {*ENVIRONMENT, "LC_CTYPE"}
    assert Path(where) == tmp_path


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit(3)", "ended with 3"), ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9")],
)
def test_how_it_ended_is_told_and_nothing_that_it_printed(code: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(HookFault, match=f"^{said}$"):
        asyncio.run(python(f"print('s3cret', flush=True); {code}", tmp_path).ring(TOLD))


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    hook = CommandHook(name="c", on=(), command=("no-such-siren",), folder=tmp_path, timeout_ms=1_000)
    with pytest.raises(HookFault, match=r"^not started: No such file or directory$"):
        asyncio.run(hook.ring(TOLD))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    child = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    code = (
        "import subprocess, sys, os, time\n"
        f"one = subprocess.Popen([sys.executable, '-I', '-c', {child!r}])\n"
        "open('pids.new', 'w').write(f'{os.getpid()} {one.pid}'); os.rename('pids.new', 'pids'); time.sleep(600)"
    )
    with pytest.raises(HookFault, match="did not end in 2 s and was killed"):
        asyncio.run(python(code, tmp_path, timeout_ms=2_000).ring(TOLD))
    pids = [int(text) for text in (tmp_path / "pids").read_text().split()]
    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        os.sched_yield()
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_stop_of_the_node_leaves_no_command_behind(tmp_path: Path) -> None:
    code = "import os, time; open('new', 'w').write(str(os.getpid())); os.rename('new', 'pid'); time.sleep(600)"

    async def main() -> int:
        ringing = asyncio.create_task(python(code, tmp_path).ring(TOLD))
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        return int((tmp_path / "pid").read_text())

    assert not alive(asyncio.run(main()))


def test_output_without_end_and_input_that_nobody_reads_do_no_harm(tmp_path: Path) -> None:
    code = "import os\nfor _ in range(3000): os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)"
    asyncio.run(python(code, tmp_path).ring(b"z" * 1_000_000))


# --- from the settings -----------------------------------------------------------------------------------------------


def config(*hooks: HookSettings) -> NodeConfig:
    return NodeConfig(name="A", peer=PeerSettings(listen="a:1"), desk=DeskSettings(listen="a:2"), hooks=hooks)


def test_hooks_are_made_as_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("word\n")
    (tmp_path / "s").chmod(0o600)
    url = HookSettings(name="w", on=("LIFE",), url="https://a.example", secret_file="s", details=True)
    command = HookSettings(name="c", command=("siren",), timeout_s=3)
    web, siren = hooks_of(tmp_path, config(url, command))
    assert isinstance(web, Webhook)
    assert (web.name, web.on, web.details, web._headers["authorization"]) == ("w", ("LIFE",), True, "Bearer word")
    assert isinstance(siren, CommandHook)
    assert (siren.name, siren.details, siren._timeout_s) == ("c", False, 3)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [(None, 0, "is missing"), (b"word", 0o644, "chmod 600"), (b"", 0o600, "one word"), (b"a b", 0o600, "one word"),
     (b"\xff", 0o600, "one word"), (b"a\nb", 0o600, "one word")],
)  # fmt: skip
def test_a_secret_that_cannot_be_used_is_said_at_the_start(
    content: bytes | None, mode: int, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "s").write_bytes(content)
        (tmp_path / "s").chmod(mode)
    with pytest.raises(SettingsFault, match=said):
        hooks_of(tmp_path, config(HookSettings(name="w", url="https://a.example", secret_file="s")))
