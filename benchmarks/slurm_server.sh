#!/bin/sh
# A Slurm server of one node on this machine, to try the profile and its tests (`./run test -m slurm`); no cluster.
#
#     apt-get install slurm-wlm munge          # Debian and Ubuntu
#     sudo benchmarks/slurm_server.sh start    # munged, slurmctld and slurmd; listens on the loopback only
#     sudo benchmarks/slurm_server.sh stop
#
# It needs no systemd and no accounting database. Memory is enforced by polling (`JobAcctGather`), not by control groups,
# so that it runs in a container, too. A configuration that somebody else has written is left alone.
set -eu

CONFIG=/etc/slurm/slurm.conf
OURS="# Written by benchmarks/slurm_server.sh"
STATE=/var/lib/slurm/one-machine

say() { printf '%s\n' "$*" >&2; }

write_config() {
    if [ -e "$CONFIG" ] && [ "$(head -n 1 "$CONFIG")" != "$OURS" ]; then
        say "error: $CONFIG is not of this script; this machine belongs to a cluster already"
        exit 2
    fi
    host=$(hostname -s)
    # Nine tenths, for what else runs here.
    memory=$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
    cat >"$CONFIG" <<CONF
$OURS
ClusterName=one-machine
SlurmctldHost=$host(127.0.0.1)
SlurmctldParameters=enable_configless
CommunicationParameters=NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
ReturnToService=2
StateSaveLocation=$STATE/control
SlurmdSpoolDir=$STATE/node
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
MinJobAge=600
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
    mkdir -p /etc/slurm "$STATE/control" "$STATE/node"
    write_config
    if ! munge -n >/dev/null 2>&1 || ! munge -n | unmunge >/dev/null 2>&1; then
        install -d -o munge -g munge -m 755 /run/munge
        [ -e /etc/munge/munge.key ] || { (umask 077 && head -c 1024 /dev/urandom >/etc/munge/munge.key) && chown munge: /etc/munge/munge.key; }
        setpriv --reuid munge --regid munge --clear-groups munged
    fi
    slurmctld
    slurmd
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        case $(sinfo --noheader --format %T 2>/dev/null) in
        idle) sinfo && return ;;
        esac
        sleep 1
    done
    say "error: no idle node after 15 seconds; see $STATE/slurmctld.log and $STATE/slurmd.log"
    exit 1
}

stop() {
    scancel --user root >/dev/null 2>&1 || true
    for daemon in slurmd slurmctld; do
        if [ -e "$STATE/$daemon.pid" ]; then kill "$(cat "$STATE/$daemon.pid")" || true; fi
    done
}

case "${1:-}" in
start | stop) "$1" ;;
*)
    say "usage: $0 start | stop"
    exit 2
    ;;
esac
