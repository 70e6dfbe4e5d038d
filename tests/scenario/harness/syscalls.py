# SPDX-License-Identifier: Apache-2.0
"""System calls made for real, and what the sensor has to tell of each.

Runs as a program of its own: `syscalls.py FOLDER` makes each call of CALLS after a mark that the sensor
sees (rmdir of a folder that is not there) and prints, as JSON, what is to be told: a list of [type, args]
for each name."""

import ctypes
import fcntl
import json
import mmap
import os
import re
import signal
import socket
import struct
import sys
from pathlib import Path

AT_FDCWD = -100
NOBODY = 0xffffffff  # -1, as numbers of users are
MARK = "/no-such-folder/"
LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {}


def numbers():
    """System call numbers of this machine, by name."""
    machine = os.uname().machine
    header = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}[machine]
    text = Path("/usr/include", header).read_text()
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", text)}


def told(name):
    """The function makes the call of that name and returns what is to be told of it."""
    def add(function):
        CALLS[name] = function
        return function
    return add


class Caller:
    def __init__(self, folder):
        self.folder, self.numbers, self.pid = Path(folder), numbers(), os.getpid()

    def call(self, name, *arguments):
        """The result as the kernel gave it: negative is an error."""
        plain = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(os.fsencode(a))
                 if isinstance(a, (str, Path)) else a for a in arguments]
        result = LIBC.syscall(ctypes.c_long(self.numbers[name]), *plain)
        return result if result != -1 else -ctypes.get_errno()

    def file(self, name, text="x"):
        path = self.folder / name
        path.write_text(text)
        return str(path)


def file_of(descriptor):
    status = os.fstat(descriptor)
    return {"dev": status.st_dev & 0xffffffff, "ino": status.st_ino}


# --- files ---------------------------------------------------------------------------------------


@told("open")
def call_open(do):
    path = do.file("open")
    fd = do.call("open", path, os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC, 0)
    return [["open", {"fd": fd, "name": path, "flags": "O_TRUNC|O_RDWR|O_CLOEXEC", "mode": 0, **file_of(fd)}]]


@told("openat")
def call_openat(do):
    path = str(do.folder / "openat")
    fd = do.call("openat", AT_FDCWD, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    return [["openat", {"fd": fd, "dirfd": AT_FDCWD, "name": path, "flags": "O_EXCL|O_CREAT|O_WRONLY",
                        "mode": 0o640, **file_of(fd), "fullpath": None}]]


@told("openat relative")
def call_openat_relative(do):
    do.file("relative")
    directory = os.open(do.folder, os.O_RDONLY | os.O_DIRECTORY)
    fd = do.call("openat", directory, "relative", os.O_RDONLY, 0)
    return [["openat", {"fd": directory, "dirfd": AT_FDCWD, "name": str(do.folder),
                        "flags": "O_DIRECTORY|O_RDONLY|O_CLOEXEC", "mode": 0o777, **file_of(directory),
                        "fullpath": None}],
            ["openat", {"fd": fd, "dirfd": directory, "name": "relative", "flags": "O_RDONLY", "mode": 0,
                        **file_of(fd), "fullpath": None}]][1:]


@told("openat failed")
def call_openat_failed(do):
    result = do.call("openat", AT_FDCWD, "/no/such/file", os.O_RDONLY, 0)
    return [["openat", {"fd": result, "dirfd": AT_FDCWD, "name": "/no/such/file", "flags": "O_RDONLY", "mode": 0,
                        "dev": None, "ino": None, "fullpath": None}]]


@told("openat2")
def call_openat2(do):
    path = do.file("openat2")
    how = struct.pack("QQQ", os.O_RDWR | os.O_APPEND, 0, 0x04 | 0x01)
    fd = do.call("openat2", AT_FDCWD, path, ctypes.create_string_buffer(how), len(how))
    return [["openat2", {"fd": fd, "dirfd": AT_FDCWD, "name": path, "flags": "O_APPEND|O_RDWR", "mode": 0,
                         "resolve": "RESOLVE_NO_SYMLINKS|RESOLVE_NO_XDEV", **file_of(fd), "fullpath": None}]]


@told("creat")
def call_creat(do):
    path = str(do.folder / "creat")
    fd = do.call("creat", path, 0o600)
    return [["creat", {"fd": fd, "name": path, "mode": 0o600, **file_of(fd), "creat_flags": None}]]


@told("unlink")
def call_unlink(do):
    path = do.file("unlink")
    return [["unlink", {"res": do.call("unlink", path), "path": path}]]


@told("unlinkat")
def call_unlinkat(do):
    path = str(do.folder / "unlinkat")
    os.mkdir(path)
    return [["mkdir", {"res": 0, "path": path, "mode": 0o777}],
            ["unlinkat", {"res": do.call("unlinkat", AT_FDCWD, path, 0x200), "dirfd": AT_FDCWD, "name": path,
                          "flags": "AT_REMOVEDIR"}]]


@told("rmdir failed")
def call_rmdir(do):
    return [["rmdir", {"res": do.call("rmdir", "/no/such"), "path": "/no/such"}]]


@told("mkdirat")
def call_mkdirat(do):
    path = str(do.folder / "mkdirat")
    return [["mkdirat", {"res": do.call("mkdirat", AT_FDCWD, path, 0o711), "dirfd": AT_FDCWD, "path": path,
                         "mode": 0o711}]]


@told("rename")
def call_rename(do):
    old, new = do.file("rename"), str(do.folder / "renamed")
    return [["rename", {"res": do.call("rename", old, new), "oldpath": old, "newpath": new}]]


@told("renameat")
def call_renameat(do):
    old, new = do.file("renameat"), str(do.folder / "renamedat")
    return [["renameat", {"res": do.call("renameat", AT_FDCWD, old, AT_FDCWD, new), "olddirfd": AT_FDCWD,
                          "oldpath": old, "newdirfd": AT_FDCWD, "newpath": new}]]


@told("renameat2")
def call_renameat2(do):
    old, new = do.file("renameat2"), str(do.folder / "renamedat2")
    return [["renameat2", {"res": do.call("renameat2", AT_FDCWD, old, AT_FDCWD, new, 1), "olddirfd": AT_FDCWD,
                           "oldpath": old, "newdirfd": AT_FDCWD, "newpath": new, "flags": "RENAME_NOREPLACE"}]]


@told("link")
def call_link(do):
    old, new = do.file("link"), str(do.folder / "linked")
    return [["link", {"res": do.call("link", old, new), "oldpath": old, "newpath": new}]]


@told("linkat")
def call_linkat(do):
    old, new = do.file("linkat"), str(do.folder / "linkedat")
    return [["linkat", {"res": do.call("linkat", AT_FDCWD, old, AT_FDCWD, new, 0x400), "olddir": AT_FDCWD,
                        "oldpath": old, "newdir": AT_FDCWD, "newpath": new, "flags": "AT_SYMLINK_FOLLOW"}]]


@told("symlink")
def call_symlink(do):
    new = str(do.folder / "symlink")
    return [["symlink", {"res": do.call("symlink", "/etc", new), "target": "/etc", "linkpath": new}]]


@told("symlinkat")
def call_symlinkat(do):
    new = str(do.folder / "symlinkat")
    return [["symlinkat", {"res": do.call("symlinkat", "../up", AT_FDCWD, new), "target": "../up",
                           "linkdirfd": AT_FDCWD, "linkpath": new}]]


@told("chmod")
def call_chmod(do):
    path = do.file("chmod")
    return [["chmod", {"res": do.call("chmod", path, 0o4750), "filename": path,
                       "mode": "S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"}]]


@told("fchmod")
def call_fchmod(do):
    with open(do.file("fchmod")) as file:
        return [["fchmod", {"res": do.call("fchmod", file.fileno(), 0o400), "fd": file.fileno(),
                            "mode": "S_IRUSR"}]]


@told("fchmodat")
def call_fchmodat(do):
    path = do.file("fchmodat")
    return [["fchmodat", {"res": do.call("fchmodat", AT_FDCWD, path, 0o002), "dirfd": AT_FDCWD, "filename": path,
                          "mode": "S_IWOTH"}]]


@told("chown")
def call_chown(do):
    path = do.file("chown")
    return [["chown", {"res": do.call("chown", path, 65534, 65533), "path": path, "uid": 65534, "gid": 65533}]]


@told("lchown")
def call_lchown(do):
    path = str(do.folder / "lchown")
    os.symlink("/no/such", path)
    return [["lchown", {"res": do.call("lchown", path, 3, 4), "path": path, "uid": 3, "gid": 4}]]


@told("fchown")
def call_fchown(do):
    with open(do.file("fchown")) as file:
        return [["fchown", {"res": do.call("fchown", file.fileno(), 5, -1), "fd": file.fileno(), "uid": 5,
                            "gid": NOBODY}]]


@told("fchownat")
def call_fchownat(do):
    path = do.file("fchownat")
    return [["fchownat", {"res": do.call("fchownat", AT_FDCWD, path, 1, 2, 0x100), "dirfd": AT_FDCWD,
                          "pathname": path, "uid": 1, "gid": 2, "flags": "AT_SYMLINK_NOFOLLOW"}]]


@told("mknod")
def call_mknod(do):
    path = str(do.folder / "mknod")
    return [["mknod", {"res": do.call("mknod", path, 0o010600, 0), "path": path, "mode": "S_IWUSR|S_IRUSR|S_IFIFO",
                       "dev": 0}]]


@told("mknodat")
def call_mknodat(do):
    path = str(do.folder / "mknodat")
    return [["mknodat", {"res": do.call("mknodat", AT_FDCWD, path, 0o020400, 0x103), "dirfd": AT_FDCWD, "path": path,
                         "mode": "S_IRUSR|S_IFCHR", "dev": 0x103}]]


@told("open_by_handle_at")
def call_open_by_handle_at(do):
    path, mount = do.file("handle"), ctypes.c_int()
    handle = ctypes.create_string_buffer(struct.pack("II", 128, 0), 8 + 128)
    do.call("name_to_handle_at", AT_FDCWD, path, handle, ctypes.byref(mount), 0)
    directory = os.open(do.folder, os.O_RDONLY | os.O_DIRECTORY)
    fd = do.call("open_by_handle_at", directory, handle, os.O_RDONLY)
    file = file_of(fd) if fd >= 0 else {"dev": None, "ino": None}
    return [["open_by_handle_at", {"fd": fd, "mountfd": directory, "flags": "O_RDONLY", "path": None, **file}]]


@told("chdir")
def call_chdir(do):
    return [["chdir", {"res": do.call("chdir", "/"), "path": "/"}]]


@told("fchdir")
def call_fchdir(do):
    return [["fchdir", {"res": do.call("fchdir", 99), "fd": 99}]]


@told("chroot")
def call_chroot(do):
    return [["chroot", {"res": do.call("chroot", "/no/such"), "path": "/no/such"}]]


@told("chroot to where we are")
def call_chroot_here(do):
    return [["chroot", {"res": do.call("chroot", "/"), "path": "/"}]]


@told("mount and umount2 that succeed")
def call_mount_for_real(do):
    path = str(do.folder / "mounted")
    os.mkdir(path)
    do.call("unshare", 0x00020000)  # CLONE_NEWNS: seen by nobody else
    do.call("mount", 0, "/", 0, 1 << 18 | 1 << 14, 0)  # MS_PRIVATE, MS_REC
    return [["mount", {"res": do.call("mount", "none", path, "tmpfs", 8, 0), "dev": "none", "dir": path,
                       "type": "tmpfs", "flags": "NOEXEC"}],
            ["umount2", {"res": do.call("umount2", path, 0), "name": path, "flags": ""}]]


@told("mount")
def call_mount(do):
    return [["mount", {"res": do.call("mount", "none", "/no/such", "tmpfs", 1 | 2, 0), "dev": "none",
                       "dir": "/no/such", "type": "tmpfs", "flags": "RDONLY|NOSUID"}]]


@told("umount2")
def call_umount2(do):
    return [["umount2", {"res": do.call("umount2", "/no/such", 2), "name": "/no/such", "flags": "DETACH"}]]


@told("dup")
def call_dup(do):
    return [["dup", {"res": do.call("dup", 2), "oldfd": 2}]]


@told("dup2")
def call_dup2(do):
    return [["dup2", {"res": do.call("dup2", 2, 77), "oldfd": 2, "newfd": 77}]]


@told("dup3")
def call_dup3(do):
    return [["dup3", {"res": do.call("dup3", 2, 78, os.O_CLOEXEC), "oldfd": 2, "newfd": 78, "flags": "O_RDONLY|O_CLOEXEC"}]]


@told("fcntl")
def call_fcntl(do):
    return [["fcntl", {"res": do.call("fcntl", 2, fcntl.F_DUPFD_CLOEXEC, 80), "fd": 2, "cmd": "F_DUPFD_CLOEXEC"}]]


@told("memfd_create")
def call_memfd_create(do):
    return [["memfd_create", {"fd": do.call("memfd_create", "hidden", 1), "name": "hidden",
                              "flags": "MFD_CLOEXEC"}]]


# --- rights --------------------------------------------------------------------------------------


@told("setuid")
def call_setuid(do):
    return [["setuid", {"res": do.call("setuid", 0), "uid": 0}]]


@told("setgid")
def call_setgid(do):
    return [["setgid", {"res": do.call("setgid", 0), "gid": 0}]]


@told("setresuid")
def call_setresuid(do):
    return [["setresuid", {"res": do.call("setresuid", -1, 0, -1), "ruid": NOBODY, "euid": 0, "suid": NOBODY}]]


@told("setresgid")
def call_setresgid(do):
    return [["setresgid", {"res": do.call("setresgid", 0, -1, 0), "rgid": 0, "egid": NOBODY, "sgid": 0}]]


@told("setsid")
def call_setsid(do):
    return [["setsid", {"res": do.call("setsid")}]]


@told("setpgid")
def call_setpgid(do):
    return [["setpgid", {"res": do.call("setpgid", -5, 7), "pid": -5, "pgid": 7}]]


@told("setns")
def call_setns(do):
    return [["setns", {"res": do.call("setns", 99, 0x40000000), "fd": 99, "nstype": "CLONE_NEWNET"}]]


@told("setns that succeeds")
def call_setns_for_real(do):
    with open("/proc/self/ns/uts") as file:
        return [["setns", {"res": do.call("setns", file.fileno(), 0x04000000), "fd": file.fileno(),
                           "nstype": "CLONE_NEWUTS"}]]


@told("capset")
def call_capset(do):
    head, data = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0)), ctypes.create_string_buffer(24)
    do.call("capget", head, data)
    told_of = dict(re.findall(r"Cap(\w+):\s+(\w+)", Path("/proc/self/status").read_text()))
    return [["capset", {"res": do.call("capset", head, data), "cap_inheritable": int(told_of["Inh"], 16),
                        "cap_permitted": int(told_of["Prm"], 16), "cap_effective": int(told_of["Eff"], 16)}]]


@told("seccomp")
def call_seccomp(do):
    action = ctypes.c_uint32(0x7fff0000)  # is SECCOMP_RET_ALLOW there?
    return [["seccomp", {"res": do.call("seccomp", 2, 0, ctypes.byref(action)), "op": 2, "flags": 0}]]


@told("prctl")
def call_prctl(do):
    return [["prctl", {"res": do.call("prctl", 8, 0, 0, 0, 0), "option": "PR_SET_KEEPCAPS", "arg2_str": None,
                       "arg2_int": 0}]]


@told("unshare")
def call_unshare(do):
    return [["unshare", {"res": do.call("unshare", 0x04000000), "flags": "CLONE_NEWUTS"}]]


@told("ptrace")
def call_ptrace(do):
    return [["ptrace", {"res": do.call("ptrace", 16, 1 << 22, 0, 0), "addr": None, "data": None,
                        "request": "PTRACE_ATTACH", "pid": 1 << 22}]]


@told("init_module")
def call_init_module(do):
    return [["init_module", {"res": do.call("init_module", 0, 0, "option=1"), "img": None, "length": 0,
                             "uargs": "option=1"}]]


@told("finit_module")
def call_finit_module(do):
    return [["finit_module", {"res": do.call("finit_module", 99, "a=b", 0), "fd": 99, "uargs": "a=b",
                              "flags": ""}]]


@told("delete_module")
def call_delete_module(do):
    return [["delete_module", {"res": do.call("delete_module", "no_such", os.O_NONBLOCK), "name": "no_such",
                               "flags": "O_NONBLOCK"}]]


@told("bpf")
def call_bpf(do):
    return [["bpf", {"fd": do.call("bpf", 5, 0, 0), "cmd": "BPF_PROG_LOAD"}]]


@told("userfaultfd")
def call_userfaultfd(do):
    return [["userfaultfd", {"res": do.call("userfaultfd", os.O_CLOEXEC), "flags": "O_RDONLY|O_CLOEXEC"}]]


@told("kill")
def call_kill(do):
    return [["kill", {"res": do.call("kill", os.getpid(), 0), "pid": os.getpid(), "sig": 0}]]


@told("tgkill")
def call_tgkill(do):
    return [["tgkill", {"res": do.call("tgkill", os.getpid(), os.getpid(), 0), "pid": os.getpid(),
                        "tid": os.getpid(), "sig": 0}]]


@told("pidfd_open")
def call_pidfd_open(do):
    return [["pidfd_open", {"fd": do.call("pidfd_open", os.getpid(), os.O_NONBLOCK), "pid": os.getpid(),
                            "flags": "PIDFD_NONBLOCK"}]]


@told("pidfd_getfd")
def call_pidfd_getfd(do):
    process = os.pidfd_open(os.getpid())
    return [["pidfd_getfd", {"fd": do.call("pidfd_getfd", process, 2, 0), "pid_fd": process, "target_fd": 2,
                             "flags": ""}]]


@told("tkill")
def call_tkill(do):
    return [["tkill", {"res": do.call("tkill", os.getpid(), 0), "tid": os.getpid(), "sig": 0}]]


@told("io_uring_setup")
def call_io_uring_setup(do):
    result = do.call("io_uring_setup", 8, ctypes.create_string_buffer(120))
    unknown = ("sq_entries", "cq_entries", "flags", "sq_thread_cpu", "sq_thread_idle", "features")
    return [["io_uring_setup", {"res": result, "entries": 8, **dict.fromkeys(unknown)}]]


@told("mprotect")
def call_mprotect(do):
    memory = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return [["mprotect", {"res": do.call("mprotect", address, 4096, mmap.PROT_READ), "addr": address, "length": 4096,
                          "prot": "PROT_READ"}]]


def call_process_vm(do, name):
    here, there = ctypes.create_string_buffer(b"hers"), ctypes.create_string_buffer(b"mine")
    local, remote = (ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(text), 4)) for text in (here, there))
    return [[name, {"res": do.call(name, os.getpid(), local, 1, remote, 1, 0), "pid": os.getpid(), "data": None}]]


@told("process_vm_readv")
def call_process_vm_readv(do):
    return call_process_vm(do, "process_vm_readv")


@told("process_vm_writev")
def call_process_vm_writev(do):
    return call_process_vm(do, "process_vm_writev")


@told("execveat failed")
def call_execveat(do):
    return [["execveat", {"res": do.call("execveat", AT_FDCWD, "/no/such", 0, 0, 0x100), "pathname": "/no/such",
                          "dirfd": AT_FDCWD}]]


@told("execve failed")
def call_execve(do):
    return [["execve", {"res": do.call("execve", "/no/such", 0, 0), "filename": "/no/such"}]]


# --- connections ---------------------------------------------------------------------------------


@told("socket")
def call_socket(do):
    return [["socket", {"fd": do.call("socket", socket.AF_INET, socket.SOCK_DGRAM, 17), "domain": "AF_INET",
                        "type": 2, "proto": 17}]]


@told("listen")
def call_listen(do):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{server.getsockname()[1]}"
        fd = server.fileno()
        return [["socket", {"fd": fd, "domain": "AF_INET", "type": 524289, "proto": 0}],
                ["bind", {"res": 0, "addr": address.rsplit(":", 1)[0] + ":0", "fd": fd}],
                ["listen", {"res": do.call("listen", fd, 5), "fd": fd, "backlog": 5}]]


@told("connect and accept")
def call_connect(do):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        there = "127.0.0.1:%d" % server.getsockname()[1]
        client.connect(server.getsockname())
        here = "127.0.0.1:%d" % client.getsockname()[1]
        accepted, _ = server.accept()
        client.sendto(b"hello", 0, ("127.0.0.1", 1))
        fd, got = client.fileno(), accepted.fileno()
        accepted.recvfrom(100)
        both = f"{here}->{there}"
        return [["connect", {"res": 0, "tuple": both, "fd": fd, "addr": there}],
                ["accept4", {"fd": got, "tuple": both, "queuepct": 0, "queuelen": 0, "queuemax": 0,
                             "flags": os.O_CLOEXEC}],
                ["sendto", {"res": 5, "data": "hello", "fd": fd, "size": 5, "tuple": both}],
                ["recvfrom", {"res": 5, "data": "hello", "tuple": both, "fd": got, "size": 100}]]


@told("accept and recvmsg")
def call_accept(do):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        both = "127.0.0.1:%d->127.0.0.1:%d" % (client.getsockname()[1], server.getsockname()[1])
        got = do.call("accept", server.fileno(), 0, 0)
        client.send(b"message")
        with socket.socket(fileno=got) as accepted:
            accepted.recvmsg(100)
            return [["accept", {"fd": got, "tuple": both, "queuepct": 0, "queuelen": 0, "queuemax": 0}],
                    ["recvmsg", {"res": 7, "size": 7, "data": None, "tuple": both, "msgcontrol": None, "fd": got}]]


@told("connect IPv6")
def call_connect_ipv6(do):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.connect(("::1", 53))
        here = "::1:%d" % client.getsockname()[1]
        client.send(b"x")
        fd = client.fileno()
        return [["connect", {"res": 0, "tuple": f"{here}->::1:53", "fd": fd,
                             "addr": "::1:53"}]]


@told("connect unix")
def call_connect_unix(do):
    path = str(do.folder / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        return [["bind", {"res": 0, "addr": path, "fd": server.fileno()}],
                ["connect", {"res": 0, "tuple": path, "fd": client.fileno(), "addr": path}]]


@told("sendmsg to")
def call_sendmsg(do):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        here = "127.0.0.1:%d" % client.getsockname()[1]
        client.sendmsg([b"query"], [], 0, ("127.0.0.1", 53))
        return [["sendmsg", {"res": 5, "data": "query", "fd": client.fileno(), "size": None,
                             "tuple": f"{here}->127.0.0.1:53"}]]


@told("socketpair")
def call_socketpair(do):
    pair = (ctypes.c_int * 2)()
    result = do.call("socketpair", socket.AF_UNIX, socket.SOCK_STREAM, 0, pair)
    return [["socketpair", {"res": result, "fd1": pair[0], "fd2": pair[1], "source": None, "peer": None,
                            "domain": "AF_LOCAL", "type": 1, "proto": 0}]]


@told("shutdown")
def call_shutdown(do):
    return [["shutdown", {"res": do.call("shutdown", 99, 2), "fd": 99, "how": "SHUT_RDWR"}]]


# --- programs ------------------------------------------------------------------------------------


@told("exec")
def call_exec(do):
    pid = os.fork()
    if pid == 0:
        os.execve("/bin/sh", ["a shell", "-c", "exit 3"], {"MARKED": "yes"})
    os.waitpid(pid, 0)
    return [["child", {"pid": pid}]]


@told("orphan")
def call_orphan(do):
    """A child that ends before its own: whoever is a subreaper inherits."""
    do.call("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    pid = os.fork()
    if pid == 0:
        if os.fork() > 0:
            os._exit(0)
        while os.getppid() != 1 and os.getppid() != do.pid:
            pass
        os._exit(0)
    os.waitpid(pid, 0)
    os.wait()
    return [["child", {"pid": pid}]]


def main(folder):
    do, expected = Caller(folder), {}
    for name, function in CALLS.items():
        os.path.exists(MARK)
        do.call("rmdir", MARK + name) if "rmdir" in do.numbers else do.call("unlinkat", -100, MARK + name, 0x200)
        expected[name] = function(do)
    do.call("rmdir", MARK + "end")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    json.dump(expected, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
