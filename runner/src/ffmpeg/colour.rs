//! What the numbers in a picture mean, and what has to be done to show them on an ordinary screen.

/// How light is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Transfer {
    /// Any of the standard dynamic range curves; they are close enough to be treated as one.
    Sdr,
    /// SMPTE ST 2084, the curve of HDR10 and Dolby Vision.
    Pq,
    /// ARIB STD-B67, the curve of broadcast and phone HDR.
    Hlg,
}

/// How red, green and blue were mixed into luma and chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Matrix {
    Bt709,
    Bt601,
    Bt2020,
    /// Not mixed at all.
    Rgb,
}

/// The colour description of a source, with gaps filled by what players assume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Colour {
    pub transfer: Transfer,
    pub matrix: Matrix,
    pub full_range: bool,
}

impl Colour {
    /// From ffprobe's names. An untagged picture is BT.709 when it is HD, BT.601 below, as players take it.
    pub fn from_tags(
        transfer: Option<&str>,
        space: Option<&str>,
        range: Option<&str>,
        pix_fmt: Option<&str>,
        width: u32,
        height: u32,
    ) -> Self {
        let transfer = match transfer {
            Some("smpte2084") => Transfer::Pq,
            Some("arib-std-b67") => Transfer::Hlg,
            _ => Transfer::Sdr,
        };
        let matrix = match space {
            Some("bt709") => Matrix::Bt709,
            Some("smpte170m" | "bt470bg" | "fcc" | "smpte240m") => Matrix::Bt601,
            Some("bt2020nc" | "bt2020c") => Matrix::Bt2020,
            Some("gbr" | "rgb") => Matrix::Rgb,
            _ if transfer != Transfer::Sdr => Matrix::Bt2020,
            _ if width >= 1280 || height >= 720 => Matrix::Bt709,
            _ => Matrix::Bt601,
        };
        let full_range = range == Some("pc") || pix_fmt.is_some_and(|format| format.starts_with("yuvj"));
        Self { transfer, matrix, full_range }
    }

    /// Whether it must be tone-mapped to be watched on an ordinary screen.
    pub fn is_hdr(self) -> bool {
        self.transfer != Transfer::Sdr
    }

    /// Whether pictures can be passed on as they are, only labelled.
    pub fn is_standard(self) -> bool {
        self.transfer == Transfer::Sdr && self.matrix == Matrix::Bt709 && !self.full_range
    }
}
