"""What a student's process may not do on Linux, and what keeps it from it.

| kept from | by |
|---|---|
| reading files, but Python, its libraries and the package without checks | Landlock |
| writing, making or removing any file | Landlock, and RLIMIT_FSIZE 0 |
| changing modes, owners or times of files | seccomp |
| network, also sockets on this computer | seccomp |
| starting processes or programs, leaving its process group | seccomp |
| signals to others, looking into others, their limits | seccomp |
| more memory than `BYTES` beyond what it began with | RLIMIT_AS |
| more processor time than `SECONDS` | RLIMIT_CPU |
| outliving the check | SIGKILL by the judge |

All of it works without root. A process that is root gives up its capabilities first.
"""

import ctypes
import os
import platform
import struct
import sys

BYTES = 2**30
SECONDS = 90

_LIBC = ctypes.CDLL(None, use_errno=True)
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_READ = 1 << 0 | 1 << 2 | 1 << 3  # run, read a file, list a folder
_READ_FILE = 1 << 0 | 1 << 2
_WRITE_FILE = 1 << 1
# The rights that each version of Landlock knows: 13, then moving, truncating, ioctl.
_RIGHTS = {1: 2**13 - 1, 2: 2**14 - 1, 3: 2**15 - 1, 4: 2**15 - 1, 5: 2**16 - 1}
# For each machine: its number in the audit list, and the numbers of system calls.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# What is refused: name -> numbers on x86_64 and aarch64, None where there is none.
_REFUSED = {
    **{"socket": (41, 198), "connect": (42, 203), "bind": (49, 200)},
    **{"socketpair": (53, 199), "listen": (50, 201), "accept": (43, 202)},
    **{"accept4": (288, 242), "sendto": (44, 206), "io_uring_setup": (425, 425)},
    **{"io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{"fork": (57, None), "vfork": (58, None)},
    **{"execve": (59, 221), "execveat": (322, 281)},
    **{"setsid": (112, 157), "setpgid": (109, 154)},
    **{"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)},
    **{"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)},
    **{"pidfd_open": (434, 434), "pidfd_send_signal": (424, 424)},
    **{"pidfd_getfd": (438, 438), "ptrace": (101, 117)},
    **{"process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"process_madvise": (440, 440), "kcmp": (312, 272)},
    **{"setrlimit": (160, 164), "setpriority": (141, 140)},
    **{"ioprio_set": (251, 30), "sched_setscheduler": (144, 119)},
    **{"sched_setparam": (142, 118), "sched_setattr": (314, 274)},
    **{"sched_setaffinity": (203, 122), "migrate_pages": (256, 238)},
    **{"move_pages": (279, 239)},
    **{"chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53)},
    **{"fchmodat2": (452, 452), "chown": (92, None), "lchown": (94, None)},
    **{"fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None)},
    **{"utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88)},
    **{"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7)},
    **{"setxattrat": (463, 463), "removexattrat": (466, 466)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15)},
    **{"fremovexattr": (199, 16), "truncate": (76, 45), "openat2": (437, 437)},
    **{"open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264)},
    **{"mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41)},
    **{"chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268)},
    **{"open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"fsmount": (432, 432), "mount_setattr": (442, 442)},
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195)},
    **{"msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188)},
    **{"semget": (64, 190), "semop": (65, 193), "mq_open": (240, 180)},
    **{"mq_unlink": (241, 181), "init_module": (175, 105), "reboot": (169, 142)},
    **{"finit_module": (313, 273), "kexec_load": (246, 104), "swapon": (167, 224)},
    **{"flock": (73, 32), "inotify_init1": (294, 26), "fanotify_init": (300, 262)},
    **{"syslog": (103, 116), "acct": (163, 89), "quotactl": (179, 60)},
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    **{"setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145)},
    **{"setresuid": (117, 147), "setgroups": (116, 159), "capset": (126, 91)},
}
_CLONE = {0: 56, 1: 220}
_CLONE3 = 435
_PRLIMIT = {0: 302, 1: 261}
_OPEN, _OPENAT = 2, {0: 257, 1: 56}
_O_TRUNC, _CLONE_THREAD = 0o1000, 0x10000
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


class NoSandbox(OSError):
    """This system lacks what keeps a student's code apart."""


def missing():
    """Return what this system lacks for a student's process, or "" if nothing."""
    if sys.platform != "linux":
        return "Linux"
    if platform.machine() not in _MACHINES:
        return "x86_64 / aarch64"
    return "" if _landlock_version() > 0 else "Landlock (Linux 5.13)"


def see_only(paths):
    """Let this process, and all that it starts, read these files and folders alone.

    Raises:
        NoSandbox: Landlock refused.
    """
    version = _landlock_version()
    rights = _RIGHTS[min(version, 5)]
    # Later versions know of the network and of signals too: seccomp covers these.
    fields = struct.pack("Q", rights)
    ruleset = _call(_CREATE_RULESET, ctypes.c_char_p(fields), len(fields), 0)
    for path in filter(os.path.exists, map(str, paths)):
        allowed = _READ if os.path.isdir(path) else _READ_FILE
        _allow(ruleset, path, allowed)
    _allow(ruleset, "/dev/null", _READ_FILE | _WRITE_FILE)
    _no_new_privileges()
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def confine(pages, more=BYTES, seconds=SECONDS):
    """Take from this process what its module's table says, files to read aside.

    Args:
        pages: how many pages of address space it begins with.
        more: bytes of address space beyond these.
        seconds: of processor time, counted from the start of this process.

    Raises:
        NoSandbox: the system refused.
    """
    import resource

    space = pages * resource.getpagesize() + more
    limits = {"AS": space, "CPU": seconds, "FSIZE": 0, "CORE": 0, "NOFILE": 64}
    for name, limit in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
    _no_new_privileges()
    if os.geteuid() == 0:
        _drop_capabilities()
    _refuse_calls()


def _landlock_version():
    if sys.platform != "linux":
        return 0
    return _LIBC.syscall(_CREATE_RULESET, None, 0, 1)


def _call(number, *arguments):
    result = _LIBC.syscall(number, *arguments)
    if result < 0:
        raise NoSandbox(ctypes.get_errno(), f"system call {number}")
    return result


def _allow(ruleset, path, rights):
    place = os.open(path, os.O_PATH | os.O_CLOEXEC, 0)
    rule = struct.pack("=Qi", rights, place)
    _call(_ADD_RULE, ruleset, 1, ctypes.c_char_p(rule), 0)
    os.close(place)


def _no_new_privileges():
    if _LIBC.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise NoSandbox(ctypes.get_errno(), "no_new_privs")


def _drop_capabilities():
    header = struct.pack("Ii", 0x20080522, 0)
    none = bytes(24)
    if _LIBC.capset(ctypes.c_char_p(header), ctypes.c_char_p(none)):
        raise NoSandbox(ctypes.get_errno(), "capset")


def _refuse_calls():
    """Install the filter: refused calls say EPERM, another architecture's kill."""
    steps = _filter(*_MACHINES[platform.machine()])
    code = ctypes.create_string_buffer(b"".join(steps))

    class Program(ctypes.Structure):
        _fields_ = (("n", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    program = Program(len(steps), ctypes.addressof(code))
    if _LIBC.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0):
        raise NoSandbox(ctypes.get_errno(), "seccomp")


def _filter(audit, column):
    """Return the steps of the BPF program, 8 bytes each."""
    load = lambda offset: _step(0x20, 0, 0, offset)  # noqa: E731
    refuse = _step(0x06, 0, 0, _ERRNO | _EPERM)
    steps = [load(4), _step(0x15, 1, 0, audit), _step(0x06, 0, 0, _KILL), load(0)]
    if column == 0:  # the x32 calls of x86_64 have numbers of their own
        steps += [_step(0x35, 0, 1, 0x40000000), refuse]
    for numbers in _REFUSED.values():
        if numbers[column] is not None:
            steps += [_step(0x15, 0, 1, numbers[column]), refuse]
    # Old programs fall back from clone3, whose flags no filter can read, to clone.
    steps += [_step(0x15, 0, 1, _CLONE3), _step(0x06, 0, 0, _ERRNO | _ENOSYS)]
    new_process = [load(16), _step(0x45, 1, 0, _CLONE_THREAD), refuse, load(0)]
    steps += [_step(0x15, 0, 4, _CLONE[column]), *new_process]
    other_limits = [
        *(load(32), _step(0x15, 0, 2, 0), load(36), _step(0x15, 1, 0, 0)),
        *(refuse, load(0)),
    ]
    steps += [_step(0x15, 0, 6, _PRLIMIT[column]), *other_limits]
    # Old versions of Landlock let O_TRUNC through where a file is opened to read.
    opens = [(_OPENAT[column], 32), *([(_OPEN, 24)] if column == 0 else [])]
    for number, flags in opens:
        emptied = [load(flags), _step(0x45, 0, 1, _O_TRUNC), refuse, load(0)]
        steps += [_step(0x15, 0, 4, number), *emptied]
    return [*steps, _step(0x06, 0, 0, _ALLOW)]


def _step(code, if_true, if_false, value):
    return struct.pack("HBBI", code, if_true, if_false, value)
