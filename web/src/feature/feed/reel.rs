//! Where the feed stands: under the finger exactly, then on a spring that never bounces.
//! Positions are in screens (1.5 is half way between the second and the third video), times in milliseconds.

/// Stiffness of the critically damped spring, per second: nine tenths of the way in about 170 ms.
const STIFFNESS: f64 = 23.0;
/// Nearer than this the spring is at rest (less than a pixel of any screen).
const REST: f64 = 0.000_4;
/// A release this far from the video, in screens, goes on to the next one.
const FAR_ENOUGH: f64 = 0.22;
/// A flick this fast, in screens a second, goes on whatever its length.
const FLICK: f64 = 0.45;
/// Only the last moments of a drag say how fast the finger was.
const MEMORY_MS: f64 = 140.0;
/// How much of the finger's way is followed beyond the ends of the feed.
const RESISTANCE: f64 = 0.25;

/// A finger on the feed.
#[derive(Debug, Clone)]
struct Drag {
    start_y: f64,
    start_position: f64,
    recent: Vec<(f64, f64)>,
}

/// The feed's position and what moves it.
#[derive(Debug, Clone, Default)]
pub struct Reel {
    position: f64,
    /// Screens a second.
    velocity: f64,
    target: usize,
    drag: Option<Drag>,
}

impl Reel {
    /// A reel at rest on `index`.
    pub fn at(index: usize) -> Self {
        Self { position: index as f64, target: index, ..Self::default() }
    }

    pub fn position(&self) -> f64 {
        self.position
    }

    pub fn is_dragged(&self) -> bool {
        self.drag.is_some()
    }

    /// Sends the reel to `index`. Only neighbours are drawn, so it starts at most one screen away.
    pub fn go_to(&mut self, index: usize) {
        self.drag = None;
        self.target = index;
        let goal = index as f64;
        self.position = self.position.clamp(goal - 1.0, goal + 1.0);
        self.velocity = 0.0;
    }

    /// Puts the reel on `index` at once, as people who asked for less motion want it.
    pub fn jump_to(&mut self, index: usize) {
        *self = Self::at(index);
    }

    /// A finger takes hold at `y` pixels.
    pub fn press(&mut self, y: f64, now_ms: f64) {
        self.velocity = 0.0;
        self.drag = Some(Drag { start_y: y, start_position: self.position, recent: vec![(now_ms, y)] });
    }

    /// The finger is at `y`; the reel is there as well. `last` is the last item that can be reached.
    pub fn follow(&mut self, y: f64, now_ms: f64, height: f64, last: usize) {
        let Some(drag) = &mut self.drag else { return };
        drag.recent.retain(|(at, _)| now_ms - at <= MEMORY_MS);
        drag.recent.push((now_ms, y));
        let free = drag.start_position - (y - drag.start_y) / height.max(1.0);
        // One swipe, one video: the ring holds no more than the neighbours.
        let goal = self.target as f64;
        let free = free.clamp(goal - 1.0, goal + 1.0);
        self.position = match () {
            () if free < 0.0 => free * RESISTANCE,
            () if free > last as f64 => last as f64 + (free - last as f64) * RESISTANCE,
            () => free,
        };
    }

    /// The finger lets go: the video that the reel now settles on.
    pub fn release(&mut self, now_ms: f64, height: f64, last: usize) -> usize {
        let Some(drag) = self.drag.take() else { return self.target };
        let velocity = speed(&drag.recent, now_ms, height.max(1.0));
        let moved = self.position - self.target as f64;
        let flicked = velocity.abs() > FLICK && velocity.signum() == moved.signum();
        let far = moved.abs() > FAR_ENOUGH && velocity * moved.signum() > -FLICK;
        if flicked || far {
            let next = if moved > 0.0 { self.target + 1 } else { self.target.saturating_sub(1) };
            self.target = next.min(last);
        }
        self.velocity = velocity;
        self.target
    }

    /// Moves on by `dt_ms`; true once at rest on the target.
    pub fn tick(&mut self, dt_ms: f64) -> bool {
        if self.drag.is_some() {
            return false;
        }
        let goal = self.target as f64;
        let dt = (dt_ms / 1000.0).clamp(0.0, 0.1);
        let away = self.position - goal;
        // A faster start towards the goal than this would cross it: the one thing this spring must not do.
        let limit = STIFFNESS * away.abs();
        let velocity = if away > 0.0 { self.velocity.max(-limit) } else { self.velocity.min(limit) };
        let rate = velocity + STIFFNESS * away;
        let decay = (-STIFFNESS * dt).exp();
        self.position = goal + (away + rate * dt) * decay;
        self.velocity = (velocity - STIFFNESS * rate * dt) * decay;
        if (self.position - goal).abs() < REST && self.velocity.abs() < 0.05 {
            self.position = goal;
            self.velocity = 0.0;
            return true;
        }
        false
    }
}

/// Screens a second over the remembered moments; a finger that rests before it lifts has none.
fn speed(recent: &[(f64, f64)], now_ms: f64, height: f64) -> f64 {
    let fresh: Vec<_> = recent.iter().filter(|(at, _)| now_ms - at <= MEMORY_MS).collect();
    match (fresh.first(), fresh.last()) {
        (Some((t0, y0)), Some((t1, y1))) if t1 - t0 > 4.0 => -(y1 - y0) / height / ((t1 - t0) / 1000.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: f64 = 700.0;

    fn swipe(reel: &mut Reel, ys: &[f64], step_ms: f64, last: usize) -> usize {
        reel.press(ys[0], 0.0);
        let mut now = 0.0;
        for y in &ys[1..] {
            now += step_ms;
            reel.follow(*y, now, HEIGHT, last);
        }
        reel.release(now, HEIGHT, last)
    }

    #[test]
    fn it_follows_the_finger_exactly() {
        let mut reel = Reel::at(3);
        reel.press(500.0, 0.0);
        reel.follow(430.0, 16.0, HEIGHT, 9);
        assert!((reel.position() - 3.1).abs() < 1e-9);
        reel.follow(605.0, 32.0, HEIGHT, 9);
        assert!((reel.position() - 2.85).abs() < 1e-9);
    }

    #[test]
    fn a_flick_goes_on_and_a_small_move_returns() {
        assert_eq!(swipe(&mut Reel::at(3), &[500.0, 480.0, 455.0, 430.0], 16.0, 9), 4);
        assert_eq!(swipe(&mut Reel::at(3), &[500.0, 525.0, 550.0], 16.0, 9), 2);
        assert_eq!(swipe(&mut Reel::at(3), &[500.0, 495.0, 490.0, 485.0], 200.0, 9), 3);
    }

    #[test]
    fn a_long_slow_drag_goes_on_unless_it_is_flicked_back() {
        assert_eq!(swipe(&mut Reel::at(3), &[600.0, 500.0, 400.0, 350.0], 200.0, 9), 4);
        assert_eq!(swipe(&mut Reel::at(3), &[600.0, 300.0, 300.0, 320.0, 345.0, 370.0], 40.0, 9), 3);
    }

    #[test]
    fn the_ends_resist_and_hold() {
        let mut reel = Reel::at(0);
        assert_eq!(swipe(&mut reel, &[100.0, 300.0, 450.0], 16.0, 9), 0);
        assert!(reel.position() < 0.0 && reel.position() > -0.2);
        let mut reel = Reel::at(9);
        assert_eq!(swipe(&mut reel, &[600.0, 300.0, 100.0], 16.0, 9), 9);
        assert!(reel.position() > 9.0 && reel.position() < 9.3);
    }

    #[test]
    fn it_settles_in_a_third_of_a_second_and_never_crosses() {
        let mut reel = Reel::at(3);
        swipe(&mut reel, &[600.0, 500.0, 380.0, 250.0], 8.0, 9);
        assert_eq!(reel.target, 4);
        let mut elapsed = 0.0;
        while !reel.tick(16.0) {
            elapsed += 16.0;
            assert!(reel.position() <= 4.0 + 1e-9, "bounced at {elapsed} ms");
            assert!(elapsed < 450.0, "still moving");
        }
    }

    #[test]
    fn a_second_step_while_moving_starts_at_most_a_screen_away() {
        let mut reel = Reel::at(3);
        reel.go_to(4);
        reel.tick(16.0);
        reel.go_to(5);
        assert!(reel.position() >= 4.0);
        while !reel.tick(16.0) {}
        assert_eq!(reel.position(), 5.0);
    }

    #[test]
    fn a_late_frame_does_not_throw_it() {
        let mut reel = Reel::at(0);
        reel.go_to(1);
        reel.tick(5_000.0);
        assert!(reel.position() > 0.5 && reel.position() <= 1.0);
    }
}
