"""What one client has under way, in the database, where every process on the file sees it.

A request is claimed by its key, so that no two processes ask it at once; a call reserves the most that it can cost, so
that the bound holds over all of them. Each client says again and again that it lives. Where it no longer does, its
claims are free at once; what its calls may have cost goes on to count.
"""

import os
import platform
import time
import uuid
from pathlib import Path

from seewhy.endpoints.accounting.ledger import Sum
from seewhy.endpoints.database import Database

BEAT_S = 2.0
"""Seconds between two signs of life."""
LEASE_S = 15.0
"""Seconds after the last one that a client is taken for dead; on one Linux machine its process is looked up at once."""
PROC = Path("/proc")
CLAIM = "INSERT OR IGNORE INTO claims (key, owner) VALUES (?, ?)"
OWNER_OF = "SELECT claims.owner FROM claims JOIN owners USING (owner) WHERE key = ?"
TAKE_OVER = "INSERT OR REPLACE INTO claims (key, owner) VALUES (?, ?)"
SUMS = (
    "SELECT prompt_tokens + completion_tokens, dollars, "
    "(SELECT IFNULL(SUM(most_tokens), 0) FROM open_calls WHERE {dead}), "
    "(SELECT IFNULL(SUM(most_dollars), 0.0) FROM open_calls WHERE {dead}), "
    "(SELECT IFNULL(SUM(most_tokens), 0) FROM open_calls WHERE NOT {dead}), "
    "(SELECT IFNULL(SUM(most_dollars), 0.0) FROM open_calls WHERE NOT {dead}) FROM sums"
).format(dead="(owner IS NULL OR owner NOT IN (SELECT owner FROM owners))")


class Claims:
    """The claims of one client; every method but `retire_dead` and `beat` is called within a transaction."""

    def __init__(self, database: Database) -> None:
        """Raises OSError where the file cannot be written."""
        self.database = database
        self.owner = uuid.uuid4().hex
        self.retire_dead()
        self.beat()

    def beat(self) -> None:
        """Say that this client lives."""
        row = (self.owner, os.getpid(), place_of_processes(), time.time() + LEASE_S)
        with self.database.writing() as base:
            base.execute("INSERT OR REPLACE INTO owners (owner, pid, place, until) VALUES (?, ?, ?, ?)", row)

    def retire_dead(self) -> None:
        """Forget clients that no longer live."""
        with self.database.reading() as base:
            others = base.execute("SELECT owner, pid, place, until FROM owners WHERE owner != ?", (self.owner,))
            dead = [owner for owner, *place in others if not is_alive(*place)]
        if dead:
            with self.database.writing() as base:
                base.executemany("DELETE FROM owners WHERE owner = ?", [(owner,) for owner in dead])
                base.execute("DELETE FROM claims WHERE owner NOT IN (SELECT owner FROM owners)")

    def take(self, key: str) -> bool:
        """Claim a request; whether it was free."""
        base = self.database.base
        if base.execute(CLAIM, (key, self.owner)).rowcount:
            return True
        held = base.execute(OWNER_OF, (key,)).fetchone()
        if held is None:
            base.execute(TAKE_OVER, (key, self.owner))
        return held is None or held[0] == self.owner

    def release(self, key: str) -> None:
        """Let a request go."""
        self.database.base.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner))

    def sums(self) -> tuple[Sum, Sum]:
        """What was spent by all, calls that may have been charged included; and what calls under way may yet cost."""
        paid, dollars, lost, lost_dollars, open_, open_dollars = self.database.base.execute(SUMS).fetchone()
        return Sum(tokens=paid + lost, dollars=dollars + lost_dollars), Sum(tokens=open_, dollars=open_dollars)

    def reserve(self, worst: Sum) -> int:
        """Set aside the most that a call can cost; the number of the note."""
        row = (worst.tokens, worst.dollars, self.owner)
        added = self.database.base.execute(
            "INSERT INTO open_calls (most_tokens, most_dollars, owner) VALUES (?, ?, ?)", row
        )
        return added.lastrowid or 0

    def settle(self, note: int, *, is_cost_known: bool) -> None:
        """A call has ended: its note is struck out, or stays for good where its cost is unknown."""
        if is_cost_known:
            self.database.base.execute("DELETE FROM open_calls WHERE number = ?", (note,))
        else:
            self.database.base.execute("UPDATE open_calls SET owner = NULL WHERE number = ?", (note,))

    def leave(self) -> None:
        """Let all go that this client holds; calls without an end stay as they may have been charged."""
        base = self.database.base
        base.execute("UPDATE open_calls SET owner = NULL WHERE owner = ?", (self.owner,))
        for table in ("claims", "owners"):
            base.execute(f"DELETE FROM {table} WHERE owner = ?", (self.owner,))


def place_of_processes() -> str:
    """Names the table of processes in which a pid means something: machine, boot and container; empty elsewhere."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()}/{boot}/{(PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def is_alive(pid: int, place: str, until: float) -> bool:
    """Whether a client lives: it said so not long ago, and its process is there, where that can be seen."""
    if until < time.time():
        return False
    return not place or place != place_of_processes() or (PROC / str(pid)).exists()
