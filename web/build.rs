//! Registers `schema.graphql`, so that every query of the site is checked against it at compile time.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cynic_codegen::register_schema("kinora").from_sdl_file("../schema.graphql")?.as_default()?;
    println!("cargo::rerun-if-changed=../schema.graphql");
    Ok(())
}
