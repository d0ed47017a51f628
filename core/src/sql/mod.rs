//! SQL as text: tokens with their places, statements, names. Knows nothing of schemas or databases.
//!
//! SQLite's own grammar comes from the `sqlite3-parser` crate. Its tokenizer says where things
//! stand, its syntax tree what they mean; the tree is never printed, because printing would lose
//! comments and layout.
//!
//! ```
//! use limbeck::sql;
//!
//! let statements = sql::split("CREATE TABLE t(a); -- done\nDROP TABLE t").unwrap();
//! assert_eq!(statements[1].text, "DROP TABLE t");
//! assert_eq!(statements[1].line, 2);
//! ```

mod foreign;
mod ident;
mod index;
mod normal;
mod parse;
mod split;
mod token;

pub(crate) use foreign::{Foreign, foreign, has_a_body_in_dollars};
pub(crate) use ident::{hex, lower, same_names};
pub use ident::{literal, quote, same_name, unquote};
pub(crate) use index::index_entries;
pub use normal::Normal;
pub(crate) use parse::{with_statement, with_tokens};
pub(crate) use split::{LineCounter, groups};
pub use split::{Statement, split};
pub(crate) use token::semicolon;
pub use token::{Token, TokenType, is_name, line_at, same_text, tokens};
