//! Dark, light, or whatever the system says. Kept in this browser; `web/boot/theme.js` applies it before the
//! first paint, so both know the same key.

use leptos::prelude::*;

const KEY: &str = "kinora.theme";

/// What a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    System,
    Dark,
    Light,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Dark, Self::Light];

    /// The value in storage and in `data-theme`.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::System => "As the system",
            Self::Dark => "Dark",
            Self::Light => "Light",
        }
    }

    fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|choice| choice.name() == name).unwrap_or(Self::System)
    }
}

/// The chosen theme, shared through context.
#[derive(Clone, Copy)]
pub struct Theme(RwSignal<ThemeChoice>);

impl Theme {
    pub fn load() -> Self {
        let stored = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        Self(RwSignal::new(ThemeChoice::parse(stored.as_deref().unwrap_or_default())))
    }

    pub fn get(self) -> ThemeChoice {
        self.0.get()
    }

    /// Shows the choice now and keeps it for the next visit.
    pub fn set(self, choice: ThemeChoice) {
        self.0.set(choice);
        if let Some(root) = document().document_element() {
            let _ = match choice {
                ThemeChoice::System => root.remove_attribute("data-theme"),
                other => root.set_attribute("data-theme", other.name()),
            };
        }
        if let Some(storage) = storage() {
            // A browser that keeps nothing still shows the choice until the page closes.
            let _ = storage.set_item(KEY, choice.name());
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_its_name() {
        for choice in ThemeChoice::ALL {
            assert_eq!(ThemeChoice::parse(choice.name()), choice);
        }
        assert_eq!(ThemeChoice::parse("sepia"), ThemeChoice::System);
    }
}
