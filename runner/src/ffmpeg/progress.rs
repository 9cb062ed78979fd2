//! What `-progress` writes: blocks of `key=value` lines, each ended by `progress=continue` or `progress=end`.

use std::time::Duration;

/// One block.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// How much of the timeline is written.
    pub out_time: Duration,
    /// Frames written to the first rendition.
    pub frames: u64,
    /// Frames that were repeated to keep the rate constant.
    pub repeated: u64,
    /// Seconds of video a second.
    pub speed: Option<f64>,
    pub ended: bool,
}

/// Collects lines into blocks.
#[derive(Debug, Default)]
pub struct Parser {
    block: Progress,
}

impl Parser {
    /// Takes a line; answers with the block that it ends.
    pub fn line(&mut self, line: &str) -> Option<Progress> {
        let (key, value) = line.trim().split_once('=')?;
        let value = value.trim();
        match key {
            // Without the base of the timeline, which the muxer adds; negative while the first frames are reordered.
            "out_time_us" => self.block.out_time = Duration::from_micros(value.parse().unwrap_or(0)),
            "frame" => self.block.frames = value.parse().unwrap_or(0),
            "dup_frames" => self.block.repeated = value.parse().unwrap_or(0),
            "speed" => self.block.speed = value.trim_end_matches('x').trim().parse().ok(),
            "progress" => {
                self.block.ended = value == "end";
                return Some(std::mem::take(&mut self.block));
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_with_progress() {
        let mut parser = Parser::default();
        let lines = "frame=136\nfps=84.43\nstream_0_0_q=23.0\nout_time_us=3456000\nout_time_ms=3456000\n\
                     out_time=00:00:03.456000\ndup_frames=3\ndrop_frames=0\nspeed=2.77x\nprogress=continue";
        let blocks: Vec<Progress> = lines.lines().filter_map(|line| parser.line(line)).collect();
        let expected = Progress {
            out_time: Duration::from_millis(3_456),
            frames: 136,
            repeated: 3,
            speed: Some(2.77),
            ended: false,
        };
        assert_eq!(blocks, [expected]);
    }

    #[test]
    fn the_first_block_knows_nothing_yet() {
        let mut parser = Parser::default();
        let lines = ["frame=0", "out_time_us=N/A", "speed=N/A", "garbage", "progress=end"];
        let blocks: Vec<Progress> = lines.iter().filter_map(|line| parser.line(line)).collect();
        assert_eq!(blocks, [Progress { ended: true, ..Progress::default() }]);
    }
}
