//! The filter graph: one decoded picture in, every rendition out.

use super::{
    colour::{Matrix, Transfer},
    ladder::{Codec, Size},
    plan::Plan,
    previews::Layout,
};

/// A last frame that is shown for longer than one tick is repeated for at most this long.
const LAST_FRAME_S: u32 = 1;
/// What is told apart when looking for a poster; a second of film.
const POSTER_CANDIDATES: u32 = 24;
/// A JPEG holds BT.601 in the full range whatever it was made of (JFIF, ITU-T T.871): red would become
/// darker otherwise.
const JPEG: &str = "scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc";
/// How all renditions are labelled.
const STANDARD_TAGS: &str = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709";

/// The value of `-filter_complex`; its outputs are `[v0]`, `[v1]`, … in the order of the plan's sizes.
///
/// Frames are dropped and shrunk first, for everything after that costs by the pixel: tone mapping and turning
/// happen at the size of the largest rendition, which the smaller ones are then made from.
pub fn renditions(plan: &Plan) -> String {
    let mut timing = Vec::new();
    if let Some(end) = plan.end {
        let end_s = (end.as_secs_f64() - 0.5 / plan.rate.fps()).max(0.5 / plan.rate.fps());
        timing.push(format!("tpad=stop_mode=clone:stop_duration={LAST_FRAME_S}"));
        timing.push(format!("trim=end={end_s:.4}"));
    }
    graph(plan, &plan.sizes, timing, Measuring::Nothing)
}

/// What a graph finds out beside its renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measuring {
    Nothing,
    /// How alike each size between the largest and the smallest is to the next smaller one, by one frame a second.
    Likeness,
}

/// The same for a chunk: its frames are those from `lead` on, `frames` of them, or all that come.
pub fn chunk(plan: &Plan, sizes: &[Size], lead: u64, frames: Option<u64>, is_last: bool) -> String {
    let mut timing = Vec::new();
    if is_last && frames.is_some() {
        timing.push(format!("tpad=stop_mode=clone:stop_duration={LAST_FRAME_S}"));
    }
    let end = frames.map(|frames| format!(":end_frame={}", lead + frames)).unwrap_or_default();
    timing.push(format!("trim=start_frame={lead}{end}"));
    timing.push("setpts=PTS-STARTPTS".to_owned());
    // What decides about sizes is how they come out in H.264.
    let decides = sizes.first().is_some_and(|size| size.codec == Codec::H264);
    graph(plan, sizes, timing, if decides { Measuring::Likeness } else { Measuring::Nothing })
}

fn graph(plan: &Plan, sizes: &[Size], timing: Vec<String>, measuring: Measuring) -> String {
    let Some((top, smaller)) = sizes.split_first() else { return String::new() };
    let mut chain = Vec::new();
    if plan.deinterlace {
        chain.push(DEINTERLACE.to_owned());
    }
    // Beginning at 0 with the first frame repeated keeps pictures and sound in step from one common start.
    chain.push(format!("fps={}/{}:start_time=0", plan.rate.num, plan.rate.den));
    chain.extend(timing);
    chain.extend(picture(plan, top.width, top.height));
    chain.push(STANDARD_TAGS.to_owned());
    let chain = format!("[0:{}]{}", plan.video_index, chain.join(","));

    if smaller.is_empty() {
        return format!("{chain}[v0]");
    }
    let mut graph = format!("{chain},split={}[v0]", sizes.len());
    for number in 1..sizes.len() {
        graph.push_str(&format!("[s{number}]"));
    }
    for (number, size) in (1..).zip(smaller) {
        let next = sizes.get(number + 1).filter(|_| measuring == Measuring::Likeness);
        let scaled = format!(";[s{number}]{},setsar=1", scale_to(size));
        match next {
            None => graph.push_str(&format!("{scaled}[v{number}]")),
            Some(next) => graph.push_str(&format!(
                "{scaled},split[v{number}][m{number}];{}",
                likeness(plan, number, size, next)
            )),
        }
    }
    graph
}

fn scale_to(size: &Size) -> String {
    format!("scale={}:{}:flags=bicubic", size.width, size.height)
}

/// How alike `[m{number}]` is to itself in a smaller size, scaled up again; said in the log at the end of the run.
fn likeness(plan: &Plan, number: usize, size: &Size, smaller: &Size) -> String {
    let second = plan.rate.fps().round().max(1.0);
    format!(
        "[m{number}]select=not(mod(n\\,{second})),split[a{number}][b{number}];[b{number}]{},{}[c{number}];\
         [a{number}][c{number}]ssim{LIKENESS}{number},nullsink",
        scale_to(smaller),
        scale_to(size)
    )
}

/// Begins the name of a filter that measures; the number of its size follows.
pub const LIKENESS: &str = "@likeness";

/// The value of `-filter:v` for the poster.
pub fn poster(plan: &Plan, frames: PosterFrames) -> String {
    let mut chain = Vec::new();
    if plan.deinterlace {
        chain.push(DEINTERLACE.to_owned());
    }
    chain.extend(picture(plan, plan.poster.width, plan.poster.height));
    if frames == PosterFrames::Bright {
        chain.push(format!(
            "signalstats,metadata=select:key=lavfi.signalstats.YAVG:value={DARK}:function=greater"
        ));
    }
    chain.push(format!("thumbnail={POSTER_CANDIDATES}"));
    chain.push(JPEG.to_owned());
    chain.join(",")
}

/// The value of `-filter:v` for the storyboard: of each stretch of time the frame in its middle, small, said how bright
/// it is, and laid out in sprites. What comes too late or not at all is stood for by the frame before it.
pub fn storyboard(plan: &Plan, layout: &Layout) -> String {
    let Layout { interval_ms, tile: (width, height), columns, rows, tiles } = layout;
    let mut chain = vec![
        format!("fps=1000/{interval_ms}:start_time=0"),
        format!("tpad=stop_mode=clone:stop={tiles}"),
        format!("trim=end_frame={tiles}"),
    ];
    chain.extend(picture(plan, *width, *height));
    chain.push("signalstats,metadata=mode=print:file=-".to_owned());
    chain.push(format!("tile={columns}x{rows}"));
    chain.push(JPEG.to_owned());
    chain.join(",")
}

/// The value of `-filter:v` for the loop.
pub fn video_loop(plan: &Plan, width: u32, height: u32) -> String {
    let mut chain = Vec::new();
    if plan.deinterlace {
        chain.push(DEINTERLACE.to_owned());
    }
    let halves = if plan.rate.fps() > LOOP_FPS { 2 } else { 1 };
    chain.push(format!("fps={}/{}", plan.rate.num, plan.rate.den * halves));
    chain.extend(picture(plan, width, height));
    chain.push(STANDARD_TAGS.to_owned());
    chain.join(",")
}

/// What has more frames a second shows every other one in its loop.
const LOOP_FPS: f64 = 31.0;

/// Which frames may become the poster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosterFrames {
    /// Those with something to see: videos like to begin in the dark.
    Bright,
    /// All, where nothing is bright.
    Any,
}

/// Mean luma of a frame, 16 (black) to 235 (white), up to which it shows next to nothing.
pub const DARK: u32 = 30;

/// Only frames that are marked as interlaced are touched; one frame out for each frame in.
const DEINTERLACE: &str = "bwdif=mode=send_frame:parity=auto:deint=interlaced";

/// Shrinks to `width` × `height` (upright), in ordinary colours, upright, with square pixels.
fn picture(plan: &Plan, width: u32, height: u32) -> Vec<String> {
    let (width, height) = if plan.orientation.swaps_sides() { (height, width) } else { (width, height) };
    let mut chain = Vec::new();
    if plan.colour.is_hdr() {
        chain.push(format!("scale={width}:{height}:flags=bicubic"));
        chain.push(tone_map(plan));
    } else if !plan.colour.is_standard() || !plan.pixels_are_standard || plan.stored != (width, height) {
        let mut scale = format!("scale={width}:{height}:flags=bicubic");
        if !plan.colour.is_standard() {
            if let Some(matrix) = scaler_matrix(plan.colour.matrix) {
                scale.push_str(&format!(":in_color_matrix={matrix}"));
            }
            let range = if plan.colour.full_range { "pc" } else { "tv" };
            scale.push_str(&format!(":in_range={range}:out_color_matrix=bt709:out_range=tv"));
        }
        chain.push(scale);
        chain.push("format=yuv420p".to_owned());
    }
    chain.extend(plan.orientation.filter().map(str::to_owned));
    chain.push("setsar=1".to_owned());
    chain
}

fn scaler_matrix(matrix: Matrix) -> Option<&'static str> {
    match matrix {
        Matrix::Bt709 => Some("bt709"),
        Matrix::Bt601 => Some("smpte170m"),
        Matrix::Bt2020 => Some("bt2020"),
        Matrix::Rgb => None,
    }
}

/// High dynamic range to BT.709: in linear light, with highlights rolled off. What the source says of itself
/// is repeated, for a picture without tags would be refused.
fn tone_map(plan: &Plan) -> String {
    let transfer = match plan.colour.transfer {
        Transfer::Hlg => "arib-std-b67",
        Transfer::Pq | Transfer::Sdr => "smpte2084",
    };
    let matrix = match plan.colour.matrix {
        Matrix::Bt709 => "709",
        Matrix::Bt601 => "170m",
        Matrix::Bt2020 => "2020_ncl",
        Matrix::Rgb => "gbr",
    };
    let range = if plan.colour.full_range { "full" } else { "limited" };
    format!(
        "zscale=tin={transfer}:min={matrix}:pin=2020:rin={range}:t=linear:npl=100,format=gbrpf32le,\
         zscale=p=709,tonemap=tonemap=hable:desat=0,zscale=t=709:m=709:r=limited,format=yuv420p"
    )
}
