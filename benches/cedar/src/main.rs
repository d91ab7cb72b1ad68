//! Cedar as a peer of the suite `access`: it reads a number of policies a line, and answers with a
//! JSON list of the seconds that a decision takes among so many.

use std::hint::black_box;
use std::io::BufRead as _;
use std::time::{Duration, Instant};

use halfback_cedar::{Cedar, Grant, Outcome, World};

/// The groups that lead from the principal to those that are granted something, as in the suite.
const DEPTH: usize = 4;
/// Grants of one group.
const EACH: usize = 10;
/// How long the decisions of one answer take together at least.
const LEAST: Duration = Duration::from_millis(200);

fn main() -> Outcome {
    for line in std::io::stdin().lock().lines() {
        let policies: usize = line?.trim().parse()?;
        println!("[{:e}]", decision(policies)?);
    }
    Ok(())
}

/// A decision for one who is granted something through groups in groups.
fn decision(policies: usize) -> Outcome<f64> {
    let cedar = Cedar::new(&world(policies))?;
    let decide = || -> Outcome<bool> { cedar.allows("user0", "EXECUTE", black_box("model0")) };
    if !decide()? {
        return Err("what is granted through groups is not held".into());
    }
    let began = Instant::now();
    let mut decisions = 0_u32;
    while began.elapsed() < LEAST {
        black_box(decide()?);
        decisions += 1;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(decisions))
}

fn world(policies: usize) -> World {
    let mut world = World::default();
    let name = |chain: usize, depth: usize| format!("group{chain}-{depth}");
    for chain in 0..policies.div_ceil(EACH) {
        world.principals.insert(format!("user{chain}"), vec![name(chain, 0)]);
        for depth in 0..DEPTH {
            let next = (depth + 1 < DEPTH).then(|| name(chain, depth + 1));
            world.principals.insert(name(chain, depth), next.into_iter().collect());
        }
    }
    for part in ["registry", "catalog", "schema"].windows(2) {
        let [outer, inner] = part else { continue };
        world.securables.entry((*outer).to_owned()).or_default();
        world.securables.insert((*inner).to_owned(), (Some((*outer).to_owned()), [].into()));
    }
    for number in 0..policies {
        let on = format!("model{number}");
        world.securables.insert(on.clone(), (Some("schema".to_owned()), [].into()));
        world.grants.push(Grant {
            allows: true,
            privilege: "EXECUTE".to_owned(),
            on,
            to: name(number / EACH, DEPTH - 1),
            condition: None,
        });
    }
    world
}
