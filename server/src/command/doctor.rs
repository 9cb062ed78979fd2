//! `kinora doctor`: what is wrong, and exactly what mends it.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::{print, said, site::Site};
use crate::{
    app::App,
    config::Config,
    doctor::{
        Finding, Outcome, bucket, extras,
        leftovers::{self, Comparison},
        machine,
    },
    serve,
};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Also compare what the database names with what the bucket holds
    #[arg(long)]
    storage: bool,
    /// With --storage: remove what nothing names, and have damaged videos made anew
    #[arg(long, requires = "storage")]
    mend: bool,
    /// With --storage: leave alone what is younger than so many hours
    #[arg(long, value_name = "HOURS", default_value_t = 24, requires = "storage")]
    younger_than: u32,
}

/// Looks at everything, prints what it finds, and fails when something does not work.
pub(super) async fn run(arguments: DoctorArgs, config: Config) -> Result<()> {
    let mut bad = tell("Machine", &machine::check(&config.ladder).await);
    let site = match Site::open(config).await {
        Ok(site) => site,
        Err(error) => {
            let mend = "See docs/operating.md, “Postgres”.";
            tell("Database", &[Finding::bad("the database answers", format!("{error:#}"), mend)]);
            bail!("The rest needs the database.");
        }
    };
    bad += tell("Database", &[Finding::good("the database answers and is up to date", "")]);
    // The embedded store is a part of the server: where that does not run, it is lent for the time being.
    let lent = if site.starts_alone() { serve::lend_store(&site.app).await? } else { None };
    bad += tell("Bucket", &bucket::check(&site.app.storage, &site.app.config.origin()).await);
    if arguments.storage {
        bad += compare(&site.app, &arguments).await?;
    }
    drop(lent);
    site.close().await?;
    if bad > 0 {
        bail!("{bad} of these do not work. What mends each stands below it.");
    }
    print("Everything works.\n");
    Ok(())
}

/// Prints findings under a heading and counts the bad ones.
fn tell(heading: &str, findings: &[Finding]) -> usize {
    print(&format!("{heading}\n"));
    for Finding { what, outcome } in findings {
        let (mark, seen, mend) = match outcome {
            Outcome::Good(seen) => ("ok  ", seen, None),
            Outcome::Weak { seen, mend } => ("weak", seen, Some(mend)),
            Outcome::Bad { seen, mend } => ("BAD ", seen, Some(mend)),
        };
        let seen = if seen.is_empty() { String::new() } else { format!(": {seen}") };
        print(&format!("  {mark} {what}{seen}\n"));
        for line in mend.into_iter().flat_map(|mend| mend.lines()) {
            print(&format!("         {line}\n"));
        }
    }
    findings.iter().filter(|finding| finding.is_bad()).count()
}

async fn compare(app: &App, arguments: &DoctorArgs) -> Result<usize> {
    let grace = Duration::from_secs(u64::from(arguments.younger_than) * 3600);
    let found = leftovers::compare(app, grace).await.map_err(said)?;
    print("Database against bucket\n");
    print(&format!("  {} objects, {} bytes\n", found.objects, found.bytes));
    describe(&found);
    if found.is_clean() {
        print("  ok   they agree\n");
        return Ok(0);
    }
    let beyond_repair = found.lost.len() + found.without_source.len();
    if !arguments.mend {
        print(
            "       `kinora doctor --storage --mend` removes what nothing names and makes damaged videos anew\n",
        );
        return Ok(found.damaged.len() + found.lost.len());
    }
    let (objects, uploads) = leftovers::remove_orphans(app, &found).await.map_err(said)?;
    extras::forget(app, &found.lost_extras).await.map_err(said)?;
    let again = leftovers::process_again(app, &found).await.map_err(said)?;
    print(&format!(
        "  removed {objects} objects and {uploads} unfinished uploads; {again} videos are made anew; {beyond_repair} \
         cannot be helped from here\n"
    ));
    Ok(found.lost.len())
}

fn describe(found: &Comparison) {
    for orphan in &found.orphans {
        print(&format!("  extra   {} ({} bytes)\n", orphan.key, orphan.size_bytes));
    }
    for open in &found.orphan_multiparts {
        print(&format!("  extra   the unfinished upload of {}\n", open.key));
    }
    for video in &found.damaged {
        print(&format!("  damaged video {video}: objects are missing, its source is there\n"));
    }
    for video in &found.lost {
        print(&format!("  LOST    video {video}: objects are missing, and so is its source\n"));
    }
    for extra in &found.lost_extras {
        print(&format!("  note    {extra}\n"));
    }
    for video in &found.without_source {
        print(&format!("  note    video {video} plays, but its source is gone\n"));
    }
}
