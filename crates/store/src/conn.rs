//! One SQL text for two databases: a statement knows both its forms, and the macros compile a call once per
//! backend. An enum and a macro instead of `sqlx::Any`, which cannot read a UUID, JSONB or TIMESTAMPTZ column.

use sqlx::{PgConnection, SqliteConnection};

use crate::script::Script;

/// A connection of either database.
pub(crate) enum Conn<'c> {
    Lite(&'c mut SqliteConnection),
    /// SQLite, where nothing is read: what is written is gathered and sent in one call.
    Script(&'c mut Script),
    Pg(&'c mut PgConnection),
}

/// A statement in both dialects, and the table that errors name.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    pub table: &'static str,
    /// Empty: SQLite has no use for it.
    pub lite: &'static str,
    /// Empty: PostgreSQL has no use for it.
    pub pg: &'static str,
}

/// Declares the statements of one table: `NAME: both;` or `NAME: sqlite, postgres;`, and lists them in `ALL`, so
/// that a test can prepare every one on both databases.
macro_rules! statements {
    ($table:literal; $($(#[$doc:meta])* $name:ident: $lite:expr $(, $pg:expr)?;)+) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: $crate::conn::Sql = $crate::conn::Sql {
                table: $table,
                lite: $lite,
                pg: statements!(@pg $lite $(, $pg)?),
            };
        )+
        pub(crate) const ALL: &[$crate::conn::Sql] = &[$($name),+];
    };
    (@pg $lite:expr) => { $lite };
    (@pg $lite:expr, $pg:expr) => { $pg };
}

/// Runs a statement: how many rows it hit. In a script nobody knows yet.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::conn::Conn::Lite(c) => {
                sqlx::query($sql.lite)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
            $crate::conn::Conn::Script(script) => {
                script.add(&$sql, $crate::script::Expected::Anything);
                $(script.bind($bind);)*
                Ok(0)
            }
            $crate::conn::Conn::Pg(c) => {
                sqlx::query($sql.pg)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| $crate::error::StoreError::from_sqlx($sql.table, error))
    };
}

/// Runs a statement that must hit a row; otherwise this is the error.
macro_rules! require {
    ($conn:expr, $sql:expr, $error:expr $(, $bind:expr)* $(,)?) => {
        match &mut *$conn {
            $crate::conn::Conn::Script(script) => {
                script.add(&$sql, $crate::script::Expected::Change($error));
                $(script.bind($bind);)*
                Ok(())
            }
            conn => match execute!(conn, $sql $(, $bind)*)? {
                0 => Err($error),
                _ => Ok(()),
            },
        }
    };
}

/// Runs a statement that must hit a row; otherwise the named thing is stale.
macro_rules! change {
    ($conn:expr, $sql:expr, $what:literal $(, $bind:expr)* $(,)?) => {
        require!($conn, $sql, $crate::error::StoreError::Stale { what: $what } $(, $bind)*)
    };
}

/// Reads at most one row.
macro_rules! optional {
    ($conn:expr, $sql:expr, $row:ty $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::conn::Conn::Lite(c) => {
                sqlx::query_as::<_, $row>($sql.lite)$(.bind($bind))*.fetch_optional(&mut **c).await
            }
            // Only what writes alone is put into a script.
            $crate::conn::Conn::Script(_) => Err(sqlx::Error::Protocol("a script cannot read".to_owned())),
            $crate::conn::Conn::Pg(c) => {
                sqlx::query_as::<_, $row>($sql.pg)$(.bind($bind))*.fetch_optional(&mut **c).await
            }
        }
        .map_err(|error| $crate::error::StoreError::from_sqlx($sql.table, error))
    };
}

/// Reads every row.
macro_rules! rows {
    ($conn:expr, $sql:expr, $row:ty $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::conn::Conn::Lite(c) => {
                sqlx::query_as::<_, $row>($sql.lite)$(.bind($bind))*.fetch_all(&mut **c).await
            }
            // Only what writes alone is put into a script.
            $crate::conn::Conn::Script(_) => Err(sqlx::Error::Protocol("a script cannot read".to_owned())),
            $crate::conn::Conn::Pg(c) => {
                sqlx::query_as::<_, $row>($sql.pg)$(.bind($bind))*.fetch_all(&mut **c).await
            }
        }
        .map_err(|error| $crate::error::StoreError::from_sqlx($sql.table, error))
    };
}

pub(crate) use {change, execute, optional, require, rows, statements};
