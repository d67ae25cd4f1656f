"""Runs a program under a seccomp filter: seccomp.py FILTER PROGRAM ARGS

`refuse` answers unshare, setns, mount, pivot_root and clone with a namespace flag
with EPERM; `docker` in addition what else Docker's default profile keeps from a
container without CAP_SYS_ADMIN. Both answer clone3 with ENOSYS, as that profile
does, because a filter cannot look at flags that lie behind a pointer.
Other names are those of system calls: each of them is refused.
"""

import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
NAMESPACES = 0x7E020000
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06

NUMBERS = {
    "x86_64": {
        "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
        "sethostname": 170, "setdomainname": 171, "clone": 56, "clone3": 435,
        "bpf": 321, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
    },
    "aarch64": {
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
        "sethostname": 161, "setdomainname": 162, "clone": 220, "clone3": 435,
        "bpf": 280, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
    },
}[os.uname().machine]

REFUSED = ["unshare", "setns", "mount", "pivot_root", "clone"]
SETS = {"refuse": REFUSED, "docker": list(NUMBERS)}


def program(names):
    """Numbers are at offset 0 of what a filter sees, the first argument at 16."""
    code = []

    def add(operation, value, if_true=0, if_false=0):
        code.append(struct.pack("HBBI", operation, if_true, if_false, value))

    for name in set(names) - {"clone", "clone3"}:
        add(LOAD, 0)
        add(JUMP_EQUAL, NUMBERS[name], 0, 1)
        add(RETURN, ERRNO | EPERM)
    if "clone" in names:
        add(LOAD, 0)
        add(JUMP_EQUAL, NUMBERS["clone3"], 0, 1)
        add(RETURN, ERRNO | ENOSYS)
        add(JUMP_EQUAL, NUMBERS["clone"], 0, 3)
        add(LOAD, 16)
        add(JUMP_SET, NAMESPACES, 0, 1)
        add(RETURN, ERRNO | EPERM)
    add(RETURN, ALLOW)
    return code


def install(code):
    filters = ctypes.create_string_buffer(b"".join(code))
    header = struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header)]:
        if libc.prctl(*arguments) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")


install(program(SETS.get(sys.argv[1], sys.argv[1].split(","))))
os.execvp(sys.argv[2], sys.argv[2:])
