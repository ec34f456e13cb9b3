//! An event on its way, and why it may not have got there.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use indelible_event::Refusal;
use indelible_event::uuid::Uuid;
use tokio::sync::oneshot;

/// An event that is durable as was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Its `logEntryId`, by which the server knows it again; all zeros for a refused record, which has none.
    pub log_entry_id: Uuid,
    /// Its number in the spool, dense from 0 over the spool's whole life. Less the refused records before it, this is what the server is
    /// told as `producerSeq`.
    pub number: u64,
}

/// Why an event was not emitted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EmitError {
    /// It is not as the catalogue wants it; the server would refuse it. It is nowhere.
    #[error("the event {name} is not valid: {message}")]
    Invalid {
        /// The event's name.
        name: String,
        /// What is wrong, and where.
        message: String,
    },
    /// As many bytes wait for the server as may. The event is nowhere.
    #[error(
        "the spool has its {limit_bytes} bytes; see why the server does not take events, or give the spool more room"
    )]
    Full {
        /// [`Settings::spool_bytes_max`](crate::Settings::spool_bytes_max).
        limit_bytes: u64,
    },
    /// The disk has no room. The event is nowhere; the spool goes on when there is room again.
    #[error("the disk of the spool is full ({kind}); free space, it then goes on by itself")]
    NoRoom {
        /// What the disk said.
        kind: io::ErrorKind,
    },
    /// A write or sync failed, now or earlier. An event that was under way may be stored or not: if it is, it is delivered after the
    /// service was restarted.
    #[error("the spool stopped after a failed write or sync; restart the service to recover")]
    Halted,
    /// The server refused the event; it is in the folder `refused`. Only with [`Durability::Server`](crate::Durability::Server).
    #[error("the server refused the event: {reason}")]
    Refused {
        /// The server's code and message.
        reason: Arc<str>,
    },
    /// The auditor was dropped. With [`Durability::Server`](crate::Durability::Server) the event is in the spool and is delivered when an
    /// auditor is opened on it again.
    #[error("the auditor was closed before the event was acknowledged")]
    Closed,
    /// The system gave no random bytes for the event's ids. The event is nowhere.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl EmitError {
    pub(crate) fn invalid(name: &str, refusal: &Refusal) -> Self {
        let field = refusal.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        let message = format!("{field}{} ({})", refusal.message, refusal.code.as_str());
        Self::Invalid { name: name.to_owned(), message }
    }
}

/// What becomes of an emitted event.
pub(crate) type Outcome = Result<Emitted, EmitError>;

/// An event on its way. It is underway whether or not this is awaited; what is awaited is that it is durable.
///
/// Dropped without having been awaited, a failure is logged and counted in [`Stats::failed`](crate::Stats::failed), where every failure is.
#[derive(Debug)]
#[must_use = "the event is durable only when this was awaited"]
pub struct Emission(State);

#[derive(Debug)]
enum State {
    /// It failed at once.
    Failed(EmitError),
    Waiting(oneshot::Receiver<Outcome>),
    Told,
}

impl Emission {
    pub(crate) fn failed(error: EmitError) -> Self {
        Self(State::Failed(error))
    }

    pub(crate) fn waiting(receiver: oneshot::Receiver<Outcome>) -> Self {
        Self(State::Waiting(receiver))
    }

    /// Blocks this thread until the event is durable. Not for asynchronous code, where it panics.
    ///
    /// # Errors
    /// As awaiting it.
    pub fn wait(mut self) -> Result<Emitted, EmitError> {
        match std::mem::replace(&mut self.0, State::Told) {
            State::Failed(error) => Err(error),
            State::Waiting(receiver) => receiver.blocking_recv().unwrap_or(Err(EmitError::Closed)),
            State::Told => Err(EmitError::Closed),
        }
    }

    /// Lets the event go on its way without anybody who waits. A failure is logged.
    pub fn detach(self) {}
}

impl Future for Emission {
    type Output = Result<Emitted, EmitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let told = match &mut self.0 {
            State::Waiting(receiver) => match Pin::new(receiver).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(told) => told.unwrap_or(Err(EmitError::Closed)),
            },
            State::Failed(error) => Err(error.clone()),
            State::Told => Err(EmitError::Closed),
        };
        self.0 = State::Told;
        Poll::Ready(told)
    }
}

impl Drop for Emission {
    fn drop(&mut self) {
        match &mut self.0 {
            State::Failed(error) => tell_nobody(error),
            State::Waiting(receiver) => {
                // What is sent from here on goes back to its sender, who logs it; what was sent before is here.
                receiver.close();
                if let Ok(Err(error)) = receiver.try_recv() {
                    tell_nobody(&error);
                }
            }
            State::Told => {}
        }
    }
}

/// Logs a failure that nobody waited for.
pub(crate) fn tell_nobody(error: &EmitError) {
    tracing::error!(%error, "an audit event was not emitted");
}

#[cfg(all(test, feature = "tracing"))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt as _};

    use super::*;

    /// Counts what is logged.
    struct Count(Arc<AtomicUsize>);

    impl<S: tracing::Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn a_failure_that_nobody_awaits_is_logged_once_whenever_it_comes() {
        let emitted = Emitted { log_entry_id: Uuid([0; 16]), number: 0 };
        let check = |before: Option<Outcome>, after: Option<Outcome>, expected: usize| {
            let logged = Arc::new(AtomicUsize::new(0));
            let subscriber = tracing_subscriber::registry().with(Count(Arc::clone(&logged)));
            tracing::subscriber::with_default(subscriber, || {
                let (sender, receiver) = oneshot::channel();
                let (emission, mut sender) = (Emission::waiting(receiver), Some(sender));
                let mut send = |outcome: Option<Outcome>| {
                    let Some(sender) = outcome.is_some().then(|| sender.take()).flatten() else { return };
                    // As whoever sends it does.
                    if let Some(Err(Err(error))) = outcome.map(|outcome| sender.send(outcome)) {
                        tell_nobody(&error);
                    }
                };
                send(before);
                emission.detach();
                send(after);
            });
            assert_eq!(logged.load(Relaxed), expected);
        };
        check(Some(Err(EmitError::Halted)), None, 1);
        check(None, Some(Err(EmitError::Halted)), 1);
        check(Some(Ok(emitted)), None, 0);
        check(None, Some(Ok(emitted)), 0);
        check(None, None, 0);
    }
}
