"""A Slurm of one machine for the tests: controller, node and munge from Debian's packages, without systemd.

Everything lies in a folder of its own and listens on free ports, so a Slurm that is there already is left alone. It
needs root (munged and slurmd want their own user) and the packages `slurm-wlm` and `munge`; nothing is installed here.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo")
CONFIGURATION = """\
ClusterName=seedbed
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
KillWait=2
MinJobAge=60
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=8192 State=UNKNOWN
PartitionName=build Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Why no Slurm can be started here; None if it can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"there is no {missing[0]} here (Debian: apt-get install slurm-wlm munge)"
    return None if os.geteuid() == 0 else "a Slurm of one's own can only be started by root"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def one_machine_slurm(folder: Path) -> Iterator[Path]:
    """Start a Slurm in an empty folder, whose path is short; gives its configuration, for SLURM_CONF."""
    for name in ("munge", "spool", "state"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "munge.key"
    key.write_bytes(os.urandom(1_024))
    key.chmod(0o400)
    configuration = folder / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0],
            folder=folder,
            controller_port=_free_port(),
            node_port=_free_port(),
            cpus=os.cpu_count(),
        )
    )
    munge = {name: folder / "munge" / name for name in ("socket", "pid", "log", "seed")}
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    options = [f"--{name}-file={munge[name]}" for name in ("pid", "log", "seed")]
    try:
        for command in (
            ["munged", "--force", f"--socket={munge['socket']}", f"--key-file={key}", *options],
            ["slurmctld", "-c", "-i"],
            ["slurmd"],
        ):
            subprocess.run(command, check=True, env=environment, capture_output=True)
        for _ in range(60):
            command = ["sinfo", "--noheader", "--format=%t"]
            state = subprocess.run(command, check=False, env=environment, capture_output=True, text=True).stdout
            if "idle" in state:
                break
            time.sleep(0.5)
        yield configuration
    finally:
        # The node first, so that the controller hears of its end; each is gone before the folder is removed.
        for place in (folder / "slurmd.pid", folder / "slurmctld.pid", munge["pid"]):
            if place.is_file():
                with suppress(psutil.NoSuchProcess):
                    daemon = psutil.Process(int(place.read_text()))
                    daemon.terminate()
                    daemon.wait(timeout=30)
