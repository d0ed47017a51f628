//! Crash safety, shown: whatever fails at whichever call to the file system, the database is as
//! before or as after, the error says which, and the next launch finishes the work.
//!
//! Every call of every operation on a small database is tried with every fault that it can meet,
//! and a sample on larger ones, for as long as `LIMBECK_FAULT_SECONDS` says (20).

mod disk;
mod judge;
#[allow(dead_code, reason = "other tests pick")]
#[path = "../random.rs"]
mod random;
mod scene;
mod vfs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use limbeck::TransactionMode::{self, PerRevision, PerUpgrade};

use judge::Judge;
use random::Random;
use scene::{Operation, Scene};
use vfs::{Call, Fault};

/// What was tried, by fault.
#[derive(Default)]
struct Tally {
    points: BTreeMap<String, usize>,
    /// Points at which the run succeeded all the same.
    absorbed: usize,
    failures: Vec<String>,
}

impl Tally {
    fn finish(&self, what: &str) {
        let total: usize = self.points.values().sum();
        let mut each = String::new();
        for (fault, points) in &self.points {
            let _ = write!(each, ", {fault} {points}");
        }
        println!("{what}: {total} points{each}; {} of them did no harm", self.absorbed);
        let shown = self.failures.iter().take(12).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(self.failures.is_empty(), "{} of {total} points:\n\n{shown}", self.failures.len());
        assert!(total > 0, "nothing was tried");
    }
}

/// A scene with its database, its states and its calls, ready to be disturbed.
struct Stage {
    scene: Scene,
    folder: std::path::PathBuf,
    states: Vec<String>,
    switches: Vec<String>,
    calls: Vec<Call>,
}

impl Stage {
    fn set(scene: Scene) -> Stage {
        vfs::install();
        let folder = scene::folder(&scene.name());
        let (before, work) = (folder.join("before.db"), folder.join("work.db"));
        scene.prepare(&before);
        scene::copy(&before, &work);
        let states = scene.states(&work);
        assert!(states.len() > 1 && states[0] != states[states.len() - 1], "{}", scene.name());
        scene::copy(&before, &work);
        let (switches, calls, _) = vfs::with_fault(None, || {
            let mut db = scene.open(&work);
            let switches = judge::switches(&db);
            scene.run(&mut db).unwrap();
            switches
        });
        assert_eq!(judge::state(&scene::system(&work)), states[states.len() - 1], "{}", scene.name());
        Stage { scene, folder, states, switches, calls }
    }

    /// Every pair of a fault and a call at which it can happen.
    fn points(&self) -> Vec<(Fault, usize)> {
        let at = |fault: Fault| {
            self.calls
                .iter()
                .enumerate()
                .filter(move |(_, call)| fault.at(**call))
                .map(move |(at, _)| (fault, at))
        };
        Fault::ALL.into_iter().flat_map(at).collect()
    }

    fn try_point(&self, fault: Fault, at: usize, tally: &mut Tally) {
        let work = self.folder.join("work.db");
        scene::copy(&self.folder.join("before.db"), &work);
        let _ = std::fs::remove_dir_all(self.folder.join("backups"));
        *tally.points.entry(format!("{fault:?}")).or_default() += 1;
        let judge = Judge { scene: &self.scene, states: &self.states, switches: &self.switches };
        let (verdict, _, hit) =
            vfs::with_fault(Some((fault, at)), || self.disturbed(&work, &judge, fault, tally));
        let verdict = verdict.and_then(|()| judge.next_launch(&work));
        if let Err(why) = verdict {
            let call = self.calls[at];
            tally
                .failures
                .push(format!("{}: {fault:?} at call {at} ({call:?}), hit {hit}: {why}", self.scene.name()));
        }
    }

    fn disturbed(&self, work: &Path, judge: &Judge<'_>, fault: Fault, tally: &mut Tally) -> judge::Verdict {
        let Ok(mut db) = self.scene.try_open(work) else { return Ok(()) };
        let result = self.scene.run(&mut db);
        tally.absorbed += usize::from(result.is_ok());
        if !fault.survived() {
            return Ok(());
        }
        vfs::disarm();
        judge.survivor(&mut db, &result)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Every call of every operation.
fn every_point(journal: &'static str) {
    every_point_of(
        journal,
        &[
            (Operation::Upgrade, PerUpgrade),
            (Operation::Upgrade, PerRevision),
            (Operation::Downgrade, PerUpgrade),
            (Operation::Downgrade, PerRevision),
            (Operation::Stamp, PerUpgrade),
            (Operation::Install, PerUpgrade),
            (Operation::Install, PerRevision),
            (Operation::Outside, PerUpgrade),
        ],
        1,
    );
}

/// Each point, or every so manieth.
fn every_point_of(journal: &'static str, operations: &[(Operation, TransactionMode)], step: usize) {
    let mut tally = Tally::default();
    for &(operation, mode) in operations {
        let started = Instant::now();
        let stage = Stage::set(Scene { operation, journal, mode, rows: 12, cache: -2000 });
        let points = stage.points();
        for (fault, at) in points.iter().step_by(step) {
            stage.try_point(*fault, *at, &mut tally);
        }
        println!(
            "{}: {} calls, {} points, {:.1} s",
            stage.scene.name(),
            stage.calls.len(),
            points.len().div_ceil(step),
            started.elapsed().as_secs_f32()
        );
    }
    tally.finish(&format!("every call, {journal}"));
}

#[test]
fn every_call_with_a_rollback_journal() {
    every_point("DELETE");
}

#[test]
fn every_call_with_a_wal() {
    every_point("WAL");
}

/// Every page is read again when it is asked for, the schema's and those of `sqlite_stat1` too, of which SQLite
/// may ignore that it could not.
#[test]
fn every_read_that_fails() {
    let mut tally = Tally::default();
    for journal in ["DELETE", "WAL"] {
        for operation in [Operation::Upgrade, Operation::Downgrade] {
            let stage = Stage::set(Scene { operation, journal, mode: PerUpgrade, rows: 12, cache: 1 });
            for (fault, at) in stage.points() {
                if fault == Fault::Fails && stage.calls[at] == Call::Read {
                    stage.try_point(fault, at, &mut tally);
                }
            }
        }
    }
    tally.finish("every read, a cache of one page");
}

/// Backups are synced to the real disk, which takes its time: a seventh of the points, or all of them where
/// `LIMBECK_FAULT_SECONDS` asks for more.
#[test]
fn calls_of_backup_and_restore() {
    let step = if std::env::var_os("LIMBECK_FAULT_SECONDS").is_some() { 1 } else { 7 };
    for journal in ["DELETE", "WAL"] {
        every_point_of(journal, &[(Operation::BackedUp, PerUpgrade), (Operation::Restore, PerUpgrade)], step);
    }
}

/// A sample of the calls on a database that does not fit into the cache.
#[test]
fn calls_of_larger_databases() {
    let seconds =
        std::env::var("LIMBECK_FAULT_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let (started, mut tally) = (Instant::now(), Tally::default());
    let mut random = Random(0x5eed_11be);
    let mut stages = Vec::new();
    for journal in ["DELETE", "WAL"] {
        for (operation, mode) in [
            (Operation::Upgrade, PerUpgrade),
            (Operation::Upgrade, PerRevision),
            (Operation::Downgrade, PerUpgrade),
            (Operation::Outside, PerUpgrade),
        ] {
            let stage = Stage::set(Scene { operation, journal, mode, rows: 3000, cache: 12 });
            let points = stage.points();
            stages.push((stage, points));
        }
    }
    while started.elapsed() < Duration::from_secs(seconds) {
        for (stage, points) in &stages {
            let (fault, at) = points[random.below(points.len())];
            stage.try_point(fault, at, &mut tally);
        }
    }
    let all: usize = stages.iter().map(|(_, points)| points.len()).sum();
    tally.finish(&format!("a sample of {all} points, 3000 rows and a cache of 12 pages"));
}
