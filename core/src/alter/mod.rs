//! The `ALTER TABLE` one wishes SQLite had: read, applied to a definition, turned into statements.
//! Pure: knows no database.
//!
//! The grammar is PostgreSQL's, with MySQL's `FIRST | AFTER` and SQLite's own table options:
//!
//! ```text
//! ALTER TABLE [IF EXISTS] [schema.]table action [, action …]
//!   ADD [COLUMN] [IF NOT EXISTS] column-def [FIRST | AFTER column]
//!   DROP [COLUMN] [IF EXISTS] column [CASCADE]
//!   RENAME [COLUMN] column TO name | RENAME CONSTRAINT name TO name | RENAME TO name
//!   ALTER [COLUMN] column { SET NOT NULL | DROP NOT NULL | SET DEFAULT expr | DROP DEFAULT
//!         | { [SET DATA] TYPE type | DROP TYPE } [COLLATE name] [USING expr] | SET GENERATED (expr) [STORED|VIRTUAL]
//!         | DROP EXPRESSION | FIRST | AFTER column }
//!   ADD [CONSTRAINT [IF NOT EXISTS] name] { CHECK … | UNIQUE … | FOREIGN KEY … | PRIMARY KEY … }
//!   DROP { CONSTRAINT [IF EXISTS] name | CHECK (expr) | UNIQUE (columns) | FOREIGN KEY (columns) | PRIMARY KEY }
//!   SET { STRICT | NOT STRICT | WITHOUT ROWID | WITH ROWID | AUTOINCREMENT | NOT AUTOINCREMENT }
//! ```
//!
//! ```
//! use limbeck::alter::{Action, Alteration};
//!
//! let alteration = Alteration::parse("ALTER TABLE users ALTER phone SET NOT NULL, DROP COLUMN fax").unwrap();
//! assert_eq!(alteration.table, "users");
//! assert_eq!(alteration.actions[1].to_string(), "DROP COLUMN fax");
//! ```

//
// Where a question is answered:
//
//   action     what can be asked for; parse: the text of it
//   draft      the definition that it makes, text in, text out; constraint: of its constraints
//   choose     which way it goes, by asking native, in_place (a type or a collation: convert), and
//              rebuild, or swap where foreign keys are enforced (keep: which indexes are not made again;
//              without_rows: a table that has none)
//   reads      which actions of a batch have to wait for the ones before
//   rules      which rules the rows have to obey from now on, found by comparing definitions, so that
//              no action is named there; question, unique and values are its parts
//   touched    whose foreign keys it could break
//   same       whether IF NOT EXISTS means what is there already
//   table_state  what has to be known of a table for all of it

mod action;
mod choose;
mod constraint;
mod convert;
mod draft;
mod in_place;
mod keep;
mod native;
mod parse;
mod question;
mod reads;
mod rebuild;
mod rules;
mod same;
mod swap;
mod table_state;
mod touched;
mod unique;
mod values;
mod without_rows;

pub use action::{Action, Alteration, ConstraintRef, Position, TableOption};
pub(crate) use choose::rebuild_refused;
pub use choose::{Capabilities, Choice, RebuildMode, choose};
pub use convert::Conversion;
pub(crate) use draft::OTHER_NAME;
pub use draft::{Draft, Source};
pub use in_place::{Condition, InPlace, Step};
pub use keep::KeptIndex;
pub use question::Rule;
pub use reads::independent;
pub use rebuild::{Converted, Copy, Preparation, Rebuild};
pub use rules::{NewRules, new_parents, new_rules, unique_index};
pub use swap::Swap;
pub use table_state::{Child, TableState};
pub use touched::touched;
pub use values::Values;
pub(crate) use values::default_expression;
pub use without_rows::made_anew;
