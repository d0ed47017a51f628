//! Migrators: a folder of migrations, read, with its settings.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::slice;

use limbeck::script::{Folder, Joined, Source};
use limbeck::{Migrator, NewerDatabase, QuickCheck, RebuildMode, TransactionMode};

use crate::code::{self, RunsOn, limbeck_code};
use crate::database::limbeck_database;
use crate::error::{Failure, enter, limbeck_error, put};
use crate::event::{Data, Watch, limbeck_cancel, limbeck_progress};
use crate::handle::{self, Exclusive};
use crate::status::limbeck_status;
use crate::text::{named, text};

/// A folder of migrations, ready to be brought to databases. Free it with `limbeck_migrator_free`.
///
/// One call at a time uses a migrator: any thread may, but a second call meanwhile, also from its
/// progress callback, is `LIMBECK_C_MISUSE`.
#[allow(non_camel_case_types)]
pub struct limbeck_migrator {
    /// Out only while a setting is made.
    core: Option<Migrator<'static>>,
    watch: Rc<Watch>,
    runs_on: RunsOn,
}

impl Exclusive for limbeck_migrator {}

impl limbeck_migrator {
    /// # Safety
    ///
    /// `code` as in [`code::revisions`], as long as the result lives.
    unsafe fn read(
        source: impl Source + 'static,
        code: &[limbeck_code],
    ) -> Result<limbeck_migrator, Failure> {
        let (watch, runs_on) = (Rc::new(Watch::default()), Rc::new(Cell::new(null_mut())));
        let asked = Rc::clone(&watch);
        // SAFETY: the caller says so.
        let code = unsafe { code::revisions(code, &runs_on) }?;
        let core = Migrator::with_code(source, code)?.on_event(move |event| asked.ask(event));
        Ok(limbeck_migrator { core: Some(core), watch, runs_on })
    }

    /// For a verb that runs migrations, and code with them, on this database.
    pub(crate) fn core_on(&mut self, database: &limbeck_database) -> Result<&mut Migrator<'static>, Failure> {
        self.runs_on.set(database.connection);
        self.core()
    }

    pub(crate) fn core(&mut self) -> Result<&mut Migrator<'static>, Failure> {
        self.core.as_mut().ok_or_else(|| Failure::misuse("a setting of the migrator has failed"))
    }

    pub(crate) fn set(
        &mut self,
        set: impl FnOnce(Migrator<'static>) -> Migrator<'static>,
    ) -> Result<(), Failure> {
        self.core()?;
        self.core = self.core.take().map(set);
        Ok(())
    }
}

/// One migration in memory, as `limbeck embed` writes them. Both texts are UTF-8.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct limbeck_migration {
    /// The file's name, `0001_initial.sql`.
    pub name: *const c_char,
    /// Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
    pub name_length: usize,
    /// All of the file.
    pub text: *const c_char,
    /// Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
    pub text_length: usize,
}

/// Whether tables may be rebuilt.
#[allow(non_camel_case_types)]
#[repr(C)]
pub enum limbeck_rebuild {
    /// Where nothing cheaper is provably right.
    LIMBECK_REBUILD_AUTO = 0,
    /// Always, but for renames, which SQLite does itself.
    LIMBECK_REBUILD_ALWAYS = 1,
    /// Never: what needs one is refused.
    LIMBECK_REBUILD_NEVER = 2,
}

/// What a transaction holds.
#[allow(non_camel_case_types)]
#[repr(C)]
pub enum limbeck_transaction {
    /// The whole run: all of it is done, or nothing.
    LIMBECK_TRANSACTION_PER_UPGRADE = 0,
    /// One revision: what was finished before a failure stays.
    LIMBECK_TRANSACTION_PER_REVISION = 1,
}

/// What an upgrade does with a database that has revisions which the migrations do not: a newer version
/// of the program was there. `limbeck_error_newer_count` and the JSON tell which.
#[allow(non_camel_case_types)]
#[repr(C)]
pub enum limbeck_newer {
    /// `LIMBECK_HISTORY_DATABASE_NEWER`.
    LIMBECK_NEWER_REFUSE = 0,
    /// Use it as it is, where each of those revisions leaves older programs working; else refuse it.
    LIMBECK_NEWER_RUN_ON = 1,
    /// Take those revisions back with the downgrade scripts that the database has kept. What they throw
    /// away is gone.
    LIMBECK_NEWER_TAKE_DOWN = 2,
}

/// Whether the file is looked through for damage before a run that has something to do.
#[allow(non_camel_case_types)]
#[repr(C)]
pub enum limbeck_quick_check {
    /// Up to 64 MiB.
    LIMBECK_QUICK_CHECK_AUTO = 0,
    /// Whatever the size.
    LIMBECK_QUICK_CHECK_ALWAYS = 1,
    /// Damage is found when a statement meets it, or not at all.
    LIMBECK_QUICK_CHECK_NEVER = 2,
}

/// Reads the `*.sql` files of a folder on disk.
///
/// Errors: the `LIMBECK_GRAPH_` ones, `LIMBECK_SCRIPT_UNREADABLE`, `LIMBECK_SCRIPT_BAD_DIRECTIVE`.
///
/// # Safety
///
/// `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `migrator` and
/// `error` are null or may be written; a null `migrator` is an error. Any thread. The program owns what
/// is made; the path may go once this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_from_folder(
    path: *const c_char,
    length: usize,
    migrator: *mut *mut limbeck_migrator,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(migrator, "migrator", || {
                limbeck_migrator::read(Folder(named(path, length, "path")?.into()), &[])
            })
        })
    }
}

/// Takes migrations from memory: such as `limbeck embed` compiles in, or a list of the program's own.
///
/// Errors: the `LIMBECK_GRAPH_` ones, `LIMBECK_SCRIPT_BAD_DIRECTIVE`.
///
/// # Safety
///
/// `count` migrations may be read at `migrations`, and their texts; `migrations` may be null if `count`
/// is 0. `migrator` and `error` are null or may be written; a null `migrator` is an error. Any thread.
/// The program owns what is made; all texts are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_from_memory(
    migrations: *const limbeck_migration,
    count: usize,
    migrator: *mut *mut limbeck_migrator,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each; there is no code.
    unsafe { limbeck_migrator_from_memory_with_code(migrations, count, null(), 0, migrator, error) }
}

/// As `limbeck_migrator_from_memory`, with revisions in code among the migrations, each in its place by
/// name.
///
/// # Safety
///
/// `code_count` codes may be read at `codes`, and their names; `codes` may be null if `code_count` is 0.
/// Their functions may be called with their `user_data`, on the thread that calls a verb, until the
/// migrator is freed. All else as `limbeck_migrator_from_memory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_from_memory_with_code(
    migrations: *const limbeck_migration,
    count: usize,
    codes: *const limbeck_code,
    code_count: usize,
    migrator: *mut *mut limbeck_migrator,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(migrator, "migrator", || {
                // The program's texts may go before they are read.
                let mut files = Joined::default();
                for one in self::list(migrations, count, "migrations")? {
                    let name = named(one.name, one.name_length, "a migration's name")?;
                    files.push(name, text(one.text, one.text_length, format_args!("the text of {name}"))?);
                }
                limbeck_migrator::read(files, self::list(codes, code_count, "codes")?)
            })
        })
    }
}

/// `name` is what they are, for the message.
///
/// # Safety
///
/// Where `data` is not null, so many may be read there.
unsafe fn list<'a, T>(data: *const T, count: usize, name: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() || !data.is_aligned() {
        return Err(Failure::misuse(format!("{name} is null or no list of {name}")));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Failure::misuse(format!("there cannot be {count} {name}")));
    }
    // SAFETY: the caller says so; it is aligned, and no larger than an object can be.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

/// Makes one setting.
///
/// # Safety
///
/// `error` is null or may be written.
unsafe fn set(
    migrator: *mut limbeck_migrator,
    error: *mut *mut limbeck_error,
    set: impl FnOnce(&mut limbeck_migrator) -> Result<(), Failure>,
) -> limbeck_status {
    // SAFETY: the caller says so.
    unsafe { enter(error, || set(&mut *handle::hold(migrator, "migrator")?)) }
}

/// The app's version, kept with each step in `limbeck_history`.
///
/// # Safety
///
/// `length` bytes of `version` may be read. `error` is null or may be written. Any thread, one call at a
/// time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_app_version(
    migrator: *mut limbeck_migrator,
    version: *const c_char,
    length: usize,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        set(migrator, error, |migrator| {
            let version = text(version, length, "version")?;
            migrator.set(|core| core.app_version(version))
        })
    }
}

/// The table of version rows, instead of `limbeck_version`; `alembic_version` shares a database with
/// Alembic. Two sets of migrations may share a database, each with a table of its own, where no id is in
/// both: `limbeck_history` is one for all, and knows revisions by their ids.
///
/// # Safety
///
/// As `limbeck_migrator_set_app_version`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_version_table(
    migrator: *mut limbeck_migrator,
    name: *const c_char,
    length: usize,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        set(migrator, error, |migrator| {
            let name = text(name, length, "name")?;
            migrator.set(|core| core.version_table(name))
        })
    }
}

/// Whether tables may be rebuilt: a value of `limbeck_rebuild`.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_rebuild(
    migrator: *mut limbeck_migrator,
    mode: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        let mode = match mode {
            0 => RebuildMode::Auto,
            1 => RebuildMode::Always,
            2 => RebuildMode::Never,
            other => return Err(Failure::misuse(format!("{other} is no limbeck_rebuild"))),
        };
        migrator.set(|core| core.rebuild(mode))
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// What a transaction holds: a value of `limbeck_transaction`.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_transaction(
    migrator: *mut limbeck_migrator,
    mode: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        let mode = match mode {
            0 => TransactionMode::PerUpgrade,
            1 => TransactionMode::PerRevision,
            other => return Err(Failure::misuse(format!("{other} is no limbeck_transaction"))),
        };
        migrator.set(|core| core.transaction(mode))
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// What an upgrade does with a newer database: a value of `limbeck_newer`.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_newer_database(
    migrator: *mut limbeck_migrator,
    choice: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        let choice = match choice {
            0 => NewerDatabase::Refuse,
            1 => NewerDatabase::RunOn,
            2 => NewerDatabase::TakeDown,
            other => return Err(Failure::misuse(format!("{other} is no limbeck_newer"))),
        };
        migrator.set(|core| core.newer_database(choice))
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// Whether the file is looked through for damage before a run that has something to do: a value of
/// `limbeck_quick_check`. Damage is `LIMBECK_DATABASE_CORRUPT`, before anything is written.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_quick_check(
    migrator: *mut limbeck_migrator,
    when: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        let when = match when {
            0 => QuickCheck::Auto,
            1 => QuickCheck::Always,
            2 => QuickCheck::Never,
            other => return Err(Failure::misuse(format!("{other} is no limbeck_quick_check"))),
        };
        migrator.set(|core| core.quick_check(when))
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// `trust` other than 0: triggers, views, CHECKs, defaults, generated columns and indexes may call the
/// program's own functions, and use virtual tables, that are not marked `SQLITE_INNOCUOUS`. 0, which is the
/// default: `PRAGMA trusted_schema` is off while a run works, and what needs one fails with
/// `LIMBECK_DATABASE_UNTRUSTED_SCHEMA`, because the file may come from elsewhere.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_trust_schema(
    migrator: *mut limbeck_migrator,
    trust: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| migrator.set(|core| core.trust_schema(trust != 0));
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// `keep` other than 0: limbeck may have the file's `user_version` (`PRAGMA user_version`). A launch with
/// nothing to do then compares that one number with the migrations, and not even the schema is read; its
/// report names no revisions. 0, which is the default: it is left alone. Let nothing but limbeck move the
/// version rows of such a database. Where another number stands there, the verbs fail with
/// `LIMBECK_HISTORY_USER_VERSION_TAKEN`.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_keep_user_version(
    migrator: *mut limbeck_migrator,
    keep: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| migrator.set(|core| core.keep_user_version(keep != 0));
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// What is told of a run's progress; null tells nobody.
///
/// # Safety
///
/// `progress` may be called with `user_data`, on the thread that calls a verb, until another is set or
/// the migrator is freed. `error` is null or may be written. Any thread, one call at a time with this
/// migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_progress(
    migrator: *mut limbeck_migrator,
    progress: limbeck_progress,
    user_data: *mut c_void,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        migrator.watch.progress.set((progress, Data(user_data)));
        Ok(())
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// A switch that cancels the runs of this migrator; null takes it away.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator. The switch
/// stays the program's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_cancel(
    migrator: *mut limbeck_migrator,
    cancel: *const limbeck_cancel,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let change = |migrator: &mut limbeck_migrator| {
        let cancel = if cancel.is_null() {
            None
        } else {
            Some(handle::look(cancel, "cancel", |cancel| cancel.0.clone())?)
        };
        *migrator.watch.cancel.borrow_mut() = cancel;
        Ok(())
    };
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, change) }
}

/// Reads every migration to its end: what a developer's build wants to know before a user's launch does.
///
/// Errors: the `LIMBECK_SCRIPT_` and `LIMBECK_SQL_` ones, with file and line.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_validate(
    migrator: *mut limbeck_migrator,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of `error`.
    unsafe { set(migrator, error, |migrator| Ok(migrator.core()?.validate()?)) }
}

/// Frees a migrator. Null, what was freed before, and a migrator whose run is going on (in its progress
/// callback) are left alone.
///
/// # Safety
///
/// Any pointer may be given. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_free(migrator: *mut limbeck_migrator) {
    handle::free(migrator);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{LIMBECK_NUL_TERMINATED, limbeck_text, limbeck_text_data, limbeck_text_free};
    use crate::{limbeck_cancel_free, limbeck_cancel_new, limbeck_migrator_heads};
    use std::ffi::CStr;

    /// What needs no database, as C calls it. Miri runs it.
    #[test]
    fn from_memory_to_heads() {
        let pair = |name: &'static CStr, text: &'static str| limbeck_migration {
            name: name.as_ptr(),
            name_length: LIMBECK_NUL_TERMINATED,
            text: text.as_ptr().cast(),
            text_length: text.len(),
        };
        let list = [pair(c"0001_a.sql", "CREATE TABLE a(b);"), pair(c"0002_b.sql", "ALTER TABLE a ADD c;")];
        let (mut migrator, mut cancel, mut heads) = (null_mut(), null_mut(), null_mut::<limbeck_text>());
        let none = null_mut();
        // SAFETY: every pointer is one to a local variable, null, or a handle that was made here.
        unsafe {
            assert_eq!(limbeck_migrator_from_memory(list.as_ptr(), 2, &mut migrator, none) as i32, 0);
            assert_eq!(limbeck_cancel_new(&mut cancel, none) as i32, 0);
            assert_eq!(limbeck_migrator_set_cancel(migrator, cancel, none) as i32, 0);
            assert_eq!(limbeck_migrator_set_app_version(migrator, c"1".as_ptr(), 1, none) as i32, 0);
            assert_eq!(limbeck_migrator_validate(migrator, none) as i32, 0);
            assert_eq!(limbeck_migrator_heads(migrator, 0, &mut heads, none) as i32, 0);
            let text = CStr::from_ptr(limbeck_text_data(heads, none.cast())).to_str().unwrap();
            assert!(text.starts_with(r#"[{"revision":"0002","revises":["0001"]"#), "{text}");
            limbeck_text_free(heads);
            limbeck_cancel_free(cancel);
            limbeck_migrator_free(migrator);
            assert_eq!(limbeck_migrator_validate(migrator, none), limbeck_status::LIMBECK_C_MISUSE);
        }
    }
}
