//! A look at a document before anything parses it.
//!
//! The parser recurses: a literal nested 2,000 deep, which fits in 4 KB, overflows its stack and ends
//! the process. This scan is one pass over the bytes, without recursion and without allocation.

/// Largest document in bytes.
pub const LARGEST_DOCUMENT: usize = 16 * 1024;
const DEEPEST_NESTING: usize = 48;
const MOST_TOKENS: usize = 2_000;

/// Why a document is not even parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    TooLarge,
    TooDeep,
}

/// # Errors
/// [`Refusal`] past 16 KB, 48 open brackets or 2,000 tokens.
pub fn scan(document: &str) -> Result<(), Refusal> {
    if document.len() > LARGEST_DOCUMENT {
        return Err(Refusal::TooLarge);
    }
    let bytes = document.as_bytes();
    let (mut at, mut nesting, mut tokens) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .position(|&byte| matches!(byte, b'\n' | b'\r'))
                    .unwrap_or(bytes.len() - at);
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' | b'(' => {
                nesting += 1;
                if nesting > DEEPEST_NESTING {
                    return Err(Refusal::TooDeep);
                }
            }
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            _ if is_word(byte) => {
                at += bytes[at..].iter().position(|&byte| !is_word(byte)).unwrap_or(bytes.len() - at);
            }
            _ => {}
        }
        tokens += 1;
        if tokens > MOST_TOKENS {
            return Err(Refusal::TooLarge);
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The place behind a string whose opening quote ends just before `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    if bytes[at..].starts_with(b"\"\"") {
        let mut place = at + 2;
        while place < bytes.len() {
            if bytes[place..].starts_with(b"\\\"\"\"") {
                place += 4;
            } else if bytes[place..].starts_with(b"\"\"\"") {
                return place + 3;
            } else {
                place += 1;
            }
        }
        return place;
    }
    let mut place = at;
    while let Some(&byte) = bytes.get(place) {
        match byte {
            b'\\' => place += 2,
            b'"' => return place + 1,
            // A string of one line ends here at the latest; the parser will say so.
            b'\n' | b'\r' => return place,
            _ => place += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_documents_pass() {
        for good in [
            "{ me { id } }",
            "query($a: Int) { videos(first: $a, search: \"[[[[{{{{\") { nodes { id } } } # {{{{{{",
            "{ user(username: \"\"\"block \\\"\"\" {{{ \"\"\") { id } }",
            "",
            "\"",
        ] {
            assert_eq!(scan(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_deep_literal_is_refused_wherever_it_hides() {
        let deep = "[".repeat(2_000);
        assert_eq!(scan(&format!("{{ a(b: {deep}) }}")), Err(Refusal::TooDeep));
        assert_eq!(scan(&format!("{{ a(b: \"\\\\\" c: {deep}) }}")), Err(Refusal::TooDeep));
        assert_eq!(scan(&format!("{{ a(b: \"\"\"x\"\"\" c: {deep}) }}")), Err(Refusal::TooDeep));
        assert_eq!(scan(&format!("# comment\r{{ a(b: {deep}) }}")), Err(Refusal::TooDeep));
        assert_eq!(scan(&format!("{{ a(b: \"open\n c: {deep}) }}")), Err(Refusal::TooDeep));
    }

    #[test]
    fn size_and_tokens_are_bounded() {
        assert_eq!(scan(&" ".repeat(LARGEST_DOCUMENT + 1)), Err(Refusal::TooLarge));
        assert_eq!(scan(&format!("{{ {} }}", "a:me ".repeat(1_000))), Err(Refusal::TooLarge));
        assert_eq!(scan(&format!("{{ me {} }}", "@x ".repeat(5_000))), Err(Refusal::TooLarge));
    }
}
