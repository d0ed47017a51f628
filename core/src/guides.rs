//! Guides: one page each, five minutes each. Their commands and snippets run in limbeck's tests.

/// From Alembic: your folder runs as it is.
///
pub mod from_alembic {
    #![doc = pages!(alter)]
    #![doc = include_str!("../guides/from_alembic.md")]
}

/// From drizzle-kit's SQL files.
pub mod from_drizzle {
    #![doc = include_str!("../guides/from_drizzle.md")]
}

/// From refinery: your folder, and your users' databases.
///
pub mod from_refinery {
    #![doc = pages!(older)]
    #![doc = include_str!("../guides/from_refinery.md")]
}

/// From rusqlite_migration: from a number to revisions.
///
pub mod from_rusqlite_migration {
    #![doc = pages!(older)]
    #![doc = include_str!("../guides/from_rusqlite_migration.md")]
}

/// From sqlx's migrations.
pub mod from_sqlx {
    #![doc = include_str!("../guides/from_sqlx.md")]
}

/// How to write SQL that gets through on every user's database.
///
pub mod surviving {
    #![doc = pages!(safety)]
    #![doc = include_str!("../guides/surviving.md")]
}

/// Every command, and the settings.
///
pub mod command_line {
    #![doc = pages!(lint errors)]
    #![doc = include_str!("../guides/command_line.md")]
}

/// Which verb stands where, under which name.
pub mod parity {
    #![doc = include_str!("../guides/parity.md")]
}

/// What is promised, what it rests on, how it was tested, and what is not promised.
pub mod safety {
    #![doc = include_str!("../SAFETY.md")]
}
