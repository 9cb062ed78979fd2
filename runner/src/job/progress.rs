//! How far a job is, as one number that only grows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::api::operations::{JobProgressInput, ProcessingStage};

/// Where each stage ends, in percent of the whole job; encoding takes nearly all of the time.
const STAGES: [(ProcessingStage, f64); 5] = [
    (ProcessingStage::Downloading, 5.0),
    (ProcessingStage::Probing, 6.0),
    (ProcessingStage::Encoding, 90.0),
    (ProcessingStage::Uploading, 97.0),
    (ProcessingStage::Publishing, 100.0),
];

/// Takes what the work says and keeps the latest for whoever renews the lease.
#[derive(Debug, Clone)]
pub struct Reporter {
    latest: watch::Sender<JobProgressInput>,
    is_handing_in: Arc<AtomicBool>,
}

impl Reporter {
    pub fn new() -> (Self, watch::Receiver<JobProgressInput>) {
        let (latest, receiver) = watch::channel(JobProgressInput {
            stage: ProcessingStage::Downloading,
            percent: 0.0,
            eta_ms: None,
        });
        (Self { latest, is_handing_in: Arc::default() }, receiver)
    }

    /// From here on the server may end the job, and its lease with it, before it is heard that it has.
    pub fn hand_in(&self) {
        self.is_handing_in.store(true, Ordering::Relaxed);
    }

    pub fn is_handing_in(&self) -> bool {
        self.is_handing_in.load(Ordering::Relaxed)
    }

    /// `part` of the stage is done, from 0 to 1.
    pub fn report(&self, stage: ProcessingStage, part: f64, eta: Option<Duration>) {
        let percent = percent(stage, part);
        self.latest.send_modify(|latest| {
            latest.stage = stage;
            latest.percent = latest.percent.max(percent);
            latest.eta_ms = eta.map(|eta| i32::try_from(eta.as_millis()).unwrap_or(i32::MAX));
        });
    }
}

fn percent(stage: ProcessingStage, part: f64) -> f64 {
    let mut from = 0.0;
    for (this, to) in STAGES {
        if this == stage {
            let percent: f64 = from + (to - from) * part.clamp(0.0, 1.0);
            return (percent * 10.0).round() / 10.0;
        }
        from = to;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_only_grows_over_all_stages() {
        let (reporter, receiver) = Reporter::new();
        let mut last = 0.0;
        for (stage, _) in STAGES {
            for part in [0.0, 0.5, 0.3, 1.0] {
                reporter.report(stage, part, None);
                let percent = receiver.borrow().percent;
                assert!(percent >= last, "{percent} after {last}");
                last = percent;
            }
        }
        assert!((last - 100.0).abs() < 1e-9);
    }
}
