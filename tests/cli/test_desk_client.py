"""The client of the desk door against a door that lies, breaks off, or is not there: words and an exit code, every time."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, run
from real_nodes import free_ports

from skyparley.cli.watch_commands import read_events
from skyparley.domain.table import parse_table, table_hash
from skyparley.state.views import Overview, PartyView

FILE = (
    "notice", "file", "--kind", "TEST", "--circle", "1,2 30NM", "--lower", "SFC", "--upper", "FL100",
    "--start", "2030-01-01T08:00Z", "--end", "09:00Z",
)  # fmt: skip


class Door:
    """A door whose answers a test chooses: (status, body), or None for a cut in the middle.  The last one repeats."""

    def __init__(self, answers: list[tuple[int, bytes] | None]) -> None:
        self.answers = answers
        self.heard: list[tuple[str, str, str, Any]] = []


@contextmanager
def door(port: int, answers: list[tuple[int, bytes] | None]) -> Iterator[Door]:
    one = Door(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            key = self.headers.get("idempotency-key", "")
            one.heard.append((self.command, self.path, key, json.loads(body) if body else None))
            answer = one.answers[0] if len(one.answers) == 1 else one.answers.pop(0)
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer[0])
            self.send_header("content-length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder whose node does not run, and its desk port."""
    folder = tmp_path_factory.mktemp("node") / "A"
    peer, desk = free_ports(2)
    made = run("init", folder, "--peer-listen", f"127.0.0.1:{peer}", "--desk-listen", f"127.0.0.1:{desk}")
    assert made.code == 0
    return folder, desk


def told(node: tuple[Path, int], *words: object) -> Ran:
    return run(*words, "--node", node[0])


def error(code: str, text: str = "", **more: object) -> bytes:
    return json.dumps({"error": {"code": code, "text": text, **more}}).encode()


def test_a_node_that_does_not_run_is_named_with_how_to_start_it(node: tuple[Path, int]) -> None:
    for words in (("notice", "list"), FILE, ("watch",), ("dialogue", "accept", "x")):
        ran = told(node, *words)
        assert ran.code == 3, ran
        assert f"skyparley serve {node[0]}" in ran.err


@pytest.mark.parametrize("text", ["", "{}{}", '{"volumes": 7}', "[" * 100_000, "\x00", '{"a": 1}'])
def test_a_file_that_is_none_is_named_before_the_node_is_asked(node: tuple[Path, int], text: str) -> None:
    ran = run("notice", "file", "--node", node[0], "--file", "-", said=text)
    assert ran.code == 2, ran
    assert ran.err.startswith("Cannot use this: -: ")


def test_without_a_node_it_asks_which() -> None:
    ran = run("notice", "list", env={"SKYPARLEY_NODE": ""})
    assert ran.code == 2
    assert "SKYPARLEY_NODE" in ran.err


def test_a_refusal_is_one_reason_a_line(node: tuple[Path, int]) -> None:
    reasons = [
        {"code": "AREA_TOO_SMALL", "text": "tell a larger one", "field": "volumes[0]"},
        {"code": "UNKNOWN_PEER", "text": "no peer is called 'X'", "ids": ["Y", "Z"]},
    ]
    with door(node[1], [(409, error("REFUSED", reasons=reasons))]) as heard:
        ran = told(node, *FILE)
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "Refused. Nothing was changed.",
        "  AREA_TOO_SMALL [volumes[0]]: tell a larger one",
        "  UNKNOWN_PEER: no peer is called 'X'",
        "    Y, Z",
    ]
    assert len(heard.heard) == 1


@pytest.mark.parametrize(
    ("answer", "code", "named"),
    [
        ((422, error("REFUSED", reasons=[{"code": "MALFORMED", "text": "x is missing"}])), 2, "x is missing"),
        ((503, error("JOURNAL_FULL", "no space is left")), 3, "JOURNAL_FULL: no space is left"),
        ((503, error("BUSY", "4096 commands wait")), 3, "BUSY"),
        ((500, error("OUR_FAULT", "its log says how")), 3, "OUR_FAULT"),
        ((401, error("NOT_LOGGED_ON", "log on first")), 1, "desk.token"),
        ((403, error("ROLE", "an observer may not act")), 1, "ROLE: an observer may not act"),
        ((404, error("NOT_FOUND", "no such address")), 1, "NOT_FOUND"),
        ((200, b"<html>hello</html>"), 3, "not the desk door"),
        ((200, b"{}"), 0, "Nobody was told"),
        ((200, b'{"result": 7}'), 3, "not the desk door"),
        ((404, b"not found"), 3, "not the desk door"),
        ((500, b"\xff\xfe\x00"), 3, "not the desk door"),
    ],
)
def test_every_answer_ends_in_words(node: tuple[Path, int], answer: tuple[int, bytes], code: int, named: str) -> None:
    with door(node[1], [answer]):
        ran = told(node, *FILE)
    assert ran.code == code, ran
    assert named in ran.err


def test_an_act_that_was_cut_off_is_tried_again_under_the_same_key(node: tuple[Path, int]) -> None:
    done = (200, b'{"result":"DONE","refs":{"ref":"A-0001 v1"}}')
    with door(node[1], [None, done]) as heard:
        ran = told(node, *FILE)
    assert (ran.code, ran.out) == (0, "A-0001 v1 is filed.\n")
    first, second = heard.heard[:2]  # what follows looks whether it can arrive
    assert first == second
    assert len(first[2]) == 36


def test_an_act_that_stays_cut_off_is_not_known(node: tuple[Path, int]) -> None:
    with door(node[1], [None]) as heard:
        ran = told(node, *FILE)
    assert ran.code == 3
    assert "not known" in ran.err
    assert len({key for act, _, key, _ in heard.heard if act == "POST"}) == 1


def test_two_acts_have_two_keys(node: tuple[Path, int]) -> None:
    with door(node[1], [(200, b"{}")]) as heard:
        told(node, *FILE)
        told(node, *FILE)
    assert len({key for _, _, key, body in heard.heard if body}) == 2


def overview_of(change: Callable[[dict[str, Any]], None] = lambda seen: None) -> bytes:
    import msgspec

    from skyparley.cli.table_commands import _table_text

    table = parse_table(_table_text(None, "", "")[1])
    seen = Overview(
        position=1, now=0, clock="REAL", own=PartyView(name="A", fingerprint="a" * 43), table_hash=table_hash(table),
        table=table, lines=(), notices=(), conflicts=(), agreements=(), alarms=(), desk="STAFFED", roster={},
    )  # fmt: skip
    plain: dict[str, Any] = msgspec.to_builtins(seen)
    change(plain)
    return msgspec.json.encode(plain)


def test_lists_of_nothing_say_so(node: tuple[Path, int]) -> None:
    said = {
        ("notice", "list"): "No notice.\n",
        ("conflict", "list"): "No conflict is open.\n",
        ("dialogue", "list"): "No dialogue is open.\n",
        ("agreement", "list"): "No agreement is in force.\n",
        ("alarm", "list"): "No alarm.\n",
        ("line", "list"): "No line. Pin a peer with: skyparley peer add DIR CARD\n",
    }
    with door(node[1], [(200, overview_of())]):
        for words, text in said.items():
            assert told(node, *words).out == text
            assert told(node, *words, "--json").out == "[]\n"
        assert told(node, "conflict", "show", "x").err == "there is no conflict\n"


def test_what_a_peer_wrote_is_shown_and_never_obeyed(node: tuple[Path, int]) -> None:
    """Square brackets are no markup and a smile is no emoji, whatever stands in an alarm's text."""
    text = "[bold red]ALL CLEAR[/] :smile: [link=x]"

    def alarm(seen: dict[str, Any]) -> None:
        seen["alarms"] = [{"code": "X", "text": text, "about": "y", "peer": "B", "at": 60_000}]

    with door(node[1], [(200, overview_of(alarm))]):
        shown = told(node, "alarm", "list").out
    assert text in shown
    assert "1970-01-01 00:01Z" in shown
    assert "\x1b" not in shown


def test_a_missing_token_is_named_with_how_to_make_one(node: tuple[Path, int]) -> None:
    token = node[0] / "desk.token"
    kept = token.read_bytes()
    token.unlink()
    try:
        ran = told(node, "notice", "list")
    finally:
        token.write_bytes(kept)
        token.chmod(0o600)
    assert ran.code == 1
    assert "desk.token" in ran.err
    assert "skyparley token" in ran.err


def test_events_are_read_from_their_lines() -> None:
    lines = [
        ": ping", "", "id: 7", "event: change", 'data: {"kind": "X",', 'data: "at": 1}', "", "event: link",
        'data: {"peer": "p"}', "", "data: [1]", "", "data: nonsense", "", "id: seven", 'data:{"a":1}', "", 'data: {"cut": 1}',
    ]  # fmt: skip
    assert list(read_events(lines)) == [
        ("change", 7, {"kind": "X", "at": 1}),
        ("link", None, {"peer": "p"}),
        ("message", None, {"a": 1}),
    ]
