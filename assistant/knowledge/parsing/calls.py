"""Takes calls of the kernel away from a process for ever: no network, no program or process, no change to any file.

A filter (Linux' seccomp) needs no rights, so it holds in containers that forbid a network of one's own.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

_SET_FILTER = (22, 2)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
# Instructions of the filter: load a word of the call's record; compare and jump; give the verdict.
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _VERDICT = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_THREAD = 0x00010000  # CLONE_THREAD: a thread of this process and no process of its own
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FOREIGN = 0x40000000  # calls of x86-64's second set, which would pass the numbers below by
# clone3 and openat2 hide their arguments; told that there is none, the C library takes the older form.
_HIDING = (435, 437)


@dataclass(frozen=True, slots=True)
class _Calls:
    """The kernel's mark of a machine, and its numbers of calls there; ``opens`` with the place of their flags."""

    mark: int
    refused: tuple[int, ...]
    clone: int
    opens: tuple[tuple[int, int], ...]


# Line by line: socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, accept4; execve, execveat, (fork,
# vfork,) kill, tkill, ptrace, process_vm_readv and _writev, pidfd_open, bpf, io_uring_setup; (rename, mkdir, rmdir,
# creat, link, unlink, symlink, chmod, chown, lchown, utime, utimes, mknod,) truncate, ftruncate, fallocate, fchmod,
# fchown; mkdirat, mknodat, fchownat, unlinkat, renameat, linkat, symlinkat, fchmodat, utimensat, renameat2, fchmodat2,
# (futimesat,) open_by_handle_at; mount, umount2, pivot_root, chroot, and the six that change extended attributes.
_MACHINES = {
    "x86_64": _Calls(
        0xC000003E,
        (
            *(41, 42, 43, 44, 46, 49, 50, 53, 288),
            *(59, 322, 57, 58, 62, 200, 101, 310, 311, 434, 321, 425),
            *(82, 83, 84, 85, 86, 87, 88, 90, 92, 94, 132, 235, 133, 76, 77, 285, 91, 93),
            *(258, 259, 260, 263, 264, 265, 266, 268, 280, 316, 452, 261, 304),
            *(165, 166, 155, 161, 188, 189, 190, 197, 198, 199),
        ),
        clone=56,
        opens=((2, 1), (257, 2)),
    ),
    "aarch64": _Calls(
        0xC00000B7,
        (
            *(198, 203, 202, 206, 211, 200, 201, 199, 242),
            *(221, 281, 129, 130, 117, 270, 271, 434, 280, 425),
            *(45, 46, 47, 52, 55),
            *(34, 33, 54, 35, 38, 37, 36, 53, 88, 276, 452, 265),
            *(40, 39, 41, 51, 5, 6, 7, 14, 15, 16),
        ),
        clone=220,
        opens=((56, 2),),
    ),
}


def refuse() -> bool:
    """Refuse those calls from now on; False where the kernel or the machine has no such filter.

    Call it after PR_SET_NO_NEW_PRIVS.
    """
    calls = _MACHINES.get(platform.machine())
    if calls is None:
        return False
    program = _program(calls)
    steps = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.prctl(*_SET_FILTER, ctypes.create_string_buffer(head, len(head)), 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _program(calls: _Calls) -> bytes:
    """Jumps count the steps that are passed over, if the comparison holds and if not."""
    fail = (_VERDICT, 0, 0, _FAIL | errno.EPERM)
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, calls.mark),
        (_VERDICT, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FOREIGN),
        fail,
    ]
    for number in _HIDING:
        steps += [(_EQUAL, 0, 1, number), (_VERDICT, 0, 0, _FAIL | errno.ENOSYS)]
    for number in calls.refused:
        steps += [(_EQUAL, 0, 1, number), fail]
    allow = (_VERDICT, 0, 0, _ALLOW)
    for number, place in calls.opens:
        steps += [(_EQUAL, 0, 4, number), _argument(place), (_HAS_BITS, 0, 1, _WRITES), fail, allow]
    steps += [(_EQUAL, 0, 3, calls.clone), _argument(0), (_HAS_BITS, 1, 0, _THREAD), fail, allow]
    return b"".join(struct.pack("@HBBI", *step) for step in steps)


def _argument(place: int) -> tuple[int, int, int, int]:
    """Load the lower half of an argument, which comes first on these machines."""
    return _LOAD, 0, 0, _ARGUMENTS + 8 * place
