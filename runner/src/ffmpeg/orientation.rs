//! How a picture has to be turned to be upright: phones store the sensor's pixels and a matrix.

/// The eight ways to lay a picture on its side, named by what puts it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Orientation {
    #[default]
    Upright,
    FlipHorizontal,
    FlipVertical,
    HalfTurn,
    Clockwise,
    Counterclockwise,
    Transpose,
    Transverse,
}

impl Orientation {
    /// From the display matrix as ffprobe prints it: three lines of an address, a colon and three numbers.
    pub fn from_display_matrix(text: &str) -> Option<Self> {
        let mut rows = text.lines().filter_map(|line| line.split_once(':')).map(|(_, row)| {
            let mut cells = row.split_whitespace().map(str::parse::<i64>);
            match (cells.next(), cells.next()) {
                (Some(Ok(x)), Some(Ok(y))) => Some((x.signum(), y.signum())),
                _ => None,
            }
        });
        let (a, b) = rows.next()??;
        let (c, d) = rows.next()??;
        // A point (x, y) is shown at (a·x + c·y, b·x + d·y).
        Some(match (a, b, c, d) {
            (-1, 0, 0, 1) => Self::FlipHorizontal,
            (1, 0, 0, -1) => Self::FlipVertical,
            (-1, 0, 0, -1) => Self::HalfTurn,
            (0, 1, -1, 0) => Self::Clockwise,
            (0, -1, 1, 0) => Self::Counterclockwise,
            (0, 1, 1, 0) => Self::Transpose,
            (0, -1, -1, 0) => Self::Transverse,
            _ => Self::Upright,
        })
    }

    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Clockwise | Self::Counterclockwise | Self::Transpose | Self::Transverse)
    }

    /// The filter that puts the picture upright.
    pub fn filter(self) -> Option<&'static str> {
        match self {
            Self::Upright => None,
            Self::FlipHorizontal => Some("hflip"),
            Self::FlipVertical => Some("vflip"),
            Self::HalfTurn => Some("hflip,vflip"),
            Self::Clockwise => Some("transpose=clock"),
            Self::Counterclockwise => Some("transpose=cclock"),
            Self::Transpose => Some("transpose=cclock_flip"),
            Self::Transverse => Some("transpose=clock_flip"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(a: i64, b: i64, c: i64, d: i64) -> String {
        format!(
            "\n00000000: {a:>12} {b:>11} {:>11}\n00000001: {c:>12} {d:>11} {:>11}\n00000002: 0 0 1073741824\n",
            0, 0
        )
    }

    #[test]
    fn the_matrices_of_phones_are_understood() {
        let one = 65_536;
        let read = |a, b, c, d| Orientation::from_display_matrix(&matrix(a, b, c, d));
        assert_eq!(read(one, 0, 0, one), Some(Orientation::Upright));
        assert_eq!(read(0, one, -one, 0), Some(Orientation::Clockwise));
        assert_eq!(read(-one, 0, 0, -one), Some(Orientation::HalfTurn));
        assert_eq!(read(0, -one, one, 0), Some(Orientation::Counterclockwise));
        assert_eq!(read(-one, 0, 0, one), Some(Orientation::FlipHorizontal));
        assert_eq!(Orientation::from_display_matrix("nonsense"), None);
    }
}
