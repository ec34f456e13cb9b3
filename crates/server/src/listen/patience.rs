//! A stream that ends when its peer keeps it waiting for too long.
//!
//! hyper has one time limit for the head of a request, which runs while a connection is idle too: short enough for a stranger it
//! is too short for a client that keeps its connection. Here each kind of waiting has its own. Nothing but a clock is read
//! for a request that comes whole and is taken whole; a timer is set only where the peer is waited for.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// To begin its next request, or its first one.
    pub(super) idle: Duration,
    /// To send the rest of a request's head, once it has begun.
    pub(super) head: Duration,
    /// To take the next piece of an answer.
    pub(super) answer: Duration,
}

/// What was waited for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Idle,
    Head,
    Answer,
}

const IDLE: u64 = 0;
const HEAD: u64 = 1;
const REQUEST: u64 = 2;

/// What a connection is at: idle, amid the head of a request, or at a request, up to the end of its answer. Shared by the stream,
/// which sees bytes, and the service, which sees requests.
#[derive(Debug)]
pub(super) struct Phase {
    begun: Instant,
    /// Microseconds from `begun` to when the phase began, times 4, plus which one it is.
    state: AtomicU64,
    /// 0, or 1 more than the [`Wait`] that was in vain.
    given_up: AtomicU64,
}

impl Phase {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), state: AtomicU64::new(IDLE), given_up: AtomicU64::new(0) }
    }

    /// The head of a request was read.
    pub(super) fn requested(&self) {
        self.begin(REQUEST);
    }

    /// Its answer was handed over whole, or given up.
    pub(super) fn answered(&self) {
        self.begin(IDLE);
    }

    /// What was waited for in vain, if that is why the stream ended.
    pub(super) fn given_up(&self) -> Option<Wait> {
        match self.given_up.load(Relaxed) {
            0 => None,
            1 => Some(Wait::Idle),
            2 => Some(Wait::Head),
            _ => Some(Wait::Answer),
        }
    }

    fn begin(&self, phase: u64) {
        let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX >> 2);
        self.state.store(micros << 2 | phase, Relaxed);
    }

    /// Bytes came: the first ones begin the head of a request.
    fn received(&self) {
        if self.state.load(Relaxed) & 3 == IDLE {
            self.begin(HEAD);
        }
    }

    /// What the peer is expected to send, and until when. `None` at a request: its body has a limit of its own.
    fn expected(&self, waits: &Waits) -> Option<(Wait, Instant)> {
        let state = self.state.load(Relaxed);
        let since = self.begun + Duration::from_micros(state >> 2);
        match state & 3 {
            IDLE => Some((Wait::Idle, since + waits.idle)),
            HEAD => Some((Wait::Head, since + waits.head)),
            _ => None,
        }
    }

    fn give_up(&self, wait: Wait) {
        self.given_up.store(wait as u64 + 1, Relaxed);
    }
}

/// `stream` with an end to every wait.
pub(super) struct Patience<S> {
    stream: S,
    phase: Arc<Phase>,
    waits: Waits,
    /// Set no later than what is waited for ends; where it comes too early it is set anew.
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when the peer takes nothing.
    stalled: Option<Instant>,
}

impl<S> Patience<S> {
    pub(super) fn new(stream: S, phase: Arc<Phase>, waits: Waits) -> Self {
        Self { stream, phase, waits, timer: None, stalled: None }
    }

    /// Whether `deadline` is over. If it is not, the task is woken when it is, or before.
    fn is_over(&mut self, context: &mut Context<'_>, deadline: Instant) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            timer.as_mut().reset(deadline);
        }
        false
    }

    /// Passes on what became of a write, unless the peer takes nothing for too long.
    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let since = *self.stalled.get_or_insert_with(Instant::now);
        if self.is_over(context, since + self.waits.answer) {
            self.phase.give_up(Wait::Answer);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            this.phase.received();
        }
        if read.is_ready() {
            return read;
        }
        let Some((wait, deadline)) = this.phase.expected(&this.waits) else {
            // hyper does not read again when the answer is done, so the timer is set now; it is early and will be set anew.
            let _ = this.is_over(context, Instant::now() + this.waits.idle);
            return read;
        };
        if this.is_over(context, deadline) {
            this.phase.give_up(wait);
            // As if the peer had ended: the connection is closed in good order.
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watch(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.watch(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.stream).poll_shutdown(context);
        this.watch(context, shut)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    const WAITS: Waits = Waits { idle: ms(600), head: ms(150), answer: ms(200) };

    fn connection() -> (DuplexStream, Patience<DuplexStream>, Arc<Phase>) {
        let (peer, stream) = duplex(8);
        let phase = Arc::new(Phase::new());
        (peer, Patience::new(stream, Arc::clone(&phase), WAITS), phase)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    /// Reads to the end and checks that it is one of this kind, not before this time.
    async fn check(stream: &mut Patience<DuplexStream>, phase: &Phase, wait: Wait, earliest: Duration) {
        let begun = Instant::now();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(phase.given_up(), Some(wait));
        assert!(begun.elapsed() >= earliest, "{wait:?} after {:?}", begun.elapsed());
    }

    #[test]
    fn each_wait_has_its_own_end() {
        runtime().block_on(async {
            let (_peer, mut stream, phase) = connection();
            check(&mut stream, &phase, Wait::Idle, WAITS.idle).await;

            // A byte now and then is no way to stay.
            let (mut peer, mut stream, phase) = connection();
            let drip = tokio::spawn(async move {
                while peer.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(ms(20)).await;
                }
            });
            check(&mut stream, &phase, Wait::Head, WAITS.head).await;
            drip.abort();

            // A request may take any time, and the next one has the whole time again.
            let (mut peer, mut stream, phase) = connection();
            peer.write_all(b"GET").await.unwrap();
            stream.read_exact(&mut [0; 3]).await.unwrap();
            phase.requested();
            assert!(tokio::time::timeout(2 * WAITS.idle, stream.read_u8()).await.is_err());
            phase.answered();
            check(&mut stream, &phase, Wait::Idle, WAITS.idle).await;
        });
    }

    #[test]
    fn who_takes_nothing_of_an_answer_is_left() {
        runtime().block_on(async {
            let (mut peer, mut stream, phase) = connection();
            phase.requested();
            let begun = Instant::now();
            stream.write_all(b"12345678").await.unwrap();
            // Slow is not standing still.
            let slow = tokio::spawn(async move {
                tokio::time::sleep(WAITS.answer / 2).await;
                peer.read_exact(&mut [0; 4]).await.unwrap();
                std::future::pending::<()>().await;
                drop(peer);
            });
            let error = stream.write_all(b"abcdefgh").await.unwrap_err();
            assert_eq!((error.kind(), phase.given_up()), (io::ErrorKind::TimedOut, Some(Wait::Answer)));
            assert!(begun.elapsed() >= WAITS.answer * 3 / 2, "{:?}", begun.elapsed());
            slow.abort();
        });
    }
}
