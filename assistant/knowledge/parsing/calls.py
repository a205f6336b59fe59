"""Takes calls of the kernel away from a process for ever: no network, no other program, no other process.

A filter (Linux' seccomp) needs no rights, so it holds in containers that forbid a network of one's own.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_SET_FILTER = (22, 2)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
# Instructions of the filter: load a word of the call's record; compare and jump; give the verdict.
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _VERDICT = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_THREAD = 0x00010000  # CLONE_THREAD: a thread of this process and no process of its own
_FOREIGN = 0x40000000  # calls of x86-64's second set, which would pass the numbers below by


@dataclass(frozen=True, slots=True)
class _Calls:
    """The kernel's mark of a machine, and its numbers of calls there."""

    mark: int
    refused: tuple[int, ...]
    clone: int
    clone3: int = 435


# socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, accept4; execve, execveat, fork, vfork; kill,
# tkill, ptrace, process_vm_readv, process_vm_writev, pidfd_open; bpf, io_uring_setup.
_MACHINES = {
    "x86_64": _Calls(
        0xC000003E,
        (41, 42, 43, 44, 46, 49, 50, 53, 288, 59, 322, 57, 58, 62, 200, 101, 310, 311, 434, 321, 425),
        clone=56,
    ),
    "aarch64": _Calls(
        0xC00000B7,
        (198, 203, 202, 206, 211, 200, 201, 199, 242, 221, 281, 129, 130, 117, 270, 271, 434, 280, 425),
        clone=220,
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
    fail = _FAIL | errno.EPERM
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, calls.mark),
        (_VERDICT, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FOREIGN),
        (_VERDICT, 0, 0, fail),
        # The newer form hides its arguments; told that there is none, the C library takes the older one.
        (_EQUAL, 0, 1, calls.clone3),
        (_VERDICT, 0, 0, _FAIL | errno.ENOSYS),
    ]
    for number in calls.refused:
        steps += [(_EQUAL, 0, 1, number), (_VERDICT, 0, 0, fail)]
    steps += [
        (_EQUAL, 0, 3, calls.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_HAS_BITS, 1, 0, _THREAD),
        (_VERDICT, 0, 0, fail),
        (_VERDICT, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("@HBBI", *step) for step in steps)
