//! The contract in the repository is the one that the program speaks.

use std::process::Command;

#[test]
fn the_schema_in_the_repository_is_the_servers() -> Result<(), Box<dyn std::error::Error>> {
    let done = Command::new(env!("CARGO_BIN_EXE_kinora")).arg("schema").output()?;
    assert!(done.status.success());
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql"))?;
    let spoken = String::from_utf8(done.stdout)?;
    assert!(spoken == committed, "schema.graphql is stale: kinora schema > schema.graphql");
    Ok(())
}
