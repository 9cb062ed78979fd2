//! What a page says of itself before any script runs, so that a shared link unfolds.

use kinora_entity::video;

/// Title, description and picture of a page.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub title: Option<String>,
    pub description: Option<String>,
    /// Full address of this page.
    pub url: String,
    pub image: Option<String>,
    pub is_video: bool,
}

const SITE: &str = "Kinora";
const SLOGAN: &str = "Videos on a site of our own.";
const LONGEST_DESCRIPTION: usize = 200;

impl Head {
    /// The head of a video's page.
    pub fn of_video(video: &video::Model, origin: &str) -> Self {
        Self {
            title: Some(video.title.clone()),
            description: Some(video.description.chars().take(LONGEST_DESCRIPTION).collect()),
            url: format!("{origin}/watch/{}", video.id),
            image: video.has_picture().then(|| format!("{origin}/v/{}/poster.jpg", video.id)),
            is_video: true,
        }
    }

    /// As HTML, everything escaped.
    pub fn to_html(&self) -> String {
        let title = self.title.as_ref().map_or_else(|| SITE.to_owned(), |title| format!("{title} · {SITE}"));
        let description = self.description.as_deref().filter(|text| !text.is_empty()).unwrap_or(SLOGAN);
        let mut html = format!("<title>{}</title>", escape(&title));
        let mut meta = |attribute: &str, name: &str, content: &str| {
            html.push_str(&format!("\n    <meta {attribute}=\"{name}\" content=\"{}\">", escape(content)));
        };
        meta("name", "description", description);
        meta("property", "og:site_name", SITE);
        meta("property", "og:title", self.title.as_deref().unwrap_or(SITE));
        meta("property", "og:description", description);
        meta("property", "og:type", if self.is_video { "video.other" } else { "website" });
        meta("property", "og:url", &self.url);
        if let Some(image) = &self.image {
            meta("property", "og:image", image);
            meta("name", "twitter:card", "summary_large_image");
        }
        html
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_leave_its_place() {
        let head = Head { title: Some("</title><script>\"'&".into()), ..Head::default() };
        let html = head.to_html();
        assert!(
            html.starts_with("<title>&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp; · Kinora</title>"),
            "{html}"
        );
        assert!(!html.contains("<script"));
    }
}
