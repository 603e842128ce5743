use std::time::Duration;

use sidelight_component::{Clock, Load, Processor};

use super::{Config, MemoryLimiter};

const MIB: usize = 1 << 20;

fn load(pipeline_bytes: usize, incoming_bytes: usize) -> Load {
    Load {
        incoming_bytes,
        pipeline_bytes,
        budget_used: 0,
    }
}

#[test]
fn refusing_begins_at_the_limit_less_the_spike_room() {
    let now = Clock::virtual_at(0).now();
    let mut limiter = MemoryLimiter { soft_limit: 8 * MIB };
    assert!(limiter.admit(load(7 * MIB, MIB), now).is_ok());
    let refused = limiter.admit(load(7 * MIB, MIB + 1), now).expect_err("full");
    assert_eq!(refused.retry_after, Duration::from_secs(1));
}

#[test]
fn a_batch_larger_than_the_limit_comes_in_when_it_is_alone() {
    let now = Clock::virtual_at(0).now();
    let mut limiter = MemoryLimiter { soft_limit: MIB };
    assert!(limiter.admit(load(0, 5 * MIB), now).is_ok());
    assert!(limiter.admit(load(1, 5 * MIB), now).is_err());
}

#[test]
fn the_limit_comes_from_mib_else_from_a_share_of_the_budget() {
    let table = [
        (
            Config {
                limit_mib: 10,
                ..Config::default()
            },
            8 * MIB,
        ),
        (
            Config {
                limit_mib: 10,
                spike_limit_mib: 4,
                ..Config::default()
            },
            6 * MIB,
        ),
        (
            Config {
                limit_percentage: 50,
                ..Config::default()
            },
            40 * MIB,
        ),
        (
            Config {
                limit_percentage: 50,
                spike_limit_percentage: 10,
                ..Config::default()
            },
            40 * MIB,
        ),
        (
            Config {
                limit_percentage: 50,
                spike_limit_percentage: 20,
                ..Config::default()
            },
            30 * MIB,
        ),
    ];
    for (config, expected) in table {
        let found = config.soft_limit(100 * MIB);
        assert!(
            found.abs_diff(expected) < MIB / 10,
            "{config:?}: {found}, not {expected}"
        );
    }
}
