"""A DSS as a process: one command starts it, it keeps what it answered when killed, ends in order, and says why it cannot start."""

import asyncio
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dss_process as d
import httpx
import jwt
import pytest
from command_line import run
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from real_nodes import free_ports

from skyparley.adapters.doors.serving import StartFault
from skyparley.adapters.storage.snapshot_file import FLOORS, program_digest
from skyparley.adapters.system import dss_settings
from skyparley.adapters.system.settings_edit import change_settings
from skyparley.base import limits
from skyparley.utm.wiring import RunningDss
from skyparley.wiring import build_dss_alone, run_dss

GUIDE = (Path(__file__).parents[2] / "docs/guide/dss.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"skyparley_dss_[a-z_]+", GUIDE))
"""What the guide says is counted."""


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return d.made(tmp_path_factory.mktemp("dss") / "sky")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A folder of its own for a test."""
    shutil.copytree(whole, tmp_path / "sky")
    return d.moved(tmp_path / "sky")


# --- start and end -----------------------------------------------------------------------------------------------


def test_one_command_makes_the_folder_and_serves(tmp_path: Path) -> None:
    """With the key of an authority, whose token is then taken; and from then on the folder alone says it all."""
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = authority.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "authority.pem").write_bytes(public)
    (port,) = free_ports(1)
    words = ("--listen", f"127.0.0.1:{port}", "--key", str(tmp_path / "authority.pem"), "--audience", "dss.example")
    claims = {"sub": "uss1", "iss": "authority", "aud": "dss.example", "scope": d.SC, "exp": int(time.time()) + 600}
    headers = {"authorization": f"Bearer {jwt.encode(claims, authority, algorithm='RS256')}"}
    name = d.new_id()
    first = d.start(tmp_path / "sky", *words)
    url = d.url_of(first)
    assert url == f"http://127.0.0.1:{port}"
    assert httpx.get(f"{url}/healthy").status_code == httpx.get(f"{url}/ready").status_code == 200
    made = httpx.put(f"{url}{d.INTENTS}/{name}", json=d.intent(), headers=headers)
    assert made.status_code == 201, made.text
    first.terminate()
    assert d.ended(first)[0] == 0
    second = d.start(tmp_path / "sky")
    found = httpx.get(f"{d.url_of(second)}{d.INTENTS}/{name}", headers=headers)
    second.terminate()
    assert d.ended(second)[0] == 0
    assert found.json()["operational_intent_reference"] == made.json()["operational_intent_reference"]


def test_the_line_and_the_dss_run_in_one_process(folder: Path) -> None:
    process = d.start(folder, command="serve")
    assert process.stdout is not None
    line = process.stdout.readline().split()
    named = dict(zip(line[1::2], line[2::2], strict=True))
    assert (line[0], list(named)) == ("READY", ["desk", "peer", "dss"])
    assert httpx.get(f"{named['desk']}/desk/v1/health").json()["ready"] is True
    name = d.new_id()
    assert httpx.put(f"{named['dss']}{d.INTENTS}/{name}", json=d.intent(), headers=d.token(folder)).status_code == 201
    process.terminate()
    assert d.ended(process)[0] == 0
    assert {"journal.db", "dss.db"} <= {path.name for path in folder.iterdir()}


def test_who_has_no_dss_loads_nothing_of_it(folder: Path) -> None:
    change_settings(folder, "utm.dss", {"listen": ""})
    code = (
        "import sys; from pathlib import Path; from skyparley.wiring import build_node; import skyparley.cli.serve; "
        "assert build_node(Path(sys.argv[1]), {}).dss is None; "
        "print([name for name in sys.modules if name.startswith(('skyparley.utm', 'jwt', 'prometheus_client'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


async def _half(
    url: str, name: str, place: int, headers: dict[str, str]
) -> tuple[Callable[[], Any], asyncio.StreamReader]:
    """A request whose body has not come to its end, and how to send the rest."""
    body = httpx.Request("PUT", url, json=d.intent(place)).content
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"PUT {d.INTENTS}/{name} HTTP/1.1\r\nhost: {host}\r\nauthorization: {headers['authorization']}\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[:50])
    await writer.drain()
    return lambda: writer.write(body[50:]), reader


def test_told_to_stop_it_answers_what_it_was_asked_and_takes_nothing_new(folder: Path) -> None:
    headers = d.token(folder)
    names = [d.new_id() for _ in range(8)]

    async def main() -> None:
        process = await asyncio.to_thread(d.start, folder)
        url = await asyncio.to_thread(d.url_of, process)
        halves = [await _half(url, name, place, headers) for place, name in enumerate(names)]
        async with httpx.AsyncClient() as client:
            await client.get(f"{url}/healthy")  # The process has read what was sent before.
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(d.WAIT_S):
            while await _listens(url):
                await asyncio.sleep(0.01)
        for rest, _ in halves:
            rest()
        for _, reader in halves:
            assert (await reader.readline()).startswith(b"HTTP/1.1 201 "), "it was asked before it was told to stop"
        code, said = await asyncio.to_thread(d.ended, process)
        assert code == 0, said
        assert "Traceback" not in said

    asyncio.run(main())
    again = d.start(folder)
    url = d.url_of(again)
    assert [httpx.get(f"{url}{d.INTENTS}/{name}", headers=headers).status_code for name in names] == [200] * 8
    again.terminate()
    assert d.ended(again)[0] == 0


@pytest.mark.slow
def test_told_to_stop_under_load_no_request_that_it_took_is_without_an_answer(folder: Path) -> None:
    """Many clients ask without a pause: each hears at last that the door is closed, and nobody is cut off."""
    headers = d.token(folder)

    async def main() -> None:
        process = await asyncio.to_thread(d.start, folder)
        url = await asyncio.to_thread(d.url_of, process)
        places, count = iter(range(1_000_000)), 0

        async def client() -> str:
            nonlocal count
            async with httpx.AsyncClient(headers=headers, timeout=30) as http:
                while True:
                    try:
                        said = await http.put(f"{url}{d.INTENTS}/{d.new_id()}", json=d.intent(next(places)))
                    except httpx.HTTPError as error:
                        return type(error).__name__
                    assert said.status_code == 201, said.text
                    count += 1
                    if count == 200:
                        process.send_signal(signal.SIGTERM)

        assert set(await asyncio.gather(*(client() for _ in range(32)))) == {"ConnectError"}
        assert (await asyncio.to_thread(d.ended, process))[0] == 0

    asyncio.run(main())


async def _listens(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except ConnectionError:
        return False
    writer.close()
    return True


@pytest.mark.slow
def test_killed_under_load_it_has_everything_that_it_answered(folder: Path) -> None:
    """Twice, so that the second start reads what the first left behind and what came on top of it."""
    headers = d.token(folder)
    answered: dict[str, Any] = {}
    for more in (40, 160):
        asyncio.run(_killed_under_load(folder, headers, answered, more))
    process = d.start(folder)
    url = d.url_of(process)
    with httpx.Client(headers=headers) as client:
        for name, reference in answered.items():
            found = client.get(f"{url}{d.INTENTS}/{name}")
            assert found.json()["operational_intent_reference"] == reference
        last = next(reversed(answered.values()))
        gone = client.delete(f"{url}{d.INTENTS}/{last['id']}/{last['ovn']}")
        assert gone.status_code == 200, "it goes on deciding on what it kept"
    process.terminate()
    assert d.ended(process)[0] == 0


async def _killed_under_load(folder: Path, headers: dict[str, str], answered: dict[str, Any], more: int) -> None:
    """Eight clients create until so many more were answered; then the process is killed under them."""
    process = await asyncio.to_thread(d.start, folder)
    url = await asyncio.to_thread(d.url_of, process)
    before = len(answered)
    places = iter(range(before * 10, 1_000_000))

    async def client() -> None:
        async with httpx.AsyncClient(headers=headers, timeout=10) as http:
            while True:
                name = d.new_id()
                try:
                    said = await http.put(f"{url}{d.INTENTS}/{name}", json=d.intent(next(places)))
                except httpx.HTTPError:
                    return
                assert said.status_code == 201, said.text
                answered[name] = said.json()["operational_intent_reference"]
                if len(answered) - before >= more:
                    process.kill()

    await asyncio.gather(*(client() for _ in range(8)))
    assert (await asyncio.to_thread(d.ended, process))[0] == -signal.SIGKILL
    assert len(answered) - before >= more


# --- what keeps it from starting ---------------------------------------------------------------------------------


def test_a_port_in_use_is_named_with_its_setting(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        change_settings(folder, "utm.dss", {"listen": listen})
        code, said = d.ended(d.start(folder))
    assert (code, f"utm.dss.listen = {listen}" in said, "Traceback" in said) == (2, True, False)


def test_a_second_process_on_the_folder_is_refused(folder: Path) -> None:
    first = d.start(folder)
    url = d.url_of(first)
    code, said = d.ended(d.start(folder))
    assert (code, "JOURNAL_LOCKED" in said, str(first.pid) in said) == (2, True, True)
    assert httpx.get(f"{url}/ready").status_code == 200
    first.terminate()
    assert d.ended(first)[0] == 0


@pytest.mark.parametrize("locked", [True, False])
def test_what_is_given_to_a_process_that_may_not_start_is_not_written(folder: Path, locked: bool) -> None:
    """Because another holds the folder, or the port: who runs would find other settings at its next start."""
    before = (folder / "node.toml").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        first = d.start(folder) if locked else None
        if first is not None:
            d.url_of(first)
        listen = f"127.0.0.1:{free_ports(1)[0]}" if locked else taken
        code, said = d.ended(d.start(folder, "--listen", listen, "--audience", "other.example"))
        assert (code, "JOURNAL_LOCKED" in said or f"utm.dss.listen = {taken}" in said) == (2, True), said
        if first is not None:
            first.terminate()
            assert d.ended(first)[0] == 0
    assert (folder / "node.toml").read_bytes() == before


def _edit(folder: Path, old: str, new: str) -> None:
    path = folder / "node.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _listen(folder: Path, listen: str) -> None:
    settings = tomllib.loads((folder / "node.toml").read_text())
    _edit(folder, f'listen = "{settings["utm"]["dss"]["listen"]}"', f'listen = "{listen}"')


def _scaled(folder: Path) -> None:
    _edit(folder, 'kind = "REAL"', 'kind = "SCALED"\nanchor_real_ms = 0\nanchor_ms = 0')


def _open_key(folder: Path) -> None:
    _self_signed(folder)[1].chmod(0o644)
    _tls(folder)


def _foreign_key(folder: Path) -> None:
    _self_signed(folder, "other")
    _self_signed(folder)
    shutil.move(folder / "other.key", folder / "door.key")
    _tls(folder)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda folder: _edit(folder, 'keys = ["dss-trial-key.public.pem"]', "keys = []"), "utm.dss.keys"),
        (lambda folder: _edit(folder, 'audience = ["localhost"]', "audience = []"), "utm.dss.audience"),
        (lambda folder: _edit(folder, 'certificate = ""', 'certificate = "door.pem"'), "utm.dss.certificate_key"),
        (lambda folder: _edit(folder, "refuse_down", "refuse_dwon"), "perhaps utm.dss.refuse_down"),
        (lambda folder: _edit(folder, "jwks = []", 'jwks = ["auth.example"]'), "https://auth.example/jwks.json"),
        (lambda folder: _edit(folder, "keep_ended_s = 3600", "keep_ended_s = -1"), "keep_ended_s"),
        (lambda folder: (folder / "dss-trial-key.public.pem").unlink(), "utm.dss.keys: "),
        (lambda folder: _edit(folder, "jwks = []", 'jwks = ["http://auth.example/keys"]'), "utm.dss.jwks: "),
        (lambda folder: (folder / "dss.db").write_bytes(b"this is no journal" * 1_000), "dss.db"),
        (lambda folder: _listen(folder, "8442"), "like 127.0.0.1:8442"),
        (_scaled, "clock.kind is SCALED"),
        (_open_key, "chmod 600"),
        (_foreign_key, "cannot be used for TLS"),
    ],
)
def test_what_keeps_it_from_starting_is_named(folder: Path, spoil: Callable[[Path], Any], named: str) -> None:
    spoil(folder)
    ran = d.start(folder)
    code, said = d.ended(ran)
    assert code == 2, said
    assert named in said
    assert "Traceback" not in said


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dss_settings, "_NEEDS", {"PyJWT": "no_such_module"})
    with pytest.raises(StartFault, match=r"PyJWT not installed.*pip install 'skyparley\[utm\]'"):
        build_dss_alone(folder, {})


# --- doors -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[RunningDss, str]]:
    """The DSS of a folder in this process."""
    dss, stop = build_dss_alone(folder, {}), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_dss(dss, ready=ready.set_result, stop=stop))
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        yield dss, ready.result()
    finally:
        stop.set()
        await running


def _self_signed(folder: Path, name: str = "door") -> tuple[Path, Path]:
    """A certificate for loopback and its key, as files of the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(title)
        .issuer_name(title)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].touch(0o600)
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def _tls(folder: Path) -> None:
    change_settings(folder, "utm.dss", {"certificate": "door.pem", "certificate_key": "door.key"})


def test_with_a_certificate_the_door_speaks_tls(folder: Path) -> None:
    certificate, _ = _self_signed(folder)
    _tls(folder)
    process = d.start(folder)
    url = d.url_of(process).replace("127.0.0.1", "localhost")
    assert url.startswith("https://")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(verify=trusting, headers=d.token(folder)) as client:
        assert client.put(f"{url}{d.INTENTS}/{d.new_id()}", json=d.intent()).status_code == 201
    with pytest.raises(httpx.HTTPError):
        httpx.get(url.replace("https", "http") + "/healthy")
    process.terminate()
    assert d.ended(process)[0] == 0


def test_a_renewed_certificate_is_taken_while_it_runs(folder: Path) -> None:
    _self_signed(folder)
    _tls(folder)

    def shown(url: str) -> str:
        port = int(url.rpartition(":")[2])
        return ssl.get_server_certificate(("127.0.0.1", port)).strip()

    async def main() -> None:
        async with served(folder) as (dss, url):
            before = (folder / "door.pem").read_text().strip()
            assert await asyncio.to_thread(shown, url) == before
            (folder / "door.key").write_text("half of a change")
            assert dss._watch is not None
            dss._watch.look()
            assert await asyncio.to_thread(shown, url) == before, "what does not fit is not taken"
            _self_signed(folder)
            dss._watch.look()
            assert await asyncio.to_thread(shown, url) == (folder / "door.pem").read_text().strip() != before

    asyncio.run(main())


def test_metrics_have_a_door_of_their_own(folder: Path) -> None:
    (port,) = free_ports(1)
    change_settings(folder, "utm.dss", {"metrics_listen": f"127.0.0.1:{port}"})

    async def main() -> None:
        async with served(folder) as (_, url), httpx.AsyncClient() as client:
            await client.put(f"{url}{d.INTENTS}/{d.new_id()}", json=d.intent(), headers=d.token(folder))
            page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            counted = 'skyparley_dss_requests_total{operation="createOperationalIntentReference",status="201"} 1.0'
            assert counted in page
            assert [name for name in NAMED if name not in page] == [], "the guide names it"
            assert (await client.get(f"{url}/metrics")).status_code == 404
            assert (await client.get(f"http://127.0.0.1:{port}{d.INTENTS}/x")).status_code == 404

    asyncio.run(main())


def test_one_address_may_hold_more_connections_than_at_other_doors(folder: Path) -> None:
    count = limits.DOOR_CONNECTIONS_PER_ADDRESS + 72

    async def main() -> None:
        async with served(folder) as (_, url):
            port = int(url.rpartition(":")[2])
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
            for _, writer in held:
                writer.write(b"GET /healthy HTTP/1.1\r\nhost: x\r\n\r\n")
            for reader, _ in held:
                assert b"200 OK" in await reader.readline()
            for _, writer in held:
                writer.close()

    asyncio.run(main())


def test_who_is_refused_before_a_large_body_was_read_hears_why(folder: Path) -> None:
    async def main() -> None:
        async with served(folder) as (_, url), httpx.AsyncClient() as client:
            for _ in range(3):
                body = b" " * limits.DSS_BODY_BYTES
                said = await client.put(f"{url}{d.INTENTS}/{d.new_id()}", content=body)
                assert said.status_code == 401

    asyncio.run(main())


def test_the_next_start_reads_the_snapshot_of_the_last_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_AT_END_ENTRIES", 1)
    name, headers = d.new_id(), d.token(folder)

    async def main() -> tuple[dict[str, str], int]:
        async with served(folder) as (dss, url), httpx.AsyncClient(headers=headers) as client:
            await client.put(f"{url}{d.INTENTS}/{name}", json=d.intent())
            found = (await client.get(f"{url}{d.INTENTS}/{name}")).json()["operational_intent_reference"]
            snapshots: Any = dss.dss.sequencer._snapshots
            return found, snapshots.used.position

    first, read_before = asyncio.run(main())
    again, read_after = asyncio.run(main())
    assert (first, read_before) == (again, 0)
    assert read_after > 0
    assert program_digest(floors=(*FLOORS, "utm")) != program_digest(), "another program of the DSS folds it anew"


# --- commands ----------------------------------------------------------------------------------------------------


def test_a_folder_is_not_made_for_settings_that_would_not_do(tmp_path: Path) -> None:
    ran = run("dss", tmp_path / "sky", "--audience", "localhost")
    assert (ran.code, "utm.dss.keys" in ran.err, (tmp_path / "sky").exists()) == (2, True, False)


def test_a_key_for_trials_is_made_once(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    assert run("dss", "key", folder).code == 1
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before


def test_a_token_with_a_slip_of_the_pen_is_not_signed(folder: Path) -> None:
    ran = run("dss", "token", folder, "--sub", "uss1", "--scope", "utm.strategic_coordinatio")
    assert (ran.code, ran.out, f"perhaps {d.SC}" in ran.err) == (2, "", True)


@pytest.mark.parametrize("sub", ["", " ", "a\nb", "a" * 257])
def test_a_token_that_no_dss_would_take_is_not_signed(folder: Path, sub: str) -> None:
    ran = run("dss", "token", folder, "--sub", sub, "--scope", d.SC)
    assert (ran.code, ran.out, "1 to 256 printable characters" in ran.err) == (2, "", True)


def test_a_token_of_a_folder_that_is_not_there_is_not_had_and_the_way_to_one_is_said(tmp_path: Path) -> None:
    ran = run("dss", "token", tmp_path / "sky", "--sub", "uss1", "--scope", d.SC)
    assert (ran.code, ran.out, f"skyparley dss key {tmp_path / 'sky'}" in ran.err) == (2, "", True)
