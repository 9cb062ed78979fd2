//! Registers the public schema, so that the operations of `kinora upload` are checked against it while compiling.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cynic_codegen::register_schema("kinora").from_sdl_file("../schema.graphql")?.as_default()?;
    Ok(())
}
