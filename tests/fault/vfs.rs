//! A VFS over the system's own, which SQLite uses by default in this process, and which fails as
//! the thread's [`Plan`] says. <https://sqlite.org/vfs.html>

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::ffi;

use crate::disk::Disk;
use crate::random::Random;

/// What SQLite asks of a file system, as far as it can fail here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Open,
    Read,
    Write,
    Sync,
    Truncate,
    Delete,
    Lock,
    /// The shared memory of a WAL.
    Map,
}

impl Call {
    /// Whether the file is another after it.
    pub fn changes(self) -> bool {
        matches!(self, Call::Open | Call::Write | Call::Sync | Call::Truncate | Call::Delete)
    }

    fn failure(self) -> c_int {
        match self {
            Call::Open => ffi::SQLITE_CANTOPEN,
            Call::Read => ffi::SQLITE_IOERR_READ,
            Call::Write => ffi::SQLITE_IOERR_WRITE,
            Call::Sync => ffi::SQLITE_IOERR_FSYNC,
            Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Call::Delete => ffi::SQLITE_IOERR_DELETE,
            Call::Lock => ffi::SQLITE_IOERR_LOCK,
            Call::Map => ffi::SQLITE_IOERR_SHMMAP,
        }
    }
}

/// What happens at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and the next ones work.
    Fails,
    /// From here on nothing can be changed: the disk is gone, or read-only.
    DiskGone,
    /// No room for this write, of which a part arrives.
    Full,
    /// No room for any write from here on.
    StaysFull,
    /// The process dies: nothing reaches the files any more. A write is half done.
    Killed,
    /// The power goes: what was not synced is lost.
    PowerLost,
    /// The power goes: of what was not synced every sector is there or not, by chance.
    PowerLostTorn,
}

impl Fault {
    pub const ALL: [Fault; 7] = [
        Fault::Fails,
        Fault::DiskGone,
        Fault::Full,
        Fault::StaysFull,
        Fault::Killed,
        Fault::PowerLost,
        Fault::PowerLostTorn,
    ];

    /// Whether it can happen at such a call, and is another there than at the next one.
    pub fn at(self, call: Call) -> bool {
        match self {
            Fault::Fails => true,
            Fault::Full | Fault::StaysFull => call == Call::Write,
            Fault::DiskGone | Fault::Killed | Fault::PowerLost | Fault::PowerLostTorn => call.changes(),
        }
    }

    /// Whether the process is there afterwards.
    pub fn survived(self) -> bool {
        matches!(self, Fault::Fails | Fault::DiskGone | Fault::Full | Fault::StaysFull)
    }
}

/// What this thread's calls meet.
#[derive(Default)]
struct Plan {
    /// The calls so far, while they are counted.
    calls: Option<Vec<Call>>,
    /// The fault, and at which call, counted from 0.
    fault: Option<(Fault, usize)>,
    /// The fault has happened.
    hit: bool,
    disk: Disk,
}

thread_local! {
    static PLAN: RefCell<Plan> = RefCell::default();
}

/// Runs a piece of work with this fault, if any, and answers the calls it made and whether the fault
/// happened. What the process holds open must be closed in it.
pub fn with_fault<T>(fault: Option<(Fault, usize)>, work: impl FnOnce() -> T) -> (T, Vec<Call>, bool) {
    PLAN.set(Plan { calls: Some(Vec::new()), fault, ..Plan::default() });
    let result = work();
    let plan = PLAN.take();
    if let Some((kind @ (Fault::PowerLost | Fault::PowerLostTorn), at)) = fault
        && plan.hit
    {
        let torn = kind == Fault::PowerLostTorn;
        plan.disk.lose_power(torn.then(|| Random(0x9e37_79b9_7f4a_7c15 ^ (at as u64 + 1))));
    }
    (result, plan.calls.unwrap_or_default(), plan.hit)
}

/// The fault is over, as if room had been made or the disk had come back; the process goes on.
pub fn disarm() {
    PLAN.with_borrow_mut(|plan| plan.fault = None);
}

/// What becomes of a call.
enum Fate {
    Works,
    /// It fails with this code, after so much of it was done: 0 nothing, 1 half.
    Fails {
        code: c_int,
        half: bool,
    },
}

/// Decides what becomes of a call, and tells the model what reaches the files.
fn decide(call: Call) -> Fate {
    PLAN.with_borrow_mut(|plan| {
        let Some(calls) = &mut plan.calls else { return Fate::Works };
        let number = calls.len();
        calls.push(call);
        let Some((fault, at)) = plan.fault else { return Fate::Works };
        let now = number == at;
        plan.hit |= now;
        let fails = Fate::Fails { code: call.failure(), half: false };
        let full = |half| Fate::Fails { code: ffi::SQLITE_FULL, half };
        match fault {
            Fault::Fails if now => fails,
            Fault::DiskGone if plan.hit && call.changes() => fails,
            Fault::Full if now => full(true),
            Fault::StaysFull if plan.hit && call == Call::Write => full(now),
            Fault::Killed if plan.hit && call.changes() => {
                Fate::Fails { code: call.failure(), half: now && call == Call::Write }
            }
            Fault::PowerLost | Fault::PowerLostTorn if plan.hit && call.changes() => fails,
            _ => Fate::Works,
        }
    })
}

fn disk(change: impl FnOnce(&mut Disk)) {
    PLAN.with_borrow_mut(|plan| {
        if plan.calls.is_some() {
            change(&mut plan.disk);
        }
    });
}

/// An open file: SQLite allocates it, with the real one behind it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// By `Box::into_raw`; null for a temporary file, which no launch sees again.
    path: *mut PathBuf,
}

static REAL: OnceLock<usize> = OnceLock::new();
static METHODS: OnceLock<usize> = OnceLock::new();

fn real() -> *mut ffi::sqlite3_vfs {
    *REAL.get().expect("install() was called") as *mut ffi::sqlite3_vfs
}

/// The name of the system's own VFS, for those who come after the fault.
pub fn system() -> String {
    install();
    // SAFETY: a VFS that is registered keeps its name.
    unsafe { CStr::from_ptr((*real()).zName) }.to_str().expect("VFS names are ASCII").to_owned()
}

/// Makes it the default VFS of this process.
pub fn install() {
    REAL.get_or_init(|| {
        // SAFETY: SQLite's default VFS is there for the whole life of the process.
        unsafe {
            ffi::sqlite3_initialize();
            let real = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!real.is_null(), "SQLite has a file system here");
            let name = CString::new("limbeck-fault").unwrap().into_raw();
            let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
                szOsFile: size_of::<File>() as c_int + (*real).szOsFile,
                zName: name,
                pNext: std::ptr::null_mut(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                ..*real
            }));
            METHODS.get_or_init(|| Box::leak(Box::new(methods())) as *mut ffi::sqlite3_io_methods as usize);
            assert_eq!(ffi::sqlite3_vfs_register(vfs, 1), ffi::SQLITE_OK);
            real as usize
        }
    });
}

fn methods() -> ffi::sqlite3_io_methods {
    ffi::sqlite3_io_methods {
        // Without xFetch: every byte comes by xRead.
        iVersion: 2,
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xFileSize: Some(file_size),
        xLock: Some(lock),
        xUnlock: Some(unlock),
        xCheckReservedLock: Some(check_reserved_lock),
        xFileControl: Some(file_control),
        xSectorSize: Some(sector_size),
        xDeviceCharacteristics: Some(device_characteristics),
        xShmMap: Some(shm_map),
        xShmLock: Some(shm_lock),
        xShmBarrier: Some(shm_barrier),
        xShmUnmap: Some(shm_unmap),
        xFetch: None,
        xUnfetch: None,
    }
}

/// Calls a method of the real file.
macro_rules! real {
    ($method:ident($file:expr $(, $argument:expr)*)) => {{
        let file = behind($file);
        ((*(*file).pMethods).$method.expect("a file has every method of its version"))(file $(, $argument)*)
    }};
}

/// The real file, which stands behind ours.
unsafe fn behind(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: `szOsFile` has room for both.
    unsafe { file.cast::<File>().add(1).cast() }
}

unsafe fn path<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a Path> {
    // SAFETY: `open` has set it, and `close` frees it.
    unsafe { (*file.cast::<File>()).path.as_ref().map(PathBuf::as_path) }
}

unsafe fn named(name: *const c_char) -> PathBuf {
    // SAFETY: SQLite's names end with a NUL.
    PathBuf::from(unsafe { CStr::from_ptr(name) }.to_str().expect("the test's paths are UTF-8"))
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite allocates `szOsFile` bytes; pMethods stays null unless the file is open.
    unsafe {
        (*file).pMethods = std::ptr::null();
        if let Fate::Fails { code, .. } = decide(Call::Open) {
            return code;
        }
        let mut path = std::ptr::null_mut();
        if !name.is_null() {
            let name = named(name);
            if flags & ffi::SQLITE_OPEN_CREATE != 0 {
                disk(|disk| disk.create(&name));
            }
            path = Box::into_raw(Box::new(name));
        }
        let open = (*real()).xOpen.expect("a VFS can open");
        let code = open(real(), name, behind(file), flags, out);
        if code == ffi::SQLITE_OK {
            (*file).pMethods = *METHODS.get().expect("install() was called") as *const _;
            (*file.cast::<File>()).path = path;
        } else if !path.is_null() {
            drop(Box::from_raw(path));
        }
        code
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: the real VFS is asked as SQLite asks this one.
    unsafe {
        if let Fate::Fails { code, .. } = decide(Call::Delete) {
            return code;
        }
        let path = named(name);
        disk(|disk| disk.delete(&path, sync != 0));
        (*real()).xDelete.expect("a VFS can delete")(real(), name, sync)
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe { (*real()).xAccess.expect("a VFS can look")(real(), name, flags, out) }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the file is open, and closed once.
    unsafe {
        let code = real!(xClose(file));
        let ours = &mut *file.cast::<File>();
        if !ours.path.is_null() {
            drop(Box::from_raw(ours.path));
        }
        ours.base.pMethods = std::ptr::null();
        code
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, n: c_int, at: i64) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        match decide(Call::Read) {
            Fate::Works => real!(xRead(file, to, n, at)),
            Fate::Fails { code, .. } => code,
        }
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, n: c_int, at: i64) -> c_int {
    // SAFETY: the file is open, and `n` bytes are there.
    unsafe {
        let fate = decide(Call::Write);
        let arrive = match fate {
            Fate::Works => n,
            Fate::Fails { half: true, .. } => n / 2,
            Fate::Fails { half: false, .. } => 0,
        };
        if arrive > 0 {
            if let Some(path) = path(file) {
                let bytes = std::slice::from_raw_parts(from.cast::<u8>(), arrive as usize);
                disk(|disk| disk.write(path, at as usize, bytes));
            }
            let code = real!(xWrite(file, from, arrive, at));
            if code != ffi::SQLITE_OK {
                return code;
            }
        }
        match fate {
            Fate::Works => ffi::SQLITE_OK,
            Fate::Fails { code, .. } => code,
        }
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: i64) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        if let Fate::Fails { code, .. } = decide(Call::Truncate) {
            return code;
        }
        if let Some(path) = path(file) {
            disk(|disk| disk.truncate(path, to as usize));
        }
        real!(xTruncate(file, to))
    }
}

/// The model is synced, and not the real disk: no power goes here, and a real sync is slow.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    if let Fate::Fails { code, .. } = decide(Call::Sync) {
        return code;
    }
    // SAFETY: the file is open.
    if let Some(path) = unsafe { path(file) } {
        disk(|disk| disk.sync(path));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        match decide(Call::Lock) {
            Fate::Works => real!(xLock(file, level)),
            Fate::Fails { code, .. } => code,
        }
    }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        match decide(Call::Map) {
            Fate::Works => real!(xShmMap(file, region, size, extend, out)),
            Fate::Fails { code, .. } => code,
        }
    }
}

/// A dead process deletes nothing.
unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    let dead = PLAN.with_borrow(|plan| plan.hit && plan.fault.is_some_and(|(fault, _)| !fault.survived()));
    // SAFETY: the file is open.
    unsafe { real!(xShmUnmap(file, if dead { 0 } else { delete })) }
}

/// Methods that are handed on as they are.
macro_rules! pass {
    ($($name:ident: $method:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)+) => {
        $(unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $type)*) $(-> $answer)? {
            // SAFETY: the file is open.
            unsafe { real!($method(file $(, $argument)*)) }
        })+
    };
}

pass! {
    file_size: xFileSize(size: *mut i64) -> c_int;
    unlock: xUnlock(level: c_int) -> c_int;
    check_reserved_lock: xCheckReservedLock(out: *mut c_int) -> c_int;
    file_control: xFileControl(what: c_int, argument: *mut c_void) -> c_int;
    sector_size: xSectorSize() -> c_int;
    device_characteristics: xDeviceCharacteristics() -> c_int;
    shm_lock: xShmLock(offset: c_int, n: c_int, flags: c_int) -> c_int;
    shm_barrier: xShmBarrier();
}
