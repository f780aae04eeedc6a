//! Replays the calls whose outcomes were recorded from the Linux kernel: `testdata/calls.txt`.

use super::*;
use crate::errno::Errno;

/// A caller in a tree, as `testdata/record.py` makes them.
struct Replay {
    vfs: Vfs,
    cwd: Node,
    cred: Cred,
    umask: u32,
}

impl Replay {
    fn new() -> Replay {
        let mut vfs = Vfs::empty(Timestamp::new(1000, 0));
        let cred = Cred::root();
        let root = vfs.root();
        let cx = Context { cwd: root, cred: &cred, umask: 0, now: Timestamp::new(1000, 0), pid: 1, proc: &NoProcesses };
        vfs.chmod(&cx, b"/", 0o1777, Follow::Yes).unwrap();
        Replay { vfs, cwd: root, cred, umask: 0 }
    }

    /// Makes one call; `None` for a line that has no outcome.
    fn call(&mut self, words: &[&str]) -> Option<String> {
        let cred = self.cred.clone();
        let umask = self.umask;
        let now = Timestamp::new(2000, 0);
        let cx = Context { cwd: self.cwd, cred: &cred, umask, now, pid: 1, proc: &NoProcesses };
        match words {
            ["reset"] => *self = Replay::new(),
            ["as", uid] => {
                let uid = uid.parse().unwrap();
                self.cred = Cred { uid, gid: uid, groups: Default::default() };
            }
            ["umask", mask] => self.umask = octal(mask),
            ["cd", path] => {
                let to = self.vfs.directory(&cx, path.as_bytes()).unwrap();
                self.vfs.retain(to);
                self.vfs.release(self.cwd);
                self.cwd = to;
            }
            _ => return Some(self.outcome(&cx, words).unwrap_or_else(|errno| errno.name().to_owned())),
        }
        None
    }

    fn outcome(&mut self, cx: &Context, words: &[&str]) -> Result<String, Errno> {
        let vfs = &mut self.vfs;
        let path = words.get(1).map_or(&b""[..], |word| word.as_bytes());
        let (second, third) = (words.get(2).copied().unwrap_or(""), words.get(3).copied().unwrap_or("0"));
        match words[0] {
            "create" => drop(vfs.open(cx, path, flags("wce"), 0o666)?),
            "open" => drop(vfs.open(cx, path, flags(second), octal(third))?),
            "stat" => return vfs.stat(cx, path, Follow::Yes).map(describe),
            "lstat" => return vfs.stat(cx, path, Follow::No).map(describe),
            "mkdir" => drop(vfs.mkdir(cx, path, octal(second))?),
            "rmdir" => vfs.rmdir(cx, path)?,
            "unlink" => vfs.unlink(cx, path)?,
            "rename" => vfs.rename(cx, path, second.as_bytes())?,
            "symlink" => drop(vfs.symlink(cx, path, second.as_bytes())?),
            "readlink" => return Ok(String::from_utf8_lossy(&vfs.read_link(cx, path)?).into_owned()),
            "link" => vfs.link(cx, path, second.as_bytes(), Follow::No)?,
            "mkfifo" => drop(vfs.mkfifo(cx, path, octal(second))?),
            "chmod" => vfs.chmod(cx, path, octal(second), Follow::Yes)?,
            "chown" => vfs.chown(cx, path, second.parse().ok(), third.parse().ok(), Follow::Yes)?,
            "truncate" => vfs.truncate(cx, path, second.parse().unwrap())?,
            "access" => vfs.access(cx, path, rights(second))?,
            "utime" => {
                let (atime, mtime) = match second {
                    "now" => (SetTime::Now, SetTime::Now),
                    "at" => (SetTime::At(Timestamp::new(1, 0)), SetTime::At(Timestamp::new(2, 0))),
                    _ => (SetTime::Omit, SetTime::Omit),
                };
                vfs.set_times(cx, path, atime, mtime, Follow::Yes)?;
            }
            "longname" => drop(vfs.open(cx, "n".repeat(words[1].parse().unwrap()).as_bytes(), flags("wc"), 0o644)?),
            "longpath" => {
                let path = "/".repeat(words[1].parse::<usize>().unwrap() - 1) + ".";
                return vfs.stat(cx, path.as_bytes(), Follow::Yes).map(describe);
            }
            "chain" => {
                for i in 0..second.parse().unwrap() {
                    let (from, to) = (format!("{}{i}", words[1]), format!("{}{}", words[1], i + 1));
                    vfs.symlink(cx, from.as_bytes(), to.as_bytes())?;
                }
            }
            "ls" => {
                let names = vfs.read_dir_path(cx, path)?;
                let names: Vec<_> = names.iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect();
                return Ok(if names.is_empty() { "nothing".to_owned() } else { names.join(" ") });
            }
            other => panic!("no call {other}"),
        }
        Ok("ok".to_owned())
    }
}

fn octal(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap()
}

fn flags(letters: &str) -> OpenFlags {
    letters.chars().fold(OpenFlags::default(), |flags, letter| {
        flags
            | match letter {
                'r' => OpenFlags::READ,
                'w' => OpenFlags::WRITE,
                'c' => OpenFlags::CREATE,
                'e' => OpenFlags::EXCLUSIVE,
                't' => OpenFlags::TRUNCATE,
                'd' => OpenFlags::DIRECTORY,
                _ => OpenFlags::NO_FOLLOW,
            }
    })
}

fn rights(letters: &str) -> u32 {
    letters
        .chars()
        .map(|letter| {
            [('r', R_OK), ('w', W_OK), ('x', X_OK)].iter().find(|(c, _)| *c == letter).map_or(0, |(_, bit)| *bit)
        })
        .sum()
}

fn describe(stat: Stat) -> String {
    let kind = match stat.kind {
        FileKind::Regular => "file",
        FileKind::Directory => "dir",
        FileKind::Symlink => "link",
        _ => "fifo",
    };
    let size = if stat.is_directory() { String::new() } else { format!(" size {}", stat.size) };
    format!("{kind} {:04o} nlink {} owner {}:{}{size}", stat.mode, stat.nlink, stat.uid, stat.gid)
}

#[test]
fn calls_end_as_they_do_in_linux() {
    let mut replay = Replay::new();
    let mut wrong = Vec::new();
    for (number, line) in include_str!("testdata/calls.txt").lines().enumerate() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (call, expected) = line.split_once(" => ").map_or((line, None), |(call, outcome)| (call, Some(outcome)));
        let words: Vec<&str> = call.split_whitespace().map(|word| if word == "''" { "" } else { word }).collect();
        let outcome = replay.call(&words);
        if outcome.as_deref() != expected {
            wrong.push(format!("line {}: {line}: got {}", number + 1, outcome.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
