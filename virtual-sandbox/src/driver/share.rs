//! How the executions of a process share the processor when many of them want it.
//!
//! An executor's queue is at best first come, first served: a command waits for one turn of everybody who is in it. So
//! only a few busy executions are in it at a time. The others wait here, in a queue of our own, and each turn that ends
//! lets the next one go. What has just begun does not wait: a short command is done in its first turn, however many are
//! busy. Of those that wait, the ones that have run for a long time together get no more than every fourth turn.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// The longest turn when few are busy.
const LONGEST: Duration = Duration::from_millis(1);
/// A turn among many.
const TURN: Duration = Duration::from_micros(250);
/// The first turn among many, for which nobody waits.
const FIRST: Duration = Duration::from_micros(50);
/// How long an execution has run, without a rest, when it is not short any more.
const SHORT: Duration = Duration::from_millis(5);
/// How many have a turn at a time: enough for the threads of a common executor.
const AT_ONCE: usize = 4;
/// When no turn has ended for so long, those who have one are not asked to run by their owners.
const STALLED: Duration = Duration::from_millis(100);
/// How long one that waits lets pass before it looks whether the queue is stalled.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The queue of this process.
static QUEUE: Mutex<Queue> = Mutex::new(Queue::new());

/// Those who wait for a turn.
struct Queue {
    short: VecDeque<Arc<Place>>,
    long: VecDeque<Arc<Place>>,
    /// How many have a turn.
    turns: usize,
    /// How far the long ones are from their next turn.
    credit: usize,
    /// When one was given or ended last.
    last: Option<Instant>,
}

/// A place in the queue.
struct Place {
    /// Whether its turn has come, or it was given up.
    called: AtomicBool,
    waker: Mutex<Waker>,
}

impl Place {
    fn waker(&self) -> MutexGuard<'_, Waker> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    const fn new() -> Self {
        Queue { short: VecDeque::new(), long: VecDeque::new(), turns: 0, credit: 0, last: None }
    }

    fn next(&mut self) -> Option<Arc<Place>> {
        let total = self.short.len() + self.long.len();
        self.credit += self.long.len().min(total.div_ceil(4));
        let (first, second) = if self.credit >= total {
            self.credit -= total;
            (&mut self.long, &mut self.short)
        } else {
            (&mut self.short, &mut self.long)
        };
        first.pop_front().or_else(|| second.pop_front())
    }

    /// Gives out the turns that there are; answers whom to wake.
    fn call(&mut self, now: Instant) -> Vec<Arc<Place>> {
        let mut called = Vec::new();
        self.last = Some(now);
        while self.turns < AT_ONCE
            && let Some(place) = self.next()
        {
            // One that was given up has no turn to use.
            if !place.called.swap(true, Ordering::AcqRel) {
                self.turns += 1;
                called.push(place);
            }
        }
        called
    }

    fn is_crowded(&self) -> bool {
        self.short.len() + self.long.len() > AT_ONCE
    }
}

/// The queue, locked.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes them once the executor has looked at everything else: timers, input, what was started meanwhile. Woken at
/// once, they would stand before all that in the queue of the thread that they run on.
fn wake(places: Vec<Arc<Place>>) {
    for place in places {
        let waker = place.waker().clone();
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
    }
}

/// One execution's share.
pub(super) struct Share {
    queue: &'static Mutex<Queue>,
    /// How long it has run since it last had to wait for something else.
    used: Duration,
    stage: Stage,
}

/// Where an execution stands.
#[derive(Default)]
enum Stage {
    /// Nothing to do, as far as is known.
    #[default]
    Rests,
    /// It may run for so long. Nobody waits for a turn that is not `counted`.
    Runs { left: Duration, counted: bool },
    /// It waits for its turn.
    Waits(Arc<Place>),
}

impl Default for Share {
    fn default() -> Self {
        Share::of(&QUEUE)
    }
}

impl Share {
    fn of(queue: &'static Mutex<Queue>) -> Self {
        Share { queue, used: Duration::ZERO, stage: Stage::Rests }
    }

    /// How long it may run now; `None` when it must wait, and `waker` is told when its turn comes.
    pub(super) fn turn(&mut self, waker: &Waker) -> Option<Duration> {
        match &self.stage {
            Stage::Runs { left, .. } => Some(*left),
            Stage::Rests => {
                let left = if lock(self.queue).is_crowded() { FIRST } else { LONGEST };
                self.stage = Stage::Runs { left, counted: false };
                Some(left)
            }
            Stage::Waits(place) => {
                waker.clone_into(&mut place.waker());
                if !place.called.load(Ordering::Acquire) && !self.is_stalled() {
                    return None;
                }
                let left = if lock(self.queue).is_crowded() { TURN } else { LONGEST };
                self.stage = Stage::Runs { left, counted: true };
                Some(left)
            }
        }
    }

    /// Whether nobody uses the turns that were given; if so the one who asks has one.
    fn is_stalled(&self) -> bool {
        let now = Instant::now();
        let mut queue = lock(self.queue);
        let stalled = queue.last.is_none_or(|last| now.saturating_duration_since(last) > STALLED);
        if stalled {
            queue.last = Some(now);
            queue.turns += 1;
            if let Stage::Waits(place) = &self.stage {
                place.called.store(true, Ordering::Release);
            }
        }
        stalled
    }

    /// It has run for so long and answered something: whether it is asked again is for its owner to say, so nobody
    /// waits for the rest of its turn.
    pub(super) fn answered(&mut self, time: Duration, waker: &Waker) {
        self.used += time;
        let Stage::Runs { left, counted } = &mut self.stage else { return };
        let (rest, was_counted) = (left.saturating_sub(time), std::mem::take(counted));
        *left = rest;
        if rest.is_zero() {
            self.wait(waker, was_counted);
        } else if was_counted {
            self.give_back();
        }
    }

    /// It has run for so long and would run on.
    pub(super) fn exhausted(&mut self, time: Duration, waker: &Waker) {
        self.used += time;
        let counted = matches!(self.stage, Stage::Runs { counted: true, .. });
        self.wait(waker, counted);
    }

    /// It waits for something else than the processor.
    pub(super) fn rests(&mut self) {
        self.used = Duration::ZERO;
        self.leave();
    }

    /// Takes a place at the end of the queue.
    fn wait(&mut self, waker: &Waker, counted: bool) {
        let place = Arc::new(Place { called: AtomicBool::new(false), waker: Mutex::new(waker.clone()) });
        self.stage = Stage::Waits(Arc::clone(&place));
        let mut queue = lock(self.queue);
        queue.turns = queue.turns.saturating_sub(usize::from(counted));
        let line = if self.used < SHORT { &mut queue.short } else { &mut queue.long };
        line.push_back(place);
        let called = queue.call(Instant::now());
        drop(queue);
        wake(called);
    }

    /// Gives up its turn or its place.
    fn leave(&mut self) {
        match std::mem::take(&mut self.stage) {
            Stage::Rests | Stage::Runs { counted: false, .. } => {}
            Stage::Runs { counted: true, .. } => self.give_back(),
            Stage::Waits(place) => {
                if place.called.swap(true, Ordering::AcqRel) {
                    self.give_back();
                }
            }
        }
    }

    /// Its turn has ended; the next one may go.
    fn give_back(&self) {
        let mut queue = lock(self.queue);
        queue.turns = queue.turns.saturating_sub(1);
        let called = queue.call(Instant::now());
        drop(queue);
        wake(called);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn among_many_the_new_run_at_once_and_the_others_in_turn() {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let queue = Box::leak(Box::new(Mutex::new(Queue::new())));
        let mut shares: Vec<Share> = (0..10 * AT_ONCE).map(|_| Share::of(queue)).collect();
        for share in &mut shares {
            assert!(share.turn(&waker).is_some());
            share.exhausted(SHORT, &waker);
        }
        assert_eq!(Share::of(queue).turn(&waker), Some(FIRST));
        let mut served = vec![0; shares.len()];
        for _ in 0..1000 {
            for (share, served) in shares.iter_mut().zip(&mut served) {
                if let Some(turn) = share.turn(&waker) {
                    *served += 1;
                    share.exhausted(turn, &waker);
                }
            }
        }
        let (least, most) = (served.iter().min().copied(), served.iter().max().copied());
        assert!(least > Some(0), "everybody had a turn");
        assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 2), "{served:?}");
        assert!(bell.0.load(Ordering::Relaxed) > 0);
        // Those who leave let the others go on.
        shares.truncate(AT_ONCE);
        assert!(shares.iter_mut().all(|share| share.turn(&waker).is_some()));
    }
}
