"""Hosts of a Ray cluster on one machine: network namespaces on a bridge, each with a /tmp/ray of its own."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).parents[2]
PORT = 6379
TOKEN = "0123456789abcdef" * 4
"""Of the cluster."""
QUICK = {
    "RAY_health_check_initial_delay_ms": "5000", "RAY_health_check_period_ms": "3000",
    "RAY_health_check_timeout_ms": "6000", "RAY_health_check_failure_threshold": "3",
}  # fmt: skip
"""A node that does not answer is given up after half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One network and mount namespace."""

    name: str
    address: str
    holder: int
    """The process that keeps the namespaces."""
    stack: ExitStack
    """Ends what is started here."""

    def words(self, *command: str) -> list[str]:
        """A command that runs on this host."""
        return ["nsenter", "--target", str(self.holder), "--net", "--mount", "--wd=/tmp", *command]

    def run(self, *command: str) -> None:
        ran(*self.words(*command))

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """A command that goes on, its output as text."""
        variables = {**os.environ, **QUICK, "PYTHONPATH": f"{CLONE}:{CLONE / 'tests' / 'runs'}",
                     "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_TOKEN": TOKEN}  # fmt: skip
        process = subprocess.Popen(self.words(*command), env=variables, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)  # fmt: skip
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def node(self, cores: int, head: "Host | None" = None) -> "subprocess.Popen[str]":
        """Start this host's part of a cluster."""
        place = (
            ["--address", f"{head.address}:{PORT}"]
            if head
            else ["--head", "--port", str(PORT), "--include-dashboard", "false"]
        )
        return self.start(
            sys.executable, "-m", "ray.scripts.scripts", "start", *place, "--node-ip-address", self.address,
            "--num-cpus", str(cores), "--object-store-memory", str(100 * 2**20), "--block",
        )  # fmt: skip

    def joins(self, head: "Host") -> None:
        """Be a node of one core, and wait until the cluster has taken it."""
        node = self.node(1, head)
        assert node.stdout is not None
        told = list[str]()
        for line in node.stdout:
            told.append(line)
            if "Ray runtime started" in line:
                return
        raise AssertionError("".join(told))

    def answers(self) -> bool:
        """Whether the head of a cluster listens here."""
        there = self.words("bash", "-c", f"</dev/tcp/{self.address}/{PORT}")
        return not subprocess.run(there, capture_output=True, check=False).returncode

    def processes(self) -> list[int]:
        """All processes of this host but the holder."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True).stdout
        return [int(word) for word in found.split() if int(word) != self.holder]

    def is_working(self) -> bool:
        """Whether an actor maps a block here now."""
        for process in self.processes():
            try:
                if Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::BlockActor.do"):
                    return True
            except OSError:
                continue
        return False

    def cut_off(self) -> None:
        """Pull the cable."""
        ran("ip", "link", "set", f"{self.name}-b", "down")

    def kill(self) -> None:
        """Everything on the host ends at once, as without power."""
        for process in self.processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue


def ran(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def can_be() -> bool:
    """Whether this machine lets us make network namespaces."""
    if os.geteuid() or not all(map(shutil.which, ("ip", "nsenter", "unshare"))):
        return False
    probe = f"seewhy-{os.getpid()}-p"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode:
        return False
    ran("ip", "netns", "delete", probe)
    return True


_NUMBERS = itertools.count()


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """So many hosts that reach each other and nothing else; all on them ends with the context."""
    with ExitStack() as stack:
        # The kernel takes names back a little later than it says.
        bridge = f"s{os.getpid() % 100000}n{next(_NUMBERS)}"
        ran("ip", "link", "add", bridge, "type", "bridge")
        stack.callback(ran, "ip", "link", "delete", bridge)
        ran("ip", "link", "set", bridge, "up")
        yield [_host(bridge, number, stack) for number in range(1, count + 1)]


def _host(bridge: str, number: int, stack: ExitStack) -> Host:
    name = f"{bridge}h{number}"
    ran("ip", "netns", "add", name)
    stack.callback(ran, "ip", "netns", "delete", name)
    ran("ip", "link", "add", f"{name}-b", "type", "veth", "peer", "name", "eth0", "netns", name)
    ran("ip", "link", "set", f"{name}-b", "master", bridge, "up")
    address = f"10.77.0.{number}"
    for words in (
        ["addr", "add", f"{address}/24", "dev", "eth0"],
        ["link", "set", "eth0", "up"],
        ["link", "set", "lo", "up"],
    ):
        ran("ip", "-n", name, *words)
    Path("/tmp/ray").mkdir(exist_ok=True)
    ready = "mount -t tmpfs tmpfs /tmp/ray && echo ready && exec sleep 3600"
    holder = subprocess.Popen(["ip", "netns", "exec", name, "unshare", "--mount", "sh", "-c", ready],
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    host = Host(name=name, address=address, holder=holder.pid, stack=stack)
    stack.enter_context(holder)
    stack.callback(holder.kill)
    stack.callback(time.sleep, 0.5)
    stack.callback(host.kill)
    return host
