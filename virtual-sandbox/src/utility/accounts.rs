//! Names of users and groups.  [passwd(5), group(5)]

use crate::sys::Sys;
use bytes::Bytes;

/// The accounts of `/etc/passwd` and `/etc/group`, as they were when read.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    users: Vec<(Bytes, u32, u32)>,
    groups: Vec<(Bytes, u32)>,
}

impl Accounts {
    /// Reads both files; one that cannot be read is empty.
    pub async fn read(sys: &Sys) -> Accounts {
        let users = lines(sys, "/etc/passwd").await;
        let groups = lines(sys, "/etc/group").await;
        Accounts {
            users: users
                .iter()
                .filter_map(|line| Some((field(line, 0)?, number(line, 2)?, number(line, 3)?)))
                .collect(),
            groups: groups.iter().filter_map(|line| Some((field(line, 0)?, number(line, 2)?))).collect(),
        }
    }

    /// The name of a user.
    pub fn user_name(&self, uid: u32) -> Option<&Bytes> {
        self.users.iter().find(|(_, id, _)| *id == uid).map(|(name, ..)| name)
    }

    /// The name of a group.
    pub fn group_name(&self, gid: u32) -> Option<&Bytes> {
        self.groups.iter().find(|(_, id)| *id == gid).map(|(name, _)| name)
    }

    /// The id and the login group of the user with this name.
    pub fn user(&self, name: &[u8]) -> Option<(u32, u32)> {
        self.users.iter().find(|(found, ..)| found.as_ref() == name).map(|(_, uid, gid)| (*uid, *gid))
    }

    /// The id of the group with this name.
    pub fn group(&self, name: &[u8]) -> Option<u32> {
        self.groups.iter().find(|(found, _)| found.as_ref() == name).map(|(_, gid)| *gid)
    }
}

async fn lines(sys: &Sys, path: &'static str) -> Vec<Bytes> {
    let Ok(fd) = sys.open_read(path).await else { return Vec::new() };
    let content = Bytes::from(sys.read_to_end(fd).await.unwrap_or_default());
    // The descriptor is ours; closing it cannot fail in a way that matters.
    let _ = sys.close(fd).await;
    content.split(|byte| *byte == b'\n').map(|line| content.slice_ref(line)).collect()
}

fn field(line: &Bytes, index: usize) -> Option<Bytes> {
    line.split(|byte| *byte == b':').nth(index).map(|field| line.slice_ref(field))
}

fn number(line: &Bytes, index: usize) -> Option<u32> {
    std::str::from_utf8(&field(line, index)?).ok()?.parse().ok()
}
