//! How a native method fails: as the Java exception of the error's kind, with its code and text.
//! A panic becomes `HalfbackInternalException` and never reaches the JVM as an abort.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use halfback::Kind;
use jni::errors::ErrorPolicy;
use jni::objects::{JString, JThrowable, JValue};
use jni::{Env, jni_sig, jni_str};

use crate::classes;

/// Anything that ends a native method early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The registry refused or failed.
    Registry(halfback::Error),
    /// A metric refused its columns.
    Metric(halfback_metrics::Error),
    /// The JVM refused or failed; an exception may already be on its way.
    Jvm(jni::errors::Error),
    /// The handle was closed while it was used.
    Closed,
    /// The Java half passed what it never should.
    Defect(&'static str),
}

impl From<halfback::Error> for Failure {
    fn from(error: halfback::Error) -> Self {
        Self::Registry(error)
    }
}

impl From<halfback_metrics::Error> for Failure {
    fn from(error: halfback_metrics::Error) -> Self {
        Self::Metric(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Jvm(error)
    }
}

impl Failure {
    fn kind(&self) -> Kind {
        match self {
            Self::Registry(error) => error.kind(),
            Self::Metric(_) => Kind::Invalid,
            Self::Closed => Kind::Closed,
            Self::Jvm(_) | Self::Defect(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Registry(error) => error.code(),
            Self::Metric(_) => "invalid_argument",
            Self::Closed => "closed",
            Self::Jvm(_) | Self::Defect(_) => "internal",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Registry(error) => error.to_string(),
            Self::Metric(error) => error.to_string(),
            Self::Closed => "the registry was closed while it was in use; open it again".to_owned(),
            Self::Jvm(error) => defect(&error.to_string()),
            Self::Defect(text) => defect(text),
        }
    }

    /// Why a privilege is missing: the record `Explanation` as JSON.
    fn explanation(&self) -> Option<&str> {
        match self {
            Self::Registry(error) => error.explanation(),
            Self::Metric(_) | Self::Jvm(_) | Self::Closed | Self::Defect(_) => None,
        }
    }
}

fn defect(text: &str) -> String {
    format!("{text}; this is a defect in halfback, please report it")
}

/// The error policy of every native method.
#[derive(Debug)]
pub(crate) struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'local: 'native, 'native> = ();

    fn on_error<'local: 'native, 'native>(
        env: &mut Env<'local>,
        _captures: &mut (),
        failure: Failure,
    ) -> jni::errors::Result<T> {
        let (kind, code) = (failure.kind(), failure.code());
        throw(env, kind, code, &failure.message(), failure.explanation())
    }

    fn on_panic<'local: 'native, 'native>(
        env: &mut Env<'local>,
        _captures: &mut (),
        payload: Box<dyn Any + Send + 'static>,
    ) -> jni::errors::Result<T> {
        throw(env, Kind::Internal, "internal", &defect(&panic_text(payload)), None)
    }

    // The defaults of these two would log. Returning null or zero without an exception is a
    // result that the Java half recognizes as a defect.
    fn on_internal_jni_error<'local: 'native, 'native>(
        _captures: &mut (),
        _error: jni::errors::Error,
    ) -> T {
        T::default()
    }

    fn on_internal_panic<'local: 'native, 'native>(
        _captures: &mut (),
        payload: Box<dyn Any + Send + 'static>,
    ) -> T {
        discard(payload);
        T::default()
    }
}

fn throw<T: Default>(
    env: &mut Env<'_>,
    kind: Kind,
    code: &str,
    message: &str,
    explanation: Option<&str>,
) -> jni::errors::Result<T> {
    // An exception that is on its way, such as an OutOfMemoryError, is the better explanation.
    if !env.exception_check()
        && let Some(class) = classes::exception()
    {
        let kind = JString::from_str(env, kind.name())?;
        let code = JString::from_str(env, code)?;
        let message = JString::from_str(env, message)?;
        let explanation = match explanation {
            Some(json) => JString::from_str(env, json)?,
            None => JString::default(),
        };
        let made = env.call_static_method(
            class,
            jni_str!("of"),
            jni_sig!((JString, JString, JString, JString) -> dev.halfback.HalfbackException),
            &[&kind, &code, &message, &explanation].map(JValue::from),
        )?;
        let exception = env.cast_local::<JThrowable<'_>>(made.l()?)?;
        match env.throw(exception) {
            // jni reports a throw that worked as the exception that is now pending.
            Ok(()) | Err(jni::errors::Error::JavaException) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(T::default())
}

/// What a panic said: `panic!` carries a `&str` when its text is a literal and a `String` when it
/// is formatted.
fn panic_text(payload: Box<dyn Any + Send + 'static>) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    };
    discard(payload);
    text
}

/// Drops a panic's payload. Its own destructor may panic; then it is leaked.
fn discard(payload: Box<dyn Any + Send + 'static>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(panicking: impl FnOnce(), expected: &str) {
        let payload = catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
        assert_eq!(panic_text(payload), expected);
    }

    #[test]
    fn the_text_of_a_panic_survives_however_it_was_made() {
        check(|| panic!("literal"), "literal");
        check(|| panic!("formatted {}", 7), "formatted 7");
        check(|| std::panic::panic_any(7), "a panic without a text");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                assert!(std::thread::panicking(), "dropped");
            }
        }
        check(|| std::panic::panic_any(Bomb), "a panic without a text");
    }

    #[test]
    fn each_failure_has_a_kind_and_a_code() {
        let cases = [
            (Failure::Metric(halfback_metrics::Error::ZeroWeights), "invalid", "invalid_argument"),
            (Failure::Closed, "closed", "closed"),
            (Failure::Defect("x"), "internal", "internal"),
            (Failure::Jvm(jni::errors::Error::WrongObjectType), "internal", "internal"),
        ];
        for (failure, kind, code) in cases {
            assert_eq!((failure.kind().name(), failure.code()), (kind, code), "{failure:?}");
        }
    }
}
