//! Tags as a person types them: words between commas, or with `#` before.

/// The most tags that a video takes, and the most characters of one.
const MOST: usize = 20;
const LONGEST: usize = 50;

/// Splits what was typed into tags, without repeats. The server makes all letters small; here the ASCII ones are
/// enough to find most repeats, without the tables for the rest of the world.
///
/// # Errors
/// A sentence about the first tag that cannot be one.
pub fn parse(text: &str) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    for word in text.split([',', '#', '\n']) {
        let tag = word.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        if tag.is_empty() || tags.contains(&tag) {
            continue;
        }
        if tag.chars().count() > LONGEST {
            return Err(format!(
                "“{}…” is longer than {LONGEST} characters.",
                tag.chars().take(20).collect::<String>()
            ));
        }
        tags.push(tag);
    }
    if tags.len() > MOST { Err(format!("Use at most {MOST} tags.")) } else { Ok(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_hashes_and_repeats() {
        assert_eq!(parse("Sea, #summer  trip,sea,, "), Ok(vec!["sea".to_owned(), "summer trip".to_owned()]));
        assert_eq!(parse("  "), Ok(Vec::new()));
    }

    #[test]
    fn too_many_or_too_long() {
        let many: Vec<String> = (0..21).map(|index| index.to_string()).collect();
        assert!(parse(&many.join(",")).is_err());
        assert!(parse(&"x".repeat(51)).is_err());
    }
}
