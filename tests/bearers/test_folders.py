"""Watched folders: two whole nodes over folders alone, and the death of the process at every step of a file."""

import asyncio
import os
from pathlib import Path

import pytest
from parties_by_file import ByFile

from skyparley.adapters.bearers import folders
from skyparley.adapters.bearers.folders import DONE, REASON, REFUSED, SUFFIX, Folders, PeerFolder, folder_name
from skyparley.adapters.system import files
from skyparley.base import limits
from skyparley.testing.parties import party

A, B = (party(name).card.fingerprint for name in "AB")


class Carried:
    """The folders of each party, and a hand that carries files between them."""

    def __init__(self, world: ByFile, base: Path) -> None:
        self.world, self.base = world, base
        self.made: dict[str, Folders] = {}

    def of(self, name: str) -> Folders:
        """The folders of a party's node as it is now; a new life of the node gets new ones."""

        async def peers() -> list[PeerFolder]:
            return [PeerFolder(party(one).card.fingerprint, one, False) for one in self.world.names if one != name]

        return Folders(
            self.world.nodes[name].parcels,
            own=name,
            out=self.base / name / "out",
            into=self.base / name / "in",
            peers=peers,
            real_ms=self.world.clock.real_ms,
        )

    async def look(self, name: str, times: int = 2) -> None:
        if name not in self.made:
            self.made[name] = self.of(name)
        for _ in range(times):
            await self.made[name].look()

    def out(self, name: str, to: str) -> list[Path]:
        return sorted((self.base / name / "out" / to).glob(f"*{SUFFIX}"))

    def into(self, name: str, of: str) -> Path:
        return self.base / name / "in" / of

    def carry(self, name: str, to: str) -> int:
        """Every file that waits, moved by hand; how many."""
        waiting = self.out(name, to)
        for path in waiting:
            self.into(to, name).mkdir(parents=True, exist_ok=True)
            os.replace(path, self.into(to, name) / path.name)
        return len(waiting)

    async def settle(self) -> None:
        for _ in range(20):
            for name in "AB":
                await self.look(name)
            if self.carry("A", "B") + self.carry("B", "A") == 0:
                return
        raise AssertionError("files go to and fro for ever")


def played(story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_line_is_carried_by_folders_end_to_end(tmp_path):
    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            await hand.settle()
            await world.tell("A")
            await world.tell("B", east_km=300)
            await hand.settle()
            for name, other in ("AB", "BA"):
                line, theirs = await world.line(name, other), await world.line(other, name)
                assert line.sent.head == line.delivered == theirs.received.head
                assert len((await world.state(name)).notices) == 2
                assert not list(hand.into(name, other).glob("*")) or {DONE} == {
                    path.name for path in hand.into(name, other).iterdir()
                }
                taken = list((hand.into(name, other) / DONE).iterdir())
                assert taken
                assert {path.suffix for path in taken} == {SUFFIX}, "no reason is given for what was taken"
                assert {path.stat().st_mode & 0o077 for path in taken} == {0}

    played(story)


def test_a_file_that_is_still_being_copied_is_left_alone(tmp_path):
    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            data = await world.write("A", "B")
            path = hand.into("B", "A") / f"A-1{SUFFIX}"
            await hand.look("B", 1)
            path.write_bytes(data[:100])
            await hand.look("B", 1)
            path.write_bytes(data)
            os.utime(path, ns=(1, 1))
            await hand.look("B", 1)
            assert path.exists(), "it changed since the last look"
            await hand.look("B", 1)
            assert not path.exists()
            assert (hand.into("B", "A") / DONE / path.name).exists()

    played(story)


def test_what_is_refused_is_kept_with_its_reason_and_holds_up_nothing(tmp_path):
    async def story():
        async with ByFile("A", "B", "T") as world:
            hand = Carried(world, tmp_path)
            await hand.look("B", 1)
            folder = hand.into("B", "A")
            good = await world.write("A", "B")
            wrong = {
                "damaged": (good[:-9] + b"\n", "FILE_DAMAGED"),
                "holiday.jpg": (b"\xff\xd8\xff", "NOT_SEALED"),
                "of-T": (await world.write("T", "B"), "OTHER_PEER"),
                "for-T": (await world.write("A", "T"), "OTHER_PARTY"),
                "too-large": (bytes(limits.FILE_BYTES + 1), "FILE_TOO_LARGE"),
            }
            for name, (data, _) in wrong.items():
                (folder / name).write_bytes(data)
            (folder / "good").write_bytes(good)
            (folder / ".hidden").write_bytes(b"x")
            (folder / "link").symlink_to(folder / ".hidden")
            await hand.look("B")
            assert {path.name for path in (folder / DONE).iterdir()} == {"good"}
            for name, (data, code) in wrong.items():
                assert (folder / REFUSED / name).read_bytes() == data, "nothing is lost"
                assert (folder / REFUSED / f"{name}{REASON}").read_text().startswith(f"{code}: ")
            assert {path.name for path in folder.iterdir()} == {DONE, REFUSED, ".hidden", "link"}

    played(story)


def test_two_files_of_one_name_are_both_kept(tmp_path):
    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            await hand.look("B", 1)
            folder = hand.into("B", "A")
            for data in (b"one", b"two", b"three"):
                (folder / "x.txt").write_bytes(data)
                await hand.look("B")
            kept = sorted((folder / REFUSED).glob("x*.txt"))
            assert {path.read_bytes() for path in kept if REASON not in path.name} == {b"one", b"two", b"three"}

    played(story)


def test_the_time_stands_and_names_still_differ(tmp_path):
    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            await hand.settle()
            for east_km in (0, 300, 600):
                await world.tell("A", east_km)
                await hand.look("A")
            assert len(hand.out("A", "B")) == 3
            assert hand.out("A", "B")[0].name == "A-20261121T090000000Z.skyparley"

    played(story)


def test_a_folder_that_nobody_empties_is_not_filled_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FILES_WAITING", 3)

    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            await hand.settle()
            for east_km in range(0, 3_000, 300):
                await world.tell("A", east_km)
                await hand.look("A")
            assert len(hand.out("A", "B")) == 3
            hand.carry("A", "B")
            await hand.settle()
            line = await world.line("A", "B")
            assert line.delivered == line.sent.head, "and nothing is lost by it"

    played(story)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", ["write_before", "write_after", "move_before", "move_after", "reason_after"])
def test_the_process_may_die_at_every_rename(tmp_path, monkeypatch, step):
    """The next life does the rest; everything arrives, each statement once."""

    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            await hand.settle()
            await world.tell("A")
            dying = "A" if step.startswith("write") else "B"
            if dying == "B":
                await hand.look("A")
                hand.carry("A", "B")
                if step == "reason_after":
                    (hand.into("B", "A") / "junk").write_bytes(b"junk")
                await hand.look("B", 1)
            real = os.replace

            def replace(old, new):
                if step.endswith("after"):
                    real(old, new)
                if step != "reason_after" or str(new).endswith(REASON):
                    raise Killed

            module = folders.os if step.startswith("move") else files.os
            monkeypatch.setattr(module, "replace", replace)
            with pytest.raises(Killed):
                await hand.look(dying, 4)
            monkeypatch.undo()
            await world.restart(dying)
            del hand.made[dying]
            await hand.settle()
            line, theirs = await world.line("A", "B"), await world.line("B", "A")
            assert line.sent.head == line.delivered == theirs.received.head
            heard = [kind for kind in await world.kinds("B") if kind == "StatementReceived"]
            assert len(heard) == theirs.received.head[1]
            assert "EvidenceKept" not in [*await world.kinds("A"), *await world.kinds("B")]

    played(story)


def test_two_peers_of_one_name_have_a_folder_each():
    assert folder_name("B", B, ["A", "B"]) == "B"
    assert folder_name("B", B, ["B", "B"]) == f"B-{B[:8]}"


def test_a_disk_that_fails_is_looked_at_again(tmp_path):
    async def story():
        async with ByFile("A", "B") as world:
            hand = Carried(world, tmp_path)
            (tmp_path / "A").mkdir()
            (tmp_path / "A" / "out").write_text("a file stands where a folder should")
            await hand.look("A")
            (tmp_path / "A" / "out").unlink()
            await hand.settle()
            assert (await world.line("A", "B")).compared == "EQUAL"

    played(story)
