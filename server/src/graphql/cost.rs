//! What a document asks for once its fragments are expanded, computed without expanding them.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Value as ConstValue, Variables,
    parser::types::{
        ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

/// Highest cost: about a hundred items with two hundred fields each.
const HIGHEST_COST: u64 = 20_000;
/// Deepest nesting of fields. The introspection query of GraphiQL has 15.
const DEEPEST: u32 = 20;
const MOST_DIRECTIVES: usize = 50;
/// How many items a list without `first` is taken to have.
const USUAL_LIST: u64 = 20;
/// Fields that return `first` items.
const LISTS: [&str; 7] =
    ["videos", "feed", "tags", "signUploadParts", "apiTokens", "webhooks", "webhookDeliveries"];

/// Fields that ask the database or the store once each, wherever they stand.
const DEAR: [&str; 15] = [
    "videos",
    "feed",
    "receivedParts",
    "createUpload",
    "apiTokens",
    "webhooks",
    "webhookDeliveries",
    "createWebhook",
    "updateWebhook",
    "deleteWebhook",
    "rotateWebhookSecret",
    "testWebhook",
    "resendWebhookDelivery",
    "prepareDownload",
    "downloads",
];
const DEAR_COST: u64 = 50;

/// Why a document is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMuch {
    Deep,
    Complex,
    /// A fragment contains itself.
    Circular,
}

#[derive(Clone, Copy, Default)]
struct Weight {
    cost: u64,
    depth: u32,
}

struct Weigher<'a> {
    fragments: HashMap<&'a Name, &'a FragmentDefinition>,
    known: HashMap<&'a Name, Weight>,
    open: HashSet<&'a Name>,
    directives: usize,
    variables: &'a Variables,
}

/// # Errors
/// [`TooMuch`] for what must not run.
pub fn check(document: &ExecutableDocument, variables: &Variables) -> Result<(), TooMuch> {
    let mut weigher = Weigher {
        fragments: document.fragments.iter().map(|(name, fragment)| (name, &fragment.node)).collect(),
        known: HashMap::new(),
        open: HashSet::new(),
        directives: 0,
        variables,
    };
    for (_, operation) in document.operations.iter() {
        let OperationDefinition { selection_set, directives, .. } = &operation.node;
        weigher.directives += directives.len();
        weigher.selection(&selection_set.node)?;
    }
    // Fragments that nothing uses are validated all the same, and validation costs as well.
    let names: Vec<&Name> = weigher.fragments.keys().copied().collect();
    for name in names {
        weigher.fragment(name)?;
    }
    Ok(())
}

impl<'a> Weigher<'a> {
    fn selection(&mut self, set: &'a SelectionSet) -> Result<Weight, TooMuch> {
        let mut total = Weight::default();
        for item in &set.items {
            let weight = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::FragmentSpread(spread) => {
                    self.count_directives(spread.node.directives.len())?;
                    self.fragment(&spread.node.fragment_name.node)?
                }
                Selection::InlineFragment(inline) => {
                    self.count_directives(inline.node.directives.len())?;
                    self.selection(&inline.node.selection_set.node)?
                }
            };
            total.cost = total.cost.saturating_add(weight.cost);
            total.depth = total.depth.max(weight.depth);
            if total.cost > HIGHEST_COST {
                return Err(TooMuch::Complex);
            }
        }
        Ok(total)
    }

    fn field(&mut self, field: &'a Field) -> Result<Weight, TooMuch> {
        self.count_directives(field.directives.len())?;
        let inside = self.selection(&field.selection_set.node)?;
        let times = if LISTS.contains(&field.name.node.as_str()) { self.first_of(field) } else { 1 };
        let own = if DEAR.contains(&field.name.node.as_str()) { DEAR_COST } else { 1 };
        let weight =
            Weight { cost: inside.cost.saturating_mul(times).saturating_add(own), depth: inside.depth + 1 };
        if weight.depth > DEEPEST {
            return Err(TooMuch::Deep);
        }
        Ok(weight)
    }

    fn first_of(&self, field: &Field) -> u64 {
        let given = match field.get_argument("first").map(|value| &value.node) {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::Variable(name)) => match self.variables.get(name) {
                Some(ConstValue::Number(number)) => number.as_u64(),
                Some(_) => None,
                // Its default is not known here, so it counts as the most that a page may hold.
                None => Some(100),
            },
            _ => None,
        };
        // `videos` holds its items under `nodes` and `edges`, and `tags` of a video has no `first`.
        given.unwrap_or(USUAL_LIST).clamp(1, 100)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Weight, TooMuch> {
        if let Some(weight) = self.known.get(name) {
            return Ok(*weight);
        }
        // One that is not there is the validator's to report.
        let Some(fragment) = self.fragments.get(name).copied() else { return Ok(Weight::default()) };
        if !self.open.insert(name) {
            return Err(TooMuch::Circular);
        }
        self.count_directives(fragment.directives.len())?;
        let weight = self.selection(&fragment.selection_set.node)?;
        self.open.remove(name);
        self.known.insert(name, weight);
        Ok(weight)
    }

    fn count_directives(&mut self, more: usize) -> Result<(), TooMuch> {
        self.directives += more;
        if self.directives > MOST_DIRECTIVES { Err(TooMuch::Complex) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Result<(), TooMuch> {
        check(&async_graphql::parser::parse_query(text).unwrap(), &Variables::default())
    }

    #[test]
    fn a_page_of_everything_passes() {
        let fields = (0..60).map(|n| format!("f{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(
            check_text(&format!("{{ videos(first: 100) {{ nodes {{ {fields} uploader {{ id }} }} }} }}")),
            Ok(())
        );
    }

    #[test]
    fn fragments_that_double_are_counted_expanded() {
        let mut text = String::from("{ ...f0 } ");
        for n in 0..26 {
            text += &format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1);
        }
        text += "fragment f26 on Query { me { id } }";
        assert_eq!(check_text(&text), Err(TooMuch::Complex));
    }

    #[test]
    fn circles_depth_and_lists_of_lists_are_refused() {
        assert_eq!(
            check_text("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"),
            Err(TooMuch::Circular)
        );
        let deep = format!("{}{}", "{ a ".repeat(25), "}".repeat(25));
        assert_eq!(check_text(&deep), Err(TooMuch::Deep));
        let lists =
            "{ videos(first: 100) { nodes { uploader { videos(first: 100) { nodes { id title } } } } } }";
        assert_eq!(check_text(lists), Err(TooMuch::Complex));
    }
}
