//! Registers the public schema, so that every query of `src/api` is checked against it while compiling.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cynic_codegen::register_schema("kinora").from_sdl_file("../schema.graphql")?.as_default()?;
    Ok(())
}
