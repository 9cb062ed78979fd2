//! GraphiQL, the explorer of the API, from this origin and without a line of inline script.

use std::fs;

use anyhow::{Context, Result};

use super::{Folders, node::Node};

/// Prepared files of the packages, as they are.
const COPIED: [(&str, &str); 4] = [
    ("graphiql/graphiql.min.js", "graphiql.min.js"),
    ("graphiql/graphiql.min.css", "graphiql.min.css"),
    ("react/umd/react.production.min.js", "react.production.min.js"),
    ("react-dom/umd/react-dom.production.min.js", "react-dom.production.min.js"),
];

/// Puts the explorer into `graphiql/` of the stage.
pub fn copy(folders: &Folders, node: &Node) -> Result<()> {
    let target = folders.stage.join("graphiql");
    fs::create_dir_all(&target).context("creating graphiql/")?;
    for (package_file, name) in COPIED {
        fs::copy(node.packages.join(package_file), target.join(name))
            .with_context(|| format!("copying {package_file}"))?;
    }
    fs::copy(folders.web.join("graphiql/index.html"), target.join("index.html"))
        .context("copying its page")?;
    node.bundle(&folders.web.join("graphiql/boot.js"), &target.join("boot.js"), true)?;
    node.bundle(&folders.web.join("graphiql/page.css"), &target.join("page.css"), true)
}
