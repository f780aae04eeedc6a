"""Fills in the outcomes of calls.txt from the kernel it runs on. Needs root (chroot, seteuid); run it on a tmpfs:
python3 record.py calls.txt SCRATCH_DIRECTORY > calls.new"""
import errno, os, stat, sys

SCRATCH = None
uid = 0


def reset():
    global SCRATCH
    os.seteuid(0)
    os.umask(0)
    SCRATCH = sys.argv[2] + "/%d" % reset.count
    reset.count += 1
    os.mkdir(SCRATCH)
    os.chmod(SCRATCH, 0o1777)


reset.count = 0


def describe(st):
    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo"}[stat.S_IFMT(st.st_mode)]
    size = "" if kind == "dir" else " size %d" % st.st_size
    return "%s %04o nlink %d owner %d:%d%s" % (kind, stat.S_IMODE(st.st_mode), st.st_nlink, st.st_uid, st.st_gid, size)


def opened(path, flags, mode="0"):
    bits = {"r": 0, "w": os.O_WRONLY, "c": os.O_CREAT, "e": os.O_EXCL, "t": os.O_TRUNC, "d": os.O_DIRECTORY, "n": os.O_NOFOLLOW}
    value = os.O_NONBLOCK
    for flag in flags:
        value |= bits[flag]
    if "r" in flags and "w" in flags:
        value = value & ~os.O_WRONLY | os.O_RDWR
    fd = os.open(path, value, int(mode, 8))
    os.close(fd)
    return "ok"


def longname(n):
    fd = os.open("n" * int(n), os.O_CREAT | os.O_WRONLY, 0o644)
    os.close(fd)


def times(path, how):
    if how == "now":
        os.utime(path)
    elif how == "at":
        os.utime(path, (1, 2))


def rights(letters):
    return sum({"r": 4, "w": 2, "x": 1, "f": 0}[c] for c in letters)


def create(path):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


CALLS = {
    "create": create,
    "open": opened,
    "stat": lambda p: describe(os.stat(p)),
    "lstat": lambda p: describe(os.lstat(p)),
    "mkdir": lambda p, m: os.mkdir(p, int(m, 8)),
    "rmdir": os.rmdir,
    "unlink": os.unlink,
    "rename": os.rename,
    "symlink": os.symlink,
    "readlink": os.readlink,
    "link": lambda a, b: os.link(a, b, follow_symlinks=False),
    "mkfifo": lambda p, m: os.mkfifo(p, int(m, 8)),
    "chmod": lambda p, m: os.chmod(p, int(m, 8)),
    "chown": lambda p, u, g: os.chown(p, int(u), int(g)),
    "truncate": lambda p, n: os.truncate(p, int(n)),
    "access": lambda p, r: "ok" if os.access(p, rights(r), effective_ids=True) else access_errno(p, rights(r)),
    "utime": times,
    "longname": longname,
    "longpath": lambda n: describe(os.stat("/" * (int(n) - 1) + ".")),
    "chain": lambda p, n: [os.symlink("%s%d" % (p, i), "%s%d" % (p, i + 1)) for i in range(int(n))] and None,
    "ls": lambda p: " ".join(sorted(os.listdir(p))) or "nothing",
}


def access_errno(path, mode):
    try:
        os.stat(path)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "EACCES"


def main():
    global uid
    out = []
    pid = None
    lines = open(sys.argv[1]).read().split("\n")
    # Each tree is served by a child of its own, which is chrooted into it.
    blocks, block = [], []
    for line in lines:
        if line.split(" =>")[0].strip() == "reset" and block:
            blocks.append(block)
            block = []
        block.append(line)
    blocks.append(block)
    for block in blocks:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            serve(block)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        reset.count += 1


def serve(block):
    for line in block:
        call = line.split(" =>")[0].rstrip()
        words = ["" if word == "''" else word for word in call.split()]
        if not words or call.startswith("#"):
            print(line)
            continue
        if words[0] == "reset":
            reset()
            os.chroot(SCRATCH)
            os.chdir("/")
        elif words[0] == "as":
            os.seteuid(0)
            os.setgroups([])
            os.setegid(int(words[1]))
            os.seteuid(int(words[1]))
        elif words[0] == "umask":
            os.umask(int(words[1], 8))
        elif words[0] == "cd":
            os.chdir(words[1])
        else:
            try:
                outcome = CALLS[words[0]](*words[1:])
            except OSError as error:
                outcome = errno.errorcode[error.errno]
            print("%s => %s" % (call, outcome or "ok"))
            continue
        print(call)


main()
