//! A model of the disk: what each file is once the power has gone.
//!
//! What was written since the last sync may have arrived or not, sector by sector. A file that was
//! made and never synced may be missing; one that was deleted without a sync of its folder may be
//! there again. That files are made, cut and deleted reaches the disk in the order in which it was done,
//! as file systems with a journal have it: SQLite deletes its own journal, and cuts the database after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::random::Random;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// The files that were changed since the model was begun.
#[derive(Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, File>,
    /// How many changes there were.
    changes: usize,
}

struct File {
    /// What the disk surely holds; none where there is surely no file.
    durable: Option<Vec<u8>>,
    /// What came since, in order, with its place among the changes of all files.
    pending: Vec<(usize, Change)>,
}

/// One change that no sync has confirmed.
enum Change {
    Create,
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

impl Disk {
    /// A file of this name comes to be, if there is none.
    pub fn create(&mut self, path: &Path) {
        if !path.exists() {
            self.note(path, Change::Create);
        }
    }

    pub fn write(&mut self, path: &Path, at: usize, bytes: &[u8]) {
        self.note(path, Change::Write { at, bytes: bytes.to_vec() });
    }

    pub fn truncate(&mut self, path: &Path, to: usize) {
        self.note(path, Change::Truncate(to));
    }

    pub fn delete(&mut self, path: &Path, folder_synced: bool) {
        self.note(path, Change::Delete);
        if folder_synced {
            self.sync(path);
        }
    }

    /// All of the file is on the disk, and its name in the folder.
    pub fn sync(&mut self, path: &Path) {
        let file = self.file(path);
        for (_, change) in std::mem::take(&mut file.pending) {
            change.apply(&mut file.durable);
        }
    }

    fn note(&mut self, path: &Path, change: Change) {
        let number = self.changes;
        self.changes += 1;
        self.file(path).pending.push((number, change));
    }

    /// Looked up before the change reaches the real file.
    fn file(&mut self, path: &Path) -> &mut File {
        self.files
            .entry(path.to_owned())
            .or_insert_with(|| File { durable: fs::read(path).ok(), pending: Vec::new() })
    }

    /// The power goes: each real file becomes what the disk holds. Of what was not synced every
    /// sector is there or not by chance, or none is.
    pub fn lose_power(self, mut chance: Option<Random>) {
        let arrived = chance.as_mut().map_or(0, |random| random.below(self.changes + 1));
        for (path, File { mut durable, pending }) in self.files {
            if let Some(random) = &mut chance {
                for (number, change) in pending {
                    match change {
                        Change::Write { at, bytes } => write_in_part(&mut durable, at, &bytes, random),
                        change if number < arrived => change.apply(&mut durable),
                        // What came after it went to another file of that name.
                        Change::Delete => break,
                        Change::Create | Change::Truncate(_) => {}
                    }
                }
            }
            match durable {
                Some(bytes) => fs::write(&path, bytes).expect("the test's folder can be written"),
                None => _ = fs::remove_file(&path),
            }
        }
    }
}

impl Change {
    fn apply(&self, file: &mut Option<Vec<u8>>) {
        match self {
            Change::Create => _ = file.get_or_insert_default(),
            Change::Write { at, bytes } => write(file, *at, bytes),
            Change::Truncate(to) => {
                if let Some(file) = file {
                    file.truncate(*to);
                }
            }
            Change::Delete => *file = None,
        }
    }
}

fn write_in_part(file: &mut Option<Vec<u8>>, at: usize, bytes: &[u8], random: &mut Random) {
    // Otherwise the file that the write went to is not in its folder.
    let mut from = if file.is_some() { 0 } else { bytes.len() };
    while from < bytes.len() {
        let to = bytes.len().min(((at + from) / SECTOR + 1) * SECTOR - at);
        if random.once_in(2) {
            write(file, at + from, &bytes[from..to]);
        }
        from = to;
    }
}

fn write(file: &mut Option<Vec<u8>>, at: usize, bytes: &[u8]) {
    let file = file.get_or_insert_default();
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

#[test]
fn what_was_not_synced_may_be_lost() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("limbeck-fault-disk");
    fs::write(&path, [1; 2048]).unwrap();
    let change = |disk: &mut Disk| {
        disk.write(&path, 0, &[2; 512]);
        disk.sync(&path);
        disk.write(&path, 512, &[3; 1536]);
    };
    let mut disk = Disk::default();
    change(&mut disk);
    disk.lose_power(None);
    let left = fs::read(&path).unwrap();
    assert_eq!((left[511], left[512], left[2047]), (2, 1, 1));
    let mut torn = 0;
    for seed in 1..40 {
        fs::write(&path, [1; 2048]).unwrap();
        let mut disk = Disk::default();
        change(&mut disk);
        disk.lose_power(Some(Random(seed * 7919)));
        let left = fs::read(&path).unwrap();
        assert!(left[..512].iter().all(|byte| *byte == 2));
        let sectors: Vec<u8> = left[512..].chunks(512).map(|sector| sector[0]).collect();
        assert!(left[512..].chunks(512).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        torn += usize::from(sectors.contains(&1) && sectors.contains(&3));
    }
    assert!(torn > 5, "{torn} torn writes");
    fs::remove_file(&path).unwrap();
}
