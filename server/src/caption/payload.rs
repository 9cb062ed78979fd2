//! The text of a cue, made safe: of its marks only those stay that a player shows (WebVTT, section 4.2.2).

/// Marks that change how text looks or how it is read, and say nothing else.
const PLAIN_TAGS: [&str; 5] = ["b", "i", "u", "ruby", "rt"];
const ENTITIES: [&str; 6] = ["&amp;", "&lt;", "&gt;", "&lrm;", "&rlm;", "&nbsp;"];
const LONGEST_VOICE: usize = 100;

/// The lines of a cue as WebVTT; empty when nothing of them can be shown.
pub fn sanitised(lines: &[&str]) -> String {
    let kept: Vec<String> = lines.iter().map(|line| one_line(line)).filter(|line| has_text(line)).collect();
    kept.join("\n")
}

fn one_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let used = match next {
            '<' => tag(rest, &mut out),
            '&' => entity(rest, &mut out),
            // How SubStation places text, which SubRip files carry along: {\an8}.
            '{' if rest.starts_with("{\\") && rest.contains('}') => rest.find('}').map_or(1, |end| end + 1),
            '>' => {
                out.push_str("&gt;");
                1
            }
            character => {
                if !character.is_control() || character == '\t' {
                    out.push(character);
                }
                character.len_utf8()
            }
        };
        rest = &rest[used..];
    }
    out.trim().to_owned()
}

/// Writes the mark at the beginning of `rest` if it may stay; returns how much of `rest` it took.
fn tag(rest: &str, out: &mut String) -> usize {
    let Some(end) = rest.find('>') else {
        out.push_str("&lt;");
        return 1;
    };
    let inside = &rest[1..end];
    let (slash, name_and_more) = match inside.strip_prefix('/') {
        Some(name) => ("/", name),
        None => ("", inside),
    };
    let name_end = name_and_more.find([' ', '\t', '.']).unwrap_or(name_and_more.len());
    let name = name_and_more[..name_end].to_ascii_lowercase();
    if PLAIN_TAGS.contains(&name.as_str()) {
        out.push_str(&format!("<{slash}{name}>"));
    } else if name == "v" {
        out.push_str(&voice(slash, &name_and_more[name_end..]));
    } else if !is_mark(&name) {
        // Somebody wrote "a < b > c".
        out.push_str("&lt;");
        return 1;
    }
    end + 1
}

/// Whether it looks like a mark or a time, and not like text between two signs.
fn is_mark(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':' || b == b'-')
}

/// Who speaks.
fn voice(slash: &str, more: &str) -> String {
    if !slash.is_empty() {
        return "</v>".to_owned();
    }
    let name = more.split_once([' ', '\t']).map_or("", |(_, name)| name);
    let name: String = name
        .chars()
        .filter(|character| !character.is_control() && !"<>&".contains(*character))
        .take(LONGEST_VOICE)
        .collect();
    match name.trim() {
        "" => String::new(),
        name => format!("<v {name}>"),
    }
}

fn entity(rest: &str, out: &mut String) -> usize {
    match ENTITIES.iter().find(|entity| rest.starts_with(*entity)) {
        Some(entity) => {
            out.push_str(entity);
            entity.len()
        }
        None => {
            out.push_str("&amp;");
            1
        }
    }
}

fn has_text(line: &str) -> bool {
    let mut in_tag = false;
    line.chars().any(|character| {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => return !in_tag && !character.is_whitespace(),
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::sanitised;

    #[test]
    fn what_a_player_shows_stays() {
        assert_eq!(sanitised(&["<i>One</i> & <B>two</B>"]), "<i>One</i> &amp; <b>two</b>");
        assert_eq!(sanitised(&["<v Ann Lee>Hello</v>"]), "<v Ann Lee>Hello</v>");
        assert_eq!(sanitised(&["a &lt; b &nbsp;c &copy;"]), "a &lt; b &nbsp;c &amp;copy;");
        assert_eq!(sanitised(&["3 < 4", "", "  日本 "]), "3 &lt; 4\n日本");
    }

    #[test]
    fn everything_else_goes() {
        assert_eq!(sanitised(&["<script>alert(1)</script><img src=x onerror=alert(1)>x"]), "alert(1)x");
        assert_eq!(sanitised(&["one<00:00:01.500><c.yellow> two</c>"]), "one two");
        assert_eq!(sanitised(&["{\\an8}up <font color=\"#fff\">there</font>"]), "up there");
        assert_eq!(sanitised(&["a --> b \u{0}\u{7}"]), "a --&gt; b");
        assert_eq!(sanitised(&["<i></i>", "<c> </c>"]), "");
    }
}
