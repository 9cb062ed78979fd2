//! How loud a sound is, as ffmpeg's `ebur128` says it at the end of a run.

/// After EBU R128.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Over the whole, in LUFS.
    pub integrated_lufs: f64,
    /// Of what a loudspeaker would make of it, in dB of full scale.
    pub true_peak_dbtp: f64,
}

/// What is as quiet as this was not measured at all.
const SILENCE_LUFS: f64 = -69.9;
/// Lines of the summary, behind their blanks.
const SUMMARY: [&str; 7] =
    ["Integrated loudness:", "I:", "Threshold:", "Loudness range:", "LRA", "True peak:", "Peak:"];

/// Reads what ffmpeg says, line by line.
#[derive(Debug, Default)]
pub struct Meter {
    in_summary: bool,
    integrated: Option<f64>,
    peak: Option<f64>,
}

impl Meter {
    /// Answers whether the line was about loudness and nothing else.
    pub fn line(&mut self, line: &str) -> bool {
        if line.starts_with("[Parsed_ebur128_") {
            self.in_summary = line.ends_with("Summary:");
            return self.in_summary || line.contains(" TARGET:");
        }
        let text = line.trim_start();
        if !self.in_summary
            || text.len() == line.len()
            || !SUMMARY.iter().any(|begin| text.starts_with(begin))
        {
            return self.in_summary && text.is_empty();
        }
        if let Some(value) = number(text, "I:", "LUFS") {
            self.integrated = Some(value);
        }
        if let Some(value) = number(text, "Peak:", "dBFS") {
            self.peak = Some(value);
        }
        true
    }

    /// Nothing where there was no sound, or nothing to hear.
    pub fn loudness(&self) -> Option<Loudness> {
        let integrated_lufs = self.integrated.filter(|lufs| *lufs > SILENCE_LUFS)?;
        let true_peak_dbtp = self.peak.filter(|peak| peak.is_finite())?;
        Some(Loudness { integrated_lufs, true_peak_dbtp })
    }
}

fn number(text: &str, name: &str, unit: &str) -> Option<f64> {
    text.strip_prefix(name)?.trim_end().strip_suffix(unit)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY_OF_A_TONE: [&str; 14] = [
        "[Parsed_ebur128_2 @ 0x5581] Summary:",
        "",
        "  Integrated loudness:",
        "    I:         -20.1 LUFS",
        "    Threshold: -30.1 LUFS",
        "",
        "  Loudness range:",
        "    LRA:         0.0 LU",
        "    Threshold:   0.0 LUFS",
        "    LRA low:     0.0 LUFS",
        "    LRA high:    0.0 LUFS",
        "",
        "  True peak:",
        "    Peak:      -19.9 dBFS",
    ];

    #[test]
    fn the_summary_is_read_and_kept_out_of_the_log() {
        let mut meter = Meter::default();
        let frame = "[Parsed_ebur128_2 @ 0x5581] t: 0.5   TARGET:-23 LUFS    M: -20.0 S:-120.7     I: -12.0 LUFS       LRA:   0.0 LU";
        assert!(meter.line(frame));
        assert!(!meter.line("    I:          -1.0 LUFS"), "of a file that speaks for itself");
        assert!(SUMMARY_OF_A_TONE.iter().all(|line| meter.line(line)));
        assert!(!meter.line("  Input stream #0:1 (audio): 300 packets read (1 bytes); 19 frames decoded; "));
        assert_eq!(meter.loudness(), Some(Loudness { integrated_lufs: -20.1, true_peak_dbtp: -19.9 }));
    }

    #[test]
    fn silence_has_no_loudness() {
        let mut meter = Meter::default();
        assert_eq!(meter.loudness(), None);
        for line in SUMMARY_OF_A_TONE {
            meter.line(&line.replace("-20.1", "-70.0").replace("-19.9", "-inf"));
        }
        assert_eq!(meter.loudness(), None);
    }
}
