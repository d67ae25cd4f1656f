"""Runs a program under a seccomp filter: seccomp.py FILTER PROGRAM ARGS

A filter is one of the sets below, or names of system calls, which it answers with
EPERM. With `clone` among them it answers clone() with a namespace flag so, and clone3()
with ENOSYS, as Docker's does: a filter cannot look at flags that lie behind a pointer.
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
        "mount_setattr": 442,
        "keyctl": 250, "chroot": 161, "prctl": 157, "socket": 41, "socketpair": 53,
        "signalfd4": 289, "msgget": 68, "mq_open": 240,
    },
    "aarch64": {
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
        "sethostname": 161, "setdomainname": 162, "clone": 220, "clone3": 435,
        "bpf": 280, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
        "mount_setattr": 442,
        "keyctl": 219, "chroot": 51, "prctl": 167, "socket": 198, "socketpair": 199,
        "signalfd4": 74, "msgget": 186, "mq_open": 180,
    },
}[os.uname().machine]

NAMES = "sethostname setdomainname "
USE = "setns mount umount2 chroot socket msgget mq_open " + NAMES
SETS = {
    "refuse": (EPERM, "unshare setns mount pivot_root clone"),
    # Docker's default for a container without capabilities, where labs come near it.
    "docker": (EPERM, "unshare setns mount umount2 pivot_root clone keyctl bpf "
                      "open_tree move_mount fsopen fsmount " + NAMES),
    # Knows few calls, and says of the others that they do not exist.
    "strict": (ENOSYS, "unshare pivot_root clone socketpair signalfd4 " + USE),
    # Has namespaces made, and then nothing done in them.
    "no-use": (EPERM, USE),
    # As a kernel before Linux 5.12, and before 5.2.
    "linux-5.10": (ENOSYS, "mount_setattr"),
    "linux-5.0": (ENOSYS, "open_tree move_mount fsopen fsmount mount_setattr"),
    # No signal at a parent's end, and no subreapers.
    "no-prctl": (ENOSYS, "prctl"),
}


def program(errno, names):
    """Numbers are at offset 0 of what a filter sees, the first argument at 16."""
    code = []

    def add(operation, value, if_true=0, if_false=0):
        code.append(struct.pack("HBBI", operation, if_true, if_false, value))

    for name in set(names) - {"clone"}:
        add(LOAD, 0)
        add(JUMP_EQUAL, NUMBERS[name], 0, 1)
        add(RETURN, ERRNO | errno)
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


errno, names = SETS.get(sys.argv[1], (EPERM, sys.argv[1].replace(",", " ")))
install(program(errno, names.split()))
os.execvp(sys.argv[2], sys.argv[2:])
