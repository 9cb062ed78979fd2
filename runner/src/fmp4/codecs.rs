//! Names of codecs as playlists have them (RFC 6381), from what the description of a track says.

/// From the contents of `hvcC` (ISO/IEC 14496-15, annex E.3). Nothing if they are too short.
pub fn hevc(hvcc: &[u8]) -> Option<String> {
    let (profile, level) = (*hvcc.get(1)?, *hvcc.get(12)?);
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let compatible = u32::from_be_bytes(hvcc.get(2..6)?.try_into().ok()?).reverse_bits();
    let mut constraints = hvcc.get(6..12)?;
    while let [rest @ .., 0] = constraints {
        constraints = rest;
    }
    let constraints: String = constraints.iter().map(|byte| format!(".{byte:X}")).collect();
    Some(format!("hvc1.{space}{}.{compatible:X}.{tier}{level}{constraints}", profile & 0x1f))
}

/// From the contents of `av1C` (AV1 in ISO media files, section 5). Nothing if they are too short.
pub fn av1(av1c: &[u8]) -> Option<String> {
    let (first, second) = (*av1c.get(1)?, *av1c.get(2)?);
    let tier = if second & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match (second & 0x40 != 0, second & 0x20 != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    Some(format!("av01.{}.{:02}{tier}.{depth:02}", first >> 5, first & 0x1f))
}

#[cfg(test)]
mod tests {
    use super::{av1, hevc};

    #[test]
    fn the_main_profile_is_named() {
        let main = [1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93];
        assert_eq!(hevc(&main).as_deref(), Some("hvc1.1.6.L93.90"));
        let high = [1, 0x62, 0x20, 0, 0, 0, 0xb0, 0, 0, 0x10, 0, 0, 150];
        assert_eq!(hevc(&high).as_deref(), Some("hvc1.A2.4.H150.B0.0.0.10"));
        assert_eq!(hevc(&main[..12]), None);
    }

    #[test]
    fn level_tier_and_depth_are_told() {
        assert_eq!(av1(&[0x81, 0x00, 0x0c, 0]).as_deref(), Some("av01.0.00M.08"));
        assert_eq!(av1(&[0x81, 0x08, 0x0c, 0]).as_deref(), Some("av01.0.08M.08"));
        assert_eq!(av1(&[0x81, 0x2d, 0xc0, 0]).as_deref(), Some("av01.1.13H.10"));
        assert_eq!(av1(&[0x81, 0x08]), None);
    }
}
