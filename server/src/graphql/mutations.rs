//! Which mutations a document would run.

use std::collections::HashSet;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};

/// The fields that the mutations of a document select at their root, through fragments and under whatever
/// alias. All operations count, whichever of them is asked for: nobody sends two by accident.
pub fn mutations_of(document: &ExecutableDocument) -> HashSet<&str> {
    let mut walk = Walk { document, found: HashSet::new(), entered: HashSet::new() };
    for (_, operation) in document.operations.iter() {
        if operation.node.ty == OperationType::Mutation {
            walk.selection(&operation.node.selection_set.node);
        }
    }
    walk.found
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    found: HashSet<&'a str>,
    /// Each fragment says the same wherever it is spread.
    entered: HashSet<&'a Name>,
}

impl<'a> Walk<'a> {
    fn selection(&mut self, set: &'a SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.found.insert(field.node.name.node.as_str());
                }
                Selection::InlineFragment(inline) => self.selection(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.entered.insert(name)
                    {
                        self.selection(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let document = parse_query(text).unwrap();
        let mut names: Vec<String> = mutations_of(&document).into_iter().map(str::to_owned).collect();
        names.sort();
        names
    }

    #[test]
    fn queries_and_what_is_below_the_root_are_no_mutations() {
        assert_eq!(found("{ me { id } }"), Vec::<String>::new());
        assert_eq!(found("subscription { jobAvailable { waiting } }"), Vec::<String>::new());
        assert_eq!(found("mutation { logIn { user { id } } }"), ["logIn"]);
    }

    #[test]
    fn no_alias_and_no_fragment_hides_one() {
        assert_eq!(found("mutation { harmless: deleteVideo(id: 1) }"), ["deleteVideo"]);
        assert_eq!(
            found(
                "mutation A { ...a ... on Mutation { logOut } ... @include(if: true) { signUp } }
                 mutation B { rateVideo }
                 fragment a on Mutation { ...b abortUpload }
                 fragment b on Mutation { deleteVideo ...a }"
            ),
            ["abortUpload", "deleteVideo", "logOut", "rateVideo", "signUp"]
        );
    }
}
