//! Tests of the workspace as a whole; each file beside this one is one suite.
