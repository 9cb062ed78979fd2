//! By which a file is taken for the same one after a reload.

use web_sys::File;

/// Name, size and time of the last change; a hash of three slices is asked for on top where it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    pub name: String,
    pub size_bytes: u64,
    /// Since 1970.
    pub modified_ms: i64,
}

impl FileIdentity {
    pub fn of(file: &File) -> Self {
        Self { name: file.name(), size_bytes: file.size() as u64, modified_ms: file.last_modified() as i64 }
    }

    /// Under which this browser remembers the file.
    pub fn key(&self) -> String {
        format!("{}|{}|{}", self.size_bytes, self.modified_ms, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_pass_for_another_size() {
        let one = FileIdentity { name: "2|a.mp4".into(), size_bytes: 1, modified_ms: 1 };
        let other = FileIdentity { name: "a.mp4".into(), size_bytes: 1, modified_ms: 12 };
        assert_ne!(one.key(), other.key());
    }
}
