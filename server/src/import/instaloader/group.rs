//! Which files make one post.

use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    path::Path,
};

use kinora_runner::slideshow::{is_clip, is_picture};

use crate::import::{by_folder, stem, walk::FoundFile};

/// Names that instaloader gives to pictures that are no posts.
const NOT_POSTS: [&str; 2] = ["_profile_pic", "_cover"];

/// The files of one post.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Below the root.
    pub folder: String,
    /// What their names begin with.
    pub stem: String,
    pub sidecar: Option<FoundFile>,
    pub caption: Option<FoundFile>,
    /// Pictures and clips in their order, a clip without the picture that announces it.
    pub items: Vec<FoundFile>,
}

impl Group {
    /// For messages and as an id where there is no better one.
    pub fn name(&self) -> &str {
        let first = self.items.first().or(self.sidecar.as_ref()).or(self.caption.as_ref());
        first.map_or(self.stem.as_str(), |file| file.relative.as_str())
    }
}

/// Sorts files into posts; also how many pictures belong to none.
pub fn group(files: Vec<FoundFile>) -> (Vec<Group>, u64) {
    let (mut groups, mut strays) = (Vec::new(), 0);
    let mut folders: Vec<_> = by_folder(files).into_iter().collect();
    folders.sort_by(|a, b| a.0.cmp(&b.0));
    for (folder, files) in folders {
        let (found, left_out) = group_folder(&folder, files);
        groups.extend(found);
        strays += left_out;
    }
    (groups, strays)
}

fn group_folder(folder: &str, files: Vec<FoundFile>) -> (Vec<Group>, u64) {
    let mut groups: HashMap<String, Group> = HashMap::new();
    let (mut media, mut plain) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.name().to_owned();
        if let Some(stem) = name.strip_suffix(".json.xz") {
            groups.entry(stem.to_owned()).or_default().sidecar = Some(file);
        } else if let Some(stem) = name.strip_suffix(".txt") {
            groups.entry(stem.to_owned()).or_default().caption = Some(file);
        } else if is_clip(Path::new(&name)) || is_picture(Path::new(&name)) {
            media.push(file);
        } else if name.ends_with(".json") && !name.ends_with("_comments.json") {
            plain.push(file);
        }
    }
    // Metadata that were not packed; other files end in `.json` as well, so they need something beside them.
    let stems: HashSet<String> = media.iter().map(|file| stem(file.name()).to_owned()).collect();
    for file in plain {
        let stem = stem(file.name()).to_owned();
        if stems.contains(&stem) || stems.contains(&format!("{stem}_1")) || groups.contains_key(&stem) {
            groups.entry(stem).or_default().sidecar.get_or_insert(file);
        }
    }
    let strays = sort_media(&mut groups, media);
    // A text that stands alone is a note of somebody's, or of instaloader's own.
    groups.retain(|_, group| group.sidecar.is_some() || !group.items.is_empty());
    let mut groups: Vec<Group> =
        groups.into_iter().map(|(stem, group)| Group { folder: folder.to_owned(), stem, ..group }).collect();
    groups.sort_by(|a, b| a.stem.cmp(&b.stem));
    (groups, strays)
}

/// Gives each picture and clip to its post.
fn sort_media(groups: &mut HashMap<String, Group>, media: Vec<FoundFile>) -> u64 {
    let mut places: HashMap<String, BTreeMap<u32, FoundFile>> = HashMap::new();
    let mut strays = 0;
    for file in media {
        let name = file.name().to_owned();
        let whole = stem(&name);
        let (post, place) = match numbered(whole) {
            _ if groups.contains_key(whole) => (whole, 0),
            Some((before, number)) if groups.contains_key(before) || is_dated(before) => (before, number),
            _ if is_dated(whole) || is_clip(Path::new(&name)) => (whole, 0),
            _ => {
                strays += u64::from(!NOT_POSTS.iter().any(|end| whole.ends_with(end)));
                continue;
            }
        };
        match places.entry(post.to_owned()).or_default().entry(place) {
            Entry::Vacant(free) => {
                free.insert(file);
            }
            // Beside a clip of the same name stands the picture that announces it.
            Entry::Occupied(mut taken) if is_clip(Path::new(&name)) => {
                taken.insert(file);
            }
            Entry::Occupied(_) => {}
        }
    }
    for (post, items) in places {
        groups.entry(post).or_default().items = items.into_values().collect();
    }
    strays
}

/// `NAME_12` is the twelfth of NAME.
fn numbered(stem: &str) -> Option<(&str, u32)> {
    let (before, number) = stem.rsplit_once('_')?;
    let number = number.parse().ok().filter(|number| (1..=999).contains(number))?;
    Some((before, number))
}

/// Whether a name ends as instaloader's do, such as `2022-03-30_16-00-14_UTC`.
fn is_dated(stem: &str) -> bool {
    stem.ends_with("_UTC")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::import::walk::walk;

    fn grouped(names: &[&str]) -> (Vec<String>, u64) {
        let place = tempfile::tempdir().unwrap();
        for name in names {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let (groups, strays) = group(walk(place.path()).unwrap().files);
        let told = groups.iter().map(|group| {
            let items: Vec<&str> = group.items.iter().map(FoundFile::name).collect();
            format!("{}{}: {}", group.stem, if group.sidecar.is_some() { "+" } else { "" }, items.join(" "))
        });
        (told.collect(), strays)
    }

    #[test]
    fn a_picture_beside_a_clip_is_no_post_of_its_own() {
        let (groups, strays) = grouped(&[
            "nasa/2022-03-30_16-00-14_UTC.jpg",
            "nasa/2022-03-30_16-00-14_UTC.json.xz",
            "nasa/2022-03-30_16-00-14_UTC.mp4",
            "nasa/2022-03-30_16-00-14_UTC.txt",
            "nasa/2020-01-01_00-00-00_UTC_profile_pic.jpg",
            "nasa/id",
            "nasa/nasa_528817151.json.xz",
        ]);
        assert_eq!(groups, ["2022-03-30_16-00-14_UTC+: 2022-03-30_16-00-14_UTC.mp4", "nasa_528817151+: "]);
        assert_eq!(strays, 0);
    }

    #[test]
    fn a_carousel_keeps_its_order_beyond_nine() {
        let mut names: Vec<String> = (1..=11).map(|number| format!("x_UTC_{number}.jpg")).collect();
        names.extend(["x_UTC_2.mp4".to_owned(), "x_UTC.json.xz".to_owned(), "cover.jpg".to_owned()]);
        let (groups, strays) = grouped(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(groups.len(), 1);
        assert!(groups[0].starts_with("x_UTC+: x_UTC_1.jpg x_UTC_2.mp4 x_UTC_3.jpg"), "{groups:?}");
        assert!(groups[0].ends_with("x_UTC_10.jpg x_UTC_11.jpg"), "{groups:?}");
        assert_eq!(strays, 1);
    }

    #[test]
    fn plain_metadata_need_something_beside_them() {
        let (groups, _) = grouped(&["a_UTC.jpg", "a_UTC.json", "saved_posts.json", "a_UTC_comments.json"]);
        assert_eq!(groups, ["a_UTC+: a_UTC.jpg"]);
    }
}
