//! The keys of each bucket in order, for listings. Read from the objects at the first listing, because
//! nothing else needs it, and kept up to date from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::record::Record;

type Keys = BTreeMap<String, BTreeSet<String>>;

/// The keys of all buckets, once they are known.
#[derive(Default)]
pub(super) struct Index {
    keys: Mutex<Option<Keys>>,
}

/// Which keys a listing asks for.
pub(super) struct Selection {
    pub prefix: String,
    pub delimiter: Option<String>,
    /// Names up to this one were listed before.
    pub after: String,
    pub limit: usize,
}

/// A page of a listing.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    pub keys: Vec<String>,
    /// What keys have in common up to the delimiter, listed once for all of them.
    pub common_prefixes: Vec<String>,
    /// The last name on this page if there are more.
    pub more_after: Option<String>,
}

impl Index {
    pub fn insert(&self, bucket: &str, key: &str) {
        if let Some(keys) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            keys.entry(bucket.to_owned()).or_default().insert(key.to_owned());
        }
    }

    pub fn remove(&self, bucket: &str, key: &str) {
        if let Some(keys) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
            && let Some(keys) = keys.get_mut(bucket)
        {
            keys.remove(key);
        }
    }

    /// Lists a page. The first time this reads the record of every object below `objects`.
    pub fn list(&self, objects: &Path, bucket: &str, selection: &Selection) -> io::Result<Page> {
        // Writers rename first and tell the index after, so what they do during the reading is not missed.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match keys.take() {
            Some(known) => known,
            None => read_all(objects)?,
        };
        let page = known.get(bucket).map(|keys| select(keys, selection)).unwrap_or_default();
        *keys = Some(known);
        Ok(page)
    }
}

fn read_all(objects: &Path) -> io::Result<Keys> {
    let mut keys = Keys::new();
    for shelf in fs::read_dir(objects)? {
        for object in fs::read_dir(shelf?.path())? {
            let path = object?.path();
            match Record::open(&path) {
                Ok(Some((_, record))) => {
                    keys.entry(record.bucket).or_default().insert(record.key);
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, path = %path.display(), "an object cannot be read"),
            }
        }
    }
    Ok(keys)
}

fn select(keys: &BTreeSet<String>, selection: &Selection) -> Page {
    let Selection { prefix, delimiter, after, limit } = selection;
    let mut page = Page::default();
    if *limit == 0 {
        return page;
    }
    let start = if after >= prefix { Bound::Excluded(after) } else { Bound::Included(prefix) };
    let mut last: Option<String> = None;
    for key in keys.range::<String, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(prefix.as_str()) else { break };
        let common = delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty())
            .and_then(|delimiter| rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len()))
            .map(|end| &key[..end]);
        if common.is_some_and(|common| common == after || last.as_deref() == Some(common)) {
            continue;
        }
        if page.keys.len() + page.common_prefixes.len() == *limit {
            page.more_after = last;
            break;
        }
        let name = common.unwrap_or(key).to_owned();
        if common.is_some() {
            page.common_prefixes.push(name.clone());
        } else {
            page.keys.push(name.clone());
        }
        last = Some(name);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> BTreeSet<String> {
        ["a", "b/1", "b/2", "b/c/3", "b0", "d/x"].map(String::from).into()
    }

    fn page(prefix: &str, delimiter: Option<&str>, after: &str, limit: usize) -> Page {
        let delimiter = delimiter.map(Into::into);
        select(&keys(), &Selection { prefix: prefix.into(), delimiter, after: after.into(), limit })
    }

    #[test]
    fn a_delimiter_folds_keys_into_prefixes_and_pages_do_not_repeat_them() {
        let whole = page("", Some("/"), "", 100);
        assert_eq!(whole.keys, ["a", "b0"]);
        assert_eq!(whole.common_prefixes, ["b/", "d/"]);
        assert_eq!(whole.more_after, None);
        let mut names = Vec::new();
        let mut after = String::new();
        for _ in 0..4 {
            let page = page("", Some("/"), &after, 1);
            names.extend(page.keys.into_iter().chain(page.common_prefixes));
            after = page.more_after.unwrap_or_default();
        }
        assert_eq!(names, ["a", "b/", "b0", "d/"]);
        assert_eq!(after, "");
    }

    #[test]
    fn a_prefix_limits_the_keys() {
        assert_eq!(page("b/", None, "", 100).keys, ["b/1", "b/2", "b/c/3"]);
        assert_eq!(page("b/", Some("/"), "", 100).common_prefixes, ["b/c/"]);
        assert_eq!(page("b/", None, "b/1", 1).more_after.as_deref(), Some("b/2"));
        assert_eq!(page("zz", None, "", 100), Page::default());
    }
}
